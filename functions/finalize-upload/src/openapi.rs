//! What describes the routes.

use vault_http::openapi::{Operation, Section};
use vault_http::problem::Code;
use vault_http::shape;

use crate::{Body, Status};

shape! {
    /// The number of a part.
    PartNumber = { "type": "integer", "description": "From 1 on.", "minimum": 1, "maximum": 10_000 };
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
    ];
    Section::new(
        "Uploads in progress",
        "From the last octet to the film that plays.",
        operations,
    )
}
