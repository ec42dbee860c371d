//! What owners grant to the operator's support.

use async_trait::async_trait;

use super::{Change, Settled, Stored};
use crate::audit::Record;
use crate::credential::Email;
use crate::id::{OrgId, SupportId, UserId};
use crate::member::Membership;
use crate::support::SupportGrant;

/// Most grants of one organisation that stand at a time.
pub const MAX_SUPPORT: usize = 10;
/// Grants that are over and stay to be looked at; when one is made, the eldest beyond these go.
pub const SUPPORT_KEPT: usize = 40;
/// Most that go when one is made: what fits into a transaction.
pub const SUPPORT_REMOVED: usize = 90;
/// Most members of the staff whose addresses are told at a time.
pub const STAFF_SHOWN: usize = 200;

/// What an organisation granted, as read at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Granted {
    /// One more with every grant that is made: what was read holds as long as this does, but for what ended since.
    pub version: u64,
    /// All that are kept, those that are over too, in the order of their ids.
    pub grants: Vec<SupportGrant>,
}

/// Grants, as an organisation manages them. Each change is recorded with it, or not made at all, and takes effect only while
/// whoever makes it still has the place that they had when it was decided on.
#[async_trait]
pub trait SupportGrants: Send + Sync {
    /// All grants of the organisation, by consistent reads.
    async fn granted(&self, org: OrgId) -> Stored<Granted>;
    /// Stores a grant, and removes these that are over, at most [`SUPPORT_REMOVED`]. [`Settled::Stale`] if another was made
    /// since `version`, if one to be removed is not there any more, or if `by` has not their role any more.
    async fn grant(
        &self,
        by: &Membership,
        version: u64,
        grant: &SupportGrant,
        instead: &[SupportId],
        record: &Record,
    ) -> Stored<Settled>;
    /// Ends a grant for good at the time of the record. [`Settled::Stale`] if it was ended before, if there is none, or if
    /// `by` has not their role any more.
    async fn end(&self, by: &Membership, id: SupportId, record: &Record) -> Stored<Settled>;
    /// The addresses of these people, of those who are there; at most [`STAFF_SHOWN`] are asked for.
    async fn addresses(&self, users: &[UserId]) -> Stored<Vec<(UserId, Email)>>;
}

/// Grants, as staff come by them.
#[async_trait]
pub trait SupportEntries: Send + Sync {
    /// A grant, by a consistent read.
    async fn support(&self, org: OrgId, id: SupportId) -> Stored<Option<SupportGrant>>;
    /// Notes on the grant that this member of the staff came by it, if it stands at the time of the record.
    async fn enter(
        &self,
        org: OrgId,
        id: SupportId,
        user: UserId,
        record: &Record,
    ) -> Stored<Change>;
}
