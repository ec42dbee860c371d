//! Budgets of attempts at what can be guessed once the caller is known.

use std::net::IpAddr;

use crate::error::Refusal;
use crate::network::throttle_prefixes;
use crate::ports::{Attempt, Limits};
use crate::time::Timestamp;

/// Seconds of a window.
const WINDOW_SECONDS: u64 = 900;
/// Attempts at one factor of one account in a window. It goes by account and factor, not by challenge: every right
/// password makes a fresh challenge.
pub const ATTEMPTS_PER_FACTOR: u32 = 10;
/// Attempts at one factor of one account in a day: whoever has the password needs years for an even chance at six
/// digits of which three are right at any moment.
pub const ATTEMPTS_PER_DAY: u32 = 30;
const DAY_SECONDS: u64 = 86_400;
/// Attempts from one network in a window, many times more as it weighs ([`throttle_prefixes`]): an office shares one.
pub const ATTEMPTS_PER_NETWORK: u32 = 100;

/// One attempt that was taken.
pub(super) struct Taken<'a> {
    limits: &'a dyn Limits,
    buckets: Vec<String>,
}

impl<'a> Taken<'a> {
    /// Takes an attempt of the budget of this name, before anything is compared: parallel guesses cannot exceed it.
    pub(super) async fn take(
        limits: &'a dyn Limits,
        name: &str,
        most: u32,
        now: Timestamp,
    ) -> Result<Self, Refusal> {
        let buckets = Vec::new();
        let taken = Self { limits, buckets };
        taken.and(name, most, WINDOW_SECONDS, now).await
    }

    /// Takes one of the budget of this name, if there is one: of what is done all the same, but not more often.
    pub(super) async fn any_left(
        limits: &'a dyn Limits,
        name: &str,
        most: u32,
        now: Timestamp,
    ) -> Result<bool, Refusal> {
        match Self::take(limits, name, most, now).await {
            Ok(_) => Ok(true),
            Err(Refusal::Throttled { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Takes an attempt of the budget of this name of each network that the address is in, the narrow one first.
    pub(super) async fn from_address(
        limits: &'a dyn Limits,
        name: &str,
        address: IpAddr,
        now: Timestamp,
    ) -> Result<Self, Refusal> {
        let buckets = Vec::new();
        let mut taken = Self { limits, buckets };
        for prefix in throttle_prefixes(address) {
            let name = format!("{name}#{}", prefix.network);
            let most = ATTEMPTS_PER_NETWORK.saturating_mul(prefix.weight);
            taken = taken.and(&name, most, WINDOW_SECONDS, now).await?;
        }
        Ok(taken)
    }

    /// Takes an attempt of another budget beside it.
    pub(super) async fn also(self, name: &str, most: u32, now: Timestamp) -> Result<Self, Refusal> {
        self.and(name, most, WINDOW_SECONDS, now).await
    }

    /// As many a day beside it.
    pub(super) async fn daily(
        self,
        name: &str,
        most: u32,
        now: Timestamp,
    ) -> Result<Self, Refusal> {
        self.and(&format!("{name}#day"), most, DAY_SECONDS, now)
            .await
    }

    async fn and(
        mut self,
        name: &str,
        most: u32,
        seconds: u64,
        now: Timestamp,
    ) -> Result<Self, Refusal> {
        let window = now.0 / seconds;
        let end = Timestamp((window + 1) * seconds);
        let bucket = format!("{name}#{window}");
        if self.limits.take(&bucket, most, end).await? == Attempt::Exhausted {
            return Err(Refusal::Throttled {
                retry_after: end.since(now).max(1),
            });
        }
        self.buckets.push(bucket);
        Ok(self)
    }

    /// It was a right one.
    pub(super) async fn give_back(self) {
        for bucket in &self.buckets {
            // Losing this costs one attempt of the window; failing what was right would cost more.
            let _ = self.limits.give_back(bucket).await;
        }
    }
}
