//! The record of what was done, as it is chained, listed and exported. It is written in the transactions of others.

use async_trait::async_trait;

use super::{Change, Stored};
use crate::audit::{Entry, Filter, Link, Place, Record, Sealed};
use crate::id::OrgId;
use crate::token::Digest;

/// Most records that get their places at once: DynamoDB writes a hundred items at once, and three more go with them.
pub const MAX_SEALED: usize = 97;
/// Most records of one export.
pub const MAX_EXPORTED: usize = 5_000;

/// Records that were asked for, and where to go on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Trail {
    /// The latest first. They may be fewer than there was room for, or none at all, and yet more may follow.
    pub entries: Vec<Entry>,
    /// After which place more may follow; none at the end.
    pub last: Option<Place>,
}

/// Records for those who look at them.
#[async_trait]
pub trait AuditLog: Send + Sync {
    /// At most `limit` records of the organisation before this place. What it costs is bounded, and does not grow with
    /// the log.
    async fn list(
        &self,
        org: OrgId,
        filter: &Filter,
        after: Option<&Place>,
        limit: usize,
    ) -> Stored<Trail>;
}

/// Places of records that may wait for theirs in the chain, and where to go on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Waiting {
    /// Of any organisations of the part. Some may have got their places already.
    pub places: Vec<(OrgId, Place)>,
    /// After which of them more may follow; none at the end.
    pub last: Option<(OrgId, Place)>,
}

/// The chains.
#[async_trait]
pub trait AuditChain: Send + Sync {
    /// Places in a [part](crate::audit::part). A record of a moment ago may not show yet.
    async fn waiting(&self, part: u8, after: Option<(OrgId, Place)>) -> Stored<Waiting>;
    /// Those of the records, at most [`MAX_SEALED`], that have no place in the chain now.
    async fn unsealed(&self, org: OrgId, places: &[Place]) -> Stored<Vec<Record>>;
    /// The last place that was given; none before the first.
    async fn head(&self, org: OrgId) -> Stored<Option<Link>>;
    /// Gives each record, at most [`MAX_SEALED`], its place, and makes the last of them the head, all or nothing. Not
    /// applied if the head is not `seen` any more, or one of the records has a place.
    async fn seal(
        &self,
        org: OrgId,
        seen: Option<&Link>,
        links: &[(Place, Link)],
    ) -> Stored<Change>;
}

/// How far a chain is exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Exported {
    /// The last record that is; none before the first.
    pub to: Option<Link>,
    /// Up to where the export goes that is under way.
    pub until: Option<u64>,
}

/// Chains as they are exported.
#[async_trait]
pub trait AuditExports: Send + Sync {
    /// Organisations that have a chain, some at a time; and after which of them more may follow.
    async fn organisations(&self, after: Option<OrgId>) -> Stored<(Vec<OrgId>, Option<OrgId>)>;
    /// How far the chain is exported.
    async fn exported(&self, org: OrgId) -> Stored<Exported>;
    /// Records that follow this one, in the order of the chain, as they got their places together: at most
    /// [`MAX_EXPORTED`]. A record that has a place and is not there is an error.
    async fn sealed(&self, org: OrgId, after: u64) -> Stored<Vec<Sealed>>;
    /// Begins the export of what follows `seen` up to `until`, unless one is under way or it was exported. Whoever
    /// exports it, after whatever came between, exports just these.
    async fn begin(&self, org: OrgId, seen: u64, until: u64) -> Stored<Change>;
    /// Ends the export that is under way, if it is that up to this record.
    async fn end(&self, org: OrgId, to: &Link) -> Stored<Change>;
}

/// Where exports are kept, and nobody changes or removes them before their time.
#[async_trait]
pub trait AuditArchive: Send + Sync {
    /// Keeps an export of this SHA-256. One that is there under this key stays as it is, and counts as this one.
    async fn keep(&self, key: &str, export: String, sha256: Digest) -> Stored<()>;
}
