//! What describes the route.

use vault_http::openapi::{Operation, Section};
use vault_http::problem::Code;

use crate::{Body, Erased};

/// The routes of this function.
pub fn section() -> Section {
    let operations = vec![
        Operation::new(
            "POST /v1/account/erase",
            "eraseAccount",
            "Erases the caller's account for good",
        )
        .takes::<Body>()
        .replies::<Erased>(200, "It is gone")
        .refuses(&[Code::ReauthenticationNeeded, Code::Conflict, Code::NotFound]),
    ];
    Section::new("Erasure", "How people are forgotten.", operations)
}
