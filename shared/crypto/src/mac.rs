//! Refresh tokens and playback tickets: claims and an HMAC-SHA256 (RFC 2104) over them, so that a forgery
//! is refused before any state is looked at.
//!
//! Form: `<prefix><version>.<base64url of claims and 32 octets of MAC>`.

use std::collections::BTreeMap;

use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use vault_domain::id::{
    ApiKeyId, AssetId, OrgId, PlaybackId, SessionId, ShareId, SupportId, UserId,
};
use vault_domain::member::Subject;
use vault_domain::playback::Ticket;
use vault_domain::ports::{
    DeviceClaims, DeviceTokens, LoginChallenges, RefreshTokens, ShareTokens, Tickets,
};
use vault_domain::secret::SecretText;
use vault_domain::share::{SHARE_TOKEN_PREFIX, ShareClaims};
use vault_domain::support::Staff;
use vault_domain::time::Timestamp;
use vault_domain::token::{Digest, LoginChallenge, RefreshClaims};

use crate::keyring::{KeyFault, Keyring};

const TAG: usize = 32;

struct Mac {
    prefix: &'static str,
    current: String,
    keys: BTreeMap<String, hmac::Key>,
}

impl Mac {
    fn new(ring: &Keyring, prefix: &'static str, purpose: &'static str) -> Result<Self, KeyFault> {
        let keys = ring
            .derive(purpose)?
            .into_iter()
            .map(|(version, key)| (version, hmac::Key::new(hmac::HMAC_SHA256, key.expose())))
            .collect();
        Ok(Self {
            prefix,
            current: ring.current().to_owned(),
            keys,
        })
    }

    fn seal(&self, claims: &[u8]) -> SecretText {
        // `current` is a key of `keys` by the keyring's own check.
        self.seal_under(&self.current, self.keys.get(&self.current), claims)
    }

    fn seal_under(&self, version: &str, key: Option<&hmac::Key>, claims: &[u8]) -> SecretText {
        let mut sealed = claims.to_vec();
        if let Some(key) = key {
            sealed.extend_from_slice(hmac::sign(key, claims).as_ref());
        }
        let text = URL_SAFE_NO_PAD.encode(&sealed);
        SecretText::new(format!("{}{version}.{text}", self.prefix))
    }

    /// What was sealed of these claims under any version; the caller knows it.
    fn recall(&self, claims: &[u8], is: &dyn Fn(&SecretText) -> bool) -> Option<SecretText> {
        let versions = self.keys.iter();
        let mut sealed = versions.map(|(version, key)| self.seal_under(version, Some(key), claims));
        sealed.find(is)
    }

    fn open<const N: usize>(&self, text: &str) -> Option<[u8; N]> {
        let (version, body) = text.strip_prefix(self.prefix)?.split_once('.')?;
        let key = self.keys.get(version)?;
        // Bound the work before decoding: the length is known.
        if body.len() != (N + TAG).div_ceil(3) * 4 - (3 - (N + TAG) % 3) % 3 {
            return None;
        }
        let sealed = URL_SAFE_NO_PAD.decode(body).ok()?;
        let (claims, tag) = sealed.split_at_checked(N)?;
        hmac::verify(key, claims, tag).ok()?;
        claims.try_into().ok()
    }
}

fn take<const N: usize>(octets: &[u8], at: usize) -> Option<[u8; N]> {
    octets.get(at..at + N)?.try_into().ok()
}

/// Playback tickets.
pub struct TicketMac(Mac);

impl TicketMac {
    /// Tickets under a versioned secret.
    ///
    /// # Errors
    /// [`KeyFault`]
    pub fn new(ring: &Keyring) -> Result<Self, KeyFault> {
        Mac::new(ring, "", "playback ticket").map(Self)
    }

    /// What refreshes views, prefixed `rvv_`: the claims of a ticket under a key of its own, so that neither is taken for the
    /// other.
    ///
    /// # Errors
    /// [`KeyFault`]
    pub fn of_refreshes(ring: &Keyring) -> Result<Self, KeyFault> {
        Mac::new(ring, "rvv_", "playback refresh").map(Self)
    }
}

