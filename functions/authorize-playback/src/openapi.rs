//! What describes the route.

use vault_http::openapi::{Credential, Operation, Section, Ticket};
use vault_http::problem::Code;
use vault_http::shape;

use crate::{Ended, Opened, Wish};

shape! {
    /// Which cookie.
    CookieName = { "type": "string", "description": "The name of the cookie." };
    /// What it holds.
    CookieValue = { "type": "string", "description": "A credential: whoever has it may use it." };
    /// What refreshes a view.
    Refresh = { "type": "string", "description": "What refreshes a view: a credential.", "minLength": 1, "pattern": "^[A-Za-z0-9._~-]+$" };
    /// Where it is sent.
    CookiePath = { "type": "string", "description": "The paths that it is sent to." };
}

/// The routes of this function.
pub fn section() -> Section {
    let operations = vec![
        Operation::new(
            "POST /v1/assets/{asset_id}/playback",
            "openPlayback",
            "A playlist for any HLS player, for a view of a media token",
        )
        .by(&[Credential::MediaToken])
        .idempotent()
        .never(&[Code::IdempotencyMismatch])
        .may_take::<Wish>()
        .replies::<Opened>(201, "The view, the same again under the same key")
        .refuses(&[
            Code::OutsideNetwork,
            Code::OtherOrigin,
            Code::OtherDevice,
            Code::NoViewsLeft,
            Code::TooManyStreams,
            Code::WrongState,
            Code::Conflict,
            Code::AssetWithdrawn,
        ]),
        Operation::new(
            "POST /v1/playback/{token}/refresh",
            "refreshPlayback",
            "Lets an open view, or one that came to its end, last longer, if all that let it in still does; no view is spent",
        )
        .open()
        .path::<Refresh>("token")
        .may_take::<Wish>()
        .replies::<Opened>(200, "The view as it is now, the same again while it is not time for more")
        .refuses(&[
            Code::InvalidToken,
            Code::Forbidden,
            Code::NotFound,
            Code::OutsideNetwork,
            Code::OtherOrigin,
            Code::WatchedElsewhere,
            Code::OtherDevice,
            Code::TooManyStreams,
            Code::WrongState,
            Code::Conflict,
            Code::AssetWithdrawn,
        ]),
        Operation::new(
            "POST /v1/playback/{token}/end",
            "endPlayback",
            "Ends an open view, and gives its place among the streams to the next; a page may send it as it is left",
        )
        .open()
        .path::<Ticket>("token")
        .replies::<Ended>(200, "It is over, the same again each time")
        .refuses(&[Code::InvalidToken]),
    ];
    Section::new("Views", "Opening and ending a view.", operations)
}
