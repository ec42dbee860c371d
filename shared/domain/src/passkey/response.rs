//! What a browser sends back: `RegistrationResponseJSON` and `AuthenticationResponseJSON` (`WebAuthn` §5.1, as
//! `PublicKeyCredential.toJSON()` writes them). Every part is bounded before it is decoded; what is not needed
//! is not looked at. Nothing here is checked against anything yet.

use serde::Deserialize;
use serde_json::Value;

use super::{CredentialId, PasskeyFault, WebauthnChallenge, base64url};
use crate::id::UserId;

/// Octets of client data: type, challenge, origin, and what a browser may add.
const MAX_CLIENT_DATA: usize = 4096;
/// Octets of an attestation object. None is asked for, but an authenticator may send a chain of certificates.
const MAX_ATTESTATION: usize = 16_384;
/// Octets of authenticator data without a key: 37, and what extensions add.
const MAX_AUTHENTICATOR_DATA: usize = 2048;
/// Octets of a signature; one of RSA with 4096 bits has 512.
const MAX_SIGNATURE: usize = 1024;
/// Transports that are kept, and characters of each.
const MAX_TRANSPORTS: usize = 8;
const MAX_TRANSPORT: usize = 32;

/// `CollectedClientData` (§5.8.1): what the browser says that it did, and the octets that are signed.
#[derive(Debug)]
pub struct ClientData {
    octets: Vec<u8>,
    kind: String,
    challenge: WebauthnChallenge,
    origin: String,
    embedded: bool,
}

#[derive(Deserialize)]
struct Collected {
    #[serde(rename = "type")]
    kind: String,
    challenge: String,
    origin: String,
    #[serde(rename = "crossOrigin", default)]
    cross_origin: Option<bool>,
    #[serde(rename = "topOrigin", default)]
    top_origin: Option<String>,
}

impl ClientData {
    fn parse(octets: Vec<u8>) -> Result<Self, PasskeyFault> {
        // "UTF-8 decode" drops a byte order mark (§7.1 step 5, §7.2 step 8).
        let text = octets.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&octets);
        let fault = PasskeyFault::Malformed("clientDataJSON");
        let collected: Collected = serde_json::from_slice(text).map_err(|_| fault)?;
        let challenge = base64url(&collected.challenge, 32)
            .and_then(|octets| octets.try_into().ok())
            .map(WebauthnChallenge::from_octets)
            .ok_or(PasskeyFault::Malformed("the challenge in clientDataJSON"))?;
        Ok(Self {
            octets,
            kind: collected.kind,
            challenge,
            origin: collected.origin,
            embedded: collected.cross_origin == Some(true) || collected.top_origin.is_some(),
        })
    }
    /// The octets whose digest is signed.
    pub fn octets(&self) -> &[u8] {
        &self.octets
    }
    /// `webauthn.create` or `webauthn.get`.
    pub fn kind(&self) -> &str {
        &self.kind
    }
    /// The challenge that it claims to answer: what names the ceremony, before any state is looked at.
    pub const fn challenge(&self) -> &WebauthnChallenge {
        &self.challenge
    }
    /// The page's origin.
    pub fn origin(&self) -> &str {
        &self.origin
    }
    /// Was the page embedded in one of another origin?
    pub const fn embedded(&self) -> bool {
        self.embedded
    }
}

/// Reads the string `name` of `object` as base64url of 1 to `max` octets.
fn octets(object: &Value, name: &'static str, max: usize) -> Result<Vec<u8>, PasskeyFault> {
    object
        .get(name)
        .and_then(Value::as_str)
        .and_then(|text| base64url(text, max))
        .filter(|octets| !octets.is_empty() && octets.len() <= max)
        .ok_or(PasskeyFault::Malformed(name))
}

/// The credential's id, given twice, and its type.
fn credential(json: &Value) -> Result<CredentialId, PasskeyFault> {
    if json.get("type").and_then(Value::as_str) != Some("public-key") {
        return Err(PasskeyFault::Malformed("type"));
    }
    if json.get("id") != json.get("rawId") {
        return Err(PasskeyFault::Malformed("rawId"));
    }
    let octets = octets(json, "id", CredentialId::MAX)?;
    CredentialId::from_octets(octets).map_err(|_| PasskeyFault::Malformed("id"))
}

