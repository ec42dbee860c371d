//! What describes the routes.

use vault_http::openapi::{Operation, Section};
use vault_http::problem::Code;

use crate::shape::{Gone, Held, HeldFor, Rules, Wish};

/// The routes of this function.
pub fn section() -> Section {
    let operations = vec![
        Operation::new(
            "DELETE /v1/assets/{asset_id}",
            "deleteAsset",
            "Deletes an asset, to be had back until it is erased",
        )
        .replies::<Gone>(200, "Until when it can be had back")
        .refuses(&[Code::LegalHold, Code::Conflict]),
        Operation::new(
            "POST /v1/assets/{asset_id}/restore",
            "restoreAsset",
            "Has a deleted asset back",
        )
        .replies::<Gone>(200, "As it is now")
        .refuses(&[Code::Conflict, Code::QuotaExceeded]),
        Operation::new(
            "PUT /v1/assets/{asset_id}/legal-hold",
            "placeLegalHold",
            "Keeps an asset from being deleted and erased",
        )
        .takes::<HeldFor>()
        .replies::<Held>(200, "It is held")
        .refuses(&[Code::ReauthenticationNeeded, Code::Conflict]),
        Operation::new(
            "DELETE /v1/assets/{asset_id}/legal-hold",
            "releaseLegalHold",
            "Releases an asset from its legal hold",
        )
        .replies::<Held>(200, "It is held no more")
        .refuses(&[Code::ReauthenticationNeeded, Code::Conflict]),
        Operation::new(
            "GET /v1/organisation/retention",
            "getRetention",
            "How long the organisation keeps its assets",
        )
        .replies::<Rules>(200, "The rules"),
        Operation::new(
            "PUT /v1/organisation/retention",
            "setRetention",
            "Sets how long the organisation keeps its assets",
        )
        .takes::<Wish>()
        .replies::<Rules>(200, "The rules from now on")
        .refuses(&[Code::ReauthenticationNeeded, Code::Conflict]),
    ];
    Section::new(
        "Deletion",
        "How assets go: deleted, had back, held, erased.",
        operations,
    )
}
