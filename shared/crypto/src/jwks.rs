//! The public halves of a ring of signing keys (RFC 7517).
//!
//! A rotation is: add a version to the secret and its public key to the set that is served; when every verifier has
//! read that, name the new version `current`; when the last token under the old one is over, remove the old from both.
//! A set made of the whole ring is right in every one of these states.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use vault_domain::secret::{SecretBytes, SecretText};

use crate::keyring::{KeyFault, Keyring};

/// Octets of a coordinate on P-256.
const COORDINATE: usize = 32;

/// The JWKS of every version of the ring; a version's name is its `kid`. The secret holds base64 of PKCS#8 DER of EC
/// P-256 keys.
///
/// # Errors
/// [`KeyFault::BadKey`]
pub fn public_jwks(ring: &Keyring) -> Result<String, KeyFault> {
    let keys = ring.versions().map(|(kid, text)| jwk(kid, text));
    let keys: Vec<Value> = keys.collect::<Result<_, _>>()?;
    Ok(json!({ "keys": keys }).to_string())
}

fn jwk(kid: &str, text: &SecretText) -> Result<Value, KeyFault> {
    let der = STANDARD.decode(text.expose().trim());
    let der = SecretBytes::new(der.map_err(|_| KeyFault::BadKey)?);
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der.expose());
    let pair = pair.map_err(|_| KeyFault::BadKey)?;
    // SEC 1 §2.3.3: 4, x, y.
    let (x, y) = match pair.public_key().as_ref().split_first() {
        Some((4, both)) if both.len() == 2 * COORDINATE => both.split_at(COORDINATE),
        _ => return Err(KeyFault::BadKey),
    };
    let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
    Ok(json!({
        "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": kid, "x": x, "y": y,
    }))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use vault_domain::api_key::Scopes;
    use vault_domain::credential::Role;
    use vault_domain::id::{OrgId, SessionId, UserId};
    use vault_domain::member::Subject;
    use vault_domain::ports::{AccessTokens as _, AccessVerifier as _};
    use vault_domain::time::Timestamp;
    use vault_domain::token::Caller;

    use super::*;
    use crate::access::{JwtIssuer, JwtVerifier};
    use crate::entropy::SystemEntropy;

    const NOW: Timestamp = Timestamp(1_800_000_000);

    fn key() -> String {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        STANDARD.encode(pair.to_pkcs8v1().unwrap().as_ref())
    }

    fn ring(current: &str, versions: &[(&str, &str)]) -> Keyring {
        let mut secret = json!({ "current": current });
        for (name, text) in versions {
            secret[*name] = json!(text);
        }
        Keyring::parse(&SecretText::new(secret.to_string())).unwrap()
    }

    fn token(ring: &Keyring) -> SecretText {
        let caller = Caller {
            subject: Subject::Person {
                user: UserId::from_octets([1; 16]),
                session: SessionId::from_octets([2; 16]),
            },
            org: OrgId::from_octets([3; 16]),
            role: Role::Viewer,
            scopes: Scopes::all(),
        };
        let issuer = JwtIssuer::new(ring, "urn:test".to_owned(), Arc::new(SystemEntropy));
        issuer.unwrap().issue(&caller, NOW, 600).unwrap()
    }

    #[test]
    fn through_a_rotation_every_live_token_verifies_and_no_later_one_under_the_old_key() {
        let (old, new) = (key(), key());
        let before = ring("1", &[("1", &old)]);
        let overlap = ring("1", &[("1", &old), ("2", &new)]);
        let switched = ring("2", &[("1", &old), ("2", &new)]);
        let after = ring("2", &[("2", &new)]);
        let takes = |served: &Keyring, token: &SecretText| {
            let verifier = JwtVerifier::new(&public_jwks(served).unwrap(), "urn:test").unwrap();
            verifier.verify(token.expose(), NOW).is_some()
        };
        let (first, second) = (token(&before), token(&switched));
        for (served, old_one, new_one) in [
            (&before, true, false),
            (&overlap, true, true),
            (&switched, true, true),
            (&after, false, true),
        ] {
            let verified = (takes(served, &first), takes(served, &second));
            assert_eq!(verified, (old_one, new_one));
        }
    }

    #[test]
    fn nothing_private_is_in_the_set() {
        let text = key();
        let set = public_jwks(&ring("a", &[("a", &text)])).unwrap();
        let set: Value = serde_json::from_str(&set).unwrap();
        let key = set["keys"][0].as_object().unwrap();
        let mut names: Vec<_> = key.keys().collect();
        names.sort();
        assert_eq!(names, ["alg", "crv", "kid", "kty", "use", "x", "y"]);
    }

    #[test]
    fn a_version_that_is_no_key_is_told() {
        let ring = ring("a", &[("a", &"k".repeat(64))]);
        assert_eq!(public_jwks(&ring).err(), Some(KeyFault::BadKey));
    }
}
