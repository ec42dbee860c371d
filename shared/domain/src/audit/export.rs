//! An export: a header, then records one a line, all in canonical JSON. It proves itself, and where it goes on.

use serde_json::json;

use super::canonical::{canonical, shown};
use super::{Link, Sealed};
use crate::id::OrgId;
use crate::ports::Hashing;

/// What the header of an export calls it.
pub const FORMAT: &str = "reelvault audit export 1";

/// Where an export of these records is kept: the same records, the same key.
pub fn key(org: OrgId, first: u64, last: u64) -> String {
    format!("audit/{org}/{first:012}-{last:012}.jsonl")
}

/// A record that is not what its place in the chain says, or not the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the chain is broken at record {0}")]
pub struct Broken(pub u64);

/// The export of records that follow `before`; none of none.
///
/// # Errors
/// [`Broken`]: an export says nothing that its reader would have to doubt.
pub fn export(
    hashing: &dyn Hashing,
    org: OrgId,
    before: &Link,
    records: &[Sealed],
) -> Result<Option<String>, Broken> {
    let Some(last) = records.last() else {
        return Ok(None);
    };
    let header = json!({
        "format": FORMAT,
        "organisation_id": org.to_string(),
        "first": before.sequence + 1,
        "last": last.link.sequence,
        "count": records.len(),
        "before": before.hash_text(),
        "hash": last.link.hash_text(),
    });
    let mut text = canonical(&header);
    text.push('\n');
    let mut previous = *before;
    for Sealed { record, link } in records {
        let next = previous.next(hashing, record);
        if next != *link || record.org != org {
            return Err(Broken(next.sequence));
        }
        text.push_str(&canonical(&shown(record, Some(link))));
        text.push('\n');
        previous = next;
    }
    Ok(Some(text))
}
