//! `POST /v1/login`: address and password for an access token and a refresh token, or for a challenge that a second
//! factor answers. `POST /v1/login/passkey`: a passkey alone.

mod factor;
#[cfg(feature = "openapi")]
pub mod openapi;
mod reply;

use serde::Deserialize;
use vault_boot::wiring::login::Deps;
use vault_domain::challenge::ChallengeProof;
use vault_domain::credential::{Email, Password};
use vault_domain::id::OrgId;
use vault_domain::secret::SecretText;
use vault_domain::usecase::login::{Command, SignedIn, Welcome, run};
use vault_http::extract::{self, SMALL_BODY};
use vault_http::{BoxFuture, Outcome, Request};

/// Address and password.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "SignIn"))]
#[serde(deny_unknown_fields)]
pub(crate) struct Body {
    email: String,
    password: String,
    organisation_id: Option<String>,
    device_token: Option<String>,
    challenge: Option<String>,
}

/// Handles a request to any of the routes.
pub fn handle<'a>(deps: &'a Deps, request: &'a Request) -> BoxFuture<'a, Outcome> {
    Box::pin(async move {
        match extract::route(request) {
            "POST /v1/login/second-factor" => factor::second(&deps.factors, request).await,
            "POST /v1/login/second-factor/passkey-options" => {
                factor::second_options(&deps.factors, request).await
            }
            "POST /v1/login/passkey/options" => factor::options(&deps.factors, request).await,
            "POST /v1/login/passkey" => factor::passkey(&deps.factors, request).await,
            _ => password(deps, request).await,
        }
    })
}

async fn password(deps: &Deps, request: &Request) -> Outcome {
    let command = parse(request)?;
    let Welcome { device, signed_in } = run(&deps.login, command).await?;
    Ok(match signed_in {
        SignedIn::Open(pair) => reply::tokens(&pair, Some(&device)),
        SignedIn::SecondFactor(asked) => reply::second_factor(&asked, &device),
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
