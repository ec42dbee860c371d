//! One-time links: how their tokens are made, and where they are kept.

use async_trait::async_trait;

use super::{Change, Stored};
use crate::link::{Link, LinkRequest, LinkToken};
use crate::time::Timestamp;
use crate::token::Digest;

/// Makes tokens of links.
pub trait LinkTokens: Send + Sync {
    /// The token of this request; the same request gives the same token.
    fn token(&self, request: &LinkRequest) -> LinkToken;
}

/// Where links are kept. One is used up in the same write as what it does: [`super::Recovery`].
#[async_trait]
pub trait Links: Send + Sync {
    /// Stores a link unless there is or was one of this digest; a new one to reset a password voids the user's older
    /// ones in the same write.
    async fn put(&self, digest: Digest, link: &Link) -> Stored<Change>;
    /// The link, by consistent reads, if it is neither over nor used nor voided by a newer one.
    async fn get(&self, digest: Digest, now: Timestamp) -> Stored<Option<Link>>;
}
