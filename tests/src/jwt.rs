//! Access tokens as a forger makes them, and as we would if we wanted others to take them.

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::Value;

use crate::sdk;

/// A key of ES256.
pub struct Key {
    /// Its id.
    pub id: String,
    pair: EcdsaKeyPair,
}

impl Key {
    /// The deployment's own, as only an operator may read it.
    pub fn genuine() -> Self {
        let secret: Value =
            serde_json::from_str(&sdk::secret("reelvault/token-signing")).expect("JSON");
        let id = secret["current"].as_str().expect("a current key");
        let der = STANDARD
            .decode(secret[id].as_str().expect("its key"))
            .expect("base64");
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &der)
            .expect("a key of P-256");
        Self {
            id: id.to_owned(),
            pair,
        }
    }

    /// Another, under whatever id.
    pub fn forged(id: &str) -> Self {
        let pair =
            EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key of P-256");
        Self {
            id: id.to_owned(),
            pair,
        }
    }

    /// Signs.
    pub fn sign(&self, header: &Value, claims: &Value) -> String {
        let text = unsigned(header, claims);
        let signature = self
            .pair
            .sign(&SystemRandom::new(), text.as_bytes())
            .expect("a signature");
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

/// Header and claims, without the signature and its point.
pub fn unsigned(header: &Value, claims: &Value) -> String {
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}", encode(header), encode(claims))
}

/// Signs as HS256 with whatever octets for a key.
pub fn sign_hs256(key: &[u8], header: &Value, claims: &Value) -> String {
    let text = unsigned(header, claims);
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes());
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(tag))
}

/// Header and claims of a token.
///
/// # Panics
/// It is no JWT.
pub fn parts(token: &str) -> (Value, Value) {
    let part = |number: usize| {
        let text = token.split('.').nth(number).expect("three parts");
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).expect("base64url")).expect("JSON")
    };
    (part(0), part(1))
}
