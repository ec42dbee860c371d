//! Previews at rest: AES-128-GCM (NIST SP 800-38D) under a content key of their own, which is as strong as the film's. Asset,
//! run and name are associated data, so that a preview opens as no other.

use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use vault_domain::ports::{PreviewPlace, PreviewSeal, StoreError, Stored};
use vault_domain::secret::ContentKey;

/// Seals as nonce, ciphertext, tag.
#[derive(Debug, Clone, Copy)]
pub struct SealedPreviews;

fn cipher(operation: &'static str, key: &ContentKey) -> Stored<LessSafeKey> {
    let key = UnboundKey::new(&AES_128_GCM, key.expose());
    let key = key.map_err(|_| StoreError::new(operation, "the cipher takes no such key"))?;
    Ok(LessSafeKey::new(key))
}

fn associated(place: PreviewPlace) -> Aad<Vec<u8>> {
    let PreviewPlace { asset, run, name } = place;
    let mut octets = b"preview".to_vec();
    octets.extend_from_slice(asset.octets());
    octets.extend_from_slice(run.octets());
    octets.extend_from_slice(name.to_string().as_bytes());
    Aad::from(octets)
}

impl PreviewSeal for SealedPreviews {
    fn seal(
        &self,
        key: &ContentKey,
        place: PreviewPlace,
        nonce: [u8; 12],
        mut octets: Vec<u8>,
    ) -> Stored<Vec<u8>> {
        const OPERATION: &str = "preview.seal";
        let cipher = cipher(OPERATION, key)?;
        let once = Nonce::assume_unique_for_key(nonce);
        cipher
            .seal_in_place_append_tag(once, associated(place), &mut octets)
            .map_err(|_| StoreError::new(OPERATION, "the cipher failed"))?;
        octets.splice(..0, nonce);
        Ok(octets)
    }

    fn open(&self, key: &ContentKey, place: PreviewPlace, mut sealed: Vec<u8>) -> Stored<Vec<u8>> {
        const OPERATION: &str = "preview.open";
        let changed = || StoreError::new(OPERATION, "the preview was changed");
        let cipher = cipher(OPERATION, key)?;
        let (nonce, body) = sealed.split_at_mut_checked(NONCE_LEN).ok_or_else(changed)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| changed())?;
        let opened = cipher.open_in_place(nonce, associated(place), body);
        Ok(opened.map_err(|_| changed())?.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use vault_domain::id::{AssetId, PackageId};
    use vault_domain::preview::PreviewName;

    use super::*;

    const PLACE: PreviewPlace = PreviewPlace {
        asset: AssetId::from_octets([1; 16]),
        run: PackageId::from_octets([2; 16]),
        name: PreviewName::Poster,
    };

    #[test]
    fn a_preview_opens_as_itself_alone_and_shows_nothing_of_itself() {
        let key = ContentKey::new([9; 16]);
        let plain = b"\xFF\xD8 a picture".to_vec();
        let sealed = SealedPreviews.seal(&key, PLACE, [4; 12], plain.clone());
        let sealed = sealed.unwrap();
        assert_eq!(sealed.len(), plain.len() + 12 + 16);
        assert!(!sealed.windows(4).any(|part| part == &plain[..4]));
        let open = |key: &ContentKey, place, sealed: &[u8]| {
            SealedPreviews.open(key, place, sealed.to_vec())
        };
        assert_eq!(open(&key, PLACE, &sealed).unwrap(), plain);
        let asset = AssetId::from_octets([8; 16]);
        let run = PackageId::from_octets([8; 16]);
        let name = PreviewName::Sheet(0);
        for other in [
            PreviewPlace { asset, ..PLACE },
            PreviewPlace { run, ..PLACE },
            PreviewPlace { name, ..PLACE },
        ] {
            assert!(open(&key, other, &sealed).is_err());
        }
        assert!(open(&ContentKey::new([8; 16]), PLACE, &sealed).is_err());
        for at in [0, 12, sealed.len() - 1] {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(open(&key, PLACE, &changed).is_err(), "{at}");
        }
        for short in [0, 11, 12, 27] {
            assert!(open(&key, PLACE, &sealed[..short]).is_err(), "{short}");
        }
    }
}
