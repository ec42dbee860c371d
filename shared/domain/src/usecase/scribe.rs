//! Makes the records of one request or event.

use crate::audit::{Author, Details, Event, Record, Source, Verdict};
use crate::id::{AssetId, OrgId, RecordId};
use crate::ports::{Clock, Entropy, Stored};

/// What all records of one request or event have in common.
pub struct Scribe<'a> {
    /// Ids of records.
    pub entropy: &'a dyn Entropy,
    /// On whose record.
    pub org: OrgId,
    /// Tells when: a run may take minutes.
    pub clock: &'a dyn Clock,
    /// By whom.
    pub author: Author,
    /// By which decision.
    pub verdict: Option<Verdict>,
    /// From where.
    pub source: Source,
}

impl Scribe<'_> {
    /// The record of what was done with an asset.
    ///
    /// # Errors
    /// The source of randomness failed.
    pub fn asset(&self, event: Event, id: AssetId) -> Stored<Record> {
        let record = self.of(event, id.to_string())?;
        Ok(Record {
            asset: Some(id),
            ..record
        })
    }

    /// The record of what was done with something else, by its id.
    ///
    /// # Errors
    /// The source of randomness failed.
    pub fn of(&self, event: Event, target: String) -> Stored<Record> {
        Ok(Record {
            id: RecordId::random(self.entropy)?,
            org: self.org,
            at: self.clock.now(),
            event,
            author: self.author,
            target,
            asset: None,
            verdict: self.verdict.clone(),
            source: self.source.clone(),
            details: Details::none(),
        })
    }
}
