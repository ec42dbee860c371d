//! Deterministic stand-ins for the crypto ports. They keep the contracts that the use cases rely on
//! (a forged text does not open, a wrapped key shows nothing of the key) and protect nothing.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest as _, Sha256};
use vault_domain::api_key::Scopes;
use vault_domain::credential::{Password, PasswordHash, Role};
use vault_domain::id::{AssetId, KeyId, OrgId, PackageId, PlaybackId, SessionId, UserId};
use vault_domain::member::Subject;
use vault_domain::playback::{PlaybackSession, Ticket, UrlSignature, WrappedKey};
use vault_domain::ports::{
    AccessTokens, AccessVerifier, DeviceClaims, DeviceTokens, Hashing, KeyWrap, LoginChallenges,
    PasswordHasher, PathTokens, PreviewPlace, PreviewSeal, RefreshTokens, StoreError, Stored,
    Tickets, UrlSigner,
};
use vault_domain::secret::{ContentKey, SecretText};
use vault_domain::time::Timestamp;
use vault_domain::token::{AccessClaims, Caller, Digest, LoginChallenge, RefreshClaims};

use crate::fault::Faults;

/// SHA-256 of several fields.
pub fn sha256(fields: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for field in fields {
        hasher.update(field);
    }
    hasher.finalize().into()
}

fn tag(key: &str, text: &str) -> String {
    data_encoding::HEXLOWER.encode(&sha256(&[key.as_bytes(), text.as_bytes()])[..16])
}

/// Every secret that the fakes handed out or saw: none of them may be found in a store or a log.
#[derive(Debug, Default)]
pub struct Ledger(Mutex<Vec<Vec<u8>>>);

impl Ledger {
    /// Notes a secret.
    pub fn note(&self, secret: &[u8]) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.push(secret.to_vec());
    }
    /// All of them.
    pub fn secrets(&self) -> Vec<Vec<u8>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.clone()
    }
}

/// What the fakes of one kit share.
#[derive(Debug, Clone, Default)]
pub struct Shared {
    /// The plan of faults.
    pub faults: Arc<Faults>,
    /// The secrets that were handed out.
    pub ledger: Arc<Ledger>,
}

/// Real SHA-256.
#[derive(Debug, Clone, Copy, Default)]
pub struct FakeHashing;

impl Hashing for FakeHashing {
    fn sha256(&self, octets: &[u8]) -> Digest {
        Digest(sha256(&[octets]))
    }
}

/// A hasher that costs nothing and counts.
#[derive(Debug, Default)]
pub struct FakeHasher {
    shared: Shared,
    verified: AtomicUsize,
}

impl FakeHasher {
    /// A hasher of a kit.
    pub fn new(shared: Shared) -> Self {
        Self {
            shared,
            ..Self::default()
        }
    }
    /// How often a password was compared: what bcrypt would have cost.
    pub fn verified(&self) -> usize {
        self.verified.load(Ordering::SeqCst)
    }
    /// A hash of a password that is cheaper than today's.
    pub fn cheap_hash_of(password: &str) -> PasswordHash {
        PasswordHash(format!("$2b$04${}", tag("password", password)))
    }
    /// The hash of a password, for planted users.
    pub fn hash_of(password: &str) -> PasswordHash {
        PasswordHash(format!("$fake$12${}", tag("password", password)))
    }
}

impl PasswordHasher for FakeHasher {
    fn hash(&self, password: &Password) -> Stored<PasswordHash> {
        self.shared.ledger.note(password.expose().as_bytes());
        let hash = || Ok(Self::hash_of(password.expose()));
        self.shared.faults.pure("hasher.hash", hash)
    }
    fn verify(&self, password: &Password, hash: Option<&PasswordHash>) -> Stored<bool> {
        self.shared.ledger.note(password.expose().as_bytes());
        self.shared.faults.pure("hasher.verify", || {
            self.verified.fetch_add(1, Ordering::SeqCst);
            let text = password.expose();
            let own = [Self::hash_of(text), Self::cheap_hash_of(text)];
            Ok(hash.is_some_and(|hash| own.contains(hash)))
        })
    }
}

/// Access tokens `at.<subject>.<org>.<role>.<scopes with ~>.<iat>.<exp>.<tag>`.
#[derive(Debug, Default)]
pub struct FakeAccessTokens(pub Shared);

