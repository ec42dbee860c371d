//! `GET /v1/account/export`

use serde::Serialize;
use vault_boot::wiring::manage_account::Deps;
use vault_domain::id::OrgId;
use vault_domain::token::Session;
use vault_domain::usecase::account::export::{Export, export};
use vault_http::{Cache, Outcome, Reply, Request};

use crate::overview::{Factors, factors};

/// Times are seconds of Unix time.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "AccountExport"))]
pub(crate) struct Exported<'a> {
    #[cfg_attr(feature = "openapi", schemars(with = "vault_http::openapi::Text"))]
    format: &'static str,
    user_id: String,
    email: &'a str,
    email_verified: bool,
    organisations: Vec<Place<'a>>,
    factors: Factors<'a>,
    sessions: Vec<Login<'a>>,
    more: More,
}

#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "ExportedPlace"))]
pub(crate) struct Place<'a> {
    organisation_id: String,
    name: &'a str,
    role: &'static str,
    active: bool,
    since: u64,
    group_ids: Vec<String>,
}

#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "ExportedSession"))]
pub(crate) struct Login<'a> {
    session_id: String,
    organisation_id: String,
    device: &'a str,
    address: String,
    opened_at: u64,
    last_proof_at: u64,
    last_used_at: u64,
    expires_at: u64,
    second_factor: bool,
    revoked: bool,
}

/// Where the rest is, for each organisation in a session there.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "ExportedMore"))]
pub(crate) struct More {
    #[cfg_attr(feature = "openapi", schemars(with = "vault_http::openapi::Text"))]
    assets: String,
    #[cfg_attr(feature = "openapi", schemars(with = "vault_http::openapi::Text"))]
    records: String,
}

pub(crate) async fn show(deps: &Deps, request: &Request) -> Outcome {
    let caller = crate::caller(deps, request)?;
    let all = export(&deps.account, &caller).await?;
    let user = all.overview.user;
    let exported = Exported {
        format: "reelvault account export 1",
        user_id: user.to_string(),
        email: all.overview.email.as_str(),
        email_verified: all.overview.verified,
        organisations: places(&all),
        factors: factors(&all.overview.factors),
        sessions: all.sessions.iter().map(login).collect(),
        more: More {
            assets: format!("/v1/assets?owner={user}"),
            records: format!("/v1/audit?actor={user}"),
        },
    };
    let name = "attachment; filename=\"reelvault-account.json\"".to_owned();
    Ok(Reply::json(200, &exported, Cache::NoStore).header("content-disposition", name))
}

fn places(all: &Export) -> Vec<Place<'_>> {
    let places = all.overview.places.iter();
    places
        .map(|(place, organisation)| Place {
            organisation_id: organisation.id.to_string(),
            name: organisation.name.as_str(),
            role: place.role.as_str(),
            active: place.active,
            since: place.since.0,
            group_ids: groups_of(all, place.org),
        })
        .collect()
}

fn groups_of(all: &Export, org: OrgId) -> Vec<String> {
    let of = all.groups.iter().find(|(id, _)| *id == org);
    let groups = of.map(|(_, groups)| groups.as_slice()).unwrap_or_default();
    groups.iter().map(ToString::to_string).collect()
}

fn login(session: &Session) -> Login<'_> {
    Login {
        session_id: session.id.to_string(),
        organisation_id: session.org.to_string(),
        device: session.device.as_str(),
        address: session.address.to_string(),
        opened_at: session.opened_at.0,
        last_proof_at: session.authenticated_at.0,
        last_used_at: session.rotated_at.0,
        expires_at: session.expires_at.0,
        second_factor: session.second_factor,
        revoked: session.revoked,
    }
}
