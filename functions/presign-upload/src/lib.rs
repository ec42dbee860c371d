//! `POST /v1/uploads` announces an upload and signs its first parts; `POST /v1/uploads/{asset_id}/parts`
//! signs further ones, or again those whose URLs expired.

mod shape;

use vault_boot::wiring::presign_upload::Deps;
use vault_domain::id::AssetId;
use vault_domain::token::Caller;
use vault_domain::usecase::begin_upload;
use vault_http::extract::{self, SMALL_BODY};
use vault_http::{BoxFuture, Cache, Failure, Outcome, Reply, Request};

use shape::{Announcement, PartNumbers, Signed};

/// Handles a request to either route.
pub fn handle<'a>(deps: &'a Deps, request: &'a Request) -> BoxFuture<'a, Outcome> {
    Box::pin(async move {
        let caller = caller(deps, request)?;
        match extract::path(request, "asset_id") {
            Ok(asset) => parts(deps, request, &caller, &asset).await,
            Err(_) => begin(deps, request, caller).await,
        }
    })
}

fn caller(deps: &Deps, request: &Request) -> Result<Caller, Failure> {
    let bearer = extract::bearer(request);
    Ok(vault_domain::usecase::caller(
        &*deps.verifier,
        &*deps.begin.clock,
        bearer,
    )?)
}

async fn begin(deps: &Deps, request: &Request, caller: Caller) -> Outcome {
    let body: Announcement = extract::json(request, SMALL_BODY, Announcement::SHAPE)?;
    let command = body.command(caller, extract::idempotency_key(request)?)?;
    let slot = begin_upload::run(&deps.begin, command).await?;
    let signed = Signed::of(&slot, deps.begin.clock.now());
    let location = format!("/v1/uploads/{}", slot.asset.id());
    Ok(Reply::json(201, &signed, Cache::NoStore).header("location", location))
}

async fn parts(deps: &Deps, request: &Request, caller: &Caller, asset: &str) -> Outcome {
    let asset = AssetId::parse(asset)?;
    let body: PartNumbers = extract::json(request, SMALL_BODY, PartNumbers::SHAPE)?;
    let slot = begin_upload::sign_parts(&deps.begin, caller, asset, &body.part_numbers).await?;
    Ok(Reply::json(
        200,
        &Signed::of(&slot, deps.begin.clock.now()),
        Cache::NoStore,
    ))
}
