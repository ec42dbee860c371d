//! Who belongs to the organisation.

use serde::{Deserialize, Serialize};
use vault_domain::credential::Role;
use vault_domain::id::UserId;
use vault_domain::page::PageSize;
use vault_domain::ports::Listed;
use vault_domain::usecase::organisation::{self, Wish};
use vault_http::extract::{self, SMALL_BODY};
use vault_http::{Cache, Outcome, Reply};

use crate::Call;

/// A page of members.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "Members"))]
pub(crate) struct Page<'a> {
    members: Vec<Member<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<&'a str>,
}

/// Someone of the organisation.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "Member"))]
pub(crate) struct Member<'a> {
    user_id: String,
    email: Option<&'a str>,
    role: &'static str,
    active: bool,
    since: u64,
    second_factor: bool,
}

impl<'a> Member<'a> {
    fn of(listed: &'a Listed) -> Self {
        let place = &listed.membership;
        Self {
            user_id: place.user.to_string(),
            email: listed
                .email
                .as_ref()
                .map(vault_domain::credential::Email::as_str),
            role: place.role.as_str(),
            active: place.active,
            since: place.since.0,
            second_factor: listed.second_factor,
        }
    }
}

pub(crate) async fn list(call: &Call<'_>) -> Outcome {
    let size = extract::query(call.request, "limit");
    let size = size.as_deref().map(PageSize::parse).transpose()?;
    let cursor = extract::query(call.request, "cursor");
    let page = organisation::list(
        call.deps,
        &call.ask,
        cursor.as_deref(),
        size.unwrap_or_default(),
    )
    .await?;
    let told = Page {
        members: page.members.iter().map(Member::of).collect(),
        cursor: page.cursor.as_deref(),
    };
    Ok(Reply::json(200, &told, Cache::NoStore))
}

/// The new role.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "MemberRole"))]
#[serde(deny_unknown_fields)]
pub(crate) struct Body {
    role: String,
}

pub(crate) async fn role(call: &Call<'_>) -> Outcome {
    let shape = r#"{"role": "owner, admin, editor or viewer"}"#;
    let body: Body = extract::json(call.request, SMALL_BODY, shape)?;
    change(call, Wish::Role(Role::parse(&body.role)?)).await
}

/// What became of a place in the organisation.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "MemberChanged"))]
pub(crate) struct Changed {
    user_id: String,
    member: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    active: Option<bool>,
}

pub(crate) async fn change(call: &Call<'_>, wish: Wish) -> Outcome {
    let user = UserId::parse(&extract::path(call.request, "user_id")?)?;
    let place = organisation::change(call.deps, &call.ask, user, wish).await?;
    let changed = Changed {
        user_id: user.to_string(),
        member: place.is_some(),
        role: place.map(|place| place.role.as_str()),
        active: place.map(|place| place.active),
    };
    Ok(Reply::json(200, &changed, Cache::NoStore))
}
