//! Standing: who may act in which organisation, and from when on their sessions count. Nothing here proves
//! who someone is, and nothing here is secret.

use crate::api_key::ApiKey;
use crate::credential::{Email, Role};
use crate::error::Malformed;
use crate::id::{
    ApiKeyId, AssetId, GroupId, InvitationId, OrgId, SessionId, ShareId, SupportId, UserId,
};
use crate::share::Share;
use crate::spread::SpreadRule;
use crate::support::{Staff, SupportStanding};
use crate::text::{named, stored};
use crate::time::Timestamp;
use crate::token::Session;

mod change;

pub use change::{After, MemberChange, OwnersChange};

/// Organisations that one person can belong to.
pub const MAX_ORGANISATIONS: usize = 50;

/// Who did something, for good: a person or an API key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Actor {
    /// A person.
    User(UserId),
    /// An API key.
    ApiKey(ApiKeyId),
    /// Whoever holds the link of a share.
    Share(ShareId),
    /// Staff of the operator, by what an owner granted to support.
    Support(SupportId),
}

impl Actor {
    /// Reads the id of any of them.
    ///
    /// # Errors
    /// [`Malformed`] for an id of another kind.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        UserId::parse(text)
            .map(Self::User)
            .or_else(|_| ApiKeyId::parse(text).map(Self::ApiKey))
            .or_else(|_| ShareId::parse(text).map(Self::Share))
            .or_else(|_| SupportId::parse(text).map(Self::Support))
    }
}

impl std::fmt::Display for Actor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::User(id) => id.fmt(f),
            Self::ApiKey(id) => id.fmt(f),
            Self::Share(id) => id.fmt(f),
            Self::Support(id) => id.fmt(f),
        }
    }
}

/// On whose behalf something is done now: whoever ends the login session, the API key, the share or
/// the grant to support ends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Subject {
    /// A person, by a login session.
    Person {
        /// Who.
        user: UserId,
        /// By which login session.
        session: SessionId,
    },
    /// An API key.
    ApiKey(ApiKeyId),
    /// A share: whoever holds its link, and nobody of the organisation.
    Share {
        /// Of which asset.
        asset: AssetId,
        /// Which.
        share: ShareId,
    },
    /// Staff of the operator, in an organisation that let them in: nobody of it.
    Support(Staff),
}

impl Subject {
    /// Who that is.
    pub const fn actor(&self) -> Actor {
        match self {
            Self::Person { user, .. } => Actor::User(*user),
            Self::ApiKey(id) => Actor::ApiKey(*id),
            Self::Share { share, .. } => Actor::Share(*share),
            Self::Support(staff) => Actor::Support(staff.support),
        }
    }

    /// Reads the stored form.
    pub fn parse(text: &str) -> Option<Self> {
        if text.starts_with(SupportId::PREFIX) {
            return Staff::parse(text).map(Self::Support);
        }
        if let Some((share, asset)) = text.split_once('@') {
            return Some(Self::Share {
                asset: AssetId::parse(asset).ok()?,
                share: ShareId::parse(share).ok()?,
            });
        }
        if let Some((user, session)) = text.split_once('/') {
            return Some(Self::Person {
                user: UserId::parse(user).ok()?,
                session: SessionId::parse(session).ok()?,
            });
        }
        ApiKeyId::parse(text).ok().map(Self::ApiKey)
    }
}

/// `usr_…/ses_…`, `apk_…`, `shr_…@ast_…` or `sup_…/usr_…/ses_…/usr_…`.
impl std::fmt::Display for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Person { user, session } => write!(f, "{user}/{session}"),
            Self::ApiKey(id) => id.fmt(f),
            Self::Share { asset, share } => write!(f, "{share}@{asset}"),
            Self::Support(staff) => staff.fmt(f),
        }
    }
}

/// A person's account, over all their organisations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Whose.
    pub user: UserId,
    /// May they come in at all?
    pub active: bool,
    /// Login sessions that were opened before are over.
    pub sessions_from: Timestamp,
    /// The organisations that they belong to, the oldest first; at most [`MAX_ORGANISATIONS`].
    pub orgs: Vec<OrgId>,
    /// Have they a second factor?
    pub second_factor: bool,
}

impl Account {
    /// From when on sessions count once all that were opened until `now` are over. Time is in seconds: what was opened
    /// in this very second is over as well. What is over already stays so, whoever's clock is off.
    pub fn sessions_ended(&self, now: Timestamp) -> Timestamp {
        now.plus(1).max(self.sessions_from)
    }
}

/// A person's place in one organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Membership {
    /// Of which organisation.
    pub org: OrgId,
    /// Who.
    pub user: UserId,
    /// As what.
    pub role: Role,
    /// Not disabled by the organisation's admins?
    pub active: bool,
    /// Since when: sessions that were opened before are of an earlier place.
    pub since: Timestamp,
    /// Login sessions in this organisation that were opened before are over.
    pub sessions_from: Timestamp,
}

