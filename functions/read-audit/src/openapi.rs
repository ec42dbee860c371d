//! What describes the route.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use vault_domain::audit::Event;
use vault_domain::id::{AssetId, OrgId, RecordId};
use vault_domain::time::Timestamp;
use vault_http::openapi::{Operation, Section};

use crate::Listed;

/// A record of something that was done; see docs/audit.md.
#[derive(JsonSchema)]
#[schemars(rename = "AuditRecord")]
#[expect(
    dead_code,
    clippy::struct_field_names,
    reason = "there for its schema alone, in the words of the record"
)]
pub(crate) struct Record {
    record_id: RecordId,
    organisation_id: OrgId,
    at: Timestamp,
    event: Event,
    /// Who did it: a user and their session, an API key, a share and its asset, what was granted to support with who of the
    /// staff and their session and who granted it, or `system`.
    author: String,
    /// What it was done to.
    target: String,
    device: String,
    request_id: String,
    details: BTreeMap<String, String>,
    /// The place in the chain.
    #[schemars(skip_serializing_if = "Option::is_none")]
    sequence: Option<u64>,
    #[schemars(skip_serializing_if = "Option::is_none")]
    hash: Option<String>,
    #[schemars(skip_serializing_if = "Option::is_none")]
    asset_id: Option<AssetId>,
    #[schemars(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    /// What the policies said.
    #[schemars(skip_serializing_if = "Option::is_none")]
    allowed: Option<bool>,
    /// Which policies decided.
    #[schemars(skip_serializing_if = "Option::is_none")]
    policies: Option<Vec<String>>,
}

/// The routes of this function.
pub fn section() -> Section {
    let operations = vec![
        Operation::new(
            "GET /v1/audit",
            "listAuditRecords",
            "What was done, the latest first",
        )
        .query(&["event", "actor", "asset", "from", "to", "limit", "cursor"])
        .replies::<Listed>(200, "A page"),
    ];
    Section::new("Record", "What was done in the organisation.", operations)
}
