//! Collections and spaces.

use serde::Serialize;
use vault_domain::access::{Container, ContainerId, Kind};
use vault_domain::id::{CollectionId, SpaceId};
use vault_domain::usecase::access::{self, ContainerChange, NewContainer};
use vault_http::extract;
use vault_http::{Cache, Failure, Outcome, Reply};

use crate::access::{principal, tagged};
use crate::shape::{Asked, CollectionShown, Granted, SpaceShown, named};
use crate::{Call, no_route};

/// A page of collections.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub(crate) struct Collections {
    collections: Vec<CollectionShown>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<String>,
}

/// A page of spaces.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub(crate) struct Spaces {
    spaces: Vec<SpaceShown>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<String>,
}

/// The collection is gone.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub(crate) struct CollectionDeleted {
    collection_id: String,
    deleted: bool,
}

/// The space is gone.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub(crate) struct SpaceDeleted {
    space_id: String,
    deleted: bool,
}

pub(crate) async fn answer(call: &Call<'_>, route: &str) -> Outcome {
    let (deps, ask) = (call.deps, &call.ask);
    let container = match route {
        "GET /v1/collections" => return collections(call).await,
        "GET /v1/spaces" => return spaces(call).await,
        "POST /v1/collections" => return create(call, Kind::Collection).await,
        "POST /v1/spaces" => return create(call, Kind::Space).await,
        "GET /v1/collections/{collection_id}" | "GET /v1/spaces/{space_id}" => {
            let (shown, grants) = access::show_container(deps, ask, id(call, route)?).await?;
            return Ok(told(&shown, grants, 200));
        }
        "DELETE /v1/collections/{collection_id}" | "DELETE /v1/spaces/{space_id}" => {
            let id = id(call, route)?;
            access::delete_container(deps, ask, id).await?;
            return Ok(gone(id));
        }
        "PATCH /v1/collections/{collection_id}" | "PATCH /v1/spaces/{space_id}" => {
            let id = id(call, route)?;
            let wish = Asked::patch(call.request, id.kind())?;
            let wish = ContainerChange {
                name: wish.name,
                visibility: wish.visibility,
                space: wish.space,
                rests_on: extract::if_match(call.request)?.unwrap_or_default(),
            };
            let (changed, grants) = access::change_container(deps, ask, id, &wish).await?;
            return Ok(told(&changed, grants, 200));
        }
        "PUT /v1/collections/{collection_id}/access/{principal}"
        | "PUT /v1/spaces/{space_id}/access/{principal}" => {
            let id = id(call, route)?;
            access::grant_on_container(deps, ask, id, Granted::wish(call)?).await
        }
        "DELETE /v1/collections/{collection_id}/access/{principal}"
        | "DELETE /v1/spaces/{space_id}/access/{principal}" => {
            let id = id(call, route)?;
            access::revoke_on_container(deps, ask, id, principal(call)?).await
        }
        _ => return Err(no_route()),
    }?;
    Ok(told(&container, true, 200))
}

/// The container in the path.
fn id(call: &Call<'_>, route: &str) -> Result<ContainerId, Failure> {
    Ok(if route.contains("{space_id}") {
        SpaceId::parse(&extract::path(call.request, "space_id")?)?.into()
    } else {
        CollectionId::parse(&extract::path(call.request, "collection_id")?)?.into()
    })
}

fn told(container: &Container, grants: bool, status: u16) -> Reply {
    let shown = match container.id.kind() {
        Kind::Collection => {
            let shown = CollectionShown::of(container, grants);
            Reply::json(status, &shown, Cache::NoStore)
        }
        Kind::Space => {
            let shown = SpaceShown::of(container, grants);
            Reply::json(status, &shown, Cache::NoStore)
        }
    };
    tagged(shown, &container.access)
}

fn gone(id: ContainerId) -> Reply {
    let deleted = true;
    match id {
        ContainerId::Collection(id) => {
            let collection_id = id.to_string();
            let gone = CollectionDeleted {
                collection_id,
                deleted,
            };
            Reply::json(200, &gone, Cache::NoStore)
        }
        ContainerId::Space(id) => {
            let space_id = id.to_string();
            let gone = SpaceDeleted { space_id, deleted };
            Reply::json(200, &gone, Cache::NoStore)
        }
    }
}

async fn collections(call: &Call<'_>) -> Outcome {
    let after = extract::query(call.request, "cursor");
    let after = after.as_deref().map(CollectionId::parse).transpose()?;
    let space = extract::query(call.request, "space");
    let space = space.as_deref().map(SpaceId::parse).transpose()?;
    let (found, last) = access::list_collections(call.deps, &call.ask, space, after).await?;
    let shown = |collection| CollectionShown::of(collection, false);
    let listed = Collections {
        collections: found.iter().map(shown).collect(),
        cursor: last.map(|last| last.to_string()),
    };
    Ok(Reply::json(200, &listed, Cache::NoStore))
}

async fn spaces(call: &Call<'_>) -> Outcome {
    let after = extract::query(call.request, "cursor");
    let after = after.as_deref().map(SpaceId::parse).transpose()?;
    let (found, last) = access::list_spaces(call.deps, &call.ask, after).await?;
    let listed = Spaces {
        spaces: found
            .iter()
            .map(|space| SpaceShown::of(space, false))
            .collect(),
        cursor: last.map(|last| last.to_string()),
    };
    Ok(Reply::json(200, &listed, Cache::NoStore))
}

async fn create(call: &Call<'_>, kind: Kind) -> Outcome {
    let asked = Asked::json(call.request, kind)?;
    let new = NewContainer {
        kind,
        name: named(asked.name)?,
        visibility: asked.visibility.unwrap_or_default(),
        space: asked.space.from(None),
    };
    let key = extract::idempotency_key(call.request)?;
    let made = access::create_container(call.deps, &call.ask, new, key.as_ref()).await?;
    let location = format!("/v1/{}s/{}", kind.as_str(), made.id);
    Ok(told(&made, true, 201).header("location", location))
}
