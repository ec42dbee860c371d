//! What Uppy asks of its own server, Companion, where its `endpoint` is this API: `@uppy/aws-s3` 5 by `GET /s3/params`,
//! `POST /s3/multipart` and `GET /s3/multipart/{id}/{number}`. An upload is told and named by its asset's id alone: neither
//! a `key` nor an `uploadId` of S3 comes from the client.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use vault_boot::wiring::presign_upload::Deps;
use vault_domain::asset::{MediaType, PartPlan, Title};
use vault_domain::error::{Malformed, Refusal};
use vault_domain::id::AssetId;
use vault_domain::ports::SignedPart;
use vault_domain::usecase::Ask;
use vault_domain::usecase::begin_upload::{self, Command, Wanted};
use vault_http::extract::{self, SMALL_BODY};
use vault_http::{Cache, Outcome, Reply, Request};

use crate::shape::URL_SECONDS;

/// What a browser declares where it knows no type.
const UNKNOWN_TYPE: &str = "application/octet-stream";

/// The announcement of a multipart upload, as Uppy words it.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "UppyAnnouncement"))]
pub(crate) struct Create {
    #[cfg_attr(feature = "openapi", schemars(with = "Title"))]
    filename: String,
    #[cfg_attr(
        feature = "openapi",
        schemars(with = "Option<crate::openapi::UppyType>")
    )]
    #[serde(rename = "type")]
    media_type: Option<String>,
    metadata: Metadata,
}

/// What Uppy knows of the file; what else there is is not looked at.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "UppyMetadata"))]
pub(crate) struct Metadata {
    #[cfg_attr(feature = "openapi", schemars(with = "crate::openapi::UppySize"))]
    size: Value,
}

/// Where a file goes by a single PUT.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "UppyParameters"))]
pub(crate) struct Parameters<'a> {
    #[cfg_attr(feature = "openapi", schemars(with = "crate::openapi::Put"))]
    method: &'static str,
    url: &'a str,
    headers: BTreeMap<&'a str, &'a str>,
    /// Not sent by a PUT: Uppy tells its `key` to the page.
    fields: Key,
}

/// How an upload is named.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "UppyKey"))]
pub(crate) struct Key {
    #[cfg_attr(feature = "openapi", schemars(with = "AssetId"))]
    key: String,
}

/// A multipart upload that has begun; both are the id of the asset.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "UppyMultipart"))]
pub(crate) struct Created {
    #[cfg_attr(feature = "openapi", schemars(with = "AssetId"))]
    key: String,
    #[cfg_attr(feature = "openapi", schemars(with = "AssetId"))]
    #[serde(rename = "uploadId")]
    upload_id: String,
}

/// Where a part goes.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "UppyPart"))]
pub(crate) struct Signature<'a> {
    #[cfg_attr(feature = "openapi", schemars(with = "crate::openapi::Put"))]
    method: &'static str,
    url: &'a str,
    headers: BTreeMap<&'a str, &'a str>,
    /// Seconds from now.
    #[cfg_attr(feature = "openapi", schemars(with = "crate::openapi::UrlSeconds"))]
    expires: u64,
}

fn headers(part: &SignedPart) -> BTreeMap<&str, &str> {
    let headers = part.headers.iter();
    headers.map(|(n, v)| (n.as_str(), v.as_str())).collect()
}

fn command(
    ask: Ask,
    filename: &str,
    media_type: Option<&str>,
    plan: PartPlan,
) -> Result<Command, Malformed> {
    let media_type = media_type.filter(|text| !text.is_empty());
    Ok(Command {
        ask,
        title: Title::parse(filename)?,
        media_type: MediaType::parse(media_type.unwrap_or(UNKNOWN_TYPE))?,
        plan,
        checksum: None,
        idempotency: None,
    })
}

const SIZE: Malformed = Malformed {
    field: "metadata[size]",
    expected: "the size of the file in octets: Uppy does not tell it, so set it as metadata of the file",
};

/// A number, or Uppy's text of one.
fn size(value: &Value) -> Result<u64, Malformed> {
    let number = match value {
        Value::String(text) => text.parse().ok(),
        value => value.as_u64(),
    };
    number.ok_or(SIZE)
}

/// `GET /s3/params`: a single PUT.
pub(crate) async fn parameters(deps: &Deps, request: &Request, ask: Ask) -> Outcome {
    let query = |name| extract::query(request, name);
    let filename = query("filename").unwrap_or_default();
    let plan = PartPlan::in_one(size(&Value::from(query("metadata[size]")))?)?;
    let command = command(ask, &filename, query("type").as_deref(), plan)?;
    let slot = begin_upload::run(&deps.begin, command).await?;
    let part = slot.parts.first().ok_or(Refusal::NotFound("part"))?;
    let told = Parameters {
        method: "PUT",
        url: part.url.expose(),
        headers: headers(part),
        fields: Key {
            key: slot.asset.id().to_string(),
        },
    };
    Ok(Reply::json(200, &told, Cache::NoStore))
}

/// `POST /s3/multipart`: the beginning of a multipart upload, cut as Uppy cuts it.
pub(crate) async fn create(deps: &Deps, request: &Request, ask: Ask) -> Outcome {
    let shape = r#"{"filename", "type", "metadata": {"size"}}"#;
    let body: Create = extract::json(request, SMALL_BODY, shape)?;
    let plan = PartPlan::of_uppy(size(&body.metadata.size)?)?;
    let command = command(ask, &body.filename, body.media_type.as_deref(), plan)?;
    let slot = begin_upload::run(&deps.begin, command).await?;
    let id = slot.asset.id().to_string();
    let told = Created {
        key: id.clone(),
        upload_id: id,
    };
    Ok(Reply::json(200, &told, Cache::NoStore))
}

/// `GET /s3/multipart/{id}/{number}`: a part, as often as it is asked for.
pub(crate) async fn sign(deps: &Deps, request: &Request, ask: &Ask) -> Outcome {
    let number = extract::path(request, "part_number")?;
    let number = number.parse().map_err(|_| Malformed {
        field: "part_number",
        expected: "the number of a part",
    })?;
    let asset = AssetId::parse(&extract::path(request, "asset_id")?)?;
    if extract::query(request, "key") != Some(asset.to_string()) {
        return Err(Refusal::NotFound("upload").into());
    }
    let wanted: [Wanted; 1] = [u32::into(number)];
    let slot = begin_upload::sign_parts(&deps.begin, ask, asset, &wanted).await?;
    let part = slot.parts.first().ok_or(Refusal::NotFound("part"))?;
    let told = Signature {
        method: "PUT",
        url: part.url.expose(),
        headers: headers(part),
        expires: URL_SECONDS,
    };
    Ok(Reply::json(200, &told, Cache::NoStore))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_size_is_a_number_or_the_text_of_one() {
        assert_eq!(size(&json!(7)), Ok(7));
        assert_eq!(size(&json!("7")), Ok(7));
        for bad in [json!(null), json!("x"), json!(-1), json!(1.5), json!([])] {
            assert_eq!(size(&bad), Err(SIZE), "{bad}");
        }
    }
}
