//! Proves exports unbroken, or tells what is wrong with them. It reads them as JSON and knows nothing of what records
//! say, so that it proves those of later versions too.

mod file;
mod line;

pub use file::{Checked, check};

use super::Link;
use crate::id::OrgId;
use crate::ports::Hashing;

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It is no export at all, or its first line was changed.
    #[error("it does not begin with the header of an export: {0}")]
    NoHeader(&'static str),
    /// A line that nobody wrote like this.
    #[error("line {0} was changed: it is not a record in canonical JSON")]
    NoRecord(usize),
    /// A record of another organisation.
    #[error("record {0} is another organisation's")]
    Foreign(u64),
    /// A record that does not hash to what it says after the one before it.
    #[error("record {0} was changed, or the one before it, or the hash of either")]
    Changed(u64),
    /// Records that are not there, though later ones are.
    #[error("records {0} to {1} were removed")]
    Removed(u64, u64),
    /// Records that are not there at the end.
    #[error("the file is truncated: records {0} to {1} are not there")]
    Truncated(u64, u64),
    /// The last line has no end.
    #[error("the file is truncated: its last line has no end")]
    NoEnd,
    /// A record in another place than its own.
    #[error("record {0} stands behind record {1}")]
    Reordered(u64, u64),
    /// A record that is there more than once.
    #[error("record {0} is there more than once")]
    Repeated(u64),
    /// A record of none of the numbers that the header names.
    #[error("record {0} does not belong to this file")]
    Beyond(u64),
    /// The header says other things than the records.
    #[error("the header was changed: its `{0}` is not that of the records")]
    Header(&'static str),
    /// No file has these records, and a later one is there.
    #[error("no file has records {0} to {1}")]
    Missing(u64, u64),
    /// Two files have the same records.
    #[error("two files have records {0} to {1}")]
    Overlapping(u64, u64),
    /// A file that goes on from something else than what was before.
    #[error("record {0} does not follow the record before it: one of the two files was changed")]
    Unjoined(u64),
    /// What is known to have been there is not.
    #[error("truncated: the record is known to go to {1}, and ends at {0}")]
    Ends(u64, u64),
    /// What is known is not in these files, but before them.
    #[error("record {0} is known, and is before these files")]
    Before(u64),
    /// What is known to have been there is something else.
    #[error("record {0} is not the one that is known: the record was written anew")]
    Rewritten(u64),
}

/// What is known of a chain from elsewhere: a record's number and hash, as `GET /v1/audit` told them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Anchor {
    /// Of whose chain; that of any if it is not said.
    pub org: Option<OrgId>,
    /// Its place.
    pub link: Link,
}

impl Anchor {
    /// Parses `SEQUENCE:HASH` or `ORGANISATION:SEQUENCE:HASH`.
    pub fn parse(text: &str) -> Option<Self> {
        let (rest, hash) = text.rsplit_once(':')?;
        let (org, sequence) = match rest.split_once(':') {
            Some((org, sequence)) => (Some(OrgId::parse(org).ok()?), sequence),
            None => (None, rest),
        };
        let link = Link {
            sequence: sequence.parse().ok()?,
            hash: super::chain::hash(hash)?,
        };
        Some(Self { org, link })
    }

    fn is_of(&self, org: OrgId) -> bool {
        self.org.is_none_or(|own| own == org)
    }
}

/// Do the exports of one organisation follow one another, from the first record, or from a record that is known, on?
/// They are in the order of their first records. Gives the last record, and all that is wrong between files.
pub fn join(
    hashing: &dyn Hashing,
    files: &[&Checked],
    after: Option<Link>,
    anchors: &[Anchor],
) -> (Option<Link>, Vec<Fault>) {
    let Some(org) = files.first().map(|file| file.org) else {
        return (None, Vec::new());
    };
    let start = after.unwrap_or_else(|| Link::genesis(hashing, org));
    let mut end = start;
    let mut faults = Vec::new();
    for file in files {
        let next = end.sequence.saturating_add(1);
        if file.first > next {
            faults.push(Fault::Missing(next, file.first - 1));
        } else if file.first < next {
            let both = file.last.sequence.min(end.sequence);
            faults.push(Fault::Overlapping(file.first, both));
        } else if file.before != end.hash {
            faults.push(Fault::Unjoined(file.first));
        }
        if file.last.sequence >= end.sequence {
            end = file.last;
        }
    }
    let own = anchors.iter().filter(|anchor| anchor.is_of(org));
    let links = own.map(|anchor| anchor.link);
    let before = |link: &Link| link.sequence <= start.sequence && *link != start;
    let before = links.clone().filter(before);
    faults.extend(before.map(|link| Fault::Before(link.sequence)));
    let ahead = links.map(|link| link.sequence).max();
    let ahead = ahead.filter(|known| *known > end.sequence);
    faults.extend(ahead.map(|known| Fault::Ends(end.sequence, known)));
    (Some(end), faults)
}
