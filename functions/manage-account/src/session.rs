//! The routes of sessions.

use serde::{Deserialize, Serialize};
use vault_boot::wiring::manage_account::Deps;
use vault_domain::id::SessionId;
use vault_domain::token::Session;
use vault_domain::usecase::account::sessions::{self, Which};
use vault_http::extract::{self, SMALL_BODY};
use vault_http::{Cache, Outcome, Reply, Request};

/// The latest 100 of those that count.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "Sessions"))]
pub(crate) struct Sessions<'a> {
    sessions: Vec<Row<'a>>,
}

/// A session. Times are seconds of Unix time.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "Session"))]
pub(crate) struct Row<'a> {
    session_id: String,
    organisation_id: String,
    device: &'a str,
    address: String,
    opened_at: u64,
    last_used_at: u64,
    expires_at: u64,
    second_factor: bool,
    current: bool,
}

fn row(session: &Session, current: SessionId) -> Row<'_> {
    Row {
        session_id: session.id.to_string(),
        organisation_id: session.org.to_string(),
        device: session.device.as_str(),
        address: session.address.to_string(),
        opened_at: session.opened_at.0,
        last_used_at: session.rotated_at.0,
        expires_at: session.expires_at.0,
        second_factor: session.second_factor,
        current: session.id == current,
    }
}

/// `GET /v1/account/sessions`
pub(crate) async fn list(deps: &Deps, request: &Request) -> Outcome {
    let caller = crate::caller(deps, request)?;
    let listing = sessions::list(&deps.account, &caller).await?;
    let rows = listing.sessions.iter().map(|s| row(s, listing.current));
    let told = Sessions {
        sessions: rows.collect(),
    };
    Ok(Reply::json(200, &told, Cache::NoStore))
}

/// Which sessions are over.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "SessionsRevoked"))]
pub(crate) struct Revoked {
    #[cfg_attr(feature = "openapi", schemars(with = "crate::openapi::Revoked"))]
    revoked: &'static str,
}

/// `POST /v1/account/sessions/{session_id}/revoke`
pub(crate) async fn revoke(deps: &Deps, request: &Request) -> Outcome {
    let ask = crate::ask(deps, request)?;
    let id = SessionId::parse(&extract::path(request, "session_id")?)?;
    sessions::revoke(&deps.account, &ask, id).await?;
    Ok(Reply::json(
        200,
        &Revoked { revoked: "one" },
        Cache::NoStore,
    ))
}

/// All sessions, or all but this one.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "SessionsToRevoke"))]
#[serde(deny_unknown_fields)]
pub(crate) struct Body {
    keep_current: bool,
}

/// `POST /v1/account/sessions/revoke`
pub(crate) async fn revoke_all(deps: &Deps, request: &Request) -> Outcome {
    let ask = crate::ask(deps, request)?;
    let body: Body = extract::json(request, SMALL_BODY, r#"{"keep_current": true or false}"#)?;
    let (which, revoked) = if body.keep_current {
        (Which::Others, "others")
    } else {
        (Which::All, "all")
    };
    sessions::revoke_all(&deps.account, &ask, which).await?;
    Ok(Reply::json(200, &Revoked { revoked }, Cache::NoStore))
}
