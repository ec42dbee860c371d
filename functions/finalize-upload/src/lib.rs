//! `POST /v1/uploads/{asset_id}/finalize` completes and verifies an upload; `GET /v1/uploads/{asset_id}`
//! tells how far it and its packaging are, `GET …/parts` what S3 holds of it; `DELETE` gives it up. Uppy asks for the same in
//! its own words.

#[cfg(feature = "openapi")]
pub mod openapi;
mod uppy;

use serde::{Deserialize, Serialize};
use vault_boot::wiring::finalize_upload::Deps;
use vault_domain::asset::{Asset, AssetState};
use vault_domain::error::Malformed;
use vault_domain::id::AssetId;
use vault_domain::ports::UploadedPart;
use vault_domain::usecase::finalize_upload::{Command, run, status};
use vault_domain::usecase::{Ask, resume_upload};
use vault_http::extract::{self, PARTS_BODY};
use vault_http::{BoxFuture, Cache, Failure, Outcome, Reply, Request};

/// Octets of an `ETag`: S3's are 32 hexadecimal digits, or 32 and the number of parts, in quotes.
const MAX_ETAG: usize = 64;

/// What was uploaded.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "UploadedParts"))]
#[serde(deny_unknown_fields)]
pub(crate) struct Body {
    parts: Option<Vec<Part>>,
}

/// A part and the `ETag` that S3 gave for it.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "UploadedPart"))]
#[serde(deny_unknown_fields)]
pub(crate) struct Part {
    #[cfg_attr(feature = "openapi", schemars(with = "crate::openapi::PartNumber"))]
    pub(crate) number: u32,
    #[cfg_attr(feature = "openapi", schemars(with = "crate::openapi::PartTag"))]
    pub(crate) etag: String,
    /// Its checksum, if it was signed with one.
    #[cfg_attr(
        feature = "openapi",
        schemars(with = "Option<crate::openapi::PartSum>")
    )]
    pub(crate) checksum: Option<String>,
}

/// How far an upload and its packaging are.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "UploadStatus"))]
pub(crate) struct Status<'a> {
    asset_id: String,
    state: &'static str,
    title: &'a str,
    size: u64,
    created_at: u64,
    /// How much of it is packaged, in per cent, while it is `processing`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(range(max = 100)))]
    progress: Option<u8>,
    /// Why it failed: the code is stable, the reason for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
    /// What would have been right.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

/// What S3 holds of an upload: some of its parts, in order.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "HeldParts"))]
pub(crate) struct Listed<'a> {
    asset_id: String,
    size: u64,
    part_size: u64,
    part_count: u32,
    parts: Vec<HeldPart<'a>>,
    /// Ask again with it as `after`: others follow.
    #[cfg_attr(
        feature = "openapi",
        schemars(with = "Option<crate::openapi::PartNumber>")
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<u32>,
}

/// A part that arrived, whole.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "HeldPart"))]
pub(crate) struct HeldPart<'a> {
    #[cfg_attr(feature = "openapi", schemars(with = "crate::openapi::PartNumber"))]
    number: u32,
    size: u64,
    #[cfg_attr(feature = "openapi", schemars(with = "crate::openapi::PartTag"))]
    etag: &'a str,
    /// Its checksum, if it was signed with one.
    #[cfg_attr(
        feature = "openapi",
        schemars(with = "Option<crate::openapi::PartSum>")
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    checksum: Option<&'a str>,
}

/// Handles a request to any of the routes.
pub fn handle<'a>(deps: &'a Deps, request: &'a Request) -> BoxFuture<'a, Outcome> {
    Box::pin(async move {
        let (bearer, source) = (extract::bearer(request), extract::source(request));
        let ask = vault_domain::usecase::ask(&*deps.verifier, &*deps.clock, bearer, source)?;
        let asset = AssetId::parse(&extract::path(request, "asset_id")?)?;
        match extract::route(request) {
            "POST /v1/uploads/{asset_id}/finalize" => finalize(deps, request, ask, asset).await,
            "GET /v1/uploads/{asset_id}" => {
                Ok(told(&status(&deps.finalize, &ask, asset).await?, 200))
            }
            "GET /v1/uploads/{asset_id}/parts" => list(deps, request, &ask, asset).await,
            "DELETE /v1/uploads/{asset_id}" => {
                let asset = resume_upload::cancel(&deps.finalize, &ask, asset).await?;
                Ok(told(&asset, 200))
            }
            _ => uppy::handle(deps, request, ask, asset).await,
        }
    })
}

async fn finalize(deps: &Deps, request: &Request, ask: Ask, asset: AssetId) -> Outcome {
    let command = Command {
        ask,
        asset,
        parts: parts(request)?,
    };
    let asset = run(&deps.finalize, command).await?;
    let pending = matches!(
        asset.state,
        AssetState::Uploading | AssetState::Uploaded | AssetState::Processing
    );
    Ok(told(&asset, if pending { 202 } else { 200 }))
}

async fn list(deps: &Deps, request: &Request, ask: &Ask, asset: AssetId) -> Outcome {
    let after = extract::query(request, "after");
    let after = after.as_deref().map(resume_upload::parse_after);
    let after = after.transpose()?.unwrap_or(0);
    let held = resume_upload::held(&deps.finalize, ask, asset, after).await?;
    let plan = held.asset.announced.plan;
    let listed = Listed {
        asset_id: asset.to_string(),
        size: plan.size,
        part_size: plan.part_size,
        part_count: plan.parts,
        parts: held.parts.iter().map(of_held).collect(),
        next: held.next,
    };
    Ok(Reply::json(200, &listed, Cache::NoStore))
}

fn of_held(held: &vault_domain::ports::HeldPart) -> HeldPart<'_> {
    HeldPart {
        number: held.part.number,
        size: held.size,
        etag: &held.part.etag,
        checksum: held.part.checksum.as_deref(),
    }
}

/// No body at all means: as S3 lists them.
fn parts(request: &Request) -> Result<Option<Vec<UploadedPart>>, Failure> {
    if request.body().is_empty() {
        return Ok(None);
    }
    let shape = r#"{"parts": [{"number": 1, "etag": "…"}, …]}"#;
    let body: Body = extract::json(request, PARTS_BODY, shape)?;
    let parts = body.parts.map(|parts| parts.into_iter().map(part));
    Ok(parts.map(Iterator::collect::<Result<_, _>>).transpose()?)
}

/// An `ETag` is quoted back to S3 in XML, which has no place for controls.
pub(crate) fn part(part: Part) -> Result<UploadedPart, Malformed> {
    let Part {
        number,
        etag,
        checksum,
    } = part;
    let plain = (1..=MAX_ETAG).contains(&etag.len()) && etag.bytes().all(|b| b.is_ascii_graphic());
    let malformed = Malformed {
        field: "etag",
        expected: "the ETag that S3 gave for the part",
    };
    plain
        .then_some(UploadedPart {
            number,
            etag,
            checksum,
        })
        .ok_or(malformed)
}

fn told(asset: &Asset, code: u16) -> Reply {
    let failure = asset.failure.as_ref();
    let status = Status {
        asset_id: asset.id().to_string(),
        state: asset.state.as_str(),
        title: asset.description.title.as_str(),
        size: asset.announced.plan.size,
        created_at: asset.announced.created_at.0,
        progress: asset.packaged(),
        code: failure.map(|failure| failure.code.as_str()),
        reason: failure.map(|failure| failure.reason.as_str()),
    };
    Reply::json(code, &status, Cache::NoStore)
}
