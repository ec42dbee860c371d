//! What describes the route.

use vault_http::openapi::{Operation, Section};

use crate::Withdrawn;

/// The routes of this function.
pub fn section() -> Section {
    let operations = vec![
        Operation::new(
            "POST /v1/assets/{asset_id}/withdraw",
            "withdrawAsset",
            "No key and no playlist of an asset from now on; it cannot be undone",
        )
        .replies::<Withdrawn>(200, "It is withdrawn"),
    ];
    Section::new("Withdrawal", "The end of an asset.", operations)
}
