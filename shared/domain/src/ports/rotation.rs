//! Rotation: versions of secrets, and the bringing of wrapped keys under the current master key.

use async_trait::async_trait;

use super::{Change, KeyWrap, Stored};
use crate::playback::WrappedKey;
use crate::rotation::{Cursor, Pass};
use crate::secret::SecretText;
use crate::time::Timestamp;

/// Which versions of a secret are which, by the labels of Secrets Manager (User Guide, "What's in a secret", staging labels).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stages {
    /// Is it rotated at all?
    pub rotates: bool,
    /// The version that is read (`AWSCURRENT`).
    pub current: Option<String>,
    /// The version that may become it (`AWSPENDING`).
    pub pending: Option<String>,
}

/// Versions of secrets, each named by the token of the rotation that made it.
#[async_trait]
pub trait SecretVersions: Send + Sync {
    /// The labels of a secret.
    async fn stages(&self, secret: &str) -> Stored<Stages>;
    /// The text of a version; none if it has none yet.
    async fn text(&self, secret: &str, version: &str) -> Stored<Option<SecretText>>;
    /// Gives a version its text and the label `AWSPENDING`. Not applied if it has another text.
    async fn put_pending(&self, secret: &str, version: &str, text: &SecretText) -> Stored<Change>;
    /// Moves `AWSCURRENT` from one version to another. Not applied unless it is at the first.
    async fn promote(&self, secret: &str, from: &str, to: &str) -> Stored<Change>;
    /// Takes `AWSPENDING` from a version, so that the next rotation begins anew. Not applied unless it is there.
    async fn abandon(&self, secret: &str, version: &str) -> Stored<Change>;
}

/// A page of wrapped keys.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct KeyPage {
    /// The keys.
    pub keys: Vec<WrappedKey>,
    /// Records that are no wrapped keys, though they should be.
    pub corrupt: u64,
    /// Where the next page begins, if there is one.
    pub next: Option<Cursor>,
}

/// All wrapped keys, and how far they are brought under the current master key.
#[async_trait]
pub trait Rewraps: Send + Sync {
    /// The last pass that was begun.
    async fn pass(&self) -> Stored<Option<Pass>>;
    /// Keeps how far a pass is.
    async fn save(&self, pass: &Pass) -> Stored<()>;
    /// Some keys, in an order that stays.
    async fn page(&self, after: Option<&Cursor>) -> Stored<KeyPage>;
    /// Puts a key in the place of another one of the same id. Not applied unless that one is there, octet for octet: a key that was
    /// erased stays erased.
    async fn replace(&self, before: &WrappedKey, after: &WrappedKey) -> Stored<Change>;
}

/// The wrapping of content keys, as far as its own turns are known to it.
pub trait MasterRing: KeyWrap {
    /// The version under which keys are wrapped, and since when.
    fn current(&self) -> (&str, Timestamp);
    /// Is it a version of before? The one that comes next is not: functions that know more than this one wrap under it.
    fn is_old(&self, version: &str) -> bool;
}
