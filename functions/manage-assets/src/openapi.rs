//! What describes the routes.

use std::collections::BTreeMap;

use vault_domain::asset::Title;
use vault_domain::library::{MetadataKey, MetadataValue};
use vault_domain::subtitles::Kind;
use vault_http::openapi::{Operation, Section};
use vault_http::problem::Code;

use crate::shape::{Change, Listed, Shown};
use crate::subtitles::{All, Shown as Brought};

/// Entries to be set, or with `null` taken away; `null` for all of them.
pub(crate) type MetadataPatch = Option<BTreeMap<MetadataKey, Option<MetadataValue>>>;

/// The routes of this function.
pub fn section() -> Section {
    let operations =
        vec![
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
        Operation::new(
            "GET /v1/assets/{asset_id}/subtitles",
            "listSubtitles",
            "Subtitles that were brought beside a film",
        )
        .replies::<All>(200, "All of them, with where they are"),
        Operation::new(
            "PUT /v1/assets/{asset_id}/subtitles/{language}",
            "putSubtitles",
            "Brings a file of subtitles, in the place of those of the same language and kind",
        )
        .may_ask::<Kind>("kind")
        .may_ask::<Title>("name")
        .may_ask::<bool>("default")
        .takes_file::<String>(&["text/vtt", "application/x-subrip"])
        .replies::<Brought>(202, "They wait to be sealed, and then are in views that open")
        .refuses(&[
            Code::SubtitlesRefused,
            Code::LimitReached,
            Code::Throttled,
            Code::WrongState,
            Code::AssetWithdrawn,
        ]),
        Operation::new(
            "DELETE /v1/assets/{asset_id}/subtitles/{language}",
            "removeSubtitles",
            "Takes subtitles away",
        )
        .may_ask::<Kind>("kind")
        .replies::<All>(200, "What is left")
        .refuses(&[Code::WrongState, Code::AssetWithdrawn, Code::LegalHold]),
    ];
    Section::new("Library", "What the organisation has.", operations)
}
