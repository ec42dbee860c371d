//! What the authorization server can do (RFC 8414), for clients that configure themselves.

use serde::Serialize;
use vault_boot::wiring::mint_token::Deps;
use vault_domain::api_key::Scope;
use vault_http::{Cache, Reply, Request, extract};

use crate::{EXCHANGE, PUBLIC_SECONDS};

/// RFC 8414 §3.
pub(crate) const ROUTE: &str = "/.well-known/oauth-authorization-server";

/// A client that presents nothing but the token itself: the front end.
const NONE: &str = "none";
/// How API keys authenticate (RFC 6749 §2.3.1).
const SECRET: [&str; 2] = ["client_secret_basic", "client_secret_post"];

/// What the authorization server can do (RFC 8414).
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "AuthorizationServer"))]
pub(crate) struct Metadata {
    /// Who the tokens are of.
    issuer: String,
    /// `POST /v1/token`
    token_endpoint: String,
    token_endpoint_auth_methods_supported: [&'static str; 3],
    /// The public keys.
    jwks_uri: String,
    scopes_supported: [&'static str; Scope::ALL.len()],
    /// Required, and empty: there is no authorization endpoint.
    response_types_supported: [&'static str; 0],
    grant_types_supported: [&'static str; 3],
    /// `POST /v1/token/revoke`
    revocation_endpoint: String,
    revocation_endpoint_auth_methods_supported: [&'static str; 1],
    /// `POST /v1/token/introspect`
    introspection_endpoint: String,
    /// RFC 8414 §2 takes the names of access token types here too.
    introspection_endpoint_auth_methods_supported: [&'static str; 3],
}

pub(crate) fn reply(deps: &Deps, request: &Request) -> Reply {
    let base = extract::base_url(request);
    let [basic, post] = SECRET;
    let metadata = Metadata {
        issuer: issuer(&deps.issuer, &base),
        token_endpoint: format!("{base}/v1/token"),
        token_endpoint_auth_methods_supported: [NONE, basic, post],
        jwks_uri: format!("{base}/.well-known/jwks.json"),
        scopes_supported: Scope::ALL.map(Scope::as_str),
        response_types_supported: [],
        grant_types_supported: ["refresh_token", "client_credentials", EXCHANGE],
        revocation_endpoint: format!("{base}/v1/token/revoke"),
        revocation_endpoint_auth_methods_supported: [NONE],
        introspection_endpoint: format!("{base}/v1/token/introspect"),
        introspection_endpoint_auth_methods_supported: [basic, post, "Bearer"],
    };
    Reply::json(200, &metadata, Cache::Public(PUBLIC_SECONDS))
}

/// RFC 8414 §2 wants a URL. A deployment whose tokens have a URN for an issuer is found by the API's own.
fn issuer(configured: &str, base: &str) -> String {
    let url = configured.starts_with("https://") || configured.starts_with("http://");
    if url { configured } else { base }.to_owned()
}

#[cfg(test)]
mod tests {
    use super::issuer;

    #[test]
    fn the_issuer_is_a_url_in_any_case() {
        let (api, own) = ("https://api.example.org", "https://id.example.org");
        assert_eq!(issuer(own, api), own);
        assert_eq!(issuer("urn:reelvault:1:main", api), api);
    }
}
