//! Secrets of second factors at rest: AES-256-GCM (NIST SP 800-38D) under a versioned key, the user's id and
//! the version as associated data, so that a record copied to another user opens nothing.

use std::collections::BTreeMap;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use vault_domain::factor::{Sealed, Sealing, TotpSecret};
use vault_domain::id::UserId;
use vault_domain::ports::{StoreError, Stored};
use zeroize::Zeroizing;

use crate::keyring::{KeyFault, Keyring};

/// Seals under the current version of the factor key.
pub struct FactorKeys {
    current: String,
    keys: BTreeMap<String, LessSafeKey>,
}

impl FactorKeys {
    /// Factor keys of a versioned secret.
    ///
    /// # Errors
    /// [`KeyFault`]
    pub fn new(ring: &Keyring) -> Result<Self, KeyFault> {
        let mut keys = BTreeMap::new();
        for (version, key) in ring.derive("factor")? {
            let key = UnboundKey::new(&AES_256_GCM, key.expose()).map_err(|_| KeyFault::BadKey)?;
            keys.insert(version, LessSafeKey::new(key));
        }
        Ok(Self {
            current: ring.current().to_owned(),
            keys,
        })
    }

    fn key(&self, version: &str) -> Stored<&LessSafeKey> {
        self.keys
            .get(version)
            .ok_or_else(|| StoreError::new("factor key", "this version is not in the secret"))
    }
}

fn associated(user: UserId, version: &str) -> Aad<Vec<u8>> {
    let mut octets = Vec::with_capacity(16 + version.len());
    octets.extend_from_slice(user.octets());
    octets.extend_from_slice(version.as_bytes());
    Aad::from(octets)
}

impl Sealing for FactorKeys {
    fn seal(&self, secret: &TotpSecret, user: UserId, nonce: [u8; 12]) -> Stored<Sealed> {
        let mut octets = secret.expose().to_vec();
        let tag = self
            .key(&self.current)?
            .seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(nonce),
                associated(user, &self.current),
                &mut octets,
            )
            .map_err(|_| StoreError::new("factor.seal", "the cipher failed"))?;
        octets.extend_from_slice(tag.as_ref());
        Ok(Sealed {
            key_version: self.current.clone(),
            nonce,
            octets,
        })
    }

    fn open(&self, sealed: &Sealed, user: UserId) -> Stored<TotpSecret> {
        let mut octets = Zeroizing::new(sealed.octets.clone());
        let opened = self
            .key(&sealed.key_version)?
            .open_in_place(
                Nonce::assume_unique_for_key(sealed.nonce),
                associated(user, &sealed.key_version),
                &mut octets,
            )
            .map_err(|_| StoreError::new("factor.open", "the sealed secret was changed"))?;
        let opened = (&*opened)
            .try_into()
            .map_err(|_| StoreError::new("factor.open", "wrong length"))?;
        Ok(TotpSecret::new(opened))
    }
}

#[cfg(test)]
mod tests {
    use vault_domain::secret::SecretText;

    use super::*;

    const USER: UserId = UserId::from_octets([1; 16]);

    fn keys(text: String) -> FactorKeys {
        FactorKeys::new(&Keyring::parse(&SecretText::new(text)).unwrap()).unwrap()
    }

    fn one() -> FactorKeys {
        keys(format!(r#"{{"current":"1","1":"{}"}}"#, "a".repeat(64)))
    }

    fn sealed(keys: &FactorKeys) -> Sealed {
        keys.seal(&TotpSecret::new([9; 20]), USER, [4; 12]).unwrap()
    }

    #[test]
    fn a_secret_opens_for_its_user_alone_and_unchanged_alone() {
        let good = sealed(&one());
        assert_eq!(one().open(&good, USER).unwrap().expose(), &[9; 20]);
        assert_eq!(good.octets.len(), 36);
        assert_ne!(&good.octets[..20], &[9; 20]);
        assert!(one().open(&good, UserId::from_octets([2; 16])).is_err());
        for at in 0..good.octets.len() {
            let mut changed = good.clone();
            changed.octets[at] ^= 1;
            assert!(one().open(&changed, USER).is_err(), "{at}");
        }
        for octets in [vec![], good.octets[..35].to_vec(), vec![0; 16]] {
            let cut = Sealed {
                octets,
                ..good.clone()
            };
            assert!(one().open(&cut, USER).is_err());
        }
        let other_nonce = Sealed {
            nonce: [5; 12],
            ..good
        };
        assert!(one().open(&other_nonce, USER).is_err());
    }

    #[test]
    fn a_secret_of_an_older_key_opens_while_that_is_kept() {
        let (a, b) = ("a".repeat(64), "b".repeat(64));
        let old = sealed(&one());
        let both = keys(format!(r#"{{"current":"2","1":"{a}","2":"{b}"}}"#));
        assert_eq!(both.open(&old, USER).unwrap().expose(), &[9; 20]);
        assert_eq!(sealed(&both).key_version, "2");
        let renamed = Sealed {
            key_version: "2".to_owned(),
            ..old.clone()
        };
        assert!(both.open(&renamed, USER).is_err());
        let new = keys(format!(r#"{{"current":"2","2":"{b}"}}"#));
        assert!(new.open(&old, USER).is_err());
    }
}