/// A place in an organisation that waits for the holder of an address. Accepting removes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// Its id.
    pub id: InvitationId,
    /// Into which organisation.
    pub org: OrgId,
    /// Whom: whoever opens the link that goes there.
    pub email: Email,
    /// The role that waits.
    pub role: Role,
    /// From 1; one more each time that it is sent again. Only the link of the last one works.
    pub attempt: u32,
    /// Until when it stands.
    pub expires_at: Timestamp,
    /// Who invited.
    pub invited_by: Actor,
}

impl Invitation {
    /// Does it still stand?
    pub fn is_live(&self, now: Timestamp) -> bool {
        now < self.expires_at
    }
}

/// An organisation's name: 1 to 200 characters without control characters, trimmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrgName(String);

impl OrgName {
    /// Parses a name.
    ///
    /// # Errors
    /// [`Malformed`] when it is empty, too long or holds a control character.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let expected = "1 to 200 characters without control characters";
        named(text, 200, "organisation", expected).map(Self)
    }
    /// Reads what was stored, by whatever rule it was taken then.
    pub fn stored(text: &str) -> Option<Self> {
        stored(text).map(Self)
    }
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An organisation: the tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organisation {
    /// Its id.
    pub id: OrgId,
    /// Its name.
    pub name: OrgName,
    /// Active owners; never none.
    pub owners: u32,
    /// Must everyone here have a second factor?
    pub require_second_factor: bool,
    /// Login sessions in this organisation that were opened before are over.
    pub sessions_from: Timestamp,
}

/// A person in an organisation, as read at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Person {
    /// Their account.
    pub account: Option<Account>,
    /// Their place in the organisation.
    pub membership: Option<Membership>,
    /// The organisation.
    pub organisation: Option<Organisation>,
    /// The groups that they are in there.
    pub groups: Vec<GroupId>,
}

/// What of a login session decides whether it still counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignIn {
    /// When it was opened.
    pub opened_at: Timestamp,
    /// Was a second factor, or a passkey that verified its user, part of it?
    pub second_factor: bool,
}

impl Person {
    /// The role in which a session may act now; none if it may not.
    pub fn role(&self, sign_in: SignIn) -> Option<Role> {
        let account = self.account.as_ref().filter(|a| a.active)?;
        let place = self
            .membership
            .filter(|m| m.active && m.user == account.user)?;
        let organisation = self.organisation.as_ref().filter(|o| o.id == place.org)?;
        let ended = [
            account.sessions_from,
            place.sessions_from,
            place.since,
            organisation.sessions_from,
        ];
        let in_time = ended.iter().all(|from| *from <= sign_in.opened_at);
        let strong = sign_in.second_factor || !organisation.require_second_factor;
        (in_time && strong).then_some(place.role)
    }
}

/// All that decides whether a subject may still act in an organisation, as read at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// The person.
    pub person: Person,
    /// Their login session.
    pub session: Option<Session>,
    /// The API key, where one acts and nobody in person.
    pub client: Option<ApiKey>,
    /// The share, where whoever holds its link acts.
    pub share: Option<Share>,
    /// Where the operator's staff stand, if it is they who act: all else of this is empty then.
    pub support: Option<Box<SupportStanding>>,
    /// By which rule the organisation's views are looked at, where that was asked for and it said so: no part of who may act.
    pub spread: Option<SpreadRule>,
}

impl Standing {
    /// The role in which the subject may act now; none if it may not any more. A session's own end is not
    /// looked at: it bounds how long tokens are renewed, not a film that is under way. An API key's is: nothing
    /// renews a key, so whoever set its end meant all that it does. Nor does anything renew a share, or what was granted to
    /// support; they act in the least of the roles, by none of which policies know them: they know a share and support.
    pub fn role(&self, subject: &Subject, org: OrgId, now: Timestamp) -> Option<Role> {
        match subject {
            Subject::Person { user, session } => {
                let session = self.session.as_ref().filter(|s| s.id == *session)?;
                let genuine = session.user == *user && session.org == org && !session.revoked;
                let role = self.person.role(session.sign_in())?;
                let membership = self.person.membership?;
                (genuine && membership.org == org && membership.user == *user).then_some(role)
            }
            Subject::ApiKey(id) => {
                let key = self.client.as_ref().filter(|key| key.id == *id)?;
                (key.org == org && key.is_live(now)).then(|| key.role.role())
            }
            Subject::Share { asset, share } => {
                let known = self.share.as_ref();
                let known =
                    known.filter(|s| s.id == *share && s.asset == *asset && s.org == org)?;
                known.is_live(now).then_some(Role::Viewer)
            }
            Subject::Support(staff) => {
                let known = self.support.as_ref();
                known.filter(|known| known.stands(staff, org, now))?;
                Some(Role::Viewer)
            }
        }
    }
}
