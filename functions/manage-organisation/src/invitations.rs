//! Who is invited into the organisation.

use serde::{Deserialize, Serialize};
use vault_domain::credential::{Email, Role};
use vault_domain::id::InvitationId;
use vault_domain::member::Invitation;
use vault_domain::usecase::organisation::{self, Invite};
use vault_http::extract::{self, SMALL_BODY};
use vault_http::{Cache, Failure, Outcome, Reply};

use crate::Call;

/// Whom to invite, and as what.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "NewInvitation"))]
#[serde(deny_unknown_fields)]
pub(crate) struct Body {
    email: String,
    role: String,
}

/// An open invitation.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "Invitation"))]
pub(crate) struct Told<'a> {
    invitation_id: String,
    email: &'a str,
    role: &'static str,
    expires_at: u64,
    invited_by: String,
}

impl<'a> Told<'a> {
    fn of(invitation: &'a Invitation) -> Self {
        Self {
            invitation_id: invitation.id.to_string(),
            email: invitation.email.as_str(),
            role: invitation.role.as_str(),
            expires_at: invitation.expires_at.0,
            invited_by: invitation.invited_by.to_string(),
        }
    }
}

/// The open invitations.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "Invitations"))]
pub(crate) struct All<'a> {
    invitations: Vec<Told<'a>>,
}

pub(crate) async fn list(call: &Call<'_>) -> Outcome {
    let open = organisation::invitations(call.deps, &call.ask).await?;
    let all = All {
        invitations: open.iter().map(Told::of).collect(),
    };
    Ok(Reply::json(200, &all, Cache::NoStore))
}

pub(crate) async fn invite(call: &Call<'_>) -> Outcome {
    let command = command(call)?;
    let invitation = organisation::invite(call.deps, &call.ask, &command).await?;
    Ok(Reply::json(201, &Told::of(&invitation), Cache::NoStore))
}

fn command(call: &Call<'_>) -> Result<Invite, Failure> {
    let shape = r#"{"email": "…", "role": "admin, editor or viewer"}"#;
    let body: Body = extract::json(call.request, SMALL_BODY, shape)?;
    Ok(Invite {
        email: Email::parse(&body.email)?,
        role: Role::parse(&body.role)?,
        idempotency: extract::idempotency_key(call.request)?,
    })
}

/// Its link works no more.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "InvitationRevoked"))]
pub(crate) struct Revoked {
    invitation_id: String,
    revoked: bool,
}

pub(crate) async fn revoke(call: &Call<'_>) -> Outcome {
    let id = InvitationId::parse(&extract::path(call.request, "invitation_id")?)?;
    organisation::revoke(call.deps, &call.ask, id).await?;
    let revoked = Revoked {
        invitation_id: id.to_string(),
        revoked: true,
    };
    Ok(Reply::json(200, &revoked, Cache::NoStore))
}