impl AccessTokens for FakeAccessTokens {
    fn issue(&self, caller: &Caller, now: Timestamp, lifetime: u64) -> Stored<SecretText> {
        self.0.faults.pure("access.issue", || {
            let Caller { subject, org, .. } = caller;
            let (role, expires) = (caller.role.as_str(), now.plus(lifetime).0);
            let scopes = caller.scopes.to_string().replace(' ', "~");
            let body = format!("at.{subject}.{org}.{role}.{scopes}.{}.{expires}", now.0);
            let text = format!("{body}.{}", tag("access", &body));
            self.0.ledger.note(text.as_bytes());
            Ok(SecretText::new(text))
        })
    }
}

impl AccessVerifier for FakeAccessTokens {
    fn claims(&self, token: &str, now: Timestamp) -> Option<AccessClaims> {
        let (body, mac) = token.rsplit_once('.')?;
        let fields: Vec<&str> = body.split('.').collect();
        let ["at", subject, org, role, scopes, issued, expires] = fields[..] else {
            return None;
        };
        let expires_at = Timestamp(expires.parse().ok()?);
        let caller = Caller {
            subject: Subject::parse(subject).filter(|by| !matches!(by, Subject::Share { .. }))?,
            org: OrgId::parse(org).ok()?,
            role: Role::parse(role).ok()?,
            scopes: Scopes::parse(&scopes.replace('~', " ")).ok()?,
        };
        let genuine = mac == tag("access", body);
        (genuine && now < expires_at).then_some(AccessClaims {
            caller,
            issued_at: Timestamp(issued.parse().ok()?),
            expires_at,
        })
    }
}

/// Refresh tokens `rt.<session>.<generation>.<nonce>.<tag>`.
#[derive(Debug, Default)]
pub struct FakeRefreshTokens(pub Shared);

impl RefreshTokens for FakeRefreshTokens {
    fn issue(&self, claims: &RefreshClaims) -> SecretText {
        let nonce = data_encoding::HEXLOWER.encode(&claims.nonce);
        let body = format!("rt.{}.{}.{nonce}", claims.session, claims.generation);
        let text = format!("{body}.{}", tag("refresh", &body));
        self.0.ledger.note(text.as_bytes());
        SecretText::new(text)
    }
    fn recall(
        &self,
        claims: &RefreshClaims,
        is: &dyn Fn(&SecretText) -> bool,
    ) -> Option<SecretText> {
        Some(self.issue(claims)).filter(is)
    }
    fn open(&self, token: &str) -> Option<RefreshClaims> {
        let (body, mac) = token.rsplit_once('.')?;
        let fields: Vec<&str> = body.split('.').collect();
        let ["rt", session, generation, nonce] = fields[..] else {
            return None;
        };
        let nonce = data_encoding::HEXLOWER.decode(nonce.as_bytes()).ok()?;
        (mac == tag("refresh", body)).then_some(RefreshClaims {
            session: SessionId::parse(session).ok()?,
            generation: generation.parse().ok()?,
            nonce: nonce.try_into().ok()?,
        })
    }
}

/// Device tokens `dt.<account>.<device>.<issued>.<tag>`.
#[derive(Debug, Default)]
pub struct FakeDeviceTokens(pub Shared);

impl DeviceTokens for FakeDeviceTokens {
    fn issue(&self, claims: &DeviceClaims) -> SecretText {
        let device = data_encoding::HEXLOWER.encode(&claims.device);
        let issued = claims.issued_at.0;
        let body = format!("dt.{}.{device}.{issued}", claims.account.hex());
        let text = format!("{body}.{}", tag("device", &body));
        self.0.ledger.note(text.as_bytes());
        SecretText::new(text)
    }
    fn open(&self, token: &str) -> Option<DeviceClaims> {
        let (body, mac) = token.rsplit_once('.')?;
        let fields: Vec<&str> = body.split('.').collect();
        let ["dt", account, device, issued] = fields[..] else {
            return None;
        };
        let device = data_encoding::HEXLOWER.decode(device.as_bytes()).ok()?;
        (mac == tag("device", body)).then_some(DeviceClaims {
            account: Digest::from_hex(account)?,
            device: device.try_into().ok()?,
            issued_at: Timestamp(issued.parse().ok()?),
        })
    }
}

