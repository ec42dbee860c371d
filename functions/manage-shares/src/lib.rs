//! The shares of an asset: `/v1/assets/{asset_id}/shares`.

#[cfg(feature = "openapi")]
pub mod openapi;
mod shape;

use vault_boot::wiring::manage_shares::Deps;
use vault_domain::error::Refusal;
use vault_domain::id::{AssetId, ShareId};
use vault_domain::usecase::{Ask, manage_shares};
use vault_http::extract::{self, SMALL_BODY};
use vault_http::{BoxFuture, Cache, Failure, Outcome, Reply, Request};

use shape::{Changed, Created, Listed, New, Shown};

/// Handles a request to any of the routes.
pub fn handle<'a>(deps: &'a Deps, request: &'a Request) -> BoxFuture<'a, Outcome> {
    Box::pin(async move {
        let (bearer, source) = (extract::bearer(request), extract::source(request));
        let ask = vault_domain::usecase::ask(&*deps.verifier, &*deps.clock, bearer, source)?;
        let asset = AssetId::parse(&extract::path(request, "asset_id")?)?;
        let deps = &deps.shares;
        match extract::route(request) {
            "GET /v1/assets/{asset_id}/shares" => list(deps, request, &ask, asset).await,
            "POST /v1/assets/{asset_id}/shares" => create(deps, request, &ask, asset).await,
            "PATCH /v1/assets/{asset_id}/shares/{share_id}" => {
                let of = (asset, id(request)?);
                let body: Changed = extract::merge_patch(request, SMALL_BODY, Changed::SHAPE)?;
                let changed = manage_shares::change(deps, &ask, of, &body.parse()?).await?;
                Ok(shown(&changed))
            }
            "POST /v1/assets/{asset_id}/shares/{share_id}/revoke" => {
                let of = (asset, id(request)?);
                Ok(shown(&manage_shares::revoke(deps, &ask, of).await?))
            }
            _ => Err(Refusal::NotFound("route").into()),
        }
    })
}

fn id(request: &Request) -> Result<ShareId, Failure> {
    Ok(ShareId::parse(&extract::path(request, "share_id")?)?)
}

fn shown(share: &vault_domain::share::Share) -> Reply {
    Reply::json(200, &Shown::of(share), Cache::NoStore)
}

async fn list(deps: &manage_shares::Deps, request: &Request, ask: &Ask, asset: AssetId) -> Outcome {
    let after = extract::query(request, "cursor");
    let after = after.as_deref().map(ShareId::parse).transpose()?;
    let (found, last) = manage_shares::list(deps, ask, asset, after).await?;
    let listed = Listed {
        shares: found.iter().map(Shown::of).collect(),
        cursor: last.map(|last| last.to_string()),
    };
    Ok(Reply::json(200, &listed, Cache::NoStore))
}

async fn create(
    deps: &manage_shares::Deps,
    request: &Request,
    ask: &Ask,
    asset: AssetId,
) -> Outcome {
    let body: New = extract::json(request, SMALL_BODY, New::SHAPE)?;
    let new = body.parse(extract::idempotency_key(request)?)?;
    let told = manage_shares::create(deps, ask, asset, new).await?;
    let location = format!("/v1/assets/{asset}/shares/{}", told.share.id);
    let created = Created {
        share: Shown::of(&told.share),
        link: told.link.expose(),
    };
    Ok(Reply::json(201, &created, Cache::NoStore).header("location", location))
}
