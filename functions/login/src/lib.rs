//! `POST /v1/login`: address and password for an access token and a refresh token.

use serde::{Deserialize, Serialize};
use vault_domain::challenge::ChallengeProof;
use vault_domain::credential::{Email, Password};
use vault_domain::id::OrgId;
use vault_domain::secret::SecretText;
use vault_domain::usecase::login::{Command, Deps, SignedIn, run};
use vault_http::extract::{self, SMALL_BODY};
use vault_http::{BoxFuture, Cache, Outcome, Reply, Request};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    email: String,
    password: String,
    organisation_id: Option<String>,
    device_token: Option<String>,
    challenge: Option<String>,
}

#[derive(Serialize)]
struct Tokens<'a> {
    access_token: &'a str,
    token_type: &'static str,
    expires_in: u64,
    refresh_token: &'a str,
    device_token: &'a str,
    session_id: String,
    organisation_id: String,
}

/// Handles a request.
pub fn handle<'a>(deps: &'a Deps, request: &'a Request) -> BoxFuture<'a, Outcome> {
    Box::pin(async move {
        let command = parse(request)?;
        let SignedIn { pair, device } = run(deps, command).await?;
        let tokens = Tokens {
            access_token: pair.access.expose(),
            token_type: "Bearer",
            expires_in: pair.expires_in,
            refresh_token: pair.refresh.expose(),
            device_token: device.expose(),
            session_id: pair.session.to_string(),
            organisation_id: pair.org.to_string(),
        };
        Ok(Reply::json(200, &tokens, Cache::NoStore))
    })
}

fn parse(request: &Request) -> Result<Command, vault_http::Failure> {
    let shape = r#"{"email": "…", "password": "…"}, and optionally "organisation_id", "device_token", "challenge""#;
    let body: Body = extract::json(request, SMALL_BODY, shape)?;
    let organisation = body.organisation_id.as_deref().map(OrgId::parse);
    Ok(Command {
        email: Email::parse(&body.email)?,
        password: Password::parse(body.password)?,
        organisation: organisation.transpose()?,
        device: body.device_token.map(SecretText::new),
        proof: body.challenge.map(ChallengeProof::parse).transpose()?,
        origin: extract::origin(request)?,
    })
}
