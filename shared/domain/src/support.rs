//! Support access: what the owner of an organisation grants to the staff of whoever operates the service, for a purpose and
//! a time. Without a grant, staff see nothing of it.

use crate::api_key::{Scope, Scopes};
use crate::error::Malformed;
use crate::id::{OrgId, SessionId, SupportId, UserId};
use crate::member::{Membership, Person};
use crate::text::{named, stored};
use crate::time::Timestamp;
use crate::token::Session;

/// The organisation whose members are the operator's staff, as a function is configured. A stack without support says
/// `none`: what is left out, or is something else, is a fault.
///
/// # Errors
/// [`Malformed`] for what is neither.
pub fn operator(text: &str) -> Result<Option<OrgId>, Malformed> {
    if text == "none" {
        return Ok(None);
    }
    OrgId::parse(text).map(Some).map_err(|_| Malformed {
        field: "SUPPORT_ORGANISATION",
        expected: "none, or the id of an organisation",
    })
}

/// Seconds that a grant may last: a minute to seven days. What takes longer is granted again.
pub const SUPPORT_SECONDS: std::ops::RangeInclusive<u64> = 60..=7 * 24 * 3600;

/// What support comes for, in the words of whoever grants it: 1 to 200 characters without control characters, trimmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SupportPurpose(String);

impl SupportPurpose {
    /// Parses a purpose.
    ///
    /// # Errors
    /// [`Malformed`] when it is empty, too long or holds a control character.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let expected = "1 to 200 characters without control characters";
        named(text, 200, "purpose", expected).map(Self)
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

/// How long support is let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SupportSeconds(u64);

impl SupportSeconds {
    /// Parses a length of time.
    ///
    /// # Errors
    /// [`Malformed`] outside [`SUPPORT_SECONDS`].
    pub fn parse(seconds: u64) -> Result<Self, Malformed> {
        let within = SUPPORT_SECONDS.contains(&seconds);
        within.then_some(Self(seconds)).ok_or(Malformed {
            field: "expires_in",
            expected: "60 to 604800 seconds",
        })
    }
    /// The seconds.
    pub const fn seconds(self) -> u64 {
        self.0
    }
}

/// How much is granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SupportLevel {
    /// Look through the library and at the record.
    Look,
    /// Watch films too.
    Watch,
}

impl SupportLevel {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Look, Self::Watch];

    /// The name as stored and as shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Look => "look",
            Self::Watch => "watch",
        }
    }

    /// Reads the name.
    ///
    /// # Errors
    /// [`Malformed`] for any other text.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let mut all = Self::ALL.into_iter();
        all.find(|level| level.as_str() == text).ok_or(Malformed {
            field: "level",
            expected: "look or watch",
        })
    }

    /// What tokens of it may be used for.
    pub const fn scopes(self) -> Scopes {
        match self {
            Self::Look => Scopes::only(Scope::Read),
            Self::Watch => Scopes::only(Scope::Read).with(Scope::Play),
        }
    }
}

/// What an owner granted to support.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SupportGrant {
    /// Its id.
    pub id: SupportId,
    /// Into which organisation.
    pub org: OrgId,
    /// To whose staff: the organisation that the operator named when it was granted.
    pub to: OrgId,
    /// What for.
    pub purpose: SupportPurpose,
    /// How much.
    pub level: SupportLevel,
    /// Which owner granted it: it ends with their right to.
    pub granted_by: UserId,
    /// When.
    pub granted_at: Timestamp,
    /// Until when.
    pub expires_at: Timestamp,
    /// Ended early, and when.
    pub ended_at: Option<Timestamp>,
    /// Who of the staff came by it, in the order of their ids.
    pub used_by: Vec<UserId>,
}

impl SupportGrant {
    /// Does it still stand, as far as it says itself?
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.ended_at.is_none() && now < self.expires_at
    }

    /// When it ended, or will.
    pub fn end(&self) -> Timestamp {
        let early = self.ended_at.unwrap_or(self.expires_at);
        early.min(self.expires_at)
    }

    /// How it is named where it is traded for a token (RFC 8707).
    pub fn resource(&self) -> String {
        format!("{SUPPORT_RESOURCE}{}:{}", self.org, self.id)
    }
}

/// Before an organisation's id, a colon and the id of a grant of it.
pub const SUPPORT_RESOURCE: &str = "urn:reelvault:support:";

/// A member of the staff, as they act in another organisation: all that is needed to look at once whether they still may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Staff {
    /// Who.
    pub user: UserId,
    /// By which login session of theirs, in the operator's organisation.
    pub session: SessionId,
    /// By which grant.
    pub support: SupportId,
    /// Which owner granted it.
    pub granted_by: UserId,
}

impl Staff {
    /// Reads the stored form.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('/');
        let mut part = || parts.next();
        let (support, user, session, by) = (part()?, part()?, part()?, part()?);
        if part().is_some() {
            return None;
        }
        Some(Self {
            support: SupportId::parse(support).ok()?,
            user: UserId::parse(user).ok()?,
            session: SessionId::parse(session).ok()?,
            granted_by: UserId::parse(by).ok()?,
        })
    }
}

/// `sup_…/usr_…/ses_…/usr_…`: by which grant, who, by which session, and who granted it.
impl std::fmt::Display for Staff {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            user,
            session,
            support,
            granted_by,
        } = self;
        write!(f, "{support}/{user}/{session}/{granted_by}")
    }
}

/// All that decides whether a member of the staff may act, as read at one moment. It is none of the places in which the
/// standing of the organisation's own people is kept: nothing that asks for those finds staff there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SupportStanding {
    /// The operator's organisation, as the function is configured.
    pub operator: OrgId,
    /// The grant.
    pub grant: SupportGrant,
    /// The member of the staff, in the operator's organisation.
    pub staff: Person,
    /// Their login session there.
    pub session: Option<Session>,
    /// Whoever granted it, in the organisation that it is of.
    pub granter: Person,
}

impl SupportStanding {
    /// May they act in this organisation now?
    pub fn stands(&self, staff: &Staff, org: OrgId, now: Timestamp) -> bool {
        let grant = &self.grant;
        let genuine = grant.id == staff.support
            && grant.org == org
            && grant.granted_by == staff.granted_by
            && grant.to == self.operator;
        genuine && grant.is_live(now) && self.is_staff(staff) && self.may_grant()
    }

    /// Are they of the operator's staff, by a session with a second factor that still counts?
    fn is_staff(&self, staff: &Staff) -> bool {
        let session = self.session.as_ref().filter(|s| s.id == staff.session);
        session.is_some_and(|s| {
            let genuine = s.user == staff.user && s.org == self.operator && !s.revoked;
            let place = self.staff.membership.as_ref();
            let placed = place.is_some_and(|p| p.org == self.operator && p.user == staff.user);
            genuine && placed && s.second_factor && self.staff.role(s.sign_in()).is_some()
        })
    }

    /// What was granted ends with the right of whoever granted it, and does not come back with another place of theirs.
    fn may_grant(&self) -> bool {
        let by = self.grant.granted_by;
        let account = self.granter.account.as_ref();
        let active = account.is_some_and(|account| account.user == by && account.active);
        let owns = |place: &Membership| {
            let theirs = place.org == self.grant.org && place.user == by;
            theirs
                && place.active
                && place.since <= self.grant.granted_at
                && crate::entitlement::may_grant_support(place.role)
        };
        active && self.granter.membership.as_ref().is_some_and(owns)
    }
}

#[cfg(test)]
mod tests;