/// Login challenges `lc.<enrol>.<user>.<org>.<session>.<issued at>.<tag>`.
#[derive(Debug, Default)]
pub struct FakeLoginChallenges(pub Shared);

impl LoginChallenges for FakeLoginChallenges {
    fn issue(&self, challenge: &LoginChallenge) -> SecretText {
        let LoginChallenge {
            enrol,
            user,
            org,
            session,
            issued_at,
        } = challenge;
        let body = format!("lc.{enrol}.{user}.{org}.{session}.{}", issued_at.0);
        let text = format!("{body}.{}", tag("login challenge", &body));
        self.0.ledger.note(text.as_bytes());
        SecretText::new(text)
    }
    fn open(&self, token: &str) -> Option<LoginChallenge> {
        let (body, mac) = token.rsplit_once('.')?;
        let fields: Vec<&str> = body.split('.').collect();
        let ["lc", enrol, user, org, session, issued_at] = fields[..] else {
            return None;
        };
        (mac == tag("login challenge", body)).then_some(LoginChallenge {
            enrol: enrol.parse().ok()?,
            user: UserId::parse(user).ok()?,
            org: OrgId::parse(org).ok()?,
            session: SessionId::parse(session).ok()?,
            issued_at: Timestamp(issued_at.parse().ok()?),
        })
    }
}

/// Tokens of paths: `<asset>.<package>.<expiry>.<tag>.<ticket>`.
#[derive(Debug, Default)]
pub struct FakePathTokens(pub Shared);

impl PathTokens for FakePathTokens {
    fn issue(&self, session: &PlaybackSession, ticket: &str) -> SecretText {
        let PlaybackSession { asset, package, .. } = session;
        let body = format!("{asset}.{package}.{}", session.expires_at.0);
        let tag = tag("path token", &format!("{body}.{ticket}"));
        let text = format!("{body}.{tag}.{ticket}");
        self.0.ledger.note(text.as_bytes());
        SecretText::new(text)
    }
}

