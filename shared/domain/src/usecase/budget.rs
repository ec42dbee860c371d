//! Budgets of attempts at what can be guessed once the caller is known.

use std::net::IpAddr;

use crate::error::Refusal;
use crate::ports::{Attempt, Limits};
use crate::time::Timestamp;

/// Seconds of a window.
const WINDOW_SECONDS: u64 = 900;
/// Attempts at one factor of one account in a window. It goes by account and factor, not by challenge: every right
/// password makes a fresh challenge. At this rate six digits hold for years.
pub const ATTEMPTS_PER_FACTOR: u32 = 10;
/// Attempts from one address (an IPv6 /64 counts as one) in a window: an office shares one.
pub const ATTEMPTS_PER_NETWORK: u32 = 100;

/// One attempt that was taken.
pub(super) struct Taken<'a> {
    limits: &'a dyn Limits,
    bucket: String,
}

impl<'a> Taken<'a> {
    /// Takes an attempt of the budget of this name, before anything is compared: parallel guesses cannot exceed it.
    pub(super) async fn take(
        limits: &'a dyn Limits,
        name: &str,
        most: u32,
        now: Timestamp,
    ) -> Result<Self, Refusal> {
        let window = now.0 / WINDOW_SECONDS;
        let end = Timestamp((window + 1) * WINDOW_SECONDS);
        let bucket = format!("{name}#{window}");
        if limits.take(&bucket, most, end).await? == Attempt::Exhausted {
            return Err(Refusal::Throttled {
                retry_after: end.since(now).max(1),
            });
        }
        Ok(Self { limits, bucket })
    }

    /// It was a right one.
    pub(super) async fn give_back(self) {
        // Losing this costs one attempt of the window; failing what was right would cost more.
        let _ = self.limits.give_back(&self.bucket).await;
    }
}

/// What counts as one address.
pub(super) fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}
