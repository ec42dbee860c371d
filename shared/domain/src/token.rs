//! Tokens: access tokens (JWTs), refresh tokens (families), media tokens (opaque grants).

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::api_key::Scopes;
use crate::bounds::Bounds;
use crate::credential::Role;
use crate::error::Malformed;
use crate::id::{AssetId, OrgId, SessionId, UserId};
use crate::member::{SignIn, Subject};
use crate::ports::{Entropy, StoreError};
use crate::secret::SecretText;
use crate::time::Timestamp;

/// Seconds that an access token lives: short, since it is not looked up when used.
pub const ACCESS_TOKEN_SECONDS: u64 = 600;
/// Seconds that a login session lives at most.
pub const SESSION_SECONDS: u64 = 30 * 24 * 3600;
/// Seconds that it lives without a refresh (OWASP ASVS 5.0 §7.3.1).
pub const SESSION_IDLE_SECONDS: u64 = 7 * 24 * 3600;
/// Seconds for which a proof of who someone is allows changes of credentials, factors and other people's rights.
pub const REAUTHENTICATION_SECONDS: u64 = 600;
/// Seconds in which the parent of the active refresh token returns the active one: a lost reply, a second tab.
pub const REFRESH_GRACE_SECONDS: u64 = 10;
/// Audience of access tokens for the API (RFC 9068 §2.2).
pub const API_AUDIENCE: &str = "urn:reelvault:api";
/// The client of the first-party login (RFC 9068 wants a `client_id`).
pub const FIRST_PARTY_CLIENT: &str = "reelvault";

/// SHA-256 of a bearer secret: what is stored instead of it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// Lower-case hexadecimal, the form in which it is stored.
    pub fn hex(&self) -> String {
        data_encoding::HEXLOWER.encode(&self.0)
    }
    /// The first 64 bits of it: enough to tell two apart on record, and nothing that finds either.
    pub fn short(&self) -> String {
        data_encoding::HEXLOWER.encode(&self.0[..8])
    }
    /// Reads the stored form.
    pub fn from_hex(text: &str) -> Option<Self> {
        data_encoding::HEXLOWER
            .decode(text.as_bytes())
            .ok()?
            .try_into()
            .ok()
            .map(Self)
    }
}

impl std::fmt::Debug for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // A prefix is enough to tell two apart in a log.
        write!(f, "Digest({}…)", &self.hex()[..8])
    }
}

/// Who an access token speaks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caller {
    /// `sub` and `sid`: who, and by which login session.
    pub subject: Subject,
    /// `org`
    pub org: OrgId,
    /// `role`
    pub role: Role,
    /// `scope`: what the token may be used for within the role. A person's has all scopes.
    pub scopes: Scopes,
}

/// What a genuine, live access token says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccessClaims {
    /// Who it speaks for.
    pub caller: Caller,
    /// `iat`
    pub issued_at: Timestamp,
    /// `exp`
    pub expires_at: Timestamp,
}

/// What a refresh token says of itself once its MAC is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefreshClaims {
    /// The family.
    pub session: SessionId,
    /// 1 at login, one more at every rotation.
    pub generation: u64,
    /// Random, so that no two tokens of a family are guessable from each other.
    pub nonce: [u8; 16],
}

/// Seconds that a person has between the password and the second factor.
pub const LOGIN_CHALLENGE_SECONDS: u64 = 300;

/// What the token between password and second factor says of itself once its MAC is checked. It opens one session
/// and no other, so it is used up with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoginChallenge {
    /// Had the person no factor when it was issued? Then it lets them add their first one.
    pub enrol: bool,
    /// Whose password was right.
    pub user: UserId,
    /// For which organisation.
    pub org: OrgId,
    /// The one session that it may open.
    pub session: SessionId,
    /// When the password was checked: as of then the session counts as opened.
    pub issued_at: Timestamp,
}

impl LoginChallenge {
    /// Is there still time?
    pub fn is_live(&self, now: Timestamp) -> bool {
        now < self.issued_at.plus(LOGIN_CHALLENGE_SECONDS)
    }
}

/// What a client says it is (its `User-Agent`), for the person who looks at their sessions: at most 200
/// characters, without control characters. Nothing is decided by it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Device(String);

