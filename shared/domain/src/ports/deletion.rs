//! How assets go. Each change is written with its record, both or neither; one that rests on what is not so any more is
//! [`Change::NotApplied`].

use async_trait::async_trait;

use super::{Change, Charged, Stored};
use crate::asset::Asset;
use crate::audit::Record;
use crate::deletion::{Deletion, Due, Hold, Retention, Rule, Tombstone};
use crate::id::{AssetId, OrgId};
use crate::member::Membership;
use crate::quota::Quota;
use crate::time::Timestamp;

/// Deletions and legal holds.
#[async_trait]
pub trait Deletions: Send + Sync {
    /// Deletes an asset that is kept and not held, and was not had back since it was seen; it is due from
    /// `deletion.erase_at` on. It counts as before, but not as an upload under way.
    async fn delete(&self, seen: &Asset, deletion: Deletion, record: &Record) -> Stored<Change>;
    /// Has back an asset that is deleted as it was seen, as long as `deletion.erase_at` lies ahead of `now` or it is held.
    /// Views of before `views_from` stay over. It is not due any more. If its upload is under way, it needs room among the
    /// uploads again.
    async fn restore(
        &self,
        seen: &Asset,
        (now, views_from): (Timestamp, Timestamp),
        defaults: &Quota,
        record: &Record,
    ) -> Stored<Charged>;
    /// Holds an asset that is not being erased, in the place of the hold that was seen; it is not due any more.
    async fn hold(&self, seen: &Asset, hold: &Hold, record: &Record) -> Stored<Change>;
    /// Ends the hold that was seen. If the asset is deleted it is due again.
    async fn release(&self, seen: &Asset, record: &Record) -> Stored<Change>;
}

/// Rules of organisations.
#[async_trait]
pub trait Retentions: Send + Sync {
    /// The organisation's rules, by a consistent read; the default if nobody said otherwise.
    async fn retention(&self, org: OrgId) -> Stored<Retention>;
}

/// Changes of them.
#[async_trait]
pub trait RetentionChanges: Send + Sync {
    /// Stores rules in the place of those of version `seen`, while `by` still has their role. If assets go by themselves
    /// under them, the organisation is due from `now` on.
    async fn set_retention(
        &self,
        by: &Membership,
        (seen, next): (&Retention, &Retention),
        now: Timestamp,
        record: &Record,
    ) -> Stored<Change>;
}

/// What is due.
#[async_trait]
pub trait Dues: Send + Sync {
    /// What of this part is due at `until`, the earliest first, behind this one, and whether more may follow. What it
    /// costs grows with what is due alone. A change of a moment ago may not show yet.
    async fn due(
        &self,
        part: u8,
        until: Timestamp,
        after: Option<&Due>,
    ) -> Stored<(Vec<Due>, bool)>;
    /// It is due at another time, if it is still due as it was seen.
    async fn postpone(&self, due: &Due, to: Timestamp) -> Stored<Change>;
    /// It is not due any more, if it is still due as it was seen.
    async fn settle(&self, due: &Due) -> Stored<Change>;
}

/// An asset, and when it was announced.
pub type Elder = (AssetId, Timestamp);

/// The end of assets.
#[async_trait]
pub trait Erasures: Send + Sync {
    /// From now on the asset is being erased, if it is deleted, its `erase_at` is no later than `now`, and nothing holds
    /// it. It is [withdrawn](crate::asset::AssetState::Withdrawn) by the same write, so that no packager publishes it.
    async fn begin(&self, id: AssetId, now: Timestamp, record: &Record) -> Stored<Change>;
    /// Puts the tombstone in the place of an asset that is being erased: nothing else of it is kept, and it counts for
    /// nothing. It is due once more.
    async fn bury(
        &self,
        tombstone: &Tombstone,
        again_at: Timestamp,
        record: &Record,
    ) -> Stored<Change>;
    /// The tombstone of an asset that was erased.
    async fn tombstone(&self, id: AssetId) -> Stored<Option<Tombstone>>;
    /// Some assets that the rule may be about, the oldest first, behind this one; and behind which more may follow. They may
    /// be none and yet more follow. A change of a moment ago may not show: what is done about one is decided by how it
    /// stands.
    async fn aged(
        &self,
        org: OrgId,
        rule: &Rule,
        now: Timestamp,
        after: Option<Elder>,
    ) -> Stored<(Vec<AssetId>, Option<Elder>)>;
}

/// What one call of an erasure came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Gone {
    /// How much it removed.
    pub removed: u64,
    /// Is there more?
    pub more: bool,
}

/// Wrapped keys, for good.
#[async_trait]
pub trait KeyErasure: Send + Sync {
    /// Removes some of the keys of an asset, of every run.
    async fn erase_keys(&self, asset: AssetId) -> Stored<Gone>;
}

/// Ciphertext, for good.
#[async_trait]
pub trait MediaErasure: Send + Sync {
    /// Removes some of the segments and manifests of an asset, of every run and in every version.
    async fn erase_media(&self, asset: AssetId) -> Stored<Gone>;
}

/// Sources, for good.
#[async_trait]
pub trait SourceErasure: Send + Sync {
    /// Ends multipart uploads of the asset, and removes some of the versions of its source.
    async fn erase_source(&self, org: OrgId, asset: AssetId) -> Stored<Gone>;
}

/// Shares, for good.
#[async_trait]
pub trait ShareErasure: Send + Sync {
    /// Removes some of the shares of an asset, those that ended among them.
    async fn erase_shares(&self, asset: AssetId) -> Stored<Gone>;
}
