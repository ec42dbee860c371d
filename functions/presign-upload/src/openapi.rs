//! What describes the routes.

use vault_http::openapi::{Operation, Section};
use vault_http::problem::Code;
use vault_http::shape;

use crate::shape::{Announcement, PartNumbers, Signed};

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
    Kind = { "type": "string", "description": "Is it one part, or several?", "enum": ["single", "multipart"] };
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
        .refuses(&[Code::WrongState, Code::AssetWithdrawn, Code::QuotaExceeded]),
        Operation::new(
            "POST /v1/uploads/{asset_id}/parts",
            "signParts",
            "Signs further parts, or parts again",
        )
        .takes::<PartNumbers>()
        .replies::<Signed<'static>>(200, "Those parts")
        .refuses(&[Code::WrongState, Code::AssetWithdrawn]),
    ];
    Section::new("Uploads", "How films come in.", operations)
}
