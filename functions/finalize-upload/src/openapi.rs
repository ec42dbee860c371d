//! What describes the routes.

use vault_domain::id::AssetId;
pub(crate) use vault_http::openapi::PartNumber;
use vault_http::openapi::{Operation, Section};
use vault_http::problem::Code;
use vault_http::shape;

use crate::uppy::{Aborted, Completed, Completion, Held};
use crate::{Body, Listed, Status};

shape! {
    /// The checksum of a part.
    PartSum = {
        "type": "string", "description": "In base64, in the algorithm of the upload's `part_checksums`.",
        "contentEncoding": "base64", "minLength": 12, "maxLength": 44, "pattern": "^[A-Za-z0-9+/]+=$",
    };
    /// Behind which part a page begins.
    After = { "type": "integer", "description": "The `next` of the page before.", "minimum": 0, "maximum": 10_000 };
    /// Where an upload tells how it fares.
    UploadPlace = { "type": "string", "description": "A path of this API.", "format": "uri-reference" };
    /// What S3 told of a part.
    PartTag = { "type": "string", "description": "As S3 gave it, in its quotes.", "minLength": 1, "maxLength": 64, "pattern": "^[!-~]+$" };
}

/// The routes of this function.
pub fn section() -> Section {
    let operations = vec![
        Operation::new(
            "POST /v1/uploads/{asset_id}/finalize",
            "finalizeUpload",
            "Completes an upload and holds it against what was announced; repeat it as you like",
        )
        .may_take::<Body>()
        .replies::<Status<'static>>(200, "It is ready, failed or withdrawn")
        .replies::<Status<'static>>(202, "It is on its way")
        .refuses(&[
            Code::UploadIncomplete,
            Code::UploadMismatch,
            Code::WrongState,
            Code::AssetWithdrawn,
        ]),
        Operation::new(
            "GET /v1/uploads/{asset_id}",
            "getUpload",
            "How far an upload and its packaging are",
        )
        .replies::<Status<'static>>(200, "How far it is"),
        Operation::new(
            "GET /v1/uploads/{asset_id}/parts",
            "listParts",
            "What S3 holds of a multipart upload under way, a thousand parts at a time",
        )
        .may_ask::<After>("after")
        .replies::<Listed<'static>>(200, "Some of its parts")
        .refuses(&[Code::WrongState, Code::AssetWithdrawn, Code::Conflict]),
        Operation::new(
            "DELETE /v1/uploads/{asset_id}",
            "cancelUpload",
            "Gives an upload under way up: its bytes are removed, its place is free; repeat it as you like",
        )
        .replies::<Status<'static>>(200, "It has failed as `cancelled`")
        .refuses(&[Code::WrongState, Code::AssetWithdrawn, Code::LegalHold]),
        Operation::new(
            "GET /v1/uppy/s3/multipart/{asset_id}",
            "uppyListParts",
            "For Uppy: what S3 holds of a multipart upload under way",
        )
        .asks::<AssetId>("key")
        .replies::<Vec<Held>>(200, "All of its parts")
        .refuses(&[Code::WrongState, Code::AssetWithdrawn, Code::Conflict]),
        Operation::new(
            "DELETE /v1/uppy/s3/multipart/{asset_id}",
            "uppyAbortMultipart",
            "For Uppy: gives an upload under way up",
        )
        .asks::<AssetId>("key")
        .replies::<Aborted>(200, "It is given up")
        .refuses(&[Code::WrongState, Code::AssetWithdrawn, Code::LegalHold]),
        Operation::new(
            "POST /v1/uppy/s3/multipart/{asset_id}/complete",
            "uppyCompleteMultipart",
            "For Uppy: completes an upload and holds it against what was announced",
        )
        .asks::<AssetId>("key")
        .takes::<Completion>()
        .replies::<Completed>(200, "It arrived")
        .refuses(&[
            Code::UploadIncomplete,
            Code::UploadMismatch,
            Code::WrongState,
            Code::AssetWithdrawn,
        ]),
    ];
    Section::new(
        "Uploads in progress",
        "From the last octet to the film that plays.",
        operations,
    )
}
