//! `POST /v1/shares/exchange`: the link of a share for a media token of one view. Anyone may ask.

#[cfg(feature = "openapi")]
pub mod openapi;

use serde::{Deserialize, Serialize};
use vault_domain::audit::Source;
use vault_domain::credential::Password;
use vault_domain::error::Refusal;
use vault_domain::secret::SecretText;
use vault_domain::usecase::exchange_share::{Command, Deps, run};
use vault_http::extract::{self, SMALL_BODY};
use vault_http::{BoxFuture, Cache, Failure, Outcome, Reply, Request};

#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "ShareExchange"))]
#[serde(deny_unknown_fields)]
pub(crate) struct Body {
    #[cfg_attr(feature = "openapi", schemars(with = "vault_http::openapi::Text"))]
    token: String,
    password: Option<String>,
}

#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "SharedToken"))]
pub(crate) struct Exchanged<'a> {
    #[cfg_attr(
        feature = "openapi",
        schemars(with = "vault_domain::token::MediaToken")
    )]
    media_token: &'a str,
    asset_id: String,
    title: &'a str,
    #[cfg_attr(feature = "openapi", schemars(with = "vault_domain::token::Action"))]
    scope: &'static str,
    #[cfg_attr(feature = "openapi", schemars(range(min = 1, max = 1)))]
    max_views: u32,
    expires_at: u64,
}

/// Handles a request.
pub fn handle<'a>(deps: &'a Deps, request: &'a Request) -> BoxFuture<'a, Outcome> {
    Box::pin(async move {
        let exchanged = run(deps, parse(request)?).await?;
        let reply = Exchanged {
            media_token: exchanged.token.expose(),
            asset_id: exchanged.grant.asset.to_string(),
            title: exchanged.title.as_str(),
            scope: exchanged.grant.action.as_str(),
            max_views: exchanged.grant.max_views,
            expires_at: exchanged.grant.expires_at.0,
        };
        Ok(Reply::json(201, &reply, Cache::NoStore))
    })
}

fn parse(request: &Request) -> Result<Command, Failure> {
    let shape = r#"{"token": "rvs_…", "password": "… (if the link needs one)"}"#;
    let body: Body = extract::json(request, SMALL_BODY, shape)?;
    let password = body.password.map(Password::parse);
    Ok(Command {
        token: SecretText::new(body.token),
        // What is no password is not this one either.
        password: password.transpose().map_err(|_| Refusal::WrongPassword)?,
        source: Source {
            address: Some(extract::address(request)?),
            ..extract::source(request)
        },
    })
}
