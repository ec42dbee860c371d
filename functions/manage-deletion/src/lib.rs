//! How assets go: `DELETE /v1/assets/{asset_id}` and `POST …/restore`, `PUT` and `DELETE …/legal-hold`, and the rules of
//! `/v1/organisation/retention`. Nothing here removes an object or a key.

#[cfg(feature = "openapi")]
pub mod openapi;
mod shape;

use vault_boot::wiring::manage_deletion::Deps;
use vault_domain::asset::Asset;
use vault_domain::deletion::{Reason, Retention};
use vault_domain::error::Refusal;
use vault_domain::id::AssetId;
use vault_domain::usecase::Ask;
use vault_domain::usecase::deletion as usecase;
use vault_http::extract::{self, SMALL_BODY};
use vault_http::{BoxFuture, Cache, Failure, Outcome, Reply, Request};

use shape::{Gone, Held, HeldFor, Rules, Wish};

/// Handles a request to any of the routes.
pub fn handle<'a>(deps: &'a Deps, request: &'a Request) -> BoxFuture<'a, Outcome> {
    Box::pin(async move {
        let (bearer, source) = (extract::bearer(request), extract::source(request));
        let ask = vault_domain::usecase::ask(&*deps.verifier, &*deps.clock, bearer, source)?;
        let deps = &deps.deletion;
        match extract::route(request) {
            "DELETE /v1/assets/{asset_id}" => {
                let asset = usecase::delete(deps, &ask, id(request)?).await?;
                Ok(told(&Gone::of(&asset)))
            }
            "POST /v1/assets/{asset_id}/restore" => {
                let asset = usecase::restore(deps, &ask, id(request)?).await?;
                Ok(told(&Gone::of(&asset)))
            }
            "PUT /v1/assets/{asset_id}/legal-hold" => held(deps, &ask, request).await,
            "DELETE /v1/assets/{asset_id}/legal-hold" => {
                let asset = usecase::release_hold(deps, &ask, id(request)?).await?;
                Ok(hold_of(&asset))
            }
            "GET /v1/organisation/retention" => {
                Ok(rules(&usecase::show_retention(deps, &ask).await?))
            }
            "PUT /v1/organisation/retention" => {
                let body: Wish = extract::json(request, SMALL_BODY, Wish::SHAPE)?;
                let wish = body.parse()?;
                Ok(rules(&usecase::set_retention(deps, &ask, &wish).await?))
            }
            _ => Err(Refusal::NotFound("route").into()),
        }
    })
}

async fn held(deps: &usecase::Deps, ask: &Ask, request: &Request) -> Outcome {
    let id = id(request)?;
    let body: HeldFor = extract::json(request, SMALL_BODY, HeldFor::SHAPE)?;
    let reason = Reason::parse(&body.reason)?;
    let asset = usecase::place_hold(deps, ask, id, &reason).await?;
    Ok(hold_of(&asset))
}

fn id(request: &Request) -> Result<AssetId, Failure> {
    Ok(AssetId::parse(&extract::path(request, "asset_id")?)?)
}

fn hold_of(asset: &Asset) -> Reply {
    told(&Held::of(asset))
}

fn rules(retention: &Retention) -> Reply {
    told(&Rules::of(retention))
}

fn told(body: &impl serde::Serialize) -> Reply {
    Reply::json(200, body, Cache::NoStore)
}