/// Tickets of a purpose: base64url of `<playback>.<asset>.<org>.<subject>.<exp>.<tag>`.
#[derive(Debug)]
pub struct FakeTickets(pub Shared, pub &'static str);

impl Tickets for FakeTickets {
    fn issue(&self, ticket: &Ticket) -> SecretText {
        let Ticket {
            playback,
            asset,
            subject,
            org,
            expires_at,
        } = ticket;
        let body = format!("{playback}.{asset}.{org}.{subject}.{}", expires_at.0);
        let sealed = format!("{body}.{}", tag(self.1, &body));
        let text = data_encoding::BASE64URL_NOPAD.encode(sealed.as_bytes());
        self.0.ledger.note(text.as_bytes());
        SecretText::new(text)
    }
    fn open(&self, text: &str) -> Option<Ticket> {
        let octets = data_encoding::BASE64URL_NOPAD.decode(text.as_bytes());
        let sealed = String::from_utf8(octets.ok()?).ok()?;
        let (body, mac) = sealed.rsplit_once('.')?;
        let fields: Vec<&str> = body.split('.').collect();
        let [playback, asset, org, subject, expires] = fields[..] else {
            return None;
        };
        (mac == tag(self.1, body)).then_some(Ticket {
            playback: PlaybackId::parse(playback).ok()?,
            asset: AssetId::parse(asset).ok()?,
            subject: Subject::parse(subject)?,
            org: OrgId::parse(org).ok()?,
            expires_at: Timestamp(expires.parse().ok()?),
        })
    }
}

/// Signatures that name what they sign.
#[derive(Debug, Default)]
pub struct FakeUrlSigner(pub Shared);

impl UrlSigner for FakeUrlSigner {
    fn sign(&self, resource: &str, expires_at: Timestamp) -> Stored<UrlSignature> {
        self.0.faults.pure("signer.sign", || {
            let policy = format!("{resource}|{}", expires_at.0);
            Ok(UrlSignature {
                signature: tag("url", &policy),
                policy: data_encoding::BASE64URL_NOPAD.encode(policy.as_bytes()),
                key_pair_id: "KFAKE".to_owned(),
            })
        })
    }
}

/// A key stream from the ids, and a tag: reversible, bound to its record, and not the key itself.
#[derive(Debug, Default)]
pub struct FakeKeyWrap(pub Shared);

impl FakeKeyWrap {
    fn stream(wrapped: &WrappedKey) -> [u8; 32] {
        sha256(&[
            wrapped.master.as_bytes(),
            wrapped.asset.octets(),
            wrapped.key.octets(),
            wrapped.package.octets(),
            &wrapped.nonce,
        ])
    }

    /// Wraps under another version than `1`.
    pub(crate) fn wrap_under(
        &self,
        (master, nonce): (&str, [u8; 12]),
        key: &ContentKey,
        asset: AssetId,
        id: KeyId,
        package: PackageId,
    ) -> Stored<WrappedKey> {
        self.0.faults.pure("wrap.wrap", || {
            self.0.ledger.note(key.expose());
            let mut wrapped = WrappedKey {
                asset,
                key: id,
                package,
                master: master.to_owned(),
                nonce,
                sealed: [0; 32],
            };
            let stream = Self::stream(&wrapped);
            for (at, octet) in key.expose().iter().enumerate() {
                wrapped.sealed[at] = octet ^ stream[at];
            }
            wrapped.sealed[16..].copy_from_slice(&sha256(&[&stream, key.expose()])[..16]);
            Ok(wrapped)
        })
    }
}

impl KeyWrap for FakeKeyWrap {
    fn wrap(
        &self,
        key: &ContentKey,
        asset: AssetId,
        id: KeyId,
        package: PackageId,
        nonce: [u8; 12],
    ) -> Stored<WrappedKey> {
        self.wrap_under(("1", nonce), key, asset, id, package)
    }
    fn unwrap(&self, wrapped: &WrappedKey) -> Stored<ContentKey> {
        self.0.faults.pure("wrap.unwrap", || {
            let stream = Self::stream(wrapped);
            let mut key = [0; 16];
            for (at, octet) in key.iter_mut().enumerate() {
                *octet = wrapped.sealed[at] ^ stream[at];
            }
            if wrapped.sealed[16..] == sha256(&[&stream, &key])[..16] {
                Ok(ContentKey::new(key))
            } else {
                Err(StoreError::new("wrap.unwrap", "the record was changed"))
            }
        })
    }
}

/// Seals previews by a stream that depends on the key and on which it is.
#[derive(Debug)]
pub struct FakePreviewSeal(pub Shared);

impl FakePreviewSeal {
    fn stream(key: &ContentKey, place: PreviewPlace, nonce: &[u8]) -> [u8; 32] {
        let PreviewPlace { asset, run, name } = place;
        let name = name.to_string();
        let fields = [
            key.expose(),
            &asset.octets()[..],
            run.octets(),
            name.as_bytes(),
            nonce,
        ];
        sha256(&fields)
    }
}

impl PreviewSeal for FakePreviewSeal {
    fn seal(
        &self,
        key: &ContentKey,
        place: PreviewPlace,
        nonce: [u8; 12],
        octets: Vec<u8>,
    ) -> Stored<Vec<u8>> {
        self.0.faults.pure("preview.seal", || {
            let stream = Self::stream(key, place, &nonce);
            let hidden = octets.iter().zip(stream.iter().cycle());
            let mut sealed = nonce.to_vec();
            sealed.extend(hidden.map(|(octet, other)| octet ^ other));
            sealed.extend_from_slice(&sha256(&[&stream, &octets])[..16]);
            Ok(sealed)
        })
    }
    fn open(&self, key: &ContentKey, place: PreviewPlace, sealed: Vec<u8>) -> Stored<Vec<u8>> {
        const NAME: &str = "preview.open";
        self.0.faults.pure(NAME, || {
            let changed = || StoreError::new(NAME, "the preview was changed");
            let (nonce, rest) = sealed.split_at_checked(12).ok_or_else(changed)?;
            let end = rest.len().checked_sub(16).ok_or_else(changed)?;
            let stream = Self::stream(key, place, nonce);
            let hidden = rest[..end].iter().zip(stream.iter().cycle());
            let octets: Vec<u8> = hidden.map(|(octet, other)| octet ^ other).collect();
            let genuine = rest[end..] == sha256(&[&stream, &octets])[..16];
            genuine.then_some(octets).ok_or_else(changed)
        })
    }
}
