//! `POST /v1/login`: address and password for an access token and a refresh token.

use serde::{Deserialize, Serialize};
use vault_domain::credential::{Email, Password};
use vault_domain::usecase::login::{Command, Deps, run};
use vault_http::extract::{self, SMALL_BODY};
use vault_http::{BoxFuture, Cache, Outcome, Reply, Request};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    email: String,
    password: String,
}

#[derive(Serialize)]
struct Tokens<'a> {
    access_token: &'a str,
    token_type: &'static str,
    expires_in: u64,
    refresh_token: &'a str,
}

/// Handles a request.
pub fn handle<'a>(deps: &'a Deps, request: &'a Request) -> BoxFuture<'a, Outcome> {
    Box::pin(async move {
        let command = parse(request)?;
        let pair = run(deps, command).await?;
        let tokens = Tokens {
            access_token: pair.access.expose(),
            token_type: "Bearer",
            expires_in: pair.expires_in,
            refresh_token: pair.refresh.expose(),
        };
        Ok(Reply::json(200, &tokens, Cache::NoStore))
    })
}

fn parse(request: &Request) -> Result<Command, vault_http::Failure> {
    let shape = r#"{"email": "…", "password": "…"}"#;
    let body: Body = extract::json(request, SMALL_BODY, shape)?;
    Ok(Command {
        email: Email::parse(&body.email)?,
        password: Password::parse(body.password)?,
        address: extract::address(request)?,
    })
}
