//! What describes the route.

use vault_http::openapi::{Credential, Operation, Section};
use vault_http::problem::Code;

use crate::Opened;

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
        .replies::<Opened>(201, "The view, the same again under the same key")
        .refuses(&[
            Code::OutsideNetwork,
            Code::NoViewsLeft,
            Code::WrongState,
            Code::AssetWithdrawn,
        ]),
    ];
    Section::new("Views", "Opening a view.", operations)
}
