//! The routes of the password.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use vault_boot::wiring::manage_account::Deps;
use vault_domain::credential::Password;
use vault_domain::token::REAUTHENTICATION_SECONDS;
use vault_domain::usecase::account::password;
use vault_http::extract::{self, FACTOR_BODY, SMALL_BODY};
use vault_http::{Cache, Outcome, Reply, Request, factor};

/// The password, and with a second factor one of `code`, `recovery_code` and `passkey`.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "Reauthentication"))]
#[serde(deny_unknown_fields)]
pub(crate) struct Proven {
    password: String,
    #[cfg_attr(
        feature = "openapi",
        schemars(with = "Option<vault_domain::factor::TotpCode>")
    )]
    code: Option<String>,
    recovery_code: Option<String>,
    passkey: Option<Value>,
}

/// For how many seconds the proof counts as recent.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "Reauthenticated"))]
pub(crate) struct Recent {
    expires_in: u64,
}

/// `POST /v1/account/reauthenticate`
pub(crate) async fn reauthenticate(deps: &Deps, request: &Request) -> Outcome {
    let caller = crate::caller(deps, request)?;
    let shape =
        r#"{"password": "…", and with a second factor one of "code", "recovery_code", "passkey"}"#;
    let body: Proven = extract::json(request, FACTOR_BODY, shape)?;
    let proof = factor::optional(body.code, body.recovery_code, body.passkey)?;
    let password = Password::parse(body.password)?;
    password::reauthenticate(&deps.account, &caller, &password, proof.as_ref()).await?;
    let told = Recent {
        expires_in: REAUTHENTICATION_SECONDS,
    };
    Ok(Reply::json(200, &told, Cache::NoStore))
}

/// `POST /v1/account/reauthenticate/passkey-options`
pub(crate) async fn passkey_options(deps: &Deps, request: &Request) -> Outcome {
    let caller = crate::caller(deps, request)?;
    let options = password::options(&deps.account, &caller).await?;
    Ok(factor::options(&options))
}

/// The password before and after.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "PasswordChange"))]
#[serde(deny_unknown_fields)]
pub(crate) struct Change {
    current_password: String,
    new_password: String,
}

/// All sessions are over, this one too.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "PasswordChanged"))]
pub(crate) struct Changed {
    sign_in_again: bool,
}

/// `POST /v1/account/password`
pub(crate) async fn change(deps: &Deps, request: &Request) -> Outcome {
    let ask = crate::ask(deps, request)?;
    let shape = r#"{"current_password": "…", "new_password": "…"}"#;
    let body: Change = extract::json(request, SMALL_BODY, shape)?;
    let current = Password::parse(body.current_password)?;
    let new = Password::parse(body.new_password)?;
    password::change(&deps.account, &ask, &current, &new).await?;
    // All sessions are over, that of this request too.
    let told = Changed {
        sign_in_again: true,
    };
    Ok(Reply::json(200, &told, Cache::NoStore))
}
