//! `/v1/account`: what people see and change of their own account. Sessions, password, authenticator app, recovery
//! codes, passkeys.

mod export;
mod factor;
#[cfg(feature = "openapi")]
pub mod openapi;
mod overview;
mod password;
mod session;

use vault_boot::wiring::manage_account::Deps;
use vault_domain::error::Refusal;
use vault_domain::secret::SecretText;
use vault_domain::token::Caller;
use vault_domain::usecase;
use vault_domain::usecase::account::Bearer;
use vault_domain::usecase::gate::Ask;
use vault_http::{BoxFuture, Outcome, Request, extract};

/// Begins a token that stands between password and second factor.
const CHALLENGE_PREFIX: &str = "rvc_";

/// Handles a request to any of the routes.
pub fn handle<'a>(deps: &'a Deps, request: &'a Request) -> BoxFuture<'a, Outcome> {
    Box::pin(async move {
        match extract::route(request) {
            "GET /v1/account" => overview::show(deps, request).await,
            "GET /v1/account/export" => export::show(deps, request).await,
            "GET /v1/account/sessions" => session::list(deps, request).await,
            "POST /v1/account/sessions/revoke" => session::revoke_all(deps, request).await,
            "POST /v1/account/sessions/{session_id}/revoke" => session::revoke(deps, request).await,
            "POST /v1/account/reauthenticate" => password::reauthenticate(deps, request).await,
            "POST /v1/account/reauthenticate/passkey-options" => {
                password::passkey_options(deps, request).await
            }
            "POST /v1/account/password" => password::change(deps, request).await,
            "POST /v1/account/totp" => factor::begin_totp(deps, request).await,
            "POST /v1/account/totp/confirm" => factor::confirm_totp(deps, request).await,
            "POST /v1/account/totp/remove" => factor::remove_totp(deps, request).await,
            "POST /v1/account/recovery-codes" => factor::recovery_codes(deps, request).await,
            "POST /v1/account/passkeys/options" => factor::passkey_options(deps, request).await,
            "POST /v1/account/passkeys" => factor::add_passkey(deps, request).await,
            "POST /v1/account/passkeys/{credential_id}/remove" => {
                factor::remove_passkey(deps, request).await
            }
            _ => Err(Refusal::NotFound("route").into()),
        }
    })
}

fn caller(deps: &Deps, request: &Request) -> Result<Caller, Refusal> {
    let bearer = extract::bearer(request);
    usecase::caller(&*deps.verifier, &*deps.account.proof.clock, bearer)
}

/// The caller, and from where they ask.
fn ask(deps: &Deps, request: &Request) -> Result<Ask, Refusal> {
    Ok(Ask {
        caller: caller(deps, request)?,
        source: extract::source(request),
    })
}

/// Who adds a factor: signed in, or between the password and a first factor.
fn bearer(deps: &Deps, request: &Request) -> Result<Bearer, Refusal> {
    match extract::bearer(request) {
        Some(token) if token.starts_with(CHALLENGE_PREFIX) => {
            let token = SecretText::new(token.to_owned());
            Ok(Bearer::Challenge(token, extract::source(request)))
        }
        _ => ask(deps, request).map(Bearer::Caller),
    }
}
