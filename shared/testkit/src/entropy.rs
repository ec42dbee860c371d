//! Randomness from a seed: the same seed gives the same octets in the same order.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use vault_domain::ports::{Entropy, Stored};

use crate::fault::Faults;

/// The step of splitmix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014).
const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

/// splitmix64 over a shared counter: good enough to be unique, useless as a secret.
#[derive(Debug)]
pub struct SeededEntropy {
    seed: u64,
    state: AtomicU64,
    faults: Arc<Faults>,
}

impl SeededEntropy {
    /// A source of a seed.
    pub fn new(seed: u64) -> Self {
        Self::with_faults(seed, Arc::default())
    }
    /// A source of a seed whose draws count as calls in a plan of faults.
    pub fn with_faults(seed: u64, faults: Arc<Faults>) -> Self {
        Self {
            seed,
            state: AtomicU64::new(seed),
            faults,
        }
    }
    /// The seed, for the message of a failing test.
    pub const fn seed(&self) -> u64 {
        self.seed
    }
    /// The next 64 bits.
    pub fn next_u64(&self) -> u64 {
        let state = self.state.fetch_add(GAMMA, Ordering::SeqCst);
        let mut mixed = state.wrapping_add(GAMMA);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
    /// A number below `bound` (at least 1).
    pub fn below(&self, bound: usize) -> usize {
        let bound = u64::try_from(bound.max(1)).unwrap_or(u64::MAX);
        usize::try_from(self.next_u64() % bound).unwrap_or_default()
    }
    /// `N` octets, never failing.
    pub fn octets<const N: usize>(&self) -> [u8; N] {
        let mut octets = [0; N];
        self.scribble(&mut octets);
        octets
    }

    fn scribble(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(8) {
            let octets = self.next_u64().to_le_bytes();
            chunk.copy_from_slice(&octets[..chunk.len()]);
        }
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, buffer: &mut [u8]) -> Stored<()> {
        self.faults.pure("entropy.fill", || {
            self.scribble(buffer);
            Ok(())
        })
    }
}

/// Names the seed when the test that holds it fails.
#[derive(Debug)]
pub struct SeedNote(pub u64);

impl Drop for SeedNote {
    #[expect(
        clippy::print_stderr,
        reason = "the seed must be seen to repeat the failure"
    )]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the seed of this run is {}", self.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_octets() {
        let (a, b, c) = (
            SeededEntropy::new(7),
            SeededEntropy::new(7),
            SeededEntropy::new(8),
        );
        assert_eq!(a.octets::<33>(), b.octets::<33>());
        assert_ne!(a.octets::<33>(), c.octets::<33>());
    }
}
