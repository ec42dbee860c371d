//! What organisations use, how much of it they may, and uploads that nobody brought to an end.

use async_trait::async_trait;

use super::{Change, Elder, Stored};
use crate::asset::{Asset, Failure};
use crate::audit::Record;
use crate::deletion::Due;
use crate::id::OrgId;
use crate::quota::{Exceeded, OwnQuota, Tally};
use crate::time::Timestamp;

/// What became of a change that needs room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Charged {
    /// It took effect now, and counts.
    Applied,
    /// What it is about was not in a state that admits it; nothing changed.
    NotApplied,
    /// There is no room for it; nothing changed.
    OverQuota(Exceeded),
}

/// What organisations use.
#[async_trait]
pub trait Usages: Send + Sync {
    /// What an organisation uses, and what the operator set for it, by a consistent read; nothing if nobody wrote of it.
    async fn tally(&self, org: OrgId) -> Stored<Tally>;
}

/// What the operator sets.
#[async_trait]
pub trait QuotaChanges: Usages + Send + Sync {
    /// Stores an own quota in the place of the one that was seen, if there is such an organisation, with its record.
    async fn set_quota(
        &self,
        org: OrgId,
        (seen, next): (&OwnQuota, &OwnQuota),
        record: &Record,
    ) -> Stored<Change>;
    /// Is there such an organisation?
    async fn is_known(&self, org: OrgId) -> Stored<bool>;
}

/// Uploads that nobody brought to an end. An organisation with uploads under way is due when the oldest of them may be
/// too old.
#[async_trait]
pub trait Abandonments: Send + Sync {
    /// Organisations of this part that are due at `until`, the earliest first, behind this one, and whether more may
    /// follow. What it costs grows with what is due alone. A change of a moment ago may not show yet.
    async fn waiting(
        &self,
        part: u8,
        until: Timestamp,
        after: Option<&Due>,
    ) -> Stored<(Vec<Due>, bool)>;
    /// Some uploads under way of an organisation that nothing holds, the oldest first, behind this one; and behind which
    /// more may follow. They may be none and yet more follow. A change of a moment ago may not show yet.
    async fn under_way(
        &self,
        org: OrgId,
        after: Option<Elder>,
    ) -> Stored<(Vec<Elder>, Option<Elder>)>;
    /// `uploading` → `failed`, if it is neither deleted nor held. From `now` on its bytes are [due](super::Dues) to be
    /// removed; they and the upload count no more.
    async fn abandon(
        &self,
        seen: &Asset,
        failure: &Failure,
        now: Timestamp,
        record: &Record,
    ) -> Stored<Change>;
    /// The organisation is due at another time, if it is still due as it was seen.
    async fn look_again(&self, due: &Due, at: Timestamp) -> Stored<Change>;
    /// It is not due any more, if it is still due as it was seen, and no upload is under way.
    async fn none_under_way(&self, due: &Due) -> Stored<Change>;
}
