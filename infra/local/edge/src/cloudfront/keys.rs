//! The key group: public keys by id, and the checking of signatures.

use std::collections::HashMap;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA1_ASN1, ECDSA_P256_SHA256_ASN1, ParsedPublicKey,
    RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA256,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::config::TrustedKey;

/// The hash that a signature was made over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hash {
    /// What is assumed where no hash is named.
    Sha1,
    /// `Hash-Algorithm=SHA256`.
    Sha256,
}

/// One key, parsed once for each hash.
struct Key {
    sha1: ParsedPublicKey,
    sha256: ParsedPublicKey,
}

/// The public keys that the distribution trusts.
pub struct KeyGroup {
    keys: HashMap<String, Key>,
}

/// A configured key is neither RSA nor ECDSA P-256 in SPKI PEM.
#[derive(Debug, thiserror::Error)]
#[error("the trusted key {id} is not an RSA (2048 bits or more) or ECDSA P-256 public key in PEM")]
pub struct BadKey {
    id: String,
}

impl KeyGroup {
    /// Parses the configured keys.
    pub fn new(keys: &[TrustedKey]) -> Result<Self, BadKey> {
        let keys = keys
            .iter()
            .map(|key| {
                Ok((
                    key.id.clone(),
                    parse(key).ok_or(BadKey { id: key.id.clone() })?,
                ))
            })
            .collect::<Result<_, BadKey>>()?;
        Ok(Self { keys })
    }

    /// Whether the group has a key of this id.
    pub fn contains(&self, id: &str) -> bool {
        self.keys.contains_key(id)
    }

    /// Whether `signature` over `message` was made by the key `id`: RSASSA-PKCS1-v1_5, or ECDSA in DER.
    pub fn verifies(&self, id: &str, hash: Hash, message: &[u8], signature: &[u8]) -> bool {
        self.keys.get(id).is_some_and(|key| {
            let key = match hash {
                Hash::Sha1 => &key.sha1,
                Hash::Sha256 => &key.sha256,
            };
            key.verify_sig(message, signature).is_ok()
        })
    }
}

fn parse(key: &TrustedKey) -> Option<Key> {
    let der = spki(&key.pem)?;
    let rsa = || {
        Some(Key {
            sha1: ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, &der).ok()?,
            sha256: ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &der).ok()?,
        })
    };
    let ecdsa = || {
        Some(Key {
            sha1: ParsedPublicKey::new(&ECDSA_P256_SHA1_ASN1, &der).ok()?,
            sha256: ParsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, &der).ok()?,
        })
    };
    rsa().or_else(ecdsa)
}

/// The DER inside one `PUBLIC KEY` PEM block (RFC 7468).
fn spki(pem: &str) -> Option<Vec<u8>> {
    let text = pem.trim().strip_prefix("-----BEGIN PUBLIC KEY-----")?;
    let text = text.strip_suffix("-----END PUBLIC KEY-----")?;
    STANDARD
        .decode(text.split_ascii_whitespace().collect::<String>())
        .ok()
}
