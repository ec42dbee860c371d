//! Ports of where the keys of views go, and of the rules by which that is looked at.

use async_trait::async_trait;

use super::{Change, Stored};
use crate::audit::Record;
use crate::member::Membership;
use crate::playback::PlaybackSession;
use crate::spread::{SpreadRule, Trail};

/// Where the keys of views go. Nothing is applied unless the trail is as it was seen: of keys that are fetched at once one
/// writes, and of those that would be a sign one is.
#[async_trait]
pub trait Trails: Send + Sync {
    /// Puts `next` in the place of the trail of a view that was seen.
    async fn move_on(&self, seen: &PlaybackSession, next: &Trail) -> Stored<Change>;
    /// The same with the record of the sign that `next` is; where the view ends by that, its place is given back. All or
    /// nothing.
    async fn raise(&self, seen: &PlaybackSession, next: &Trail, record: &Record) -> Stored<Change>;
}

/// The rules of organisations. They are read with [where their people stand](crate::member::Standing::spread).
#[async_trait]
pub trait SpreadRules: Send + Sync {
    /// Puts `next` in the place of the rule that was seen, if any, in the organisation of `by`, and stores the record: all of it
    /// while the rule is as it was seen and `by` has their place, or nothing.
    async fn set_rule(
        &self,
        by: &Membership,
        (seen, next): (Option<&SpreadRule>, &SpreadRule),
        record: &Record,
    ) -> Stored<Change>;
}
