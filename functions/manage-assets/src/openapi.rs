//! What describes the routes.

use std::collections::BTreeMap;

use vault_domain::library::{MetadataKey, MetadataValue};
use vault_http::openapi::{Operation, Section};
use vault_http::problem::Code;

use crate::shape::{Change, Listed, Shown};

/// Entries to be set, or with `null` taken away; `null` for all of them.
pub(crate) type MetadataPatch = Option<BTreeMap<MetadataKey, Option<MetadataValue>>>;

/// The routes of this function.
pub fn section() -> Section {
    let operations = vec![
        Operation::new(
            "GET /v1/assets",
            "listAssets",
            "The library, the latest first",
        )
        .query(&[
            "state",
            "collection",
            "owner",
            "title",
            "deleted",
            "limit",
            "cursor",
        ])
        .replies::<Listed>(200, "A page")
        // A long stretch of what the caller may not read.
        .refuses(&[Code::LimitReached]),
        Operation::new("GET /v1/assets/{asset_id}", "getAsset", "An asset")
            .replies::<Shown>(200, "As it is")
            .with_header("etag", "What `If-Match` takes."),
        Operation::new(
            "PATCH /v1/assets/{asset_id}",
            "changeAsset",
            "Says something else of an asset",
        )
        .conditional()
        .patches::<Change>()
        .replies::<Shown>(200, "As it is now")
        .with_header("etag", "What `If-Match` takes.")
        .refuses(&[Code::LimitReached, Code::WrongState, Code::AssetWithdrawn]),
        Operation::new(
            "POST /v1/assets/{asset_id}/ladder",
            "askForLadder",
            "Asks for variants of a film at lower rates, and for what failed of them once more",
        )
        .replies::<Shown>(
            202,
            "It plays all the while; `variants` tells how far they are",
        )
        .refuses(&[Code::Conflict, Code::WrongState, Code::AssetWithdrawn]),
        Operation::new(
            "POST /v1/assets/{asset_id}/previews",
            "askForPreviews",
            "Asks for a film's poster, storyboard and waveform, and for those that failed once more",
        )
        .replies::<Shown>(
            202,
            "It plays all the while; `previews` tells how far they are",
        )
        .refuses(&[Code::Conflict, Code::WrongState, Code::AssetWithdrawn]),
        Operation::new(
            "POST /v1/assets/{asset_id}/reprocess",
            "reprocessAsset",
            "Asks for a film that failed to be packaged anew, from the bytes that are still there",
        )
        .replies::<Shown>(202, "It is `uploaded` again, and will be packaged")
        .refuses(&[
            Code::Conflict,
            Code::LimitReached,
            Code::WrongState,
            Code::AssetWithdrawn,
        ]),
    ];
    Section::new("Library", "What the organisation has.", operations)
}
