//! Content keys at rest: AES-256-GCM (NIST SP 800-38D) under a versioned master key, with the ids of
//! asset, key and package as associated data, so that a wrapped key serves nowhere else.

use std::collections::BTreeMap;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use vault_domain::id::{AssetId, KeyId, PackageId};
use vault_domain::playback::WrappedKey;
use vault_domain::ports::{KeyWrap, MasterRing, StoreError, Stored};
use vault_domain::secret::ContentKey;
use vault_domain::time::Timestamp;

use crate::keyring::{KeyFault, Keyring};

/// Wraps under the current version of the master key.
pub struct MasterKeys {
    current: String,
    since: Timestamp,
    next: Option<String>,
    keys: BTreeMap<String, LessSafeKey>,
}

impl MasterKeys {
    /// Master keys of a versioned secret.
    ///
    /// # Errors
    /// [`KeyFault`]
    pub fn new(ring: &Keyring) -> Result<Self, KeyFault> {
        let mut keys = BTreeMap::new();
        for (version, key) in ring.derive("content key wrapping")? {
            let key = UnboundKey::new(&AES_256_GCM, key.expose()).map_err(|_| KeyFault::BadKey)?;
            keys.insert(version, LessSafeKey::new(key));
        }
        Ok(Self {
            current: ring.current().to_owned(),
            since: ring.current_since(),
            next: ring.next().map(str::to_owned),
            keys,
        })
    }

    fn key(&self, version: &str) -> Stored<&LessSafeKey> {
        self.keys
            .get(version)
            .ok_or_else(|| StoreError::new("master key", "this version is not in the secret"))
    }
}

fn associated(asset: AssetId, key: KeyId, package: PackageId, master: &str) -> Aad<Vec<u8>> {
    let mut octets = Vec::with_capacity(48 + master.len());
    octets.extend_from_slice(asset.octets());
    octets.extend_from_slice(key.octets());
    octets.extend_from_slice(package.octets());
    octets.extend_from_slice(master.as_bytes());
    Aad::from(octets)
}

impl KeyWrap for MasterKeys {
    fn wrap(
        &self,
        key: &ContentKey,
        asset: AssetId,
        id: KeyId,
        package: PackageId,
        nonce: [u8; 12],
    ) -> Stored<WrappedKey> {
        let mut sealed = [0; 32];
        let (body, tag) = sealed.split_at_mut(16);
        body.copy_from_slice(key.expose());
        let made = self
            .key(&self.current)?
            .seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(nonce),
                associated(asset, id, package, &self.current),
                body,
            )
            .map_err(|_| StoreError::new("key.wrap", "the cipher failed"))?;
        tag.copy_from_slice(made.as_ref());
        Ok(WrappedKey {
            asset,
            key: id,
            package,
            master: self.current.clone(),
            nonce,
            sealed,
        })
    }

    fn unwrap(&self, wrapped: &WrappedKey) -> Stored<ContentKey> {
        let mut sealed = wrapped.sealed;
        let WrappedKey {
            asset,
            key,
            package,
            master,
            nonce,
            ..
        } = wrapped;
        let opened = self
            .key(master)?
            .open_in_place(
                Nonce::assume_unique_for_key(*nonce),
                associated(*asset, *key, *package, master),
                &mut sealed,
            )
            .map_err(|_| StoreError::new("key.unwrap", "the wrapped key was changed"))?;
        let octets: [u8; 16] = (&*opened)
            .try_into()
            .map_err(|_| StoreError::new("key.unwrap", "wrong length"))?;
        Ok(ContentKey::new(octets))
    }
}

impl MasterRing for MasterKeys {
    fn current(&self) -> (&str, Timestamp) {
        (&self.current, self.since)
    }
    fn is_old(&self, version: &str) -> bool {
        version != self.current && self.next.as_deref() != Some(version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vault_domain::secret::SecretText;

    fn keys(text: String) -> MasterKeys {
        MasterKeys::new(&Keyring::parse(&SecretText::new(text)).unwrap()).unwrap()
    }

    fn wrapped(keys: &MasterKeys) -> WrappedKey {
        let (asset, id) = (AssetId::from_octets([1; 16]), KeyId::from_octets([2; 16]));
        let package = PackageId::from_octets([3; 16]);
        keys.wrap(&ContentKey::new([9; 16]), asset, id, package, [4; 12])
            .unwrap()
    }

    #[test]
    fn a_key_opens_only_where_it_was_wrapped_for() {
        let keys = keys(format!(r#"{{"current":"1","1":"{}"}}"#, "a".repeat(64)));
        let good = wrapped(&keys);
        assert_eq!(keys.unwrap(&good).unwrap().expose(), &[9; 16]);
        assert_ne!(&good.sealed[..16], &[9; 16]);
        let elsewhere = WrappedKey {
            asset: AssetId::from_octets([8; 16]),
            ..good.clone()
        };
        let other_key = WrappedKey {
            key: KeyId::from_octets([8; 16]),
            ..good.clone()
        };
        let other_run = WrappedKey {
            package: PackageId::from_octets([8; 16]),
            ..good.clone()
        };
        let mut changed = good.clone();
        changed.sealed[0] ^= 1;
        for bad in [elsewhere, other_key, other_run, changed] {
            assert!(keys.unwrap(&bad).is_err());
        }
    }

    #[test]
    fn the_master_that_comes_next_is_no_old_one() {
        let (a, b, c) = ("a".repeat(64), "b".repeat(64), "c".repeat(64));
        let rotation = r#"{"next":"3","since":{"1":5,"2":5,"3":5}}"#;
        let keys = keys(format!(
            r#"{{"current":"2","rotation":{rotation},"1":"{a}","2":"{b}","3":"{c}"}}"#
        ));
        assert_eq!(MasterRing::current(&keys), ("2", Timestamp(5)));
        let old = ["1", "2", "3", "4"].map(|version| keys.is_old(version));
        assert_eq!(old, [true, false, false, true]);
    }

    #[test]
    fn a_key_of_an_older_master_opens_while_that_is_kept_and_is_shredded_with_it() {
        let (a, b) = ("a".repeat(64), "b".repeat(64));
        let old = wrapped(&keys(format!(r#"{{"current":"1","1":"{a}"}}"#)));
        let both = keys(format!(r#"{{"current":"2","1":"{a}","2":"{b}"}}"#));
        assert_eq!(both.unwrap(&old).unwrap().expose(), &[9; 16]);
        assert_eq!(wrapped(&both).master, "2");
        assert!(
            keys(format!(r#"{{"current":"2","2":"{b}"}}"#))
                .unwrap(&old)
                .is_err()
        );
    }
}
