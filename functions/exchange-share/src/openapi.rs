//! What describes the route.

use vault_http::openapi::{Operation, Section};
use vault_http::problem::Code;

use crate::{Body, Exchanged};

/// The routes of this function.
pub fn section() -> Section {
    let operations = vec![
        Operation::new(
            "POST /v1/shares/exchange",
            "exchangeShare",
            "Trades the link of a share for a media token of one view",
        )
        .open()
        .takes::<Body>()
        .replies::<Exchanged<'static>>(201, "The token")
        .refuses(&[
            Code::InvalidLink,
            Code::PasswordNeeded,
            Code::WrongPassword,
            Code::OutsideNetwork,
            Code::WrongState,
            Code::AssetWithdrawn,
            Code::Throttled,
        ]),
    ];
    Section::new("Shared", "What the link of a share opens.", operations)
}
