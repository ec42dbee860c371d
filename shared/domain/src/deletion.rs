//! How assets go: deleted and to be had back for a while, held by law, erased for ever; and by which rules of an
//! organisation they go by themselves.

mod due;
mod retention;

pub use due::{DUE_PARTS, Due, Duty, due_part};
pub use retention::{Aged, DAY, Days, Retention, Rule};

use crate::error::Malformed;
use crate::id::{AssetId, OrgId};
use crate::text::{named, stored};
use crate::time::Timestamp;

/// When an asset was deleted, and from when on it may be erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deletion {
    /// When it was deleted.
    pub at: Timestamp,
    /// Until then it can be had back. It was promised when it was deleted, and no later rule shortens it.
    pub erase_at: Timestamp,
}

/// Is an asset there?
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Presence {
    /// It is.
    #[default]
    Kept,
    /// It is deleted, and can be had back.
    Deleted(Deletion),
    /// It is being erased: nothing brings it back.
    Erasing(Deletion),
}

impl Presence {
    /// Is it there?
    pub const fn is_kept(self) -> bool {
        matches!(self, Self::Kept)
    }
    /// Is it deleted, and not yet being erased?
    pub const fn is_deleted(self) -> bool {
        matches!(self, Self::Deleted(_))
    }
    /// When it was deleted, if it was.
    pub const fn deletion(self) -> Option<Deletion> {
        match self {
            Self::Kept => None,
            Self::Deleted(deletion) | Self::Erasing(deletion) => Some(deletion),
        }
    }
}

/// Why an asset is held: 1 to 300 characters without controls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason(String);

impl Reason {
    /// Parses and trims.
    ///
    /// # Errors
    /// [`Malformed`] when it is empty, too long or holds control characters.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let expected = "1 to 300 characters without control characters";
        named(text, 300, "reason", expected).map(Self)
    }
    /// Reads what was stored, by whatever rule it was taken then.
    pub fn stored(text: &str) -> Option<Self> {
        stored(text).map(Self)
    }
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A legal hold: as long as it stands, nothing deletes the asset and nothing erases it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// Why.
    pub reason: Reason,
    /// Since when.
    pub at: Timestamp,
}

/// How an asset is kept; that of a new asset is the default.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Keeping {
    /// Is it there?
    pub presence: Presence,
    /// Is it held?
    pub hold: Option<Hold>,
    /// When it was last had back: from then on rules count its age.
    pub restored_at: Option<Timestamp>,
}

/// What stays of an asset that was erased: that it was there, whose it was, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tombstone {
    /// Its id, which is never used again.
    pub id: AssetId,
    /// Whose it was.
    pub org: OrgId,
    /// When it was announced.
    pub announced_at: Timestamp,
    /// When it was deleted.
    pub deleted_at: Timestamp,
    /// When it was erased.
    pub erased_at: Timestamp,
}
