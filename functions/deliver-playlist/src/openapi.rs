//! What describes the route.

use vault_http::openapi::{Operation, Section, Text, Ticket};
use vault_http::problem::Code;

use crate::HLS;

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
        .refuses(&[Code::InvalidToken, Code::WrongState, Code::AssetWithdrawn]),
    ];
    Section::new("Playlists", "What players fetch first.", operations)
}
