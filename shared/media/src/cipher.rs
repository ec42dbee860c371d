//! AES-128-CBC with PKCS#7 over one segment (RFC 8216 §4.3.2.4).

use aws_lc_rs::cipher::{AES_128, EncryptionContext, PaddedBlockEncryptingKey, UnboundCipherKey};
use aws_lc_rs::iv::FixedLength;
use vault_domain::packaging::{Iv, PackageFault};
use vault_domain::secret::ContentKey;

use crate::fault::Outcome;

/// AES works on blocks of so many octets; PKCS#7 adds 1 to 16 octets.
pub(crate) const BLOCK: usize = 16;

/// One segment's cipher: the expanded key and the segment's IV.
pub(crate) struct Cipher {
    key: PaddedBlockEncryptingKey,
    iv: Iv,
}

impl Cipher {
    pub(crate) fn new(key: &ContentKey, iv: Iv) -> Outcome<Self> {
        let key = UnboundCipherKey::new(&AES_128, key.expose())
            .and_then(PaddedBlockEncryptingKey::cbc_pkcs7)
            .map_err(|_| refused())?;
        Ok(Self { key, iv })
    }

    pub(crate) fn iv(&self) -> Iv {
        self.iv
    }

    /// Encrypts in place; the padding is appended.
    pub(crate) fn seal(&self, segment: &mut Vec<u8>) -> Outcome<()> {
        let context = EncryptionContext::Iv128(FixedLength::from(self.iv.0));
        self.key
            .less_safe_encrypt(segment, context)
            .map_err(|_| refused())?;
        Ok(())
    }
}

fn refused() -> PackageFault {
    crate::fault::driver("the content key was refused by the cipher")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_is_sealed_as_nist_sp_800_38a_prescribes() {
        let key = hex("2b7e151628aed2a6abf7158809cf4f3c");
        let iv = hex("000102030405060708090a0b0c0d0e0f");
        let cipher = Cipher::new(&ContentKey::new(key), Iv(iv)).expect("a valid key");
        let mut segment = hex("6bc1bee22e409f96e93d7e117393172a").to_vec();
        cipher.seal(&mut segment).expect("sealed");
        assert_eq!(segment.len(), 32, "a whole block of padding follows");
        assert_eq!(segment[..16], hex("7649abac8119b246cee98e9b12e9197d"));
    }

    fn hex(text: &str) -> [u8; 16] {
        u128::from_str_radix(text, 16).expect("hex").to_be_bytes()
    }
}
