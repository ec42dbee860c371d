//! What describes the routes.

use vault_domain::id::PackageId;
use vault_http::openapi::{Credential, Operation, Section, Text, Ticket};
use vault_http::problem::Code;

use crate::{Entered, HLS, Nothing};

/// The routes of this function.
pub fn section() -> Section {
    let operations = vec![
        Operation::new(
            "GET /v1/playback/{token}/{playlist}",
            "getPlaylist",
            "A playlist of an open view (RFC 8216)",
        )
        .open()
        .path::<Ticket>("token")
        .replies_as::<Text>(200, HLS, "The playlist")
        .refuses(&[
            Code::InvalidToken,
            Code::OutsideNetwork,
            Code::OtherOrigin,
            Code::WatchedElsewhere,
            Code::WrongState,
            Code::AssetWithdrawn,
        ]),
        Operation::new(
            "POST /v1/playback/{token}/cookies",
            "setPlaybackCookies",
            "The cookies of an open view, for the host that is asked: ask the media host",
        )
        .open()
        .path::<Ticket>("token")
        .takes::<Nothing>()
        .replies::<Entered>(
            200,
            "The view whose cookies are set, the same again each time",
        )
        .with_header(
            "set-cookie",
            "One of the cookies, for the rest of the view.",
        )
        .refuses(&[
            Code::InvalidToken,
            Code::OtherOrigin,
            Code::WatchedElsewhere,
            Code::Conflict,
            Code::WrongState,
            Code::AssetWithdrawn,
        ]),
        shared(
            "GET /v1/media/{asset_id}/{package_id}/{playlist}",
            "getSharedPlaylist",
            "A playlist whose URLs are relative, the same for every view; through the media host",
        ),
        shared(
            "GET /v1/media/{asset_id}/{package_id}/query/{playlist}",
            "getSharedPlaylistOfQuery",
            "A playlist whose URLs repeat the query of its own by variables; through the media host",
        ),
    ];
    Section::new("Playlists", "What players fetch first.", operations)
}

fn shared(route: &'static str, id: &'static str, summary: &'static str) -> Operation {
    Operation::new(route, id, summary)
        .by(&[Credential::Ticket, Credential::TicketCookie])
        .path::<PackageId>("package_id")
        .replies_as::<Text>(200, HLS, "The playlist")
        .refuses(&[
            Code::WatchedElsewhere,
            Code::WrongState,
            Code::AssetWithdrawn,
        ])
}
