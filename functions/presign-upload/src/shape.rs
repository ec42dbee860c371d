//! The JSON of announcements and signed parts.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use vault_domain::asset::{Checksum, ChecksumAlgorithm, MediaType, PartPlan, Title};
use vault_domain::error::Malformed;
use vault_domain::time::Timestamp;
use vault_domain::usecase::begin_upload::{Command, Slot, Wanted};
use vault_domain::usecase::{Ask, IdempotencyKey};

/// Seconds that presigned URLs live.
pub(crate) const URL_SECONDS: u64 = 3_600;

/// What is going to be uploaded.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "UploadAnnouncement"))]
#[serde(deny_unknown_fields)]
pub(crate) struct Announcement {
    #[cfg_attr(feature = "openapi", schemars(with = "Title"))]
    filename: String,
    #[cfg_attr(feature = "openapi", schemars(with = "crate::openapi::UploadSize"))]
    size: u64,
    content_type: String,
    title: Option<String>,
    checksum: Option<Sum>,
    #[cfg_attr(
        feature = "openapi",
        schemars(with = "Option<crate::openapi::UploadKind>")
    )]
    kind: Option<String>,
    #[cfg_attr(
        feature = "openapi",
        schemars(with = "Option<crate::openapi::PartSize>")
    )]
    part_size: Option<u64>,
    /// Each part will be signed with a checksum of its own.
    #[cfg_attr(
        feature = "openapi",
        schemars(with = "Option<vault_domain::asset::ChecksumAlgorithm>")
    )]
    part_checksums: Option<String>,
}

/// A checksum of the whole file.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "Checksum"))]
#[serde(deny_unknown_fields)]
pub(crate) struct Sum {
    #[cfg_attr(
        feature = "openapi",
        schemars(with = "vault_domain::asset::ChecksumAlgorithm")
    )]
    algorithm: String,
    #[cfg_attr(feature = "openapi", schemars(with = "crate::openapi::ChecksumValue"))]
    value: String,
}

impl Announcement {
    pub(crate) const SHAPE: &str = r#"{"filename", "size", "content_type", optional "title", "checksum": {"algorithm", "value"}, "kind", "part_size" and "part_checksums"}"#;

    pub(crate) fn command(
        self,
        ask: Ask,
        idempotency: Option<IdempotencyKey>,
    ) -> Result<Command, Malformed> {
        let plan = plan(self.size, self.kind.as_deref(), self.part_size)?;
        let checksum = self
            .checksum
            .map(|sum| Checksum::parse(&sum.algorithm, &sum.value));
        Ok(Command {
            ask,
            title: Title::parse(self.title.as_deref().unwrap_or(&self.filename))?,
            media_type: MediaType::parse(&self.content_type)?,
            plan: match self.part_checksums {
                Some(algorithm) => plan.with_checksums(parse_algorithm(&algorithm)?)?,
                None => plan,
            },
            checksum: checksum.transpose()?,
            idempotency,
        })
    }
}

fn parse_algorithm(text: &str) -> Result<ChecksumAlgorithm, Malformed> {
    ChecksumAlgorithm::parse(text).ok_or(Malformed {
        field: "part_checksums",
        expected: "sha256 or crc64nvme",
    })
}

/// As the client asks for it, or ours.
fn plan(size: u64, kind: Option<&str>, part_size: Option<u64>) -> Result<PartPlan, Malformed> {
    match (kind, part_size) {
        (None, None) => PartPlan::of(size),
        (None | Some("multipart"), Some(part_size)) => PartPlan::in_parts_of(size, part_size),
        (Some("multipart"), None) => PartPlan::in_parts(size),
        (Some("single"), None) => PartPlan::in_one(size),
        _ => Err(Malformed {
            field: "kind",
            expected: "single, or multipart with a part_size if you like",
        }),
    }
}

/// Which parts to sign: by their numbers, or each with its checksum.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "PartNumbers"))]
#[serde(deny_unknown_fields)]
pub(crate) struct PartNumbers {
    #[cfg_attr(
        feature = "openapi",
        schemars(with = "Option<crate::openapi::SomeParts>")
    )]
    part_numbers: Option<Vec<u32>>,
    parts: Option<Vec<SummedPart>>,
}

/// A part and its checksum.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "SummedPart"))]
#[serde(deny_unknown_fields)]
pub(crate) struct SummedPart {
    #[cfg_attr(feature = "openapi", schemars(with = "crate::openapi::PartNumber"))]
    number: u32,
    #[cfg_attr(feature = "openapi", schemars(with = "crate::openapi::ChecksumValue"))]
    checksum: String,
}

impl PartNumbers {
    pub(crate) const SHAPE: &str =
        r#"{"part_numbers": [1, 2, …]} or {"parts": [{"number": 1, "checksum": "…"}, …]}"#;

    pub(crate) fn wanted(self) -> Result<Vec<Wanted>, Malformed> {
        match (self.part_numbers, self.parts) {
            (Some(numbers), None) => Ok(numbers.into_iter().map(Wanted::from).collect()),
            (None, Some(parts)) => Ok(parts.into_iter().map(summed).collect()),
            _ => Err(Malformed {
                field: "the body",
                expected: Self::SHAPE,
            }),
        }
    }
}

fn summed(part: SummedPart) -> Wanted {
    Wanted {
        number: part.number,
        checksum: Some(part.checksum),
    }
}

/// An upload, and signed requests for its parts.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "Upload"))]
pub(crate) struct Signed<'a> {
    asset_id: String,
    #[cfg_attr(feature = "openapi", schemars(with = "crate::openapi::UploadKind"))]
    kind: &'static str,
    size: u64,
    part_size: u64,
    part_count: u32,
    parts: Vec<Part<'a>>,
    expires_at: u64,
}

/// Send exactly this with the octets of the part.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "SignedPart"))]
pub(crate) struct Part<'a> {
    number: u32,
    size: u64,
    #[cfg_attr(feature = "openapi", schemars(with = "crate::openapi::Put"))]
    method: &'static str,
    url: &'a str,
    headers: BTreeMap<&'a str, &'a str>,
}

impl<'a> Signed<'a> {
    pub(crate) fn of(slot: &'a Slot, now: Timestamp) -> Self {
        let plan = slot.asset.announced.plan;
        let part = |part: &'a vault_domain::ports::SignedPart| Part {
            number: part.number,
            size: part.size,
            method: "PUT",
            url: part.url.expose(),
            headers: part
                .headers
                .iter()
                .map(|(n, v)| (n.as_str(), v.as_str()))
                .collect(),
        };
        Self {
            asset_id: slot.asset.id().to_string(),
            kind: if plan.multipart {
                "multipart"
            } else {
                "single"
            },
            size: plan.size,
            part_size: plan.part_size,
            part_count: plan.parts,
            parts: slot.parts.iter().map(part).collect(),
            expires_at: now.plus(URL_SECONDS).0,
        }
    }
}
