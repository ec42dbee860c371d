//! Who may do what with an asset.

use vault_domain::access::{Access, Principal, Visibility};
use vault_domain::id::{AssetId, CollectionId};
use vault_domain::usecase::access::{self, Placing};
use vault_http::extract::{self, SMALL_BODY};
use vault_http::{Cache, Failure, Outcome, Reply};

use crate::shape::{AccessShown, Granted, Placed};
use crate::{Call, no_route};

pub(crate) async fn answer(call: &Call<'_>, route: &str) -> Outcome {
    let id = AssetId::parse(&extract::path(call.request, "asset_id")?)?;
    let (deps, ask) = (call.deps, &call.ask);
    let asset = match route {
        "GET /v1/assets/{asset_id}/access" => access::show(deps, ask, id).await,
        "PATCH /v1/assets/{asset_id}/access" => access::place(deps, ask, id, placing(call)?).await,
        "PUT /v1/assets/{asset_id}/access/{principal}" => {
            access::grant(deps, ask, id, Granted::wish(call)?).await
        }
        "DELETE /v1/assets/{asset_id}/access/{principal}" => {
            access::revoke(deps, ask, id, principal(call)?).await
        }
        _ => return Err(no_route()),
    }?;
    let shown = AccessShown::of_asset(&asset);
    Ok(tagged(
        Reply::json(200, &shown, Cache::NoStore),
        &asset.access,
    ))
}

/// With the entity tag of what is shown.
pub(crate) fn tagged(reply: Reply, access: &Access) -> Reply {
    reply.header("etag", format!("\"{}\"", access.tag()))
}

/// The principal in the path.
pub(crate) fn principal(call: &Call<'_>) -> Result<Principal, Failure> {
    let text = extract::path(call.request, "principal")?;
    Ok(Principal::parse(&text)?)
}

fn placing(call: &Call<'_>) -> Result<Placing, Failure> {
    let body: Placed = extract::merge_patch(call.request, SMALL_BODY, Placed::SHAPE)?;
    let visibility = body.visibility.as_deref().map(Visibility::parse);
    Ok(Placing {
        visibility: visibility.transpose()?,
        collection: body.collection.parse(CollectionId::parse)?,
        rests_on: extract::if_match(call.request)?.unwrap_or_default(),
    })
}
