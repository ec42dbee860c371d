//! Public keys as a `COSE_Key` (RFC 9052 §7; RFC 9053 §7.1 and §7.2; RFC 8230 §4), in the three kinds that are
//! offered. Each has just the parameters that `WebAuthn` §5.8.5 and §6.5.1 want, each once.

use aws_lc_rs::rsa::PublicKeyComponents;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
};
use ciborium::Value;
use vault_domain::passkey::{ALGORITHMS, PasskeyFault};

use super::authenticator::item;

/// Octets of an RSA modulus: 2048 to 4096 bits.
const RSA_OCTETS: std::ops::RangeInclusive<usize> = 256..=512;

struct CoseKey(Vec<(Value, Value)>);

impl CoseKey {
    fn get(&self, label: i64) -> Option<&Value> {
        let label = Value::from(label);
        self.0
            .iter()
            .find_map(|(key, value)| (*key == label).then_some(value))
    }
    fn number(&self, label: i64) -> Option<i64> {
        self.get(label)?.as_integer()?.try_into().ok()
    }
    fn octets(&self, label: i64) -> Option<&[u8]> {
        self.get(label)?.as_bytes().map(Vec::as_slice)
    }
    /// So many parameters, this type of key, and this curve or none.
    fn shape(&self, parameters: usize, kty: i64, crv: Option<i64>) -> Option<()> {
        let curve = crv.is_none() || self.number(-1) == crv;
        (self.0.len() == parameters && self.number(1) == Some(kty) && curve).then_some(())
    }

    /// RFC 9053 §7.1.1: kty EC2, crv P-256, the point uncompressed.
    fn es256(&self) -> Option<ParsedPublicKey> {
        self.shape(5, 2, Some(1))?;
        let x: &[u8; 32] = self.octets(-2)?.try_into().ok()?;
        let y: &[u8; 32] = self.octets(-3)?.try_into().ok()?;
        let point = [&[4], x.as_slice(), y].concat();
        ParsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point).ok()
    }
    /// RFC 9053 §7.2: kty OKP, crv Ed25519.
    fn eddsa(&self) -> Option<ParsedPublicKey> {
        self.shape(4, 1, Some(6))?;
        let x: &[u8; 32] = self.octets(-2)?.try_into().ok()?;
        ParsedPublicKey::new(&ED25519, x).ok()
    }
    /// RFC 8230 §4: kty RSA.
    fn rs256(&self) -> Option<ParsedPublicKey> {
        self.shape(4, 3, None)?;
        let (n, e) = (self.octets(-1)?, self.octets(-2)?);
        if !RSA_OCTETS.contains(&n.len()) || !(1..=4).contains(&e.len()) {
            return None;
        }
        PublicKeyComponents { n, e }
            .to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256)
            .ok()
    }
}

/// A key that checks signatures.
pub(super) fn read(octets: &[u8]) -> Result<ParsedPublicKey, PasskeyFault> {
    let mut rest = octets;
    let key = item(&mut rest)
        .filter(|_| rest.is_empty())
        .and_then(|key| key.into_map().ok())
        .map(CoseKey)
        .ok_or(PasskeyFault::PublicKey)?;
    let alg = key.number(3).ok_or(PasskeyFault::PublicKey)?;
    if !ALGORITHMS.contains(&alg) {
        return Err(PasskeyFault::Algorithm);
    }
    match alg {
        -7 => key.es256(),
        -8 => key.eddsa(),
        _ => key.rs256(),
    }
    .ok_or(PasskeyFault::PublicKey)
}
