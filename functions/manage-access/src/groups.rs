//! Groups, and who is in them.

use serde::Serialize;
use vault_domain::access::Group;
use vault_domain::error::Malformed;
use vault_domain::id::{GroupId, UserId};
use vault_domain::usecase::access;
use vault_http::extract::{self, SMALL_BODY};
use vault_http::{Cache, Failure, Outcome, Reply};

use crate::shape::GroupBody;
use crate::{Call, no_route};

/// A group of people.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "Group"))]
pub(crate) struct Shown {
    group_id: String,
    name: String,
    created_at: u64,
}

impl Shown {
    fn of(group: &Group) -> Self {
        Self {
            group_id: group.id.to_string(),
            name: group.name.as_str().to_owned(),
            created_at: group.created_at.0,
        }
    }
}

/// A page of groups.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "Groups"))]
pub(crate) struct Listed {
    groups: Vec<Shown>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<String>,
}

/// A page of who is in a group.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "GroupMembers"))]
pub(crate) struct Members {
    user_ids: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<String>,
}

/// The group is gone.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "GroupDeleted"))]
pub(crate) struct Gone {
    group_id: String,
    deleted: bool,
}

/// Is the person in the group now?
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "GroupMember"))]
pub(crate) struct Regrouped {
    group_id: String,
    user_id: String,
    member: bool,
}

pub(crate) async fn answer(call: &Call<'_>, route: &str) -> Outcome {
    let (deps, ask) = (call.deps, &call.ask);
    match route {
        "GET /v1/groups" => list(call).await,
        "POST /v1/groups" => create(call).await,
        "GET /v1/groups/{group_id}" => {
            let group = access::show_group(deps, ask, id(call)?).await?;
            Ok(told(deps, &group, 200))
        }
        "PATCH /v1/groups/{group_id}" => {
            let body: GroupBody = extract::merge_patch(call.request, SMALL_BODY, GroupBody::SHAPE)?;
            let name = body.named()?;
            let rests_on = extract::if_match(call.request)?.unwrap_or_default();
            let group = access::rename_group(deps, ask, id(call)?, &rests_on, &name).await?;
            Ok(told(deps, &group, 200))
        }
        "DELETE /v1/groups/{group_id}" => {
            let id = id(call)?;
            access::delete_group(deps, ask, id).await?;
            let gone = Gone {
                group_id: id.to_string(),
                deleted: true,
            };
            Ok(Reply::json(200, &gone, Cache::NoStore))
        }
        "GET /v1/groups/{group_id}/members" => members(call).await,
        "PUT /v1/groups/{group_id}/members/{user_id}" => {
            let (id, user) = (id(call)?, user(call)?);
            access::add_member(deps, ask, id, user).await?;
            Ok(regrouped(id, user, true))
        }
        "DELETE /v1/groups/{group_id}/members/{user_id}" => {
            let (id, user) = (id(call)?, user(call)?);
            access::remove_member(deps, ask, id, user).await?;
            Ok(regrouped(id, user, false))
        }
        _ => Err(no_route()),
    }
}

fn told(deps: &access::Deps, group: &Group, status: u16) -> Reply {
    let tag = format!("\"{}\"", access::group_tag(deps, group));
    Reply::json(status, &Shown::of(group), Cache::NoStore).header("etag", tag)
}

fn regrouped(id: GroupId, user: UserId, member: bool) -> Reply {
    let told = Regrouped {
        group_id: id.to_string(),
        user_id: user.to_string(),
        member,
    };
    Reply::json(200, &told, Cache::NoStore)
}

fn id(call: &Call<'_>) -> Result<GroupId, Failure> {
    Ok(GroupId::parse(&extract::path(call.request, "group_id")?)?)
}

fn user(call: &Call<'_>) -> Result<UserId, Failure> {
    Ok(UserId::parse(&extract::path(call.request, "user_id")?)?)
}

async fn list(call: &Call<'_>) -> Outcome {
    let after = extract::query(call.request, "cursor");
    let after = after.as_deref().map(GroupId::parse).transpose()?;
    let (groups, last) = access::list_groups(call.deps, &call.ask, after).await?;
    let listed = Listed {
        groups: groups.iter().map(Shown::of).collect(),
        cursor: last.map(|last| last.to_string()),
    };
    Ok(Reply::json(200, &listed, Cache::NoStore))
}

async fn create(call: &Call<'_>) -> Outcome {
    let body: GroupBody = extract::json(call.request, SMALL_BODY, GroupBody::SHAPE)?;
    let name = body.named()?;
    let key = extract::idempotency_key(call.request)?;
    let made = access::create_group(call.deps, &call.ask, name, key.as_ref()).await?;
    let location = format!("/v1/groups/{}", made.id);
    Ok(told(call.deps, &made, 201).header("location", location))
}

async fn members(call: &Call<'_>) -> Outcome {
    let after = extract::query(call.request, "cursor");
    let after: Result<_, Malformed> = after.as_deref().map(UserId::parse).transpose();
    let found = access::members(call.deps, &call.ask, id(call)?, after?).await?;
    let members = Members {
        user_ids: found.users.iter().map(ToString::to_string).collect(),
        cursor: found.next.map(|next| next.to_string()),
    };
    Ok(Reply::json(200, &members, Cache::NoStore))
}
