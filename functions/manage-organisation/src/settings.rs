//! The organisation itself.

use serde::{Deserialize, Serialize};
use vault_domain::error::Malformed;
use vault_domain::member::OrgName;
use vault_domain::usecase::organisation::{self, Shown, Wishes};
use vault_http::extract::{self, SMALL_BODY};
use vault_http::{Cache, Failure, Outcome, Reply};

use crate::Call;

const SHAPE: &str = r#"{"name": "…", "require_second_factor": true}, or one of the two"#;

/// What is to change: one or both.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "OrganisationPatch"))]
#[serde(deny_unknown_fields)]
pub(crate) struct Body {
    #[cfg_attr(feature = "openapi", schemars(with = "Option<OrgName>"))]
    name: Option<String>,
    require_second_factor: Option<bool>,
}

/// The organisation, and the caller's role in it.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "Organisation"))]
pub(crate) struct Told<'a> {
    organisation_id: String,
    #[cfg_attr(feature = "openapi", schemars(with = "OrgName"))]
    name: &'a str,
    require_second_factor: bool,
    role: &'static str,
}

fn told(shown: &Shown) -> Reply {
    let organisation = &shown.organisation;
    let told = Told {
        organisation_id: organisation.id.to_string(),
        name: organisation.name.as_str(),
        require_second_factor: organisation.require_second_factor,
        role: shown.role.as_str(),
    };
    Reply::json(200, &told, Cache::NoStore)
}

pub(crate) async fn show(call: &Call<'_>) -> Outcome {
    Ok(told(&organisation::show(call.deps, &call.ask).await?))
}

pub(crate) async fn change(call: &Call<'_>) -> Outcome {
    let wishes = wishes(call)?;
    let shown = organisation::settle(call.deps, &call.ask, &wishes).await?;
    Ok(told(&shown))
}

fn wishes(call: &Call<'_>) -> Result<Wishes, Failure> {
    let body: Body = extract::json(call.request, SMALL_BODY, SHAPE)?;
    let wishes = Wishes {
        name: body.name.as_deref().map(OrgName::parse).transpose()?,
        require_second_factor: body.require_second_factor,
    };
    if wishes == Wishes::default() {
        return Err(Malformed {
            field: "the body",
            expected: SHAPE,
        }
        .into());
    }
    Ok(wishes)
}

/// The caller belongs there no more.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "OrganisationLeft"))]
pub(crate) struct Left {
    organisation_id: String,
    left: bool,
}

pub(crate) async fn leave(call: &Call<'_>) -> Outcome {
    organisation::leave(call.deps, &call.ask).await?;
    let left = Left {
        organisation_id: call.ask.caller.org.to_string(),
        left: true,
    };
    Ok(Reply::json(200, &left, Cache::NoStore))
}

/// Everyone's sessions are over.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "OrganisationSessionsEnded"))]
pub(crate) struct Ended {
    organisation_id: String,
    sessions_ended: bool,
}

pub(crate) async fn end_sessions(call: &Call<'_>) -> Outcome {
    organisation::end_sessions(call.deps, &call.ask).await?;
    let ended = Ended {
        organisation_id: call.ask.caller.org.to_string(),
        sessions_ended: true,
    };
    Ok(Reply::json(200, &ended, Cache::NoStore))
}
