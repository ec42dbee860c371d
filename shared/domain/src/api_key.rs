//! API keys: credentials of programs. A key is an OAuth client of one organisation (`client_id` is its id,
//! `client_secret` its secret text) and gets access tokens by `client_credentials` (RFC 6749 §4.4).

mod scopes;
mod secret;

use std::net::IpAddr;

use subtle::ConstantTimeEq as _;

use crate::credential::Role;
use crate::error::Malformed;
use crate::id::{ApiKeyId, OrgId, UserId};
use crate::network::Networks;
use crate::text::{named, stored};
use crate::time::Timestamp;
use crate::token::Digest;

pub use scopes::{Scope, Scopes};
pub use secret::{API_KEY_PATTERN, API_KEY_PREFIX, ApiKeySecret};

/// The longest time that the secret before the active one stays good, in seconds: a week, so that a
/// rotation need not fall into one working day.
pub const LONGEST_OVERLAP_SECONDS: u64 = 7 * 24 * 3600;

/// What a person calls a key: 1 to 100 characters in one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label(String);

impl Label {
    /// Parses and trims. Marks that turn the direction of writing are refused too.
    ///
    /// # Errors
    /// [`Malformed`] when it is empty, too long or holds such characters.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let expected = "1 to 100 characters without control characters";
        named(text, 100, "name", expected).map(Self)
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

/// For how long the secret before the active one stays good after a rotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overlap(u64);

impl Overlap {
    /// None: the old secret ends at once, as after a leak.
    pub const NONE: Self = Self(0);

    /// Parses 0 to 604,800 seconds.
    ///
    /// # Errors
    /// [`Malformed`] for more.
    pub fn parse(seconds: u64) -> Result<Self, Malformed> {
        if seconds > LONGEST_OVERLAP_SECONDS {
            return Err(Malformed {
                field: "overlap",
                expected: "0 to 604800 seconds (7 days)",
            });
        }
        Ok(Self(seconds))
    }
    /// The seconds.
    pub const fn seconds(self) -> u64 {
        self.0
    }
}

/// The role of a key: editor at most. Keys lie in files of machines; none may change who has rights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyRole {
    /// Uploads, and withdraws what it brought in.
    Editor,
    /// Watches.
    Viewer,
}

impl KeyRole {
    /// Reads a role's name.
    ///
    /// # Errors
    /// [`Malformed`] for any other role or text.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        Role::parse(text).ok().and_then(Self::of).ok_or(Malformed {
            field: "role",
            expected: "editor or viewer",
        })
    }
    /// The role, if a key may have it.
    pub const fn of(role: Role) -> Option<Self> {
        match role {
            Role::Editor => Some(Self::Editor),
            Role::Viewer => Some(Self::Viewer),
            Role::Owner | Role::Admin => None,
        }
    }
    /// The role that it is.
    pub const fn role(self) -> Role {
        match self {
            Self::Editor => Role::Editor,
            Self::Viewer => Role::Viewer,
        }
    }
}

/// Why a key is not admitted: for the log alone. The client gets the same `invalid_client` (RFC 6749 §5.2)
/// whichever it is, or it could learn from where, and until when, a stolen key would be good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// It is no secret of this key.
    #[error("the secret is not of this key")]
    WrongSecret,
    /// The secret was replaced, and the overlap is over.
    #[error("the secret was replaced")]
    Replaced,
    /// The key was revoked.
    #[error("the key is revoked")]
    Revoked,
    /// The key is past its end.
    #[error("the key is expired")]
    Expired,
    /// The request comes from elsewhere.
    #[error("the key is not for this network")]
    Elsewhere,
}

/// A key as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Which.
    pub id: ApiKeyId,
    /// Of which organisation.
    pub org: OrgId,
    /// What people call it.
    pub name: Label,
    /// With which role it acts.
    pub role: KeyRole,
    /// For what it may be used, within its role.
    pub scopes: Scopes,
    /// Digest of the active secret.
    pub active: Digest,
    /// Digest of the secret before, and the moment from which it is good no more.
    pub previous: Option<(Digest, Timestamp)>,
    /// Who made it.
    pub created_by: UserId,
    /// When.
    pub created_at: Timestamp,
    /// The moment from which it is good no more, if any.
    pub expires_at: Option<Timestamp>,
    /// From where it may be used.
    pub networks: Networks,
    /// When it was last admitted, if ever.
    pub last_used: Option<Timestamp>,
    /// Ended early?
    pub revoked: bool,
}

impl ApiKey {
    /// Neither revoked nor past its end?
    pub fn is_live(&self, now: Timestamp) -> bool {
        !self.revoked && self.expires_at.is_none_or(|end| now < end)
    }

    /// May the holder of the secret with this digest come in from this address now?
    ///
    /// Both digests are compared in constant time and before anything else, so that what a wrong secret
    /// costs says nothing of the key, and whoever has no secret learns no other reason.
    ///
    /// # Errors
    /// [`Denied`] says why not; see there who may know.
    pub fn admits(&self, presented: Digest, address: IpAddr, now: Timestamp) -> Result<(), Denied> {
        let is = |known: Digest| bool::from(known.0.ct_eq(&presented.0));
        let (old, until) = self.previous.unwrap_or((self.active, Timestamp(0)));
        match (is(self.active), is(old)) {
            (false, false) => Err(Denied::WrongSecret),
            (false, true) if now >= until => Err(Denied::Replaced),
            _ if self.revoked => Err(Denied::Revoked),
            _ if self.expires_at.is_some_and(|end| now >= end) => Err(Denied::Expired),
            _ if !self.networks.contain(address) => Err(Denied::Elsewhere),
            _ => Ok(()),
        }
    }

    /// The key with `next` as its active secret; the active one stays good for the overlap. A secret that
    /// was in its own overlap ends at once: there are never more than two. Nothing else changes, a
    /// revoked or expired key stays so.
    #[must_use]
    pub fn rotated(&self, next: Digest, overlap: Overlap, now: Timestamp) -> Self {
        let until = now.plus(overlap.seconds());
        Self {
            active: next,
            previous: (until > now).then_some((self.active, until)),
            ..self.clone()
        }
    }
}

#[cfg(test)]
mod tests;
