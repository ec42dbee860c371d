//! Passkeys: public-key credentials of Web Authentication Level 3 (W3C), as the relying party sees them.
//! The types, what can be wrong with an answer, and the port that checks one.

mod fault;
mod party;
mod response;

use data_encoding::BASE64URL_NOPAD;
use serde_json::Value;

use crate::error::Malformed;
use crate::id::UserId;
use crate::ports::{Entropy, StoreError};
use crate::text::{named, stored};
use crate::time::Timestamp;

pub use fault::PasskeyFault;
pub use party::{PasskeyUser, RelyingParty};
pub use response::{AuthenticationResponse, ClientData, RegistrationResponse};

/// Passkeys that one user may hold.
pub const MAX_PASSKEYS: usize = 10;
/// Seconds that a person has for a ceremony: the recommended default of `WebAuthn` §15.1.
pub const CEREMONY_SECONDS: u64 = 300;
/// COSE algorithms that are offered and accepted (RFC 9053, RFC 8812), the best first: ES256, `EdDSA`, RS256.
pub const ALGORITHMS: [i64; 3] = [-7, -8, -257];

/// Reads unpadded base64url of at most `max` octets; nothing is decoded that could be longer.
fn base64url(text: &str, max: usize) -> Option<Vec<u8>> {
    if text.len() > (max * 4).div_ceil(3) {
        return None;
    }
    BASE64URL_NOPAD.decode(text.as_bytes()).ok()
}

/// The name that an authenticator gave to a credential: 1 to 1023 octets (`WebAuthn` §7.1 step 25).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CredentialId(Vec<u8>);

impl CredentialId {
    /// Octets at most.
    pub const MAX: usize = 1023;

    /// An id of 1 to 1023 octets.
    ///
    /// # Errors
    /// [`Malformed`] for none or more.
    pub fn from_octets(octets: Vec<u8>) -> Result<Self, Malformed> {
        if octets.is_empty() || octets.len() > Self::MAX {
            return Err(Self::MALFORMED);
        }
        Ok(Self(octets))
    }
    /// Reads the text form, base64url without padding.
    ///
    /// # Errors
    /// [`Malformed`] for anything else.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        base64url(text, Self::MAX)
            .ok_or(Self::MALFORMED)
            .and_then(Self::from_octets)
    }
    /// The octets.
    pub fn octets(&self) -> &[u8] {
        &self.0
    }

    const MALFORMED: Malformed = Malformed {
        field: "passkey",
        expected: "1 to 1023 octets in base64url",
    };
}

impl std::fmt::Display for CredentialId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&BASE64URL_NOPAD.encode(&self.0))
    }
}

impl std::fmt::Debug for CredentialId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Up to 1364 characters: the first tell two apart in a log.
        let start = &self.0[..self.0.len().min(6)];
        write!(f, "CredentialId({}…)", BASE64URL_NOPAD.encode(start))
    }
}

/// What a person calls a passkey: 1 to 64 characters without controls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasskeyName(String);

impl PasskeyName {
    /// Parses a name; white space around it is dropped.
    ///
    /// # Errors
    /// [`Malformed`] when it is empty, longer than 64 characters, or holds a control character.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let expected = "1 to 64 characters without control characters";
        named(text, 64, "name", expected).map(Self)
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

/// The random half of a ceremony: it makes an answer good for this one time. Whoever keeps it keeps its
/// digest.
pub struct WebauthnChallenge([u8; 32]);

impl WebauthnChallenge {
    /// A fresh challenge of 256 random bits.
    ///
    /// # Errors
    /// The source of randomness failed.
    pub fn random(entropy: &dyn Entropy) -> Result<Self, StoreError> {
        let mut octets = [0; 32];
        entropy.fill(&mut octets)?;
        Ok(Self(octets))
    }
    /// A challenge from its octets.
    pub const fn from_octets(octets: [u8; 32]) -> Self {
        Self(octets)
    }
    /// The octets, for the digest and the comparison in constant time.
    pub const fn expose(&self) -> &[u8; 32] {
        &self.0
    }
    fn text(&self) -> String {
        BASE64URL_NOPAD.encode(&self.0)
    }
}

impl std::fmt::Debug for WebauthnChallenge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("WebauthnChallenge(redacted)")
    }
}

