//! Access lists: what was granted by hand, to whom, until when.

use crate::credential::Role;
use crate::error::Malformed;
use crate::id::GroupId;
use crate::member::Actor;
use crate::time::Timestamp;

/// Most entries of one list; whoever needs more grants to groups, or on a collection.
pub const MAX_ENTRIES: usize = 50;

/// To whom access is granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Principal {
    /// A person or an API key.
    Actor(Actor),
    /// Everyone in a group.
    Group(GroupId),
    /// Everyone of a role.
    Role(Role),
}

impl Principal {
    /// Reads the id of a person, an API key or a group, or `role:` and the name of a role.
    ///
    /// # Errors
    /// [`Malformed`] for anything else.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let role = |name| Role::parse(name).ok().map(Self::Role);
        let role = text.strip_prefix("role:").and_then(role);
        let group = || GroupId::parse(text).ok().map(Self::Group);
        let granted = |actor: &Actor| matches!(actor, Actor::User(_) | Actor::ApiKey(_));
        let actor = || Actor::parse(text).ok().filter(granted).map(Self::Actor);
        role.or_else(group).or_else(actor).ok_or(Malformed {
            field: "principal",
            expected: "the id of a user (usr_…), an API key (apk_…) or a group (grp_…), or role:viewer, role:editor, role:admin",
        })
    }
}

impl std::fmt::Display for Principal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Actor(actor) => actor.fmt(f),
            Self::Group(group) => group.fmt(f),
            Self::Role(role) => write!(f, "role:{}", role.as_str()),
        }
    }
}

/// How much is granted: each level holds the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Level {
    /// Nothing, whatever else is granted: shut out.
    None,
    /// See, read, play.
    View,
    /// And keep copies.
    Download,
    /// And change what is said of it.
    Edit,
    /// And take it back, and say who else may do what.
    Manage,
}

impl Level {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::None,
        Self::View,
        Self::Download,
        Self::Edit,
        Self::Manage,
    ];

    /// The name as stored and as shown; `granted-` and this is the policy's.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::View => "view",
            Self::Download => "download",
            Self::Edit => "edit",
            Self::Manage => "manage",
        }
    }

    /// Reads the name.
    ///
    /// # Errors
    /// [`Malformed`] for any other text.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let named = Self::ALL.into_iter().find(|level| level.as_str() == text);
        named.ok_or(Malformed {
            field: "access",
            expected: "none, view, download, edit or manage",
        })
    }
}

/// One entry of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// To whom.
    pub to: Principal,
    /// How much.
    pub level: Level,
    /// Until when; for good without it.
    pub expires_at: Option<Timestamp>,
    /// By whom.
    pub by: Actor,
    /// Since when.
    pub at: Timestamp,
}

impl Entry {
    /// Does it still count?
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }

    /// Says the same, whoever said it and when?
    pub fn says_as(&self, other: &Self) -> bool {
        (self.to, self.level, self.expires_at) == (other.to, other.level, other.expires_at)
    }
}

/// At most [`MAX_ENTRIES`], one a principal, in the order in which they were made.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AccessList(Vec<Entry>);

impl AccessList {
    /// What was stored.
    pub const fn stored(entries: Vec<Entry>) -> Self {
        Self(entries)
    }

    /// Each.
    pub fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.0.iter()
    }

    /// Those that still count.
    pub fn live(&self, now: Timestamp) -> impl Iterator<Item = &Entry> {
        self.0.iter().filter(move |entry| entry.is_live(now))
    }

    /// The entry of a principal.
    pub fn of(&self, to: Principal) -> Option<&Entry> {
        self.0.iter().find(|entry| entry.to == to)
    }

    /// The list with this entry in the place of its principal's; none if there is no room. What is over makes room.
    #[must_use]
    pub fn with(&self, entry: Entry, now: Timestamp) -> Option<Self> {
        let mut next = self.without(entry.to);
        next.0.retain(|entry| entry.is_live(now));
        next.0.push(entry);
        (next.0.len() <= MAX_ENTRIES).then_some(next)
    }

    /// The list without the principal's entry.
    #[must_use]
    pub fn without(&self, to: Principal) -> Self {
        let others = self.0.iter().filter(|entry| entry.to != to);
        Self(others.copied().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{ApiKeyId, ShareId, SupportId, UserId};

    fn entry(n: u8, expires_at: Option<u64>) -> Entry {
        Entry {
            to: Principal::Actor(Actor::User(UserId::from_octets([n; 16]))),
            level: Level::View,
            expires_at: expires_at.map(Timestamp),
            by: Actor::User(UserId::from_octets([0; 16])),
            at: Timestamp(1),
        }
    }

    #[test]
    fn a_principal_reads_back_and_nothing_else_is_one() {
        for principal in [
            Principal::Actor(Actor::User(UserId::from_octets([1; 16]))),
            Principal::Actor(Actor::ApiKey(ApiKeyId::from_octets([2; 16]))),
            Principal::Group(GroupId::from_octets([3; 16])),
            Principal::Role(Role::Viewer),
        ] {
            assert_eq!(Principal::parse(&principal.to_string()), Ok(principal));
        }
        for bad in [
            "",
            "role:",
            "role:god",
            "viewer",
            "usr_",
            "ast_x",
            "*",
            &ShareId::from_octets([4; 16]).to_string(),
            &SupportId::from_octets([4; 16]).to_string(),
        ] {
            assert!(Principal::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_list_holds_one_entry_a_principal_and_what_is_over_makes_room() {
        let now = Timestamp(10);
        let list = AccessList::default().with(entry(1, Some(20)), now).unwrap();
        let list = list.with(entry(1, None), now).unwrap();
        assert_eq!(list.iter().count(), 1);
        let full = (2..=50).try_fold(list, |list, n| list.with(entry(n, Some(20)), now));
        let full = full.unwrap();
        assert_eq!(full.with(entry(51, None), now), None);
        let later = full.with(entry(51, None), Timestamp(20)).unwrap();
        assert_eq!(later.iter().count(), 2);
    }
}
