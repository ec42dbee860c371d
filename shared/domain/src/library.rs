//! The library: what an organisation has, how it is described, and how it is looked through.

mod metadata;
mod title;

pub use metadata::{MAX_ENTRIES, Metadata, MetadataKey, MetadataValue};
pub(crate) use title::MAX_FOLDED;
pub use title::{TitlePrefix, folded};

use crate::asset::{Asset, AssetState, Title};
use crate::error::Malformed;
use crate::id::{AssetId, CollectionId};
use crate::member::Actor;
use crate::time::Timestamp;

/// What people say of an asset. It changes while the asset lives; what was announced does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// What to call it.
    pub title: Title,
    /// What else is said of it.
    pub metadata: Metadata,
    /// How often it was changed.
    pub version: u64,
}

impl Description {
    /// That of an asset which was announced under this title.
    pub const fn of(title: Title) -> Self {
        Self {
            title,
            metadata: Metadata::none(),
            version: 0,
        }
    }
}

/// A change of a description, as a JSON merge patch (RFC 7396) says it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Patch {
    /// Another title.
    pub title: Option<Title>,
    /// All entries of before go.
    pub cleared: bool,
    /// Entries with their new values; those without one go.
    pub metadata: Vec<(MetadataKey, Option<MetadataValue>)>,
}

impl Patch {
    /// The description after it; the same if it says nothing new.
    ///
    /// # Errors
    /// [`Malformed`] if the metadata would be more than they may.
    pub fn applied(&self, to: &Description) -> Result<Description, Malformed> {
        let title = self.title.as_ref().unwrap_or(&to.title).clone();
        let none = Metadata::none();
        let before = if self.cleared { &none } else { &to.metadata };
        let metadata = before.patched(&self.metadata)?;
        let is_same = title == to.title && metadata == to.metadata;
        Ok(Description {
            title,
            metadata,
            version: to.version + u64::from(!is_same),
        })
    }
}

/// Which assets of an organisation are asked for: those that are all of this.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    /// In this state.
    pub state: Option<AssetState>,
    /// In this collection.
    pub collection: Option<CollectionId>,
    /// Brought in by them.
    pub owner: Option<Actor>,
    /// With a title that begins like this.
    pub title: Option<TitlePrefix>,
    /// Deleted ones, and no others; if not, none of them.
    pub deleted: bool,
}

impl Filter {
    /// Is the asset one of those?
    pub fn admits(&self, asset: &Asset) -> bool {
        let (of, presence) = (&asset.description, asset.keeping.presence);
        let there = if self.deleted {
            presence.is_deleted()
        } else {
            presence.is_kept()
        };
        there
            && self.state.is_none_or(|state| state == asset.state)
            && self
                .collection
                .is_none_or(|id| asset.collection == Some(id))
            && self.owner.is_none_or(|by| by == asset.announced.owner)
            && self
                .title
                .as_ref()
                .is_none_or(|title| title.begins(&of.title))
    }
}

/// Where an asset stands in a list: behind those announced later, or by its title if titles are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Which asset.
    pub id: AssetId,
    /// When it was announced.
    pub created_at: Timestamp,
    /// Its title as titles are compared.
    pub folded: String,
}

impl Place {
    /// The place of an asset.
    pub fn of(asset: &Asset) -> Self {
        Self {
            id: asset.id(),
            created_at: asset.announced.created_at,
            folded: folded(&asset.description.title),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_changes_what_it_names_and_counts_only_what_is_new() {
        let before = Description::of(Title::parse("A film").unwrap());
        let key = |name: &str| MetadataKey::parse(name).unwrap();
        let season = Patch {
            metadata: vec![
                (key("season"), Some(MetadataValue::Integer(2))),
                (key("gone"), None),
            ],
            ..Patch::default()
        };
        let after = season.applied(&before).unwrap();
        assert_eq!((after.version, &after.title), (1, &before.title));
        assert_eq!(season.applied(&after).unwrap(), after, "nothing new");
        let back = Patch {
            title: Some(Title::parse("Another").unwrap()),
            cleared: true,
            metadata: Vec::new(),
        };
        let last = back.applied(&after).unwrap();
        assert_eq!((last.version, last.title.as_str()), (2, "Another"));
        assert_eq!(last.metadata, Metadata::none());
    }
}
