//! What access is granted on together: collections of assets, and spaces of collections.

use super::{Access, Visibility};
use crate::asset::Title;
use crate::id::{CollectionId, OrgId, SpaceId};
use crate::time::Timestamp;

/// The kinds of containers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Of assets. An asset is in one collection or in none.
    Collection,
    /// Of collections. A collection is in one space or in none.
    Space,
}

impl Kind {
    /// Both of them.
    pub const ALL: [Self; 2] = [Self::Collection, Self::Space];

    /// What it is called.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Collection => "collection",
            Self::Space => "space",
        }
    }

    /// How the ids of its kind begin.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Collection => CollectionId::PREFIX,
            Self::Space => SpaceId::PREFIX,
        }
    }

    /// Most of one organisation.
    pub const fn most(self) -> usize {
        match self {
            Self::Collection => 1_000,
            Self::Space => 100,
        }
    }
}

/// The id of a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ContainerId {
    /// Of a collection.
    Collection(CollectionId),
    /// Of a space.
    Space(SpaceId),
}

impl ContainerId {
    /// Of which kind it is.
    pub const fn kind(self) -> Kind {
        match self {
            Self::Collection(_) => Kind::Collection,
            Self::Space(_) => Kind::Space,
        }
    }

    /// The id of this kind with these octets.
    pub const fn from_octets(kind: Kind, octets: [u8; 16]) -> Self {
        match kind {
            Kind::Collection => Self::Collection(CollectionId::from_octets(octets)),
            Kind::Space => Self::Space(SpaceId::from_octets(octets)),
        }
    }

    /// Reads an id of either kind, as it was stored.
    pub fn stored(text: &str) -> Option<Self> {
        let collection = CollectionId::parse(text).map(Self::Collection);
        let either = collection.or_else(|_| SpaceId::parse(text).map(Self::Space));
        either.ok()
    }
}

impl From<CollectionId> for ContainerId {
    fn from(id: CollectionId) -> Self {
        Self::Collection(id)
    }
}

impl From<SpaceId> for ContainerId {
    fn from(id: SpaceId) -> Self {
        Self::Space(id)
    }
}

impl std::fmt::Display for ContainerId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Collection(id) => id.fmt(f),
            Self::Space(id) => id.fmt(f),
        }
    }
}

/// A collection or a space.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Container {
    /// Its id.
    pub id: ContainerId,
    /// Of which organisation.
    pub org: OrgId,
    /// What to call it.
    pub name: Title,
    /// Who may do what with what is in it.
    pub access: Access,
    /// When it was made.
    pub created_at: Timestamp,
    /// The space that a collection is in. A space is in none.
    pub within: Option<Within>,
}

/// The space that a collection is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Within {
    /// Which.
    pub id: SpaceId,
    /// The space as it was read with the collection; none if it was deleted.
    pub space: Option<Box<Container>>,
}

impl Container {
    /// It and the space that it is in, if that is there.
    pub fn chain(&self) -> impl Iterator<Item = &Self> {
        std::iter::once(self).chain(self.space())
    }

    /// The space that it is in, if that is there and of its organisation.
    pub fn space(&self) -> Option<&Self> {
        let space = self.within.as_ref()?.space.as_deref();
        space.filter(|space| space.org == self.org)
    }

    /// The id of the space that it is in, there or not.
    pub fn space_id(&self) -> Option<SpaceId> {
        self.within.as_ref().map(|within| within.id)
    }

    /// Is what is in it for those alone to whom access is granted? So it is in a space that is closed or that was deleted:
    /// nobody sees more because something was removed.
    pub fn is_restricted(&self) -> bool {
        let closed = |of: &Self| of.access.visibility == Visibility::Restricted;
        closed(self) || (self.within.is_some() && self.space().is_none_or(closed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_of_either_kind_reads_back_and_nothing_else_is_one() {
        for kind in Kind::ALL {
            let id = ContainerId::from_octets(kind, [3; 16]);
            assert_eq!(id.kind(), kind);
            assert!(id.to_string().starts_with(kind.prefix()));
            assert_eq!(ContainerId::stored(&id.to_string()), Some(id));
        }
        for bad in ["", "col_", "spc_", "grp_x", "count#spaces"] {
            assert_eq!(ContainerId::stored(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_closed_a_foreign_and_a_deleted_space_close_what_is_in_them() {
        let (here, elsewhere) = (OrgId::from_octets([1; 16]), OrgId::from_octets([2; 16]));
        let id = SpaceId::from_octets([4; 16]);
        let made = |id, org, visibility, within| Container {
            id,
            org,
            name: Title::parse("Rushes").unwrap(),
            access: Access {
                visibility,
                ..Access::default()
            },
            created_at: Timestamp(1),
            within,
        };
        let (open, closed) = (Visibility::Organisation, Visibility::Restricted);
        let space = |org, visibility| {
            let space = made(ContainerId::Space(id), org, visibility, None);
            Some(Box::new(space))
        };
        for (space, restricted, links) in [
            (space(here, open), false, 2),
            (space(here, closed), true, 2),
            (space(elsewhere, open), true, 1),
            (None, true, 1),
        ] {
            let collection = ContainerId::from_octets(Kind::Collection, [3; 16]);
            let within = Some(Within { id, space });
            let collection = made(collection, here, open, within);
            assert_eq!(collection.is_restricted(), restricted, "{collection:?}");
            assert_eq!(collection.chain().count(), links);
            assert_eq!(collection.space_id(), Some(id));
        }
    }
}
