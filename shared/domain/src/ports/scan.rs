//! Verdicts about malware in sources. Each change is written with its record, both or neither.

use async_trait::async_trait;

use super::{Change, Stored};
use crate::asset::{Asset, Failure};
use crate::audit::Record;
use crate::deletion::Due;
use crate::scan::Scan;

/// What was said of malware in sources, and what waits for it.
#[async_trait]
pub trait Scans: Send + Sync {
    /// Notes what was said of the source, in the place of what was said before. Not applied if just that stands already,
    /// if a threat does, or once the asset is withdrawn.
    async fn judge(&self, seen: &Asset, scan: &Scan, record: &Record) -> Stored<Change>;
    /// The wait for a verdict is [due](super::Dues) to end. Not applied if it is so already: a wait is not prolonged.
    async fn wait(&self, due: &Due) -> Stored<Change>;
    /// `uploaded` as it was seen, or `processing` in nobody's hand at the time of the record, and nothing said of its source →
    /// `failed`.
    async fn give_up(&self, seen: &Asset, failure: &Failure, record: &Record) -> Stored<Change>;
}
