//! Waiting for what happens by itself: packaging, queues, the end of a lifetime.

use std::time::{Duration, Instant};

/// Asks again and again until there is an answer. The one place in which tests wait.
///
/// # Panics
/// There was none within `limit`; `what` says what was waited for.
pub fn until<T>(what: &str, limit: Duration, mut ask: impl FnMut() -> Option<T>) -> T {
    let since = now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(
            since.elapsed() < limit,
            "{what}: not within {} s",
            limit.as_secs()
        );
        pause();
    }
}

/// A reading of the clock, to measure from.
#[expect(clippy::disallowed_methods, reason = "tests measure real time")]
pub fn now() -> Instant {
    Instant::now()
}

/// Seconds since 1970.
#[expect(
    clippy::disallowed_methods,
    reason = "tests compare with the functions' real clock"
)]
pub fn epoch() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.expect("a clock of today").as_secs()
}

#[expect(
    clippy::disallowed_methods,
    reason = "another process's progress can only be polled"
)]
fn pause() {
    std::thread::sleep(Duration::from_millis(40));
}
