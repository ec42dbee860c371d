//! What describes the route.

use vault_http::openapi::{Credential, Operation, Section};
use vault_http::problem::Code;
use vault_http::shape;

use crate::{Opened, Wish};

shape! {
    /// From where the file comes.
    Via = { "type": "string", "description": "Who answers to the URL.", "enum": ["cloudfront", "s3"] };
}

/// The routes of this function.
pub fn section() -> Section {
    let operations = vec![
        Operation::new(
            "POST /v1/assets/{asset_id}/download",
            "openDownload",
            "A signed URL of the original or a variant, for a media token of the scope `download`",
        )
        .by(&[Credential::MediaToken])
        .idempotent()
        .may_take::<Wish>()
        .replies::<Opened<'static>>(201, "The download, the same again under the same key")
        .refuses(&[
            Code::OutsideNetwork,
            Code::OtherOrigin,
            Code::NoViewsLeft,
            Code::WrongState,
            Code::AssetWithdrawn,
        ]),
    ];
    Section::new(
        "Downloads",
        "The file as it was uploaded, or a variant of the film.",
        operations,
    )
}
