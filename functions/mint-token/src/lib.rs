//! `POST /v1/token`, an OAuth 2.0 token endpoint (RFC 6749): refresh tokens with rotation, client credentials
//! of API keys, and token exchange (RFC 8693) for media tokens and, for the operator's staff, for what an organisation granted to support. `POST /v1/token/revoke` (RFC 7009) and `POST /v1/token/introspect`
//! (RFC 7662). `GET /.well-known/oauth-authorization-server`: what there is of it (RFC 8414). `GET /.well-known/jwks.json`: the public keys (RFC 7517).

mod bounds;
mod client;
mod form;
mod introspect;
mod metadata;
#[cfg(feature = "openapi")]
pub mod openapi;

use serde::Serialize;
use vault_domain::api_key::Scopes;
use vault_domain::secret::SecretText;
use vault_domain::usecase::revoke_token::{self, Revocation};
use vault_domain::usecase::{client_credentials, enter_support, exchange, refresh};
use vault_http::extract::{self, SMALL_BODY};
use vault_http::{BoxFuture, Cache, Failure, Outcome, Reply, Request};

use form::{ACCESS_TOKEN, Form};
use vault_boot::wiring::mint_token::Deps;

/// RFC 8693 §2.1.
pub(crate) const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
/// Our kind of token, as RFC 8693 §3 wants one named.
const MEDIA_TOKEN: &str = "urn:reelvault:params:oauth:token-type:media-token";
/// Seconds for which caches may keep the public keys, and what else is the same for everyone.
pub(crate) const PUBLIC_SECONDS: u32 = 300;

/// What a grant gave.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "Tokens"))]
pub(crate) struct Tokens<'a> {
    access_token: &'a str,
    token_type: &'static str,
    expires_in: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "openapi",
        schemars(with = "Option<crate::openapi::IssuedTokenType>")
    )]
    issued_token_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
}

/// The token is good no more, if it ever was.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "TokenRevoked"))]
pub(crate) struct Revoked {}

/// Handles a request to any of the routes.
pub fn handle<'a>(deps: &'a Deps, request: &'a Request) -> BoxFuture<'a, Outcome> {
    Box::pin(async move {
        let route = extract::route(request);
        if request.method() == "GET" {
            return Ok(if route.ends_with(metadata::ROUTE) {
                metadata::reply(deps, request)
            } else {
                let (kind, cache) = ("application/jwk-set+json", Cache::Public(PUBLIC_SECONDS));
                Reply::text(200, kind, deps.jwks.clone(), cache)
            });
        }
        let form = Form::new(extract::form(request, SMALL_BODY)?);
        if route.ends_with("/token/revoke") {
            return revoked(deps, request, &form).await;
        }
        if route.ends_with("/token/introspect") {
            return introspect::reply(deps, request, &form).await;
        }
        let expected = "refresh_token, client_credentials or token-exchange";
        match form.required("grant_type", expected)? {
            "refresh_token" => refreshed(deps, request, &form).await,
            "client_credentials" => granted(deps, request, &form).await,
            EXCHANGE => exchanged(deps, request, &form).await,
            _ => Err(Failure::UnsupportedGrantType),
        }
    })
}

/// `token_type_hint` is not needed: a token shows its kind.
async fn revoked(deps: &Deps, request: &Request, form: &Form) -> Outcome {
    let token = form.required("token", "a refresh token or an access token")?;
    let (token, source) = (SecretText::new(token.to_owned()), extract::source(request));
    match revoke_token::run(&deps.revoke, &token, source).await? {
        Revocation::Done => Ok(Reply::json(200, &Revoked {}, Cache::NoStore)),
        Revocation::Unsupported => Err(Failure::UnsupportedTokenType),
    }
}

async fn refreshed(deps: &Deps, request: &Request, form: &Form) -> Outcome {
    let token = form.required("refresh_token", "the refresh token")?;
    let (token, source) = (SecretText::new(token.to_owned()), extract::source(request));
    let pair = refresh::run(&deps.refresh, &token, &source).await?;
    Ok(told(&Tokens {
        access_token: pair.access.expose(),
        token_type: "Bearer",
        expires_in: pair.expires_in,
        refresh_token: Some(pair.refresh.expose()),
        issued_token_type: None,
        scope: None,
    }))
}

async fn granted(deps: &Deps, request: &Request, form: &Form) -> Outcome {
    let key = client::known(&deps.client, request, form).await?;
    let wanted = form.get("scope").map(Scopes::parse).transpose()?;
    let now = deps.client.clock.now();
    let issued = client_credentials::run(&*deps.refresh.access, &key, wanted, now)?;
    Ok(told(&Tokens {
        access_token: issued.access.expose(),
        token_type: "Bearer",
        expires_in: issued.expires_in,
        refresh_token: None,
        issued_token_type: None,
        scope: Some(issued.scopes.to_string()),
    }))
}

async fn exchanged(deps: &Deps, request: &Request, form: &Form) -> Outcome {
    let now = deps.exchange.clock.now();
    if form.is_for_support() {
        return supported(deps, request, form).await;
    }
    let command = form.exchange(&*deps.verifier, now, extract::source(request))?;
    let minted = exchange::run(&deps.exchange, command).await?;
    Ok(told(&Tokens {
        access_token: minted.token.expose(),
        // RFC 8693 §2.2.1: how it is used, not what it is.
        token_type: "Bearer",
        expires_in: minted.grant.expires_at.since(now),
        refresh_token: None,
        issued_token_type: Some(MEDIA_TOKEN),
        scope: Some(minted.grant.action.as_str().to_owned()),
    }))
}

async fn supported(deps: &Deps, request: &Request, form: &Form) -> Outcome {
    let now = deps.support.clock.now();
    let command = form.support(&*deps.verifier, now, extract::source(request))?;
    let entered = enter_support::run(&deps.support, command).await?;
    Ok(told(&Tokens {
        access_token: entered.access.expose(),
        token_type: "Bearer",
        expires_in: entered.expires_in,
        // Nothing renews it: whoever goes on comes in anew, on record.
        refresh_token: None,
        issued_token_type: Some(ACCESS_TOKEN),
        scope: Some(entered.scopes.to_string()),
    }))
}

fn told(tokens: &Tokens<'_>) -> Reply {
    // RFC 6749 §5.1 wants both.
    Reply::json(200, tokens, Cache::NoStore).header("pragma", "no-cache".to_owned())
}
