//! The routes of second factors and passkeys.

use serde::Deserialize;
use serde_json::Value;
use vault_domain::error::Refusal;
use vault_domain::id::OrgId;
use vault_domain::passkey::AuthenticationResponse;
use vault_domain::secret::SecretText;
use vault_domain::usecase::{passkey_sign_in, second_factor};
use vault_http::extract::{self, FACTOR_BODY, SMALL_BODY};
use vault_http::{Outcome, Request, factor};

use crate::reply;

/// One of `code`, `recovery_code` and `passkey`.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "SecondFactorProof"))]
#[serde(deny_unknown_fields)]
pub(crate) struct Second {
    #[cfg_attr(
        feature = "openapi",
        schemars(with = "vault_http::openapi::LoginChallengeToken")
    )]
    token: String,
    #[cfg_attr(
        feature = "openapi",
        schemars(with = "Option<vault_domain::factor::TotpCode>")
    )]
    code: Option<String>,
    recovery_code: Option<String>,
    passkey: Option<Value>,
}

/// `POST /v1/login/second-factor`
pub(crate) async fn second(deps: &second_factor::Deps, request: &Request) -> Outcome {
    let shape =
        r#"{"token": "rvc_…", and one of "code": "123456", "recovery_code": "…", "passkey": {…}}"#;
    let body: Second = extract::json(request, FACTOR_BODY, shape)?;
    let command = second_factor::Command {
        token: SecretText::new(body.token),
        proof: factor::required(body.code, body.recovery_code, body.passkey)?,
        origin: extract::origin(request)?,
    };
    let pair = second_factor::run(deps, command).await?;
    Ok(reply::tokens(&pair, None))
}

/// Of a sign-in that waits for its second factor.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "ChallengeToken"))]
#[serde(deny_unknown_fields)]
pub(crate) struct Token {
    #[cfg_attr(
        feature = "openapi",
        schemars(with = "vault_http::openapi::LoginChallengeToken")
    )]
    token: String,
}

/// `POST /v1/login/second-factor/passkey-options`
pub(crate) async fn second_options(deps: &second_factor::Deps, request: &Request) -> Outcome {
    let body: Token = extract::json(request, SMALL_BODY, r#"{"token": "rvc_…"}"#)?;
    let token = SecretText::new(body.token);
    let options = second_factor::options(deps, &token).await?;
    Ok(factor::options(&options))
}

/// `POST /v1/login/passkey/options`
pub(crate) async fn options(deps: &second_factor::Deps, request: &Request) -> Outcome {
    let address = extract::address(request)?;
    let options = passkey_sign_in::options(deps, address).await?;
    Ok(factor::options(&options))
}

/// What `toJSON()` of the passkey gives.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "PasskeySignIn"))]
#[serde(deny_unknown_fields)]
pub(crate) struct Passkey {
    credential: Value,
    organisation_id: Option<String>,
}

/// `POST /v1/login/passkey`
pub(crate) async fn passkey(deps: &second_factor::Deps, request: &Request) -> Outcome {
    let shape = r#"{"credential": {…}, "organisation_id": "org_… (optional)"}"#;
    let body: Passkey = extract::json(request, FACTOR_BODY, shape)?;
    let organisation = body.organisation_id.as_deref().map(OrgId::parse);
    let command = passkey_sign_in::Command {
        answer: AuthenticationResponse::parse(&body.credential).map_err(Refusal::from)?,
        organisation: organisation.transpose()?,
        origin: extract::origin(request)?,
    };
    let pair = passkey_sign_in::run(deps, command).await?;
    Ok(reply::tokens(&pair, None))
}
