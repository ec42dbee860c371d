//! The routes of authenticator app, recovery codes and passkeys.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use vault_boot::wiring::manage_account::Deps;
use vault_domain::error::Refusal;
use vault_domain::factor::{RecoveryCode, TotpCode};
use vault_domain::passkey::{CredentialId, PasskeyName, RegistrationResponse};
use vault_domain::secret::SecretText;
use vault_domain::usecase::account::{passkeys, totp};
use vault_http::extract::{self, FACTOR_BODY, SMALL_BODY};
use vault_http::{Cache, Outcome, Reply, Request};

/// What an authenticator app is set up with, shown once.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "AuthenticatorApp"))]
pub(crate) struct App<'a> {
    /// For an app on the same device.
    otpauth_uri: &'a str,
    /// To be typed in, in base 32.
    secret: &'a str,
    /// The URI as an image.
    qr_svg: &'a str,
}

/// `POST /v1/account/totp`
pub(crate) async fn begin_totp(deps: &Deps, request: &Request) -> Outcome {
    let bearer = crate::bearer(deps, request)?;
    let app = totp::begin(&deps.account, &bearer).await?;
    let told = App {
        otpauth_uri: app.uri.expose(),
        secret: app.secret.expose(),
        qr_svg: app.qr_svg.expose(),
    };
    Ok(Reply::json(200, &told, Cache::NoStore))
}

/// What the app shows.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "AppCode"))]
#[serde(deny_unknown_fields)]
pub(crate) struct Code {
    #[cfg_attr(feature = "openapi", schemars(with = "TotpCode"))]
    code: String,
}

/// Each good once, in the place of a second factor; shown once.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "RecoveryCodes"))]
pub(crate) struct Codes<'a> {
    recovery_codes: Vec<&'a str>,
}

fn told(codes: &[RecoveryCode]) -> Reply {
    let shown: Vec<SecretText> = codes.iter().map(RecoveryCode::shown).collect();
    let told = Codes {
        recovery_codes: shown.iter().map(SecretText::expose).collect(),
    };
    Reply::json(200, &told, Cache::NoStore)
}

/// `POST /v1/account/totp/confirm`
pub(crate) async fn confirm_totp(deps: &Deps, request: &Request) -> Outcome {
    let bearer = crate::bearer(deps, request)?;
    let body: Code = extract::json(request, SMALL_BODY, r#"{"code": "123456"}"#)?;
    let code = TotpCode::parse(body.code)?;
    Ok(told(&totp::confirm(&deps.account, &bearer, &code).await?))
}

/// It is gone.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "FactorRemoved"))]
pub(crate) struct Removed {
    removed: bool,
}

fn removed() -> Reply {
    Reply::json(200, &Removed { removed: true }, Cache::NoStore)
}

/// `POST /v1/account/totp/remove`
pub(crate) async fn remove_totp(deps: &Deps, request: &Request) -> Outcome {
    let ask = crate::ask(deps, request)?;
    totp::remove(&deps.account, &ask).await?;
    Ok(removed())
}

/// `POST /v1/account/recovery-codes`
pub(crate) async fn recovery_codes(deps: &Deps, request: &Request) -> Outcome {
    let ask = crate::ask(deps, request)?;
    Ok(told(&totp::recovery_codes(&deps.account, &ask).await?))
}

/// `POST /v1/account/passkeys/options`
pub(crate) async fn passkey_options(deps: &Deps, request: &Request) -> Outcome {
    let bearer = crate::bearer(deps, request)?;
    let options = passkeys::options(&deps.account, &bearer).await?;
    Ok(vault_http::factor::options(&options))
}

/// What `toJSON()` of the new passkey gives, and what to call it.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "NewPasskey"))]
#[serde(deny_unknown_fields)]
pub(crate) struct NewKey {
    credential: Value,
    #[cfg_attr(feature = "openapi", schemars(with = "PasskeyName"))]
    name: String,
}

/// The passkey; and recovery codes, shown once, if it is the first factor.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "PasskeyAdded"))]
pub(crate) struct Added<'a> {
    credential_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    recovery_codes: Option<Vec<&'a str>>,
}

/// `POST /v1/account/passkeys`
pub(crate) async fn add_passkey(deps: &Deps, request: &Request) -> Outcome {
    let bearer = crate::bearer(deps, request)?;
    let shape = r#"{"credential": {…}, "name": "…"}"#;
    let body: NewKey = extract::json(request, FACTOR_BODY, shape)?;
    let answer = RegistrationResponse::parse(&body.credential).map_err(Refusal::from)?;
    let name = PasskeyName::parse(&body.name)?;
    let added = passkeys::add(&deps.account, &bearer, &answer, &name).await?;
    let codes = added.recovery_codes.unwrap_or_default();
    let shown: Vec<SecretText> = codes.iter().map(RecoveryCode::shown).collect();
    let told = Added {
        credential_id: added.credential.to_string(),
        recovery_codes: (!shown.is_empty()).then(|| shown.iter().map(SecretText::expose).collect()),
    };
    Ok(Reply::json(201, &told, Cache::NoStore))
}

/// `POST /v1/account/passkeys/{credential_id}/remove`
pub(crate) async fn remove_passkey(deps: &Deps, request: &Request) -> Outcome {
    let ask = crate::ask(deps, request)?;
    let id = CredentialId::parse(&extract::path(request, "credential_id")?)?;
    passkeys::remove(&deps.account, &ask, &id).await?;
    Ok(removed())
}