/// Octets of a ticket's claims: playback, asset, organisation, subject (its kind and two ids), expiry.
const TICKET: usize = 16 + 16 + 16 + 33 + 8;
const PERSON: u8 = 1;
const API_KEY: u8 = 2;
const SHARE: u8 = 3;
const SUPPORT: u8 = 4;
/// Octets of a ticket's claims where support watches: behind those of others, two ids more. No ticket of one length is read
/// as one of the other: the length is under the MAC.
const SUPPORT_TICKET: usize = TICKET + 16 + 16;

impl Tickets for TicketMac {
    fn issue(&self, ticket: &Ticket) -> SecretText {
        let mut claims = Vec::with_capacity(TICKET);
        claims.extend_from_slice(ticket.playback.octets());
        claims.extend_from_slice(ticket.asset.octets());
        claims.extend_from_slice(ticket.org.octets());
        let (kind, one, two) = match &ticket.subject {
            Subject::Person { user, session } => (PERSON, user.octets(), session.octets()),
            Subject::ApiKey(id) => (API_KEY, id.octets(), &[0; 16]),
            Subject::Share { asset, share } => (SHARE, share.octets(), asset.octets()),
            Subject::Support(staff) => (SUPPORT, staff.user.octets(), staff.session.octets()),
        };
        claims.push(kind);
        claims.extend_from_slice(one);
        claims.extend_from_slice(two);
        claims.extend_from_slice(&ticket.expires_at.0.to_be_bytes());
        if let Subject::Support(staff) = &ticket.subject {
            claims.extend_from_slice(staff.support.octets());
            claims.extend_from_slice(staff.granted_by.octets());
        }
        self.0.seal(&claims)
    }
    fn open(&self, text: &str) -> Option<Ticket> {
        let others: Option<[u8; TICKET]> = self.0.open(text);
        if let Some(claims) = others {
            return ticket_of(&claims, &[]);
        }
        let claims: [u8; SUPPORT_TICKET] = self.0.open(text)?;
        let (claims, more) = claims.split_at(TICKET);
        ticket_of(claims.first_chunk()?, more)
    }
}

/// What genuine claims say; `more` is what a ticket of support has behind those of others.
fn ticket_of(claims: &[u8; TICKET], more: &[u8]) -> Option<Ticket> {
    let subject = match (claims[48], more.is_empty()) {
        (PERSON, true) => Subject::Person {
            user: UserId::from_octets(take(claims, 49)?),
            session: SessionId::from_octets(take(claims, 65)?),
        },
        (API_KEY, true) => Subject::ApiKey(ApiKeyId::from_octets(take(claims, 49)?)),
        (SHARE, true) => Subject::Share {
            share: ShareId::from_octets(take(claims, 49)?),
            asset: AssetId::from_octets(take(claims, 65)?),
        },
        (SUPPORT, false) => Subject::Support(Staff {
            user: UserId::from_octets(take(claims, 49)?),
            session: SessionId::from_octets(take(claims, 65)?),
            support: SupportId::from_octets(take(more, 0)?),
            granted_by: UserId::from_octets(take(more, 16)?),
        }),
        _ => return None,
    };
    Some(Ticket {
        playback: PlaybackId::from_octets(take(claims, 0)?),
        asset: AssetId::from_octets(take(claims, 16)?),
        org: OrgId::from_octets(take(claims, 32)?),
        subject,
        expires_at: Timestamp(u64::from_be_bytes(take(claims, 81)?)),
    })
}

/// Refresh tokens, prefixed `rvr_` so that secret scanners know one when they see it.
pub struct RefreshMac(Mac);

impl RefreshMac {
    /// Refresh tokens under a versioned secret.
    ///
    /// # Errors
    /// [`KeyFault`]
    pub fn new(ring: &Keyring) -> Result<Self, KeyFault> {
        Mac::new(ring, "rvr_", "refresh token").map(Self)
    }
}

fn refresh_octets(claims: &RefreshClaims) -> Vec<u8> {
    let mut octets = Vec::with_capacity(40);
    octets.extend_from_slice(claims.session.octets());
    octets.extend_from_slice(&claims.generation.to_be_bytes());
    octets.extend_from_slice(&claims.nonce);
    octets
}

