//! The one real clock.

use std::time::{SystemTime, UNIX_EPOCH};

use vault_domain::ports::Clock;
use vault_domain::time::Timestamp;

/// The machine's clock.
#[derive(Debug, Default, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one real clock")]
    fn now(&self) -> Timestamp {
        // A machine whose clock is before 1970 lets every token be expired rather than live for ever.
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        Timestamp(since.map_or(u64::MAX, |since| since.as_secs()))
    }
}
