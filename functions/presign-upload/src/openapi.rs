//! What describes the routes.

use vault_domain::asset::Title;
use vault_domain::id::AssetId;
pub(crate) use vault_http::openapi::PartNumber;
use vault_http::openapi::{Operation, Section};
use vault_http::problem::Code;
use vault_http::shape;

use crate::shape::{Announcement, PartNumbers, Signed};
use crate::uppy::{Create, Created, Parameters, Signature};

shape! {
    /// The size of a file.
    UploadSize = {
        "type": "integer", "description": "Octets, up to 48.8 TiB.", "minimum": 1, "maximum": 53_687_091_200_000_u64,
    };
    /// A checksum as S3 writes it.
    ChecksumValue = {
        "type": "string", "description": "32 octets (`sha256`) or 8 (`crc64nvme`), in base64.",
        "contentEncoding": "base64", "minLength": 12, "maxLength": 44, "pattern": "^[A-Za-z0-9+/]+=$",
    };
    /// Some of the parts.
    SomeParts = {
        "type": "array", "description": "Parts of this upload.", "minItems": 1, "maxItems": 100,
        "items": { "type": "integer", "minimum": 1, "maximum": 10_000 },
    };
    /// Whether an upload is cut.
    UploadKind = { "type": "string", "description": "Is it one part, or several?", "enum": ["single", "multipart"] };
    /// The size of every part but the last.
    PartSize = {
        "type": "integer", "description": "Octets, 5 MiB to 5 GiB, at most 10,000 of them.", "minimum": 5_242_880, "maximum": 5_368_709_120_u64,
    };
    /// The size of a file, as Uppy's metadata holds it.
    UppySize = {
        "description": "Octets, as a number or as its digits.",
        "anyOf": [{ "type": "integer", "minimum": 1 }, { "type": "string", "pattern": "^[0-9]+$", "minLength": 1, "maxLength": 14 }],
    };
    /// What the browser takes the file for.
    UppyType = { "type": "string", "description": "A media type, or nothing where it knows none.", "maxLength": 255, "pattern": "^((video|audio)/[A-Za-z0-9!#$&^_.+-]+|application/octet-stream)?$" };
    /// Seconds that a URL lives.
    UrlSeconds = { "type": "integer", "description": "Seconds.", "const": 3_600 };
    /// How parts are sent.
    Put = { "type": "string", "description": "The method.", "const": "PUT" };
}

/// The routes of this function.
pub fn section() -> Section {
    let operations = vec![
        Operation::new(
            "POST /v1/uploads",
            "beginUpload",
            "Announces an upload and signs its first parts",
        )
        .idempotent()
        .takes::<Announcement>()
        .replies::<Signed<'static>>(201, "The upload and its first 100 parts")
        .with_header("location", "Where it is.")
        .refuses(&[
            Code::WrongState,
            Code::AssetWithdrawn,
            Code::QuotaExceeded,
            Code::FilmTooLarge,
        ]),
        Operation::new(
            "POST /v1/uploads/{asset_id}/parts",
            "signParts",
            "Signs further parts, or parts again",
        )
        .takes::<PartNumbers>()
        .replies::<Signed<'static>>(200, "Those parts")
        .refuses(&[Code::WrongState, Code::AssetWithdrawn]),
        Operation::new(
            "GET /v1/uppy/s3/params",
            "uppyParameters",
            "For Uppy: announces an upload by a single PUT and signs it",
        )
        .asks::<Title>("filename")
        .asks::<UppyType>("type")
        .asks::<UppySize>("metadata[size]")
        .replies::<Parameters<'static>>(200, "The signed PUT")
        .refuses(&[Code::QuotaExceeded, Code::FilmTooLarge]),
        Operation::new(
            "POST /v1/uppy/s3/multipart",
            "uppyCreateMultipart",
            "For Uppy: announces a multipart upload, cut as Uppy cuts it",
        )
        .takes::<Create>()
        .replies::<Created>(200, "How it is named from now on")
        .refuses(&[Code::QuotaExceeded, Code::FilmTooLarge]),
        Operation::new(
            "GET /v1/uppy/s3/multipart/{asset_id}/{part_number}",
            "uppySignPart",
            "For Uppy: signs a part, as often as it is asked for",
        )
        .path::<PartNumber>("part_number")
        .asks::<AssetId>("key")
        .replies::<Signature<'static>>(200, "The signed PUT")
        .refuses(&[Code::WrongState, Code::AssetWithdrawn]),
    ];
    Section::new("Uploads", "How films come in.", operations)
}
