//! What describes the route.

use vault_domain::id::KeyId;
use vault_http::openapi::{Credential, Operation, Section};
use vault_http::problem::Code;

/// The routes of this function.
pub fn section() -> Section {
    let operations = vec![
        Operation::new(
            "GET /v1/keys/{asset_id}/{key_id}",
            "getKey",
            "A content key, 16 octets, as a playlist names it",
        )
        .by(&[Credential::Ticket, Credential::TicketCookie])
        .path::<KeyId>("key_id")
        .replies_octets(200, "The key")
        .refuses(&[
            Code::OutsideNetwork,
            Code::OtherOrigin,
            Code::TooManyStreams,
            Code::WatchedElsewhere,
            Code::WrongState,
            Code::AssetWithdrawn,
        ]),
    ];
    Section::new("Keys", "What players fetch while they play.", operations)
}
