//! A browser and authenticator for the tests, each of whose properties can be broken. ECDSA is by another
//! library than the one that checks; CBOR is written by hand.

use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize, PublicKeyComponents};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256};
use data_encoding::BASE64URL_NOPAD;
use p256::ecdsa::{Signature, SigningKey, signature::Signer as _};
use serde_json::{Value, json};

use super::sha256;

pub(super) const ORIGIN: &str = "https://app.example.org";
pub(super) const RP: &str = "example.org";
pub(super) const OWNER: [u8; 16] = [9; 16];
pub(super) const CHALLENGE: [u8; 32] = [7; 32];

pub(super) const UP: u8 = 0x01;
pub(super) const UV: u8 = 0x04;
pub(super) const BE: u8 = 0x08;
pub(super) const BS: u8 = 0x10;
pub(super) const AT: u8 = 0x40;
pub(super) const ED: u8 = 0x80;

pub(super) enum Key {
    Es256(SigningKey),
    Eddsa(Ed25519KeyPair),
    Rs256(Box<RsaKeyPair>),
}

/// The head of an item of CBOR (RFC 8949 §3).
pub(super) fn head(major: u8, length: usize) -> Vec<u8> {
    let [.., high, low] = length.to_be_bytes();
    match length {
        0..24 => vec![major << 5 | low],
        24..256 => vec![major << 5 | 0x18, low],
        _ => vec![major << 5 | 0x19, high, low],
    }
}

pub(super) fn bytes(octets: &[u8]) -> Vec<u8> {
    [head(2, octets.len()), octets.to_vec()].concat()
}

fn text(text: &str) -> Vec<u8> {
    [head(3, text.len()), text.as_bytes().to_vec()].concat()
}

impl Key {
    pub(super) fn es256(seed: u8) -> Self {
        Self::Es256(SigningKey::from_slice(&[seed; 32]).unwrap())
    }
    pub(super) fn eddsa() -> Self {
        Self::Eddsa(Ed25519KeyPair::from_seed_unchecked(&[3; 32]).unwrap())
    }
    pub(super) fn rs256() -> Self {
        Self::Rs256(Box::new(RsaKeyPair::generate(KeySize::Rsa2048).unwrap()))
    }

    pub(super) fn cose(&self) -> Vec<u8> {
        match self {
            Self::Es256(key) => {
                let point = key.verifying_key().to_encoded_point(false);
                let (x, y) = (point.x().unwrap(), point.y().unwrap());
                let start = [0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21].to_vec();
                [start, bytes(x), vec![0x22], bytes(y)].concat()
            }
            Self::Eddsa(key) => {
                let start = [0xa4, 1, 1, 3, 0x27, 0x20, 6, 0x21].to_vec();
                [start, bytes(key.public_key().as_ref())].concat()
            }
            Self::Rs256(key) => {
                let PublicKeyComponents { n, e } = PublicKeyComponents::from(key.public_key());
                let start = [0xa4, 1, 3, 3, 0x39, 1, 0, 0x20].to_vec();
                [start, bytes(&n), vec![0x21], bytes(&e)].concat()
            }
        }
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Es256(key) => {
                let made: Signature = key.sign(message);
                made.to_der().as_bytes().to_vec()
            }
            Self::Eddsa(key) => key.sign(message).as_ref().to_vec(),
            Self::Rs256(key) => {
                let random = aws_lc_rs::rand::SystemRandom::new();
                let mut made = vec![0; key.public_modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &random, message, &mut made)
                    .unwrap();
                made
            }
        }
    }
}