impl RefreshTokens for RefreshMac {
    fn issue(&self, claims: &RefreshClaims) -> SecretText {
        self.0.seal(&refresh_octets(claims))
    }
    fn recall(
        &self,
        claims: &RefreshClaims,
        is: &dyn Fn(&SecretText) -> bool,
    ) -> Option<SecretText> {
        self.0.recall(&refresh_octets(claims), is)
    }
    fn open(&self, token: &str) -> Option<RefreshClaims> {
        let octets: [u8; 40] = self.0.open(token)?;
        Some(RefreshClaims {
            session: SessionId::from_octets(take(&octets, 0)?),
            generation: u64::from_be_bytes(take(&octets, 16)?),
            nonce: take(&octets, 24)?,
        })
    }
}

/// Tokens of known devices, prefixed `rvd_`.
pub struct DeviceMac(Mac);

impl DeviceMac {
    /// Device tokens under a versioned secret.
    ///
    /// # Errors
    /// [`KeyFault`]
    pub fn new(ring: &Keyring) -> Result<Self, KeyFault> {
        Mac::new(ring, "rvd_", "known device").map(Self)
    }
}

impl DeviceTokens for DeviceMac {
    fn issue(&self, claims: &DeviceClaims) -> SecretText {
        let mut octets = Vec::with_capacity(56);
        octets.extend_from_slice(&claims.account.0);
        octets.extend_from_slice(&claims.device);
        octets.extend_from_slice(&claims.issued_at.0.to_be_bytes());
        self.0.seal(&octets)
    }
    fn open(&self, token: &str) -> Option<DeviceClaims> {
        let octets: [u8; 56] = self.0.open(token)?;
        Some(DeviceClaims {
            account: Digest(take(&octets, 0)?),
            device: take(&octets, 32)?,
            issued_at: Timestamp(u64::from_be_bytes(take(&octets, 48)?)),
        })
    }
}

/// Tokens of the links of shares, prefixed `rvs_`.
pub struct ShareMac(Mac);

impl ShareMac {
    /// Tokens of links under a versioned secret. A version that is taken out of it ends every link of its time.
    ///
    /// # Errors
    /// [`KeyFault`]
    pub fn new(ring: &Keyring) -> Result<Self, KeyFault> {
        Mac::new(ring, SHARE_TOKEN_PREFIX, "share link").map(Self)
    }
}

impl ShareTokens for ShareMac {
    fn issue(&self, claims: &ShareClaims) -> SecretText {
        let octets = [*claims.asset.octets(), *claims.share.octets()].concat();
        self.0.seal(&octets)
    }
    fn open(&self, text: &str) -> Option<ShareClaims> {
        let octets: [u8; 32] = self.0.open(text)?;
        Some(ShareClaims {
            asset: AssetId::from_octets(take(&octets, 0)?),
            share: ShareId::from_octets(take(&octets, 16)?),
        })
    }
}

/// What stands between password and second factor, prefixed `rvc_`.
pub struct LoginMac(Mac);

impl LoginMac {
    /// Login challenges under a versioned secret.
    ///
    /// # Errors
    /// [`KeyFault`]
    pub fn new(ring: &Keyring) -> Result<Self, KeyFault> {
        Mac::new(ring, "rvc_", "login challenge").map(Self)
    }
}

/// Octets of a login challenge's claims: purpose, user, organisation, session, time.
const CHALLENGE: usize = 1 + 16 + 16 + 16 + 8;
const PROVE: u8 = 1;
const ENROL: u8 = 2;

impl LoginChallenges for LoginMac {
    fn issue(&self, challenge: &LoginChallenge) -> SecretText {
        let mut claims = Vec::with_capacity(CHALLENGE);
        claims.push(if challenge.enrol { ENROL } else { PROVE });
        claims.extend_from_slice(challenge.user.octets());
        claims.extend_from_slice(challenge.org.octets());
        claims.extend_from_slice(challenge.session.octets());
        claims.extend_from_slice(&challenge.issued_at.0.to_be_bytes());
        self.0.seal(&claims)
    }
    fn open(&self, token: &str) -> Option<LoginChallenge> {
        let claims: [u8; CHALLENGE] = self.0.open(token)?;
        let enrol = match claims[0] {
            PROVE => false,
            ENROL => true,
            _ => return None,
        };
        Some(LoginChallenge {
            enrol,
            user: UserId::from_octets(take(&claims, 1)?),
            org: OrgId::from_octets(take(&claims, 17)?),
            session: SessionId::from_octets(take(&claims, 33)?),
            issued_at: Timestamp(u64::from_be_bytes(take(&claims, 49)?)),
        })
    }
}

#[cfg(test)]
mod tests;
