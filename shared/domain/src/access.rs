//! Who may do what with which asset: what is asked, of whom, and what was granted by hand. The rules themselves are
//! policies, and decide behind [`crate::ports::Policies`].

mod container;
mod list;

pub use container::{Container, ContainerId, Kind, Within};
pub use list::{AccessList, Entry, Level, MAX_ENTRIES, Principal};

use crate::asset::{Asset, Title};
use crate::credential::Role;
use crate::error::Malformed;
use crate::id::{GroupId, OrgId};
use crate::member::Actor;
use crate::time::Timestamp;
use crate::token::Caller;

/// What may be done. The names are those of the policies' schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Know that it is there.
    See,
    /// Look through the library.
    List,
    /// Look at what is said of it.
    Read,
    /// Watch it.
    Play,
    /// Keep a copy.
    Download,
    /// Bring something in.
    Upload,
    /// Change what is said of it.
    Edit,
    /// Take it back.
    Delete,
    /// Say who else may do what with it.
    Grant,
    /// Hand out links to it, to people without an account.
    Share,
    /// Make collections and groups.
    Administer,
}

impl Action {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::See,
        Self::List,
        Self::Read,
        Self::Play,
        Self::Download,
        Self::Upload,
        Self::Edit,
        Self::Delete,
        Self::Grant,
        Self::Share,
        Self::Administer,
    ];

    /// The name in the policies.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::See => "see",
            Self::List => "list",
            Self::Read => "read",
            Self::Play => "play",
            Self::Download => "download",
            Self::Upload => "upload",
            Self::Edit => "edit",
            Self::Delete => "delete",
            Self::Grant => "grant",
            Self::Share => "share",
            Self::Administer => "administer",
        }
    }
}

/// Whose assets are seen by everyone of the organisation, and whose by those alone to whom access is granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Visibility {
    /// Everyone of the organisation sees and plays it.
    #[default]
    Organisation,
    /// Its uploader, admins, owners, and those to whom access is granted.
    Restricted,
}

impl Visibility {
    /// The name as stored and as shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Organisation => "organisation",
            Self::Restricted => "restricted",
        }
    }

    /// Reads the name.
    ///
    /// # Errors
    /// [`Malformed`] for any other text.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        match text {
            "organisation" => Ok(Self::Organisation),
            "restricted" => Ok(Self::Restricted),
            _ => Err(Malformed {
                field: "visibility",
                expected: "organisation or restricted",
            }),
        }
    }
}

/// Who sees it, and what was granted on it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Access {
    /// Who sees it without being granted anything.
    pub visibility: Visibility,
    /// What was granted, and who is shut out.
    pub entries: AccessList,
    /// How often any of it changed, and what else of its asset, collection or space is changed with it.
    pub version: u64,
}

impl Access {
    /// The strong entity tag (RFC 9110 §8.8.3) of what it belongs to, without the quotes.
    pub fn tag(&self) -> String {
        format!("v{}", self.version)
    }
}

/// People that access is granted to together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Its id.
    pub id: GroupId,
    /// Of which organisation.
    pub org: OrgId,
    /// What to call it.
    pub name: Title,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Most groups that one person is in.
pub const MAX_GROUPS_OF_ONE: usize = 20;

/// Whoever asks, as they stand now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asker {
    /// By which token; in the role that they have now.
    pub caller: Caller,
    /// In which groups they are.
    pub groups: Vec<GroupId>,
    /// Since when they belong to the organisation: what was granted to them before was to another place of theirs.
    pub since: Timestamp,
}

impl Asker {
    /// Is this entry about them?
    pub fn is_meant(&self, entry: &Entry) -> bool {
        let actor = self.caller.subject.actor();
        if matches!(actor, Actor::Share(_) | Actor::Support(_)) {
            // Lists speak of those of the organisation: a share and support have what they name, and no role.
            return false;
        }
        match entry.to {
            Principal::Actor(to) => {
                to == actor && (entry.level == Level::None || entry.at >= self.since)
            }
            Principal::Group(group) => self.groups.contains(&group),
            Principal::Role(role) => role == self.role(),
        }
    }

    /// Their role.
    pub const fn role(&self) -> Role {
        self.caller.role
    }
}

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub enum Resource<'a> {
    /// The organisation as a whole.
    Organisation(OrgId),
    /// An asset, and the collection that it is in.
    Asset(&'a Asset, Option<&'a Container>),
    /// A collection or a space.
    Container(&'a Container),
}

/// The id of the policy that an entry on something makes: `granted-view usr_… on ast_…`.
pub fn policy_id(entry: &Entry, on: &str) -> String {
    format!("granted-{} {} on {on}", entry.level.as_str(), entry.to)
}

/// When what was decided ends by itself: at the last end of the entries that decided. None if anything without an end did.
pub fn ends(
    asset: &Asset,
    collection: Option<&Container>,
    policies: &[String],
) -> Option<Timestamp> {
    let mut lists = vec![(asset.id().to_string(), &asset.access.entries)];
    for within in collection.into_iter().flat_map(Container::chain) {
        lists.push((within.id.to_string(), &within.access.entries));
    }
    let end_of = |policy: &String| {
        lists.iter().find_map(|(on, entries)| {
            let entry = entries.iter().find(|entry| policy_id(entry, on) == *policy);
            entry.and_then(|entry| entry.expires_at)
        })
    };
    let ends: Option<Vec<_>> = policies.iter().map(end_of).collect();
    ends?.into_iter().max()
}
