//! `POST /v1/uploads/{asset_id}/finalize` completes and verifies an upload; `GET /v1/uploads/{asset_id}`
//! tells how far it and its packaging are.

#[cfg(feature = "openapi")]
pub mod openapi;

use serde::{Deserialize, Serialize};
use vault_boot::wiring::finalize_upload::Deps;
use vault_domain::asset::{Asset, AssetState};
use vault_domain::error::Malformed;
use vault_domain::id::AssetId;
use vault_domain::ports::UploadedPart;
use vault_domain::usecase::finalize_upload::{Command, run, status};
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
    number: u32,
    #[cfg_attr(feature = "openapi", schemars(with = "crate::openapi::PartTag"))]
    etag: String,
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
    /// Why it failed: the code is stable, the reason for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
    /// What would have been right.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

/// Handles a request to either route.
pub fn handle<'a>(deps: &'a Deps, request: &'a Request) -> BoxFuture<'a, Outcome> {
    Box::pin(async move {
        let (bearer, source) = (extract::bearer(request), extract::source(request));
        let ask = vault_domain::usecase::ask(&*deps.verifier, &*deps.clock, bearer, source)?;
        let asset = AssetId::parse(&extract::path(request, "asset_id")?)?;
        if request.method() == "GET" {
            return Ok(told(&status(&deps.finalize, &ask, asset).await?, 200));
        }
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
    })
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
fn part(part: Part) -> Result<UploadedPart, Malformed> {
    let Part { number, etag } = part;
    let plain = (1..=MAX_ETAG).contains(&etag.len()) && etag.bytes().all(|b| b.is_ascii_graphic());
    let malformed = Malformed {
        field: "etag",
        expected: "the ETag that S3 gave for the part",
    };
    plain
        .then_some(UploadedPart { number, etag })
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
        code: failure.map(|failure| failure.code.as_str()),
        reason: failure.map(|failure| failure.reason.as_str()),
    };
    Reply::json(code, &status, Cache::NoStore)
}
