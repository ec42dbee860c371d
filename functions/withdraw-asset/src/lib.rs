//! `POST /v1/assets/{asset_id}/withdraw`: no key from the moment this answers, and no copy in the caches.

#[cfg(feature = "openapi")]
pub mod openapi;

use serde::Serialize;
use vault_boot::wiring::withdraw_asset::Deps;
use vault_domain::asset::AssetState;
use vault_domain::id::AssetId;
use vault_domain::usecase::withdraw_asset::run;
use vault_http::{BoxFuture, Cache, Outcome, Reply, Request, extract};

/// No key from now on.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "AssetWithdrawn"))]
pub(crate) struct Withdrawn {
    asset_id: String,
    state: &'static str,
}

/// Handles a request.
pub fn handle<'a>(deps: &'a Deps, request: &'a Request) -> BoxFuture<'a, Outcome> {
    Box::pin(async move {
        let (bearer, source) = (extract::bearer(request), extract::source(request));
        let ask = vault_domain::usecase::ask(&*deps.verifier, &*deps.clock, bearer, source)?;
        let asset = AssetId::parse(&extract::path(request, "asset_id")?)?;
        run(&deps.withdraw, &ask, asset).await?;
        let told = Withdrawn {
            asset_id: asset.to_string(),
            state: AssetState::Withdrawn.as_str(),
        };
        Ok(Reply::json(200, &told, Cache::NoStore))
    })
}
