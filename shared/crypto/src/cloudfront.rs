//! CloudFront signatures over custom policies (Amazon CloudFront Developer Guide, "Setting signed URLs
//! using a custom policy"): ECDSA P-256 or RSA-2048, both with SHA-256.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use vault_domain::playback::UrlSignature;
use vault_domain::ports::{StoreError, Stored, UrlSigner};
use vault_domain::time::Timestamp;

use crate::keyring::{KeyFault, Keyring};

enum Key {
    Ecdsa(EcdsaKeyPair),
    Rsa(RsaKeyPair),
}

/// Signs with the private half of a public key in the distribution's key group.
pub struct PolicySigner {
    key: Key,
    key_pair_id: String,
    random: SystemRandom,
}

impl PolicySigner {
    /// The key of that version of a secret, the private half of the public key `key_pair_id`: base64 of
    /// PKCS#8 DER, EC P-256 or RSA of 2048 bits. Which one signs is the deployment's to say, not the
    /// secret's: a signature that names another key than the one that made it opens nothing.
    ///
    /// # Errors
    /// [`KeyFault::NoCurrent`] without that version, [`KeyFault::BadKey`] for any other key.
    pub fn new(ring: &Keyring, version: &str, key_pair_id: String) -> Result<Self, KeyFault> {
        let signing = ring.versions().find(|(known, _)| *known == version);
        let (_, text) = signing.ok_or(KeyFault::NoCurrent)?;
        let der = STANDARD
            .decode(text.expose().trim())
            .map_err(|_| KeyFault::BadKey)?;
        let key = match EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &der) {
            Ok(pair) => Key::Ecdsa(pair),
            Err(_) => RsaKeyPair::from_pkcs8(&der)
                .ok()
                .filter(|pair| pair.public_modulus_len() == 256)
                .map(Key::Rsa)
                .ok_or(KeyFault::BadKey)?,
        };
        Ok(Self {
            key,
            key_pair_id,
            random: SystemRandom::new(),
        })
    }

    fn signature(&self, message: &[u8]) -> Stored<Vec<u8>> {
        let failed = |_| StoreError::new("cloudfront.sign", "the signature could not be made");
        match &self.key {
            Key::Ecdsa(pair) => Ok(pair
                .sign(&self.random, message)
                .map_err(failed)?
                .as_ref()
                .to_vec()),
            Key::Rsa(pair) => {
                let mut out = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &self.random, message, &mut out)
                    .map_err(failed)?;
                Ok(out)
            }
        }
    }
}

/// The custom policy of one resource until one moment: no white space, one statement.
///
/// # Errors
/// A resource with a quote, a backslash, white space or a control could change the policy's meaning.
pub fn policy(resource: &str, expires_at: Timestamp) -> Stored<String> {
    let plain = |c: char| c.is_ascii_graphic() && c != '"' && c != '\\';
    if resource.is_empty() || !resource.chars().all(plain) {
        return Err(StoreError::new(
            "cloudfront.policy",
            "the resource is not a plain URL",
        ));
    }
    Ok(format!(
        r#"{{"Statement":[{{"Resource":"{resource}","Condition":{{"DateLessThan":{{"AWS:EpochTime":{}}}}}}}]}}"#,
        expires_at.0
    ))
}

/// base64 with `+`, `=` and `/` as `-`, `_` and `~`.
fn url_safe(octets: &[u8]) -> String {
    STANDARD
        .encode(octets)
        .replace('+', "-")
        .replace('=', "_")
        .replace('/', "~")
}

impl UrlSigner for PolicySigner {
    fn sign(&self, resource: &str, expires_at: Timestamp) -> Stored<UrlSignature> {
        let policy = policy(resource, expires_at)?;
        Ok(UrlSignature {
            signature: url_safe(&self.signature(policy.as_bytes())?),
            policy: url_safe(policy.as_bytes()),
            key_pair_id: self.key_pair_id.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::encoding::AsDer;
    use aws_lc_rs::signature::{
        ECDSA_P256_SHA256_ASN1, KeyPair, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey,
    };
    use vault_domain::secret::SecretText;

    fn ring(der: &[u8]) -> Keyring {
        let text = format!(r#"{{"current":"1","1":"{}"}}"#, STANDARD.encode(der));
        Keyring::parse(&SecretText::new(text)).unwrap()
    }

    fn back(text: &str) -> Vec<u8> {
        STANDARD
            .decode(text.replace('-', "+").replace('_', "=").replace('~', "/"))
            .unwrap()
    }

    const RESOURCE: &str = "https://d111.cloudfront.net/media/ast_x/pkg_y/*";

    #[test]
    fn an_ecdsa_signature_verifies_over_the_policy_as_sent() {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
        let der = pair.to_pkcs8v1().unwrap();
        let signer = PolicySigner::new(&ring(der.as_ref()), "1", "K1".into()).unwrap();
        let made = signer.sign(RESOURCE, Timestamp(1_800_000_000)).unwrap();
        let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, pair.public_key().as_ref());
        public
            .verify(&back(&made.policy), &back(&made.signature))
            .unwrap();
        assert_eq!(
            String::from_utf8(back(&made.policy)).unwrap(),
            format!(
                r#"{{"Statement":[{{"Resource":"{RESOURCE}","Condition":{{"DateLessThan":{{"AWS:EpochTime":1800000000}}}}}}]}}"#
            )
        );
    }

    #[test]
    fn an_rsa_signature_verifies_too() {
        let pair = RsaKeyPair::generate(aws_lc_rs::rsa::KeySize::Rsa2048).unwrap();
        let der = AsDer::<aws_lc_rs::encoding::Pkcs8V1Der<'_>>::as_der(&pair).unwrap();
        let signer = PolicySigner::new(&ring(der.as_ref()), "1", "K1".into()).unwrap();
        let made = signer.sign(RESOURCE, Timestamp(1)).unwrap();
        let public = pair.public_key().as_ref();
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, public)
            .verify(&back(&made.policy), &back(&made.signature))
            .unwrap();
    }

    #[test]
    fn a_resource_that_could_change_the_policy_is_refused() {
        for bad in [
            "",
            "https://x/\",\"y",
            "https://x/\\",
            "https://x/ y",
            "https://x/\n",
            "é",
        ] {
            assert!(policy(bad, Timestamp(1)).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_key_of_another_kind_stops_the_start() {
        assert_eq!(
            PolicySigner::new(&ring(&[0; 64]), "1", "K".into()).err(),
            Some(KeyFault::BadKey)
        );
    }
}
