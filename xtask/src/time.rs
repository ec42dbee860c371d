//! The one place of this tool that looks at a clock or waits.

use std::time::{Duration, Instant, SystemTime};

#[expect(
    clippy::disallowed_methods,
    reason = "a tool measures how long its steps take"
)]
pub(crate) fn now() -> Instant {
    Instant::now()
}

#[expect(
    clippy::disallowed_methods,
    reason = "names of log folders and marks of processes"
)]
pub(crate) fn unix_nanos() -> u128 {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |since| since.as_nanos())
}

#[expect(
    clippy::disallowed_methods,
    reason = "other programs' readiness can only be polled"
)]
pub(crate) fn pause(how_long: Duration) {
    std::thread::sleep(how_long);
}

/// Asks `ready` again and again until it has a value; `None` after `deadline`.
pub(crate) fn poll<T>(deadline: Duration, mut ready: impl FnMut() -> Option<T>) -> Option<T> {
    let start = now();
    loop {
        if let Some(value) = ready() {
            return Some(value);
        }
        if start.elapsed() > deadline {
            return None;
        }
        pause(Duration::from_millis(25));
    }
}
