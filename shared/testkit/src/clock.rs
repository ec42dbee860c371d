//! A clock that stands still until it is told otherwise.

use std::sync::atomic::{AtomicU64, Ordering};

use vault_domain::ports::Clock;
use vault_domain::time::Timestamp;

/// When golden tests happen: 2026-01-01T00:00:00Z.
pub const GOLDEN_NOW: Timestamp = Timestamp(1_767_225_600);

/// A settable clock.
#[derive(Debug)]
pub struct FixedClock(AtomicU64);

impl FixedClock {
    /// A clock that says `now`.
    pub const fn at(now: Timestamp) -> Self {
        Self(AtomicU64::new(now.0))
    }
    /// Sets the time.
    pub fn set(&self, now: Timestamp) {
        self.0.store(now.0, Ordering::SeqCst);
    }
    /// Lets `seconds` pass.
    pub fn advance(&self, seconds: u64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }
}

impl Default for FixedClock {
    fn default() -> Self {
        Self::at(GOLDEN_NOW)
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}
