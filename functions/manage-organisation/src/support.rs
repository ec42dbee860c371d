//! What the organisation grants to the operator's support.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use vault_domain::credential::Email;
use vault_domain::id::{SupportId, UserId};
use vault_domain::support::{SupportGrant, SupportLevel, SupportPurpose, SupportSeconds};
use vault_domain::usecase::organisation::{self, NewSupport};
use vault_http::extract::{self, SMALL_BODY};
use vault_http::{Cache, Failure, Outcome, Reply};

use crate::Call;

/// What support may do, what for, and for how long.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "NewSupportGrant"))]
#[serde(deny_unknown_fields)]
pub(crate) struct Body {
    #[cfg_attr(feature = "openapi", schemars(with = "SupportPurpose"))]
    purpose: String,
    #[cfg_attr(feature = "openapi", schemars(with = "SupportLevel"))]
    level: String,
    #[cfg_attr(feature = "openapi", schemars(with = "SupportSeconds"))]
    expires_in: u64,
}

/// A member of the staff who came.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "SupportStaff"))]
pub(crate) struct Staff<'a> {
    user_id: String,
    /// None if their account is gone.
    email: Option<&'a str>,
}

/// What is granted to support.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "SupportGrant"))]
pub(crate) struct Told<'a> {
    support_id: String,
    #[cfg_attr(feature = "openapi", schemars(with = "SupportPurpose"))]
    purpose: &'a str,
    #[cfg_attr(feature = "openapi", schemars(with = "SupportLevel"))]
    level: &'static str,
    #[cfg_attr(feature = "openapi", schemars(with = "UserId"))]
    granted_by: String,
    granted_at: u64,
    expires_at: u64,
    /// When it was ended, if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<u64>,
    /// To be told to support: what they trade for a token. It opens nothing to anyone else.
    #[cfg_attr(feature = "openapi", schemars(with = "crate::openapi::Resource"))]
    resource: String,
    /// Who of the staff came by it.
    used_by: Vec<Staff<'a>>,
}

impl<'a> Told<'a> {
    fn of(grant: &'a SupportGrant, staff: &'a BTreeMap<UserId, Email>) -> Self {
        let who = |user: &UserId| Staff {
            user_id: user.to_string(),
            email: staff.get(user).map(Email::as_str),
        };
        Self {
            support_id: grant.id.to_string(),
            purpose: grant.purpose.as_str(),
            level: grant.level.as_str(),
            granted_by: grant.granted_by.to_string(),
            granted_at: grant.granted_at.0,
            expires_at: grant.expires_at.0,
            ended_at: grant.ended_at.map(|at| at.0),
            resource: grant.resource(),
            used_by: grant.used_by.iter().map(who).collect(),
        }
    }
}

/// What stands, and what is over, the latest first.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "SupportGrants"))]
pub(crate) struct All<'a> {
    support: Vec<Told<'a>>,
}

pub(crate) async fn list(call: &Call<'_>) -> Outcome {
    let supported = organisation::supported(call.deps, &call.ask).await?;
    let grants = supported.grants.iter();
    let all = All {
        support: grants
            .map(|grant| Told::of(grant, &supported.staff))
            .collect(),
    };
    Ok(Reply::json(200, &all, Cache::NoStore))
}

pub(crate) async fn grant(call: &Call<'_>) -> Outcome {
    let command = command(call)?;
    let grant = organisation::grant_support(call.deps, &call.ask, &command).await?;
    // Who came since an earlier try of the same request is in the list alone: their addresses are read there.
    let (grant, nobody) = (nobody_yet(grant), BTreeMap::new());
    let told = Told::of(&grant, &nobody);
    Ok(Reply::json(201, &told, Cache::NoStore))
}

fn nobody_yet(grant: SupportGrant) -> SupportGrant {
    SupportGrant {
        used_by: Vec::new(),
        ..grant
    }
}

fn command(call: &Call<'_>) -> Result<NewSupport, Failure> {
    let shape = r#"{"purpose": "…", "level": "look or watch", "expires_in": seconds}"#;
    let body: Body = extract::json(call.request, SMALL_BODY, shape)?;
    Ok(NewSupport {
        purpose: SupportPurpose::parse(&body.purpose)?,
        level: SupportLevel::parse(&body.level)?,
        lifetime: SupportSeconds::parse(body.expires_in)?,
        idempotency: extract::idempotency_key(call.request)?,
    })
}

/// Support comes in no more, and sees and plays nothing more.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "SupportEnded"))]
pub(crate) struct Ended {
    support_id: String,
    ended: bool,
}

pub(crate) async fn end(call: &Call<'_>) -> Outcome {
    let id = SupportId::parse(&extract::path(call.request, "support_id")?)?;
    organisation::end_support(call.deps, &call.ask, id).await?;
    let ended = Ended {
        support_id: id.to_string(),
        ended: true,
    };
    Ok(Reply::json(200, &ended, Cache::NoStore))
}