/// A passkey as stored: the credential record of `WebAuthn` §4.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passkey {
    /// The authenticator's name for it.
    pub credential: CredentialId,
    /// The public key as a `COSE_Key` (RFC 9052 §7), as the authenticator wrote it.
    pub public_key: Vec<u8>,
    /// The signature counter at its last use; 0 for an authenticator that does not count.
    pub sign_count: u32,
    /// May it be copied to other devices? Fixed at its creation.
    pub backup_eligible: bool,
    /// Was it copied, when last used?
    pub backed_up: bool,
    /// How a browser may reach the authenticator: `internal`, `usb`, …
    pub transports: Vec<String>,
    /// What its owner calls it.
    pub name: PasskeyName,
    /// When it was registered.
    pub created_at: Timestamp,
    /// When it last signed its owner in.
    pub last_used: Option<Timestamp>,
}

impl Passkey {
    /// The record after a use.
    #[must_use]
    pub fn after(self, used: Used, now: Timestamp) -> Self {
        Self {
            sign_count: used.sign_count,
            backed_up: used.backed_up,
            last_used: Some(now),
            ..self
        }
    }
}

/// A registration that was found good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPasskey {
    /// The authenticator's name for it.
    pub credential: CredentialId,
    /// The public key as a `COSE_Key`.
    pub public_key: Vec<u8>,
    /// The signature counter.
    pub sign_count: u32,
    /// May it be copied to other devices?
    pub backup_eligible: bool,
    /// Was it copied already?
    pub backed_up: bool,
    /// How a browser may reach the authenticator.
    pub transports: Vec<String>,
}

impl NewPasskey {
    /// The record to store beside the passkeys that the user holds.
    ///
    /// # Errors
    /// [`PasskeyFault::AlreadyRegistered`] (§7.1 step 26) or [`PasskeyFault::TooMany`].
    pub fn named(
        self,
        name: PasskeyName,
        now: Timestamp,
        held: &[Passkey],
    ) -> Result<Passkey, PasskeyFault> {
        if held.iter().any(|one| one.credential == self.credential) {
            return Err(PasskeyFault::AlreadyRegistered);
        }
        if held.len() >= MAX_PASSKEYS {
            return Err(PasskeyFault::TooMany);
        }
        Ok(Passkey {
            credential: self.credential,
            public_key: self.public_key,
            sign_count: self.sign_count,
            backup_eligible: self.backup_eligible,
            backed_up: self.backed_up,
            transports: self.transports,
            name,
            created_at: now,
            last_used: None,
        })
    }
}

/// What an authentication that was found good says of the passkey.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Used {
    /// The signature counter, to be stored by a condition that the stored one is still the one checked.
    pub sign_count: u32,
    /// Is it copied to other devices now?
    pub backed_up: bool,
    /// Did the authenticator verify its user (a PIN, a finger, a face)? Always, while that is required.
    pub user_verified: bool,
}

/// The relying party of `WebAuthn`: asks authenticators, and checks what they answer.
pub trait Passkeys: Send + Sync {
    /// Whom the passkeys are for.
    fn relying_party(&self) -> &RelyingParty;

    /// `PublicKeyCredentialCreationOptionsJSON` (§5.1.8) for a new passkey of a user who holds `held`.
    fn creation_options(
        &self,
        challenge: &WebauthnChallenge,
        user: &PasskeyUser<'_>,
        held: &[Passkey],
    ) -> Value {
        self.relying_party().creation_options(challenge, user, held)
    }

    /// `PublicKeyCredentialRequestOptionsJSON` (§5.1.9). `allowed`: the user's passkeys as a second factor;
    /// none to let the authenticator say who it is.
    fn request_options(&self, challenge: &WebauthnChallenge, allowed: &[Passkey]) -> Value {
        self.relying_party().request_options(challenge, allowed)
    }

    /// Checks a registration (§7.1) against the challenge given for it.
    ///
    /// # Errors
    /// [`PasskeyFault`]
    fn register(
        &self,
        challenge: &WebauthnChallenge,
        response: &RegistrationResponse,
    ) -> Result<NewPasskey, PasskeyFault>;

    /// Checks an authentication (§7.2) against the challenge given for it and the passkey `stored` of `owner`.
    ///
    /// # Errors
    /// [`PasskeyFault`]
    fn authenticate(
        &self,
        challenge: &WebauthnChallenge,
        response: &AuthenticationResponse,
        owner: UserId,
        stored: &Passkey,
    ) -> Result<Used, PasskeyFault>;
}

#[cfg(test)]
mod tests;
