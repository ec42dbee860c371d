//! Authenticator data (`WebAuthn` §6.1) and the attestation object around it (§6.5.4). Its octets are a
//! stranger's: every read is bounded by what is there, and CBOR by its depth too.

use ciborium::Value;
use ciborium::de::from_reader_with_recursion_limit;
use vault_domain::passkey::PasskeyFault;

/// CTAP2 allows four levels of nesting in its canonical CBOR; a statement in a map in a map is within it.
const MAX_DEPTH: usize = 8;

const MALFORMED: PasskeyFault = PasskeyFault::Malformed("authenticatorData");

/// The flags of §6.1; reserved bits are ignored.
#[derive(Clone, Copy)]
pub(super) struct Flags(u8);

impl Flags {
    pub(super) const fn user_present(self) -> bool {
        self.0 & 0x01 != 0
    }
    pub(super) const fn user_verified(self) -> bool {
        self.0 & 0x04 != 0
    }
    pub(super) const fn backup_eligible(self) -> bool {
        self.0 & 0x08 != 0
    }
    pub(super) const fn backed_up(self) -> bool {
        self.0 & 0x10 != 0
    }
    const fn attested(self) -> bool {
        self.0 & 0x40 != 0
    }
    const fn extended(self) -> bool {
        self.0 & 0x80 != 0
    }
}

/// Attested credential data (§6.5.1) without its AAGUID, which without attestation says nothing.
pub(super) struct Attested<'a> {
    pub(super) credential: &'a [u8],
    /// The `COSE_Key` as it stands.
    pub(super) public_key: &'a [u8],
}

/// Authenticator data whose parts fill it exactly.
pub(super) struct AuthenticatorData<'a> {
    pub(super) rp_id_hash: &'a [u8; 32],
    pub(super) flags: Flags,
    pub(super) sign_count: u32,
    pub(super) attested: Option<Attested<'a>>,
}

/// Takes one item of CBOR off the front.
pub(super) fn item(octets: &mut &[u8]) -> Option<Value> {
    from_reader_with_recursion_limit(octets, MAX_DEPTH).ok()
}

impl<'a> AuthenticatorData<'a> {
    pub(super) fn parse(octets: &'a [u8]) -> Result<Self, PasskeyFault> {
        let (rp_id_hash, rest) = octets.split_first_chunk().ok_or(MALFORMED)?;
        let (flags, rest) = rest.split_first().ok_or(MALFORMED)?;
        let (count, mut rest) = rest.split_first_chunk().ok_or(MALFORMED)?;
        let flags = Flags(*flags);
        let attested = flags
            .attested()
            .then(|| Attested::take(&mut rest).ok_or(MALFORMED))
            .transpose()?;
        if flags.extended() && !item(&mut rest).is_some_and(|extensions| extensions.is_map()) {
            return Err(MALFORMED);
        }
        if !rest.is_empty() {
            return Err(MALFORMED);
        }
        Ok(Self {
            rp_id_hash,
            flags,
            sign_count: u32::from_be_bytes(*count),
            attested,
        })
    }
}

impl<'a> Attested<'a> {
    fn take(octets: &mut &'a [u8]) -> Option<Self> {
        let (_aaguid, rest) = octets.split_first_chunk::<16>()?;
        let (length, rest) = rest.split_first_chunk()?;
        let (credential, rest) = rest.split_at_checked(u16::from_be_bytes(*length).into())?;
        let mut after = rest;
        item(&mut after)?;
        let (public_key, after) = rest.split_at_checked(rest.len() - after.len())?;
        *octets = after;
        Some(Self {
            credential,
            public_key,
        })
    }
}

/// The authenticator data in an attestation object; its statement is not looked at.
pub(super) fn of_attestation(octets: &[u8]) -> Result<Vec<u8>, PasskeyFault> {
    let mut rest = octets;
    let object = item(&mut rest).filter(|_| rest.is_empty());
    let mut data = object
        .and_then(|object| object.into_map().ok())
        .into_iter()
        .flatten()
        .filter(|(key, _)| key.as_text() == Some("authData"));
    match (data.next(), data.next()) {
        (Some((_, Value::Bytes(data))), None) => Ok(data),
        _ => Err(PasskeyFault::Malformed("attestationObject")),
    }
}
