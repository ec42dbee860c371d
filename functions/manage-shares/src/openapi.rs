//! What describes the routes.

use vault_http::openapi::{Operation, Section};
use vault_http::problem::Code;

use crate::shape::{Changed, Created, Listed, New, Shown};

/// The routes of this function.
pub fn section() -> Section {
    let operations = vec![
        Operation::new(
            "GET /v1/assets/{asset_id}/shares",
            "listShares",
            "The shares of an asset",
        )
        .query(&["cursor"])
        .replies::<Listed>(200, "A page"),
        Operation::new(
            "POST /v1/assets/{asset_id}/shares",
            "createShare",
            "Shares an asset by a link",
        )
        .idempotent()
        .takes::<New>()
        .replies::<Created<'static>>(201, "The share and its link, told once")
        .with_header("location", "Where the share is.")
        .refuses(&[
            Code::LimitReached,
            Code::Conflict,
            Code::AssetWithdrawn,
            Code::WrongState,
        ]),
        Operation::new(
            "PATCH /v1/assets/{asset_id}/shares/{share_id}",
            "changeShare",
            "Changes the name or the bounds of a share",
        )
        .patches::<Changed>()
        .replies::<Shown>(200, "As it is now")
        .refuses(&[Code::Conflict]),
        Operation::new(
            "POST /v1/assets/{asset_id}/shares/{share_id}/revoke",
            "revokeShare",
            "Ends a share for good",
        )
        .replies::<Shown>(200, "As it is now"),
    ];
    Section::new("Shares", "Links for people without an account.", operations)
}
