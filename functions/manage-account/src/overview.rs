//! `GET /v1/account`

use serde::Serialize;
use vault_boot::wiring::manage_account::Deps;
use vault_domain::factor::FactorSet;
use vault_domain::usecase::account::sessions::{Overview, overview};
use vault_http::{Cache, Outcome, Reply, Request};

/// The caller and where they belong.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "Account"))]
pub(crate) struct Account<'a> {
    user_id: String,
    email: &'a str,
    email_verified: bool,
    organisations: Vec<Place<'a>>,
    factors: Factors<'a>,
}

/// A place in an organisation.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "AccountOrganisation"))]
pub(crate) struct Place<'a> {
    organisation_id: String,
    #[cfg_attr(feature = "openapi", schemars(with = "vault_domain::member::OrgName"))]
    name: &'a str,
    role: &'static str,
    active: bool,
    require_second_factor: bool,
    current: bool,
}

/// The second factors; of recovery codes, how many are left.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "Factors"))]
pub(crate) struct Factors<'a> {
    totp: bool,
    totp_confirmed_at: Option<u64>,
    recovery_codes: usize,
    passkeys: Vec<Key<'a>>,
}

/// A passkey.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "Passkey"))]
pub(crate) struct Key<'a> {
    credential_id: String,
    #[cfg_attr(
        feature = "openapi",
        schemars(with = "vault_domain::passkey::PasskeyName")
    )]
    name: &'a str,
    created_at: u64,
    last_used: Option<u64>,
    backed_up: bool,
}

pub(crate) async fn show(deps: &Deps, request: &Request) -> Outcome {
    let caller = crate::caller(deps, request)?;
    let seen = overview(&deps.account, &caller).await?;
    let account = Account {
        user_id: seen.user.to_string(),
        email: seen.email.as_str(),
        email_verified: seen.verified,
        organisations: places(&seen),
        factors: factors(&seen.factors),
    };
    Ok(Reply::json(200, &account, Cache::NoStore))
}

fn places(seen: &Overview) -> Vec<Place<'_>> {
    let places = seen.places.iter().map(|(place, organisation)| Place {
        organisation_id: organisation.id.to_string(),
        name: organisation.name.as_str(),
        role: place.role.as_str(),
        active: place.active,
        require_second_factor: organisation.require_second_factor,
        current: organisation.id == seen.current,
    });
    places.collect()
}

pub(crate) fn factors(set: &FactorSet) -> Factors<'_> {
    let keys = set.passkeys.iter().map(|passkey| Key {
        credential_id: passkey.credential.to_string(),
        name: passkey.name.as_str(),
        created_at: passkey.created_at.0,
        last_used: passkey.last_used.map(|at| at.0),
        backed_up: passkey.backed_up,
    });
    let app = set.totp.as_ref();
    Factors {
        totp: app.is_some(),
        totp_confirmed_at: app.and_then(|totp| totp.confirmed_at).map(|at| at.0),
        recovery_codes: set.recovery.left(),
        passkeys: keys.collect(),
    }
}
