//! API keys, as kept.

use async_trait::async_trait;

use super::{Change, Stored};
use crate::api_key::ApiKey;
use crate::audit::Record;
use crate::id::{ApiKeyId, OrgId};
use crate::time::Timestamp;
use crate::token::Digest;

/// Keys that an organisation can have that are not revoked: what one list tells, and one batch reads.
pub const MAX_CLIENTS: usize = 100;

/// What became of the creation of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Creation {
    /// It is stored, and in its organisation's list.
    Created,
    /// There is a key of this id, revoked or not; nothing was changed.
    Exists,
    /// The organisation has [`MAX_CLIENTS`]; nothing was changed.
    LimitReached,
}

/// API keys: the OAuth clients of organisations. What their managers change is recorded with it.
#[async_trait]
pub trait Clients: Send + Sync {
    /// The key, by a consistent read.
    async fn get(&self, id: ApiKeyId) -> Stored<Option<ApiKey>>;
    /// Stores a new key unless there is one of its id or its organisation has too many: exact under parallel
    /// requests.
    async fn create(&self, key: &ApiKey, record: &Record) -> Stored<Creation>;
    /// The organisation's keys that are not revoked, the oldest first; at most [`MAX_CLIENTS`].
    async fn list(&self, org: OrgId) -> Stored<Vec<ApiKey>>;
    /// Makes the secrets of `next` those of the key, if `replaced` is its active one and it is not revoked. Nothing
    /// else changes.
    async fn rotate(&self, next: &ApiKey, replaced: Digest, record: &Record) -> Stored<Change>;
    /// Ends a key of the organisation for good and frees its place; repeating is fine. Not applied if the
    /// organisation never had such a key.
    async fn revoke(&self, id: ApiKeyId, org: OrgId, record: &Record) -> Stored<Change>;
    /// Notes that the key was admitted, unless that was noted after `unless_since`: the note is coarse, so that a
    /// busy key is not written to at every token.
    async fn used(&self, id: ApiKeyId, at: Timestamp, unless_since: Timestamp) -> Stored<()>;
}
