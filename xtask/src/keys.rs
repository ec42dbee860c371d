//! EC P-256 key pairs in the forms that the stack takes: a secret for the private half, parameters
//! for the public one.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use data_encoding::HEXLOWER;
use p256::SecretKey;
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use p256::elliptic_curve::rand_core::OsRng;
use p256::elliptic_curve::sec1::ToEncodedPoint as _;
use p256::pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _, EncodePublicKey as _, LineEnding};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// The public halves of all versions of a secret as a JWK set (RFC 7517); a version's name is its `kid`. While a
/// rotation is under way there are two.
pub(crate) fn jwks_of(secret: &str) -> Result<String> {
    let versions: BTreeMap<String, String> =
        serde_json::from_str(secret).context("the secret is not a JSON object of texts")?;
    let keys = versions.iter().filter(|(name, _)| *name != "current");
    let keys = keys.map(|(name, text)| Ok(KeyPair::from_base64(text)?.jwk(name)));
    let keys: Vec<Value> = keys.collect::<Result<_>>()?;
    Ok(json!({ "keys": keys }).to_string())
}

/// A key pair. No `Debug`: it holds the private half.
pub(crate) struct KeyPair {
    key: SecretKey,
}

impl KeyPair {
    pub(crate) fn generate() -> Self {
        Self {
            key: SecretKey::random(&mut OsRng),
        }
    }

    /// Reads the current key out of a secret's text.
    pub(crate) fn from_secret(text: &str) -> Result<Self> {
        let secret: Value = serde_json::from_str(text).context("the secret is not JSON")?;
        let id = secret["current"]
            .as_str()
            .context("the secret has no current")?;
        let encoded = secret[id]
            .as_str()
            .context("the secret lacks its current key")?;
        Self::from_base64(encoded)
    }

    fn from_base64(encoded: &str) -> Result<Self> {
        let der = STANDARD
            .decode(encoded)
            .context("the secret's key is not base64")?;
        let key = SecretKey::from_pkcs8_der(&der)
            .context("the secret's key is not an EC P-256 key in PKCS#8")?;
        Ok(Self { key })
    }

    /// The text of a secret with this key as version `id`.
    pub(crate) fn to_secret(&self, id: &str) -> Result<String> {
        let der = self.key.to_pkcs8_der().context("cannot encode the key")?;
        Ok(json!({ "current": id, id: STANDARD.encode(der.as_bytes()) }).to_string())
    }

    /// The first 128 bits of the key's thumbprint (RFC 7638), in hexadecimal.
    pub(crate) fn id(&self) -> String {
        let (x, y) = self.coordinates();
        let canonical = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
        HEXLOWER.encode(&Sha256::digest(canonical)[..16])
    }

    /// The public half as a JWK set (RFC 7517).
    pub(crate) fn jwks(&self) -> String {
        json!({ "keys": [self.jwk(&self.id())] }).to_string()
    }

    fn jwk(&self, kid: &str) -> Value {
        let (x, y) = self.coordinates();
        json!({ "kty": "EC", "crv": "P-256", "x": x, "y": y, "kid": kid, "alg": "ES256", "use": "sig" })
    }

    /// The public half as PEM, as `AWS::CloudFront::PublicKey` takes it.
    pub(crate) fn public_pem(&self) -> Result<String> {
        self.key
            .public_key()
            .to_public_key_pem(LineEnding::LF)
            .context("cannot encode the public key")
    }

    /// An ES256 signature (RFC 7518 §3.4).
    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        let signature: Signature = SigningKey::from(&self.key).sign(message);
        signature.to_vec()
    }

    fn coordinates(&self) -> (String, String) {
        let point = self.key.public_key().to_encoded_point(false);
        let encode = |part: Option<&p256::FieldBytes>| {
            part.map(|bytes| URL_SAFE_NO_PAD.encode(bytes))
                .unwrap_or_default()
        };
        (encode(point.x()), encode(point.y()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{KeyPair, jwks_of};

    #[test]
    fn a_key_survives_its_secret() {
        let pair = KeyPair::generate();
        let again = KeyPair::from_secret(&pair.to_secret("1").unwrap()).unwrap();
        assert_eq!(pair.public_pem().unwrap(), again.public_pem().unwrap());
        assert_eq!(pair.jwks(), again.jwks());
    }

    #[test]
    fn a_set_holds_every_version_of_a_secret_under_its_name() {
        let (old, new) = (KeyPair::generate(), KeyPair::generate());
        let secret = old.to_secret(&old.id()).unwrap();
        assert_eq!(jwks_of(&secret).unwrap(), old.jwks());
        let mut secret: Value = serde_json::from_str(&old.to_secret("1").unwrap()).unwrap();
        let added: Value = serde_json::from_str(&new.to_secret("2").unwrap()).unwrap();
        secret["2"] = added["2"].clone();
        let set: Value = serde_json::from_str(&jwks_of(&secret.to_string()).unwrap()).unwrap();
        assert_eq!(set["keys"], json!([old.jwk("1"), new.jwk("2")]));
    }

    #[test]
    fn the_set_names_the_key_as_the_secret_does() {
        let pair = KeyPair::generate();
        assert!(pair.jwks().contains(&pair.id()));
        assert!(
            pair.to_secret(&pair.id())
                .unwrap()
                .contains(&format!(r#""current":"{}""#, pair.id()))
        );
    }
}
