//! Shares: how their links' tokens are made and checked, and where they are kept.

use async_trait::async_trait;

use super::{Change, Opening, Stored};
use crate::asset::Asset;
use crate::audit::Record;
use crate::id::{AssetId, ShareId};
use crate::playback::PlaybackSession;
use crate::secret::SecretText;
use crate::share::{Share, ShareClaims};
use crate::token::Grant;

/// Most shares of one asset that stand at a time.
pub const MAX_SHARES: usize = 100;
/// Most shares of one page.
pub const SHARES_LISTED: usize = 50;

/// Makes and checks the tokens of links.
pub trait ShareTokens: Send + Sync {
    /// The token of this share; the same share has the same token.
    fn issue(&self, claims: &ShareClaims) -> SecretText;
    /// What a genuine token says.
    fn open(&self, text: &str) -> Option<ShareClaims>;
}

/// What became of a share that was to be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keeping {
    /// It is kept.
    Kept,
    /// There is one of its id already, or it is not as it was seen any more.
    Stale,
    /// As many stand as can, at the time of the record.
    Full,
}

/// Shares, as they are managed. What comes with a record takes effect with it, or not at all.
#[async_trait]
pub trait Shares: Send + Sync {
    /// A share, by a consistent read.
    async fn share(&self, asset: AssetId, id: ShareId) -> Stored<Option<Share>>;
    /// At most [`SHARES_LISTED`] shares of the asset behind this one, in the order of their ids, by consistent reads.
    async fn shares(&self, asset: AssetId, after: Option<ShareId>) -> Stored<Vec<Share>>;
    /// Stores a new share, if fewer than [`MAX_SHARES`] of the asset stand.
    async fn create(&self, share: &Share, record: &Record) -> Stored<Keeping>;
    /// Stores name, end and most views of `next` in the place of what was seen; one that stood no more takes a place anew.
    async fn change(&self, seen: &Share, next: &Share, record: &Record) -> Stored<Keeping>;
    /// Ends a share for good at the time of the record, unless it was revoked before.
    async fn revoke(&self, asset: AssetId, id: ShareId, record: &Record) -> Stored<Change>;
}

/// Shares, as strangers come with their links.
#[async_trait]
pub trait ShareExchanges: Send + Sync {
    /// The share and its asset, in one consistent read.
    async fn presented(&self, claims: &ShareClaims) -> Stored<(Option<Share>, Option<Asset>)>;
    /// Stores the media token's grant if the share stands at the time of the record.
    async fn exchange(&self, share: &Share, grant: &Grant, record: &Record) -> Stored<Change>;
}

/// Views of shares.
#[async_trait]
pub trait SharedViews: Send + Sync {
    /// Spends a view of `session.grant` and one of the share, begins its window if this is the first, and stores the
    /// session and the record: all or nothing, and nothing if the share does not open another view now.
    async fn open_shared(
        &self,
        session: &PlaybackSession,
        share: &Share,
        record: &Record,
    ) -> Stored<Opening>;
}