impl Device {
    /// Takes what there is of it.
    pub fn of(user_agent: &str) -> Self {
        let plain = user_agent.chars().filter(|c| !c.is_control());
        Self(plain.take(200).collect::<String>().trim().to_owned())
    }
    /// The text; empty if the client said nothing.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A login session as stored: a person in one organisation, on one device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The family.
    pub id: SessionId,
    /// Whose.
    pub user: UserId,
    /// In which organisation.
    pub org: OrgId,
    /// Generation of the active refresh token.
    pub generation: u64,
    /// Nonce of the active refresh token.
    pub nonce: [u8; 16],
    /// Digest of the active refresh token.
    pub active: Digest,
    /// Digest of its parent.
    pub parent: Option<Digest>,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When its person last proved who they are.
    pub authenticated_at: Timestamp,
    /// When the active token was made: when it was last used.
    pub rotated_at: Timestamp,
    /// When the session ends, whatever happens.
    pub expires_at: Timestamp,
    /// Ended early?
    pub revoked: bool,
    /// On which device.
    pub device: Device,
    /// From which address it was opened.
    pub address: IpAddr,
    /// Was a second factor, or a passkey that verified its user, part of the sign-in?
    pub second_factor: bool,
}

impl Session {
    /// On whose behalf it acts.
    pub const fn subject(&self) -> Subject {
        Subject::Person {
            user: self.user,
            session: self.id,
        }
    }
    /// Can its tokens be renewed, as far as it says itself? Not if it was left alone for too long.
    pub fn is_live(&self, now: Timestamp) -> bool {
        let used = now < self.rotated_at.plus(SESSION_IDLE_SECONDS);
        !self.revoked && used && now < self.expires_at
    }
    /// What decides whether it still counts.
    pub const fn sign_in(&self) -> SignIn {
        SignIn {
            opened_at: self.opened_at,
            second_factor: self.second_factor,
        }
    }
}

/// What a media token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Watch it as a stream.
    Play,
    /// Keep a copy.
    Download,
}

impl Action {
    /// The action's name as an OAuth scope.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Play => "play",
            Self::Download => "download",
        }
    }
    /// Reads the name.
    ///
    /// # Errors
    /// [`Malformed`] for any other text.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        match text {
            "play" => Ok(Self::Play),
            "download" => Ok(Self::Download),
            _ => Err(Malformed {
                field: "scope",
                expected: "play or download",
            }),
        }
    }
}

/// Prefix of media tokens, so that secret scanners know one when they see it.
pub const MEDIA_TOKEN_PREFIX: &str = "rvm_";

/// An opaque media token of 256 random bits; only its digest is stored.
#[derive(Debug)]
pub struct MediaToken(SecretText);

impl MediaToken {
    /// A fresh token.
    ///
    /// # Errors
    /// The source of randomness failed.
    pub fn random(entropy: &dyn Entropy) -> Result<Self, StoreError> {
        let mut octets = [0; 32];
        entropy.fill(&mut octets)?;
        let text = data_encoding::BASE64URL_NOPAD.encode(&octets);
        Ok(Self(SecretText::new(format!("{MEDIA_TOKEN_PREFIX}{text}"))))
    }
    /// Parses the prefix and 43 characters of base64url.
    ///
    /// # Errors
    /// [`Malformed`] for anything else.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let octets = text
            .strip_prefix(MEDIA_TOKEN_PREFIX)
            .and_then(|rest| data_encoding::BASE64URL_NOPAD.decode(rest.as_bytes()).ok());
        if octets.is_some_and(|octets| octets.len() == 32) {
            Ok(Self(SecretText::new(text.to_owned())))
        } else {
            Err(Malformed {
                field: "media token",
                expected: "`rvm_` and 43 base64url characters",
            })
        }
    }
    /// The token, for the reply and the digest.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

/// A media token as stored, by its digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// SHA-256 of the token.
    pub digest: Digest,
    /// For which asset.
    pub asset: AssetId,
    /// For what.
    pub action: Action,
    /// On whose behalf.
    pub subject: Subject,
    /// Of which organisation.
    pub org: OrgId,
    /// Views that it can open in all.
    pub max_views: u32,
    /// Views that it has opened.
    pub views: u32,
    /// When it ends.
    pub expires_at: Timestamp,
    /// Ended early?
    pub revoked: bool,
    /// What else it is bounded by.
    pub bounds: Bounds,
    /// Until when views may be opened, once the first was, where that is bounded.
    pub play_until: Option<Timestamp>,
    /// Digest of the secret of the device that opened the first view, where it is for one.
    pub device: Option<Digest>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_media_token_of_another_length_or_alphabet_is_refused() {
        for bad in [
            "",
            "rvm_",
            "rvm_AA",
            "rvm_+++++++++++++++++++++++++++++++++++++++++++",
            "abc",
        ] {
            assert!(MediaToken::parse(bad).is_err(), "{bad:?}");
        }
        assert!(MediaToken::parse(&format!("rvm_{}", "A".repeat(43))).is_ok());
    }

    #[test]
    fn a_digest_reads_back_and_does_not_print_whole() {
        let digest = Digest([0xab; 32]);
        assert_eq!(Digest::from_hex(&digest.hex()), Some(digest));
        assert!(format!("{digest:?}").len() < 24);
    }
}