/// What `navigator.credentials.create()` gave.
#[derive(Debug)]
pub struct RegistrationResponse {
    credential: CredentialId,
    client: ClientData,
    attestation: Vec<u8>,
    transports: Vec<String>,
}

impl RegistrationResponse {
    /// Reads the JSON form. Transports of no plausible form are left out.
    ///
    /// # Errors
    /// [`PasskeyFault::Malformed`] naming the part.
    pub fn parse(json: &Value) -> Result<Self, PasskeyFault> {
        let response = json.get("response").unwrap_or(&Value::Null);
        Ok(Self {
            credential: credential(json)?,
            client: ClientData::parse(octets(response, "clientDataJSON", MAX_CLIENT_DATA)?)?,
            attestation: octets(response, "attestationObject", MAX_ATTESTATION)?,
            transports: transports(response.get("transports")),
        })
    }
    /// The id that the browser says the passkey has.
    pub const fn credential(&self) -> &CredentialId {
        &self.credential
    }
    /// What the browser says that it did.
    pub const fn client(&self) -> &ClientData {
        &self.client
    }
    /// The attestation object, CBOR.
    pub fn attestation(&self) -> &[u8] {
        &self.attestation
    }
    /// How a browser may reach the authenticator.
    pub fn transports(&self) -> &[String] {
        &self.transports
    }
}

fn transports(list: Option<&Value>) -> Vec<String> {
    let plain = |text: &&str| {
        (1..=MAX_TRANSPORT).contains(&text.len())
            && text.bytes().all(|c| c.is_ascii_lowercase() || c == b'-')
    };
    list.and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .filter(plain)
        .take(MAX_TRANSPORTS)
        .map(str::to_owned)
        .collect()
}

/// What `navigator.credentials.get()` gave.
#[derive(Debug)]
pub struct AuthenticationResponse {
    credential: CredentialId,
    user: Option<UserId>,
    client: ClientData,
    authenticator_data: Vec<u8>,
    signature: Vec<u8>,
}

impl AuthenticationResponse {
    /// Reads the JSON form.
    ///
    /// # Errors
    /// [`PasskeyFault::Malformed`] naming the part.
    pub fn parse(json: &Value) -> Result<Self, PasskeyFault> {
        let response = json.get("response").unwrap_or(&Value::Null);
        Ok(Self {
            credential: credential(json)?,
            user: user(response.get("userHandle"))?,
            client: ClientData::parse(octets(response, "clientDataJSON", MAX_CLIENT_DATA)?)?,
            authenticator_data: octets(response, "authenticatorData", MAX_AUTHENTICATOR_DATA)?,
            signature: octets(response, "signature", MAX_SIGNATURE)?,
        })
    }
    /// Which passkey it claims to be: not proven yet.
    pub const fn credential(&self) -> &CredentialId {
        &self.credential
    }
    /// Whose it claims to be: not proven yet. Absent, there is no one to sign in unless someone is known already.
    pub const fn user(&self) -> Option<UserId> {
        self.user
    }
    /// What the browser says that it did.
    pub const fn client(&self) -> &ClientData {
        &self.client
    }
    /// Authenticator data (§6.1), signed.
    pub fn authenticator_data(&self) -> &[u8] {
        &self.authenticator_data
    }
    /// The signature over authenticator data and the digest of client data.
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }
}

/// A user handle of ours has the 16 octets of a user id. Some clients write an absent one as "".
fn user(handle: Option<&Value>) -> Result<Option<UserId>, PasskeyFault> {
    match handle {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.is_empty() => Ok(None),
        Some(Value::String(text)) => base64url(text, 16)
            .and_then(|octets| octets.try_into().ok())
            .map(|octets| Some(UserId::from_octets(octets)))
            .ok_or(PasskeyFault::Malformed("userHandle")),
        Some(_) => Err(PasskeyFault::Malformed("userHandle")),
    }
}
