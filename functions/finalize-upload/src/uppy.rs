//! What Uppy asks of its own server, Companion, where its `endpoint` is this API: `@uppy/aws-s3` 5 by `GET` and
//! `DELETE /s3/multipart/{id}`, and `POST /s3/multipart/{id}/complete`. The id is the asset's, and so is the `key`.

use serde::{Deserialize, Serialize};
use vault_boot::wiring::finalize_upload::Deps;
use vault_domain::asset::AssetState;
use vault_domain::error::{Malformed, Refusal};
use vault_domain::id::AssetId;
use vault_domain::ports::HeldPart;
use vault_domain::usecase::finalize_upload::{Command, run};
use vault_domain::usecase::{Ask, resume_upload};
use vault_http::extract::{self, PARTS_BODY};
use vault_http::{Cache, Outcome, Reply, Request};

use crate::{Part, part};

/// What was uploaded, as Uppy words it.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "UppyCompletion"))]
pub(crate) struct Completion {
    parts: Vec<CompletedPart>,
}

/// A part and the `ETag` that S3 gave for it, in S3's words.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "UppyCompletedPart"))]
pub(crate) struct CompletedPart {
    #[cfg_attr(feature = "openapi", schemars(with = "crate::openapi::PartNumber"))]
    #[serde(rename = "PartNumber")]
    number: u32,
    #[cfg_attr(feature = "openapi", schemars(with = "crate::openapi::PartTag"))]
    #[serde(rename = "ETag")]
    etag: String,
}

/// A part that S3 holds, in S3's words.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "UppyHeldPart"))]
pub(crate) struct Held {
    #[cfg_attr(feature = "openapi", schemars(with = "crate::openapi::PartNumber"))]
    #[serde(rename = "PartNumber")]
    number: u32,
    /// Octets.
    #[serde(rename = "Size")]
    size: u64,
    #[cfg_attr(feature = "openapi", schemars(with = "crate::openapi::PartTag"))]
    #[serde(rename = "ETag")]
    etag: String,
}

/// Where the upload tells how it fares.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "UppyCompleted"))]
pub(crate) struct Completed {
    #[cfg_attr(feature = "openapi", schemars(with = "crate::openapi::UploadPlace"))]
    location: String,
    #[cfg_attr(feature = "openapi", schemars(with = "AssetId"))]
    key: String,
}

/// Nothing to tell.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "UppyAborted"))]
pub(crate) struct Aborted {}

/// Handles a request to one of Uppy's routes.
pub(crate) async fn handle(deps: &Deps, request: &Request, ask: Ask, asset: AssetId) -> Outcome {
    if extract::query(request, "key") != Some(asset.to_string()) {
        return Err(Refusal::NotFound("upload").into());
    }
    match extract::route(request) {
        "GET /v1/uppy/s3/multipart/{asset_id}" => list(deps, &ask, asset).await,
        "DELETE /v1/uppy/s3/multipart/{asset_id}" => {
            resume_upload::cancel(&deps.finalize, &ask, asset).await?;
            Ok(Reply::json(200, &Aborted {}, Cache::NoStore))
        }
        "POST /v1/uppy/s3/multipart/{asset_id}/complete" => {
            complete(deps, request, ask, asset).await
        }
        _ => Err(Refusal::NotFound("route").into()),
    }
}

/// All pages: Uppy asks for no further one.
async fn list(deps: &Deps, ask: &Ask, asset: AssetId) -> Outcome {
    let (mut parts, mut after) = (Vec::new(), Some(0));
    while let Some(behind) = after {
        let page = resume_upload::held(&deps.finalize, ask, asset, behind).await?;
        parts.extend(page.parts.into_iter().map(held));
        after = page.next.filter(|next| *next > behind);
    }
    Ok(Reply::json(200, &parts, Cache::NoStore))
}

fn held(held: HeldPart) -> Held {
    Held {
        number: held.part.number,
        size: held.size,
        etag: held.part.etag,
    }
}

async fn complete(deps: &Deps, request: &Request, ask: Ask, asset: AssetId) -> Outcome {
    let shape = r#"{"parts": [{"PartNumber": 1, "ETag": "…"}, …]}"#;
    let body: Completion = extract::json(request, PARTS_BODY, shape)?;
    let parts = body
        .parts
        .into_iter()
        .map(|CompletedPart { number, etag }| {
            part(Part {
                number,
                etag,
                checksum: None,
            })
        });
    let parts: Result<Vec<_>, Malformed> = parts.collect();
    let command = Command {
        ask,
        asset,
        parts: Some(parts?),
    };
    let asset = run(&deps.finalize, command).await?;
    if asset.state == AssetState::Failed {
        return Err(Refusal::WrongState(asset.state).into());
    }
    let asset = asset.id();
    let told = Completed {
        location: format!("/v1/uploads/{asset}"),
        key: asset.to_string(),
    };
    Ok(Reply::json(200, &told, Cache::NoStore))
}
