//! `POST /v1/uploads` announces an upload and signs its first parts; `POST /v1/uploads/{asset_id}/parts`
//! signs further ones, or again those whose URLs expired.

#[cfg(feature = "openapi")]
pub mod openapi;
mod shape;
mod uppy;

use vault_boot::wiring::presign_upload::Deps;
use vault_domain::error::Refusal;
use vault_domain::id::AssetId;
use vault_domain::usecase::{Ask, begin_upload};
use vault_http::extract::{self, SMALL_BODY};
use vault_http::{BoxFuture, Cache, Failure, Outcome, Reply, Request};

use shape::{Announcement, PartNumbers, Signed};

/// Handles a request to any of the routes.
pub fn handle<'a>(deps: &'a Deps, request: &'a Request) -> BoxFuture<'a, Outcome> {
    Box::pin(async move {
        let ask = ask(deps, request)?;
        match extract::route(request) {
            "POST /v1/uploads" => begin(deps, request, ask).await,
            "POST /v1/uploads/{asset_id}/parts" => parts(deps, request, &ask).await,
            "GET /v1/uppy/s3/params" => uppy::parameters(deps, request, ask).await,
            "POST /v1/uppy/s3/multipart" => uppy::create(deps, request, ask).await,
            "GET /v1/uppy/s3/multipart/{asset_id}/{part_number}" => {
                uppy::sign(deps, request, &ask).await
            }
            _ => Err(Refusal::NotFound("route").into()),
        }
    })
}

fn ask(deps: &Deps, request: &Request) -> Result<Ask, Failure> {
    let (bearer, source) = (extract::bearer(request), extract::source(request));
    let (verifier, clock) = (&*deps.verifier, &*deps.begin.clock);
    Ok(vault_domain::usecase::ask(verifier, clock, bearer, source)?)
}

async fn begin(deps: &Deps, request: &Request, ask: Ask) -> Outcome {
    let body: Announcement = extract::json(request, SMALL_BODY, Announcement::SHAPE)?;
    let command = body.command(ask, extract::idempotency_key(request)?)?;
    let slot = begin_upload::run(&deps.begin, command).await?;
    let signed = Signed::of(&slot, deps.begin.clock.now());
    let location = format!("/v1/uploads/{}", slot.asset.id());
    Ok(Reply::json(201, &signed, Cache::NoStore).header("location", location))
}

async fn parts(deps: &Deps, request: &Request, ask: &Ask) -> Outcome {
    let asset = AssetId::parse(&extract::path(request, "asset_id")?)?;
    let body: PartNumbers = extract::json(request, SMALL_BODY, PartNumbers::SHAPE)?;
    let slot = begin_upload::sign_parts(&deps.begin, ask, asset, &body.wanted()?).await?;
    Ok(Reply::json(
        200,
        &Signed::of(&slot, deps.begin.clock.now()),
        Cache::NoStore,
    ))
}
