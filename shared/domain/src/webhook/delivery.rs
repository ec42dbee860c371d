//! A delivery: what became of telling one endpoint of one change, and when it is tried again.

use super::{DeliveryOrder, Notice};
use crate::id::{DeliveryId, OrgId, WebhookId};
use crate::time::Timestamp;

/// Seconds after each failed try until the next. Standard Webhooks suggests such a schedule; a message of SQS stays hidden
/// for twelve hours at the most, so no wait is longer.
const WAITS: [u64; 8] = [5, 300, 1_800, 7_200, 18_000, 36_000, 39_000, 39_000];
/// Tries of a delivery; the last is some 40 hours after the first.
pub const TRIES: u32 = 9;
/// The longest wait with what is added to spread those that failed together: less than SQS's twelve hours.
pub const LONGEST_WAIT: u64 = 42_900;

/// Failed tries in a row after which an endpoint is given up: each may be a message that waits, and a queue holds only so
/// many of them hidden.
pub const MAX_FAILURES: u64 = 1_000;
/// Seconds for which all tries have failed after which the next message that dies is the endpoint's last: five days.
pub const FAILING_SECONDS: u64 = 5 * 86_400;

/// Where a delivery is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryState {
    /// It failed, and is tried again.
    Waiting,
    /// The endpoint answered 2xx.
    Delivered,
    /// It is not tried any more; it can be replayed.
    Dead,
}

impl DeliveryState {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Waiting, Self::Delivered, Self::Dead];

    /// The name as stored and as shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Delivered => "delivered",
            Self::Dead => "dead",
        }
    }
    /// Reads the name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// What a try came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The endpoint answered with this status.
    Answered(u16),
    /// It did not, and why: a stable word.
    Unreachable(&'static str),
}

impl Verdict {
    /// Is the message there (Standard Webhooks: any 2xx)?
    pub const fn is_delivered(self) -> bool {
        matches!(self, Self::Answered(200..=299))
    }
    /// Does the endpoint want no more (Standard Webhooks: 410)?
    pub const fn is_gone(self) -> bool {
        matches!(self, Self::Answered(410))
    }
    /// The status, if there was an answer.
    pub const fn status(self) -> Option<u16> {
        match self {
            Self::Answered(status) => Some(status),
            Self::Unreachable(_) => None,
        }
    }
    /// Why it is no delivery: a stable word.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Answered(410) => "gone",
            Self::Answered(300..=399) => "redirected",
            Self::Answered(_) => "refused",
            Self::Unreachable(why) => why,
        }
    }
}

/// A delivery as stored, from its first try on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Which message.
    pub id: DeliveryId,
    /// Of which organisation.
    pub org: OrgId,
    /// To which endpoint.
    pub webhook: WebhookId,
    /// Of what.
    pub notice: Notice,
    /// Where it is.
    pub state: DeliveryState,
    /// 0, and one more for each replay.
    pub round: u32,
    /// Tries of this round.
    pub tries: u32,
    /// The endpoint's last answer, if there was one.
    pub status: Option<u16>,
    /// Why it is not delivered: a stable word.
    pub reason: Option<String>,
    /// When it was tried last.
    pub tried_at: Timestamp,
    /// Before when it is not tried again.
    pub next_at: Option<Timestamp>,
}

impl Delivery {
    /// The delivery after a try that followed `before`, which is of the same round.
    pub fn after(
        order: &DeliveryOrder,
        before: Option<&Self>,
        verdict: Verdict,
        now: Timestamp,
    ) -> Self {
        let tries = before.map_or(0, |before| before.tries).saturating_add(1);
        let wait = wait(tries, order.delivery);
        let (state, next) = match wait {
            _ if verdict.is_delivered() => (DeliveryState::Delivered, None),
            Some(wait) if !verdict.is_gone() => (DeliveryState::Waiting, Some(now.plus(wait))),
            _ => (DeliveryState::Dead, None),
        };
        let reason = (!verdict.is_delivered()).then(|| verdict.reason().to_owned());
        Self {
            id: order.delivery,
            org: order.org,
            webhook: order.webhook,
            notice: order.notice.clone(),
            state,
            round: order.round,
            tries,
            status: verdict.status(),
            reason,
            tried_at: now,
            next_at: next,
        }
    }

    /// The delivery that is not tried any more, because its endpoint is switched off.
    pub fn given_up(
        order: &DeliveryOrder,
        before: Option<&Self>,
        why: &str,
        now: Timestamp,
    ) -> Self {
        Self {
            id: order.delivery,
            org: order.org,
            webhook: order.webhook,
            notice: order.notice.clone(),
            state: DeliveryState::Dead,
            round: order.round,
            tries: before.map_or(0, |before| before.tries),
            status: before.and_then(|before| before.status),
            reason: Some(why.to_owned()),
            tried_at: before.map_or(now, |before| before.tried_at),
            next_at: None,
        }
    }

    /// What asks for another round of it.
    pub fn replayed(&self) -> DeliveryOrder {
        DeliveryOrder {
            org: self.org,
            webhook: self.webhook,
            delivery: self.id,
            round: self.round.saturating_add(1),
            notice: self.notice.clone(),
        }
    }
}

/// Seconds until the next try after so many; none after the last. Up to a tenth is added, by the message's id, so that what
/// failed together does not come again together.
fn wait(tries: u32, id: DeliveryId) -> Option<u64> {
    let at = usize::try_from(tries.checked_sub(1)?).ok()?;
    let wait = *WAITS.get(at)?;
    Some(wait + wait * u64::from(id.octets()[15]) / 2_550)
}

/// How an endpoint has been doing since its last success.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Health {
    /// Tries that failed, one after another.
    pub failures: u64,
    /// Since when.
    pub since: Option<Timestamp>,
}

impl Health {
    /// Is it given up? `died`: a message was, just now.
    pub fn is_hopeless(&self, died: bool, now: Timestamp) -> bool {
        let long = self
            .since
            .is_some_and(|since| now.since(since) >= FAILING_SECONDS);
        self.failures >= MAX_FAILURES || (died && long)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(last: u8) -> DeliveryId {
        let mut octets = [0; 16];
        octets[15] = last;
        DeliveryId::from_octets(octets)
    }

    #[test]
    fn a_wait_grows_is_spread_and_fits_into_what_sqs_hides() {
        assert_eq!(usize::try_from(TRIES), Ok(WAITS.len() + 1));
        for tries in 1..TRIES {
            let (least, most) = (wait(tries, id(0)).unwrap(), wait(tries, id(255)).unwrap());
            assert!(least <= most && most <= LONGEST_WAIT, "{tries}");
            assert!(least >= wait(tries - 1, id(0)).unwrap_or(0));
        }
        assert_eq!(wait(2, id(255)), Some(330));
        assert_eq!(wait(0, id(0)), None);
        assert_eq!(wait(TRIES, id(0)), None);
        const { assert!(LONGEST_WAIT < 12 * 3_600) };
    }

    #[test]
    fn an_endpoint_is_given_up_after_many_failures_or_long_ones() {
        let health = |failures, since| Health {
            failures,
            since: Some(Timestamp(since)),
        };
        let now = Timestamp(FAILING_SECONDS + 10);
        assert!(!Health::default().is_hopeless(true, now));
        assert!(health(MAX_FAILURES, now.0).is_hopeless(false, now));
        assert!(!health(MAX_FAILURES - 1, 11).is_hopeless(true, now));
        assert!(health(1, 10).is_hopeless(true, now));
        assert!(!health(1, 10).is_hopeless(false, now), "it may yet come");
    }
}
