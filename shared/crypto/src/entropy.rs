//! The one real source of randomness, and SHA-256.

use aws_lc_rs::{digest, rand};
use vault_domain::ports::{Entropy, Hashing, StoreError, Stored};
use vault_domain::token::Digest;

/// The operating system's randomness through aws-lc's DRBG.
#[derive(Debug, Default, Clone, Copy)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one real source of randomness"
    )]
    fn fill(&self, buffer: &mut [u8]) -> Stored<()> {
        rand::fill(buffer).map_err(|_| StoreError::new("entropy.fill", "the random source failed"))
    }
}

/// SHA-256 (FIPS 180-4).
#[derive(Debug, Default, Clone, Copy)]
pub struct Sha256;

impl Hashing for Sha256 {
    fn sha256(&self, octets: &[u8]) -> Digest {
        let mut out = [0; 32];
        out.copy_from_slice(digest::digest(&digest::SHA256, octets).as_ref());
        Digest(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_of_abc_is_that_of_fips_180() {
        assert_eq!(
            Sha256.sha256(b"abc").hex(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }

    #[test]
    fn two_draws_differ() {
        let (mut one, mut two) = ([0; 16], [0; 16]);
        SystemEntropy.fill(&mut one).unwrap();
        SystemEntropy.fill(&mut two).unwrap();
        assert_ne!(one, two);
    }
}