/// What is answered, and how.
pub(super) struct Forge {
    pub(super) key: Key,
    pub(super) credential: Vec<u8>,
    pub(super) kind: &'static str,
    pub(super) challenge: [u8; 32],
    pub(super) origin: &'static str,
    pub(super) more_client_data: &'static str,
    pub(super) rp: &'static str,
    pub(super) flags: u8,
    pub(super) count: u32,
    /// The attested key, when it is not `key`'s.
    pub(super) cose: Option<Vec<u8>>,
    /// What follows in authenticator data.
    pub(super) tail: Vec<u8>,
    pub(super) statement: (&'static str, Vec<u8>),
    pub(super) user: Option<[u8; 16]>,
}

impl Forge {
    pub(super) fn create() -> Self {
        Self {
            key: Key::es256(1),
            credential: vec![5; 32],
            kind: "webauthn.create",
            challenge: CHALLENGE,
            origin: ORIGIN,
            more_client_data: r#","crossOrigin":false"#,
            rp: RP,
            flags: UP | UV | BE | AT,
            count: 0,
            cose: None,
            tail: Vec::new(),
            statement: ("none", head(5, 0)),
            user: Some(OWNER),
        }
    }

    pub(super) fn get() -> Self {
        Self {
            kind: "webauthn.get",
            flags: UP | UV | BE,
            ..Self::create()
        }
    }

    fn client_data(&self) -> Vec<u8> {
        format!(
            r#"{{"type":"{}","challenge":"{}","origin":"{}"{}}}"#,
            self.kind,
            BASE64URL_NOPAD.encode(&self.challenge),
            self.origin,
            self.more_client_data
        )
        .into_bytes()
    }

    pub(super) fn authenticator_data(&self) -> Vec<u8> {
        let mut data = sha256(self.rp.as_bytes()).to_vec();
        data.push(self.flags);
        data.extend(self.count.to_be_bytes());
        if self.flags & AT != 0 {
            data.extend([0xaa; 16]);
            data.extend(u16::try_from(self.credential.len()).unwrap().to_be_bytes());
            data.extend(&self.credential);
            data.extend(self.cose.clone().unwrap_or_else(|| self.key.cose()));
        }
        data.extend(&self.tail);
        data
    }

    pub(super) fn attestation(&self) -> Vec<u8> {
        let (format, statement) = &self.statement;
        let parts = [
            head(5, 3),
            text("fmt"),
            text(format),
            text("attStmt"),
            statement.clone(),
            text("authData"),
            bytes(&self.authenticator_data()),
        ];
        parts.concat()
    }

    pub(super) fn registration(&self) -> Value {
        registration(&self.credential, &self.client_data(), &self.attestation())
    }

    pub(super) fn authentication(&self) -> Value {
        let (client, data) = (self.client_data(), self.authenticator_data());
        let signature = self
            .key
            .sign(&[data.clone(), sha256(&client).to_vec()].concat());
        let mut json = authentication(&self.credential, &client, &data, &signature);
        json["response"]["userHandle"] = match self.user {
            Some(user) => json!(BASE64URL_NOPAD.encode(&user)),
            None => Value::Null,
        };
        json
    }
}

/// `RegistrationResponseJSON` of these octets.
pub(super) fn registration(credential: &[u8], client: &[u8], attestation: &[u8]) -> Value {
    let id = BASE64URL_NOPAD.encode(credential);
    json!({
        "id": id, "rawId": id, "type": "public-key", "clientExtensionResults": {},
        "response": {
            "clientDataJSON": BASE64URL_NOPAD.encode(client),
            "attestationObject": BASE64URL_NOPAD.encode(attestation),
            "transports": ["internal"],
        },
    })
}

/// `AuthenticationResponseJSON` of these octets.
pub(super) fn authentication(
    credential: &[u8],
    client: &[u8],
    data: &[u8],
    signature: &[u8],
) -> Value {
    let id = BASE64URL_NOPAD.encode(credential);
    json!({
        "id": id, "rawId": id, "type": "public-key", "clientExtensionResults": {},
        "response": {
            "clientDataJSON": BASE64URL_NOPAD.encode(client),
            "authenticatorData": BASE64URL_NOPAD.encode(data),
            "signature": BASE64URL_NOPAD.encode(signature),
        },
    })
}
