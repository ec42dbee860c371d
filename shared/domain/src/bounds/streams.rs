//! Streams that play at once: each has a place, which it keeps by asking for keys.
//!
//! A lease is not what takes a place away: somebody else does, who needs it after the lease is over. So a viewer who pauses
//! goes on where nobody waits, and there are never more places than may be.

use std::collections::BTreeMap;

use crate::error::Malformed;
use crate::id::PlaybackId;
use crate::time::Timestamp;
use crate::token::Digest;

/// How many streams may play at once: 1 to 100.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MaxStreams(u32);

impl MaxStreams {
    /// Parses a count.
    ///
    /// # Errors
    /// [`Malformed`] outside 1 to 100.
    pub fn parse(count: u32) -> Result<Self, Malformed> {
        let within = (1..=100).contains(&count);
        within.then_some(Self(count)).ok_or(Malformed {
            field: "max_streams",
            expected: "1 to 100",
        })
    }
    /// The count.
    pub const fn count(self) -> u32 {
        self.0
    }
}

/// A view's hold on one of the places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    /// Of which places: a token's, or a viewer's.
    pub of: Digest,
    /// How many there are.
    pub most: MaxStreams,
    /// For how many seconds the place is safe after a key.
    pub seconds: u64,
    /// Until when.
    pub until: Timestamp,
}

impl Lease {
    /// Is it time to renew it? Not before a third of it has passed: keys in between cost no write.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.until.since(now) <= self.seconds - self.seconds / 3
    }

    /// The same place, from now on, but no longer than its view lasts: whoever opens the next one needs it at once.
    #[must_use]
    pub fn renewed(self, now: Timestamp, end: Timestamp) -> Self {
        Self {
            until: now.plus(self.seconds).min(end),
            ..self
        }
    }
}

/// Who has the places of a token or of a viewer, each until when. There are never more than may be.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Places(pub BTreeMap<PlaybackId, Timestamp>);

impl Places {
    /// The places with this view among them, if there is room: of those whose leases are over, the longest silent go, and no
    /// more than must. A view that has a place keeps it.
    pub fn with(&self, view: PlaybackId, lease: &Lease, now: Timestamp) -> Option<Self> {
        let mut next = self.clone();
        let most = usize::try_from(lease.most.count()).unwrap_or(usize::MAX);
        next.0.insert(view, lease.until);
        while next.0.len() > most {
            let silent = next
                .0
                .iter()
                .filter(|(id, until)| **id != view && **until <= now);
            let longest = silent.min_by_key(|(_, until)| **until).map(|(id, _)| *id)?;
            next.0.remove(&longest);
        }
        Some(next)
    }
}
