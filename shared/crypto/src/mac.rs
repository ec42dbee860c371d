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
mod tests {
    use super::*;

    fn ring(text: &str) -> Keyring {
        Keyring::parse(&SecretText::new(text.to_owned())).unwrap()
    }

    fn one() -> Keyring {
        ring(&format!(r#"{{"current":"1","1":"{}"}}"#, "a".repeat(64)))
    }

    fn ticket() -> Ticket {
        Ticket {
            playback: PlaybackId::from_octets([1; 16]),
            asset: AssetId::from_octets([2; 16]),
            org: OrgId::from_octets([5; 16]),
            subject: Subject::Person {
                user: UserId::from_octets([6; 16]),
                session: SessionId::from_octets([7; 16]),
            },
            expires_at: Timestamp(1_800_000_000),
        }
    }

    #[test]
    fn a_ticket_reads_back_and_any_changed_character_forges_it() {
        let mac = TicketMac::new(&one()).unwrap();
        let text = mac.issue(&ticket()).expose().to_owned();
        assert_eq!(mac.open(&text), Some(ticket()));
        for at in 0..text.len() {
            let mut forged = text.clone().into_bytes();
            forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
            let forged = String::from_utf8(forged).unwrap();
            assert_eq!(mac.open(&forged), None, "{at}");
        }
        for bad in [
            "",
            ".",
            "1.",
            "2.AAAA",
            "1",
            &text[..text.len() - 1],
            &format!("{text}A"),
        ] {
            assert_eq!(mac.open(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn a_ticket_of_an_api_key_reads_back() {
        let mac = TicketMac::new(&one()).unwrap();
        let of_key = Ticket {
            subject: Subject::ApiKey(ApiKeyId::from_octets([8; 16])),
            ..ticket()
        };
        assert_eq!(mac.open(mac.issue(&of_key).expose()), Some(of_key));
    }

    fn of_support() -> Ticket {
        Ticket {
            subject: Subject::Support(Staff {
                user: UserId::from_octets([8; 16]),
                session: SessionId::from_octets([9; 16]),
                support: SupportId::from_octets([10; 16]),
                granted_by: UserId::from_octets([11; 16]),
            }),
            ..ticket()
        }
    }

    #[test]
    fn a_ticket_of_support_reads_back_and_none_is_read_as_one_of_another_length() {
        let mac = TicketMac::new(&one()).unwrap();
        let text = mac.issue(&of_support()).expose().to_owned();
        assert_eq!(mac.open(&text), Some(of_support()));
        for at in 0..text.len() {
            let mut forged = text.clone().into_bytes();
            forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
            assert_eq!(mac.open(&String::from_utf8(forged).unwrap()), None, "{at}");
        }
        // Genuine claims of the one length with the other's kind.
        let short: Vec<u8> = (0..TICKET)
            .map(|at| if at == 48 { SUPPORT } else { 1 })
            .collect();
        assert_eq!(mac.open(mac.0.seal(&short).expose()), None);
        for kind in [PERSON, API_KEY, SHARE, 5] {
            let long = (0..SUPPORT_TICKET).map(|at| if at == 48 { kind } else { 1 });
            let long: Vec<u8> = long.collect();
            assert_eq!(mac.open(mac.0.seal(&long).expose()), None, "{kind}");
        }
    }

    #[test]
    fn a_ticket_of_a_share_reads_back() {
        let mac = TicketMac::new(&one()).unwrap();
        let of_share = Ticket {
            subject: Subject::Share {
                asset: AssetId::from_octets([2; 16]),
                share: ShareId::from_octets([8; 16]),
            },
            ..ticket()
        };
        assert_eq!(mac.open(mac.issue(&of_share).expose()), Some(of_share));
    }

    #[test]
    fn the_token_of_a_share_is_always_the_same_and_any_changed_character_forges_it() {
        let mac = ShareMac::new(&one()).unwrap();
        let claims = ShareClaims {
            asset: AssetId::from_octets([1; 16]),
            share: ShareId::from_octets([2; 16]),
        };
        let text = mac.issue(&claims).expose().to_owned();
        assert_eq!(text, mac.issue(&claims).expose());
        assert_eq!(mac.open(&text), Some(claims));
        for at in 0..text.len() {
            let mut forged = text.clone().into_bytes();
            forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
            assert_eq!(mac.open(&String::from_utf8(forged).unwrap()), None, "{at}");
        }
        let unreserved = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
        assert!(text.starts_with("rvs_1.") && text.bytes().all(unreserved));
        let as_device = text.replace("rvs_", "rvd_");
        assert!(DeviceMac::new(&one()).unwrap().open(&as_device).is_none());
    }

    #[test]
    fn a_ticket_is_no_refresh_token_even_under_the_same_secret() {
        let refresh = RefreshMac::new(&one()).unwrap();
        let text = TicketMac::new(&one()).unwrap().issue(&ticket());
        assert!(refresh.open(&format!("rvr_{}", text.expose())).is_none());
    }

    #[test]
    fn a_login_challenge_reads_back_whole_and_is_no_other_token() {
        let mac = LoginMac::new(&one()).unwrap();
        for enrol in [false, true] {
            let challenge = LoginChallenge {
                enrol,
                user: UserId::from_octets([1; 16]),
                org: OrgId::from_octets([2; 16]),
                session: SessionId::from_octets([3; 16]),
                issued_at: Timestamp(1_800_000_000),
            };
            let text = mac.issue(&challenge);
            assert!(text.expose().starts_with("rvc_1."));
            assert_eq!(mac.open(text.expose()), Some(challenge));
            let refresh = text.expose().replace("rvc_", "rvr_");
            assert!(RefreshMac::new(&one()).unwrap().open(&refresh).is_none());
        }
    }

    #[test]
    fn an_older_version_opens_while_it_is_kept() {
        let old = TicketMac::new(&one()).unwrap().issue(&ticket());
        let (a, b) = ("a".repeat(64), "b".repeat(64));
        let both = TicketMac::new(&ring(&format!(r#"{{"current":"2","1":"{a}","2":"{b}"}}"#)));
        assert_eq!(both.unwrap().open(old.expose()), Some(ticket()));
        let new = TicketMac::new(&ring(&format!(r#"{{"current":"2","2":"{b}"}}"#))).unwrap();
        assert_eq!(new.open(old.expose()), None);
    }

    #[test]
    fn a_device_token_reads_back_and_is_of_no_other_kind() {
        let mac = DeviceMac::new(&one()).unwrap();
        let claims = DeviceClaims {
            account: Digest([1; 32]),
            device: [2; 16],
            issued_at: Timestamp(3),
        };
        let text = mac.issue(&claims);
        assert!(text.expose().starts_with("rvd_1."));
        assert_eq!(mac.open(text.expose()), Some(claims));
        let as_refresh = text.expose().replace("rvd_", "rvr_");
        assert!(RefreshMac::new(&one()).unwrap().open(&as_refresh).is_none());
        assert!(mac.open(&as_refresh).is_none());
    }

    #[test]
    fn a_refresh_token_is_told_again_as_it_was_whichever_of_two_functions_knows_that_the_secret_turned()
     {
        let (a, b) = ("a".repeat(64), "b".repeat(64));
        let [old, new] = ["1", "2"].map(|current| {
            let text = format!(r#"{{"current":"{current}","1":"{a}","2":"{b}"}}"#);
            RefreshMac::new(&ring(&text)).unwrap()
        });
        let claims = RefreshClaims {
            session: SessionId::from_octets([3; 16]),
            generation: 7,
            nonce: [4; 16],
        };
        for (made_by, told_by) in [(&old, &new), (&new, &old), (&new, &new)] {
            let made = made_by.issue(&claims);
            let is = |text: &SecretText| text.expose() == made.expose();
            let told = told_by.recall(&claims, &is).unwrap();
            assert_eq!(told.expose(), made.expose());
        }
        assert_ne!(old.issue(&claims).expose(), new.issue(&claims).expose());
        assert!(new.recall(&claims, &|_| false).is_none());
    }

    #[test]
    fn a_refresh_token_is_the_same_for_the_same_claims() {
        let mac = RefreshMac::new(&one()).unwrap();
        let claims = RefreshClaims {
            session: SessionId::from_octets([3; 16]),
            generation: 7,
            nonce: [4; 16],
        };
        let (a, b) = (mac.issue(&claims), mac.issue(&claims));
        assert_eq!(a.expose(), b.expose());
        assert!(a.expose().starts_with("rvr_1."));
        assert_eq!(mac.open(a.expose()), Some(claims));
    }
}
