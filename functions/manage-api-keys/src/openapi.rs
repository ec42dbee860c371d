//! What describes the routes.

use vault_http::openapi::{Operation, Section};
use vault_http::problem::Code;

use crate::shape::{Listed, New, Revoked, Rotation, Told};

/// The routes of this function.
pub fn section() -> Section {
    let operations = vec![
        Operation::new(
            "GET /v1/api-keys",
            "listApiKeys",
            "The API keys of the organisation",
        )
        .replies::<Listed<'static>>(200, "All of them"),
        Operation::new("POST /v1/api-keys", "createApiKey", "Makes an API key")
            .idempotent()
            .never(&[Code::IdempotencyMismatch])
            .takes::<New>()
            .replies::<Told<'static>>(201, "The key and its secret")
            .refuses(CHANGED)
            .refuses(&[Code::LimitReached]),
        Operation::new(
            "POST /v1/api-keys/{key_id}/rotate",
            "rotateApiKey",
            "Gives a key another secret",
        )
        .takes::<Rotation>()
        .replies::<Told<'static>>(200, "The key and its new secret")
        .refuses(CHANGED),
        Operation::new(
            "POST /v1/api-keys/{key_id}/revoke",
            "revokeApiKey",
            "Ends a key",
        )
        .replies::<Revoked>(200, "It is over")
        .refuses(CHANGED),
    ];
    Section::new("API keys", "Credentials of programs.", operations)
}

const CHANGED: &[Code] = &[Code::ReauthenticationNeeded, Code::Conflict];
