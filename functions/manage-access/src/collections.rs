//! Collections.

use serde::Serialize;
use vault_domain::access::{Collection, Visibility};
use vault_domain::id::CollectionId;
use vault_domain::usecase::access::{self, CollectionChange};
use vault_http::extract::{self, SMALL_BODY};
use vault_http::{Cache, Failure, Outcome, Reply};

use crate::access::principal;
use crate::shape::{CollectionShown, Granted, NamedBody, named};
use crate::{Call, no_route};

/// A page of collections.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "Collections"))]
pub(crate) struct Listed {
    collections: Vec<CollectionShown>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<String>,
}

/// The collection is gone.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "CollectionDeleted"))]
pub(crate) struct Gone {
    collection_id: String,
    deleted: bool,
}

pub(crate) async fn answer(call: &Call<'_>, route: &str) -> Outcome {
    let (deps, ask) = (call.deps, &call.ask);
    let collection = match route {
        "GET /v1/collections" => return list(call).await,
        "POST /v1/collections" => return create(call).await,
        "GET /v1/collections/{collection_id}" => return show(call).await,
        "DELETE /v1/collections/{collection_id}" => {
            let id = id(call)?;
            access::delete_collection(deps, ask, id).await?;
            let gone = Gone {
                collection_id: id.to_string(),
                deleted: true,
            };
            return Ok(Reply::json(200, &gone, Cache::NoStore));
        }
        "PATCH /v1/collections/{collection_id}" => {
            let body: NamedBody =
                extract::merge_patch(call.request, SMALL_BODY, NamedBody::COLLECTION)?;
            let visibility = body.visibility.as_deref().map(Visibility::parse);
            let wish = CollectionChange {
                name: body
                    .name
                    .as_deref()
                    .map(|name| named(Some(name)))
                    .transpose()?,
                visibility: visibility.transpose()?,
            };
            let (changed, grants) = access::change_collection(deps, ask, id(call)?, &wish).await?;
            return Ok(told(&changed, grants, 200));
        }
        "PUT /v1/collections/{collection_id}/access/{principal}" => {
            access::grant_on_collection(deps, ask, id(call)?, Granted::wish(call)?).await
        }
        "DELETE /v1/collections/{collection_id}/access/{principal}" => {
            access::revoke_on_collection(deps, ask, id(call)?, principal(call)?).await
        }
        _ => return Err(no_route()),
    }?;
    Ok(told(&collection, true, 200))
}

fn id(call: &Call<'_>) -> Result<CollectionId, Failure> {
    let text = extract::path(call.request, "collection_id")?;
    Ok(CollectionId::parse(&text)?)
}

fn told(collection: &Collection, grants: bool, status: u16) -> Reply {
    let shown = CollectionShown::of(collection, grants);
    Reply::json(status, &shown, Cache::NoStore)
}

async fn list(call: &Call<'_>) -> Outcome {
    let after = extract::query(call.request, "cursor");
    let after = after.as_deref().map(CollectionId::parse).transpose()?;
    let (found, last) = access::list_collections(call.deps, &call.ask, after).await?;
    let listed = Listed {
        collections: found
            .iter()
            .map(|collection| CollectionShown::of(collection, false))
            .collect(),
        cursor: last.map(|last| last.to_string()),
    };
    Ok(Reply::json(200, &listed, Cache::NoStore))
}

async fn show(call: &Call<'_>) -> Outcome {
    let (collection, grants) = access::show_collection(call.deps, &call.ask, id(call)?).await?;
    Ok(told(&collection, grants, 200))
}

async fn create(call: &Call<'_>) -> Outcome {
    let body: NamedBody = extract::json(call.request, SMALL_BODY, NamedBody::COLLECTION)?;
    let visibility = body.visibility.as_deref().map(Visibility::parse);
    let new = (
        named(body.name.as_deref())?,
        visibility.transpose()?.unwrap_or_default(),
    );
    let key = extract::idempotency_key(call.request)?;
    let made = access::create_collection(call.deps, &call.ask, new, key.as_ref()).await?;
    let location = format!("/v1/collections/{}", made.id);
    Ok(told(&made, true, 201).header("location", location))
}
