//! Tell one endpoint of one change: post the signed message, and note what became of it.
//!
//! Orders come at least once. The order is the delivery's only claim to be tried again, so it is kept until the record says
//! that the delivery is over; what a cut-off try did not note is tried once more.

use std::sync::Arc;

use super::scribe::Scribe;
use crate::audit::{Author, Event, Source};
use crate::ports::{
    Change, Clock, Deliveries, DeliveryBundle, Entropy, Stored, WebhookPoster, WebhookSecrets,
    Webhooks,
};
use crate::time::Timestamp;
use crate::webhook::{
    Because, Delivery, DeliveryOrder, DeliveryState, Reach, Signed, Verdict, Webhook, WebhookUrl,
    signed_content,
};

/// Times that switching an endpoint off is decided anew because somebody changed it meanwhile.
const RETRIES: u32 = 10;
/// Seconds after which an order comes again whose delivery another had in hand.
const AGAIN: u64 = 5;

/// What delivering needs.
pub struct Deps {
    /// The endpoints.
    pub webhooks: Arc<dyn Webhooks>,
    /// What became of messages.
    pub deliveries: Arc<dyn Deliveries>,
    /// The secrets that sign.
    pub secrets: Arc<dyn WebhookSecrets>,
    /// The way out.
    pub poster: Arc<dyn WebhookPoster>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Ids of records.
    pub entropy: Arc<dyn Entropy>,
    /// How far endpoints may be.
    pub reach: Reach,
}

/// What became of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The endpoint has the message.
    Delivered,
    /// It is to be tried again in so many seconds: keep the order.
    Later(u64),
    /// It is not tried any more, and why.
    Dead(String),
    /// There is nothing to do, and why.
    Nothing(&'static str),
}

/// Tries a delivery.
///
/// # Errors
/// [`crate::ports::StoreError`] when the order is to come again.
pub async fn run(deps: &Deps, order: &DeliveryOrder, request: &str) -> Stored<Outcome> {
    let bundle = deps
        .deliveries
        .bundle(order.org, order.webhook, order.delivery);
    let DeliveryBundle {
        webhook,
        delivery,
        health,
    } = bundle.await?;
    let Some(webhook) = webhook else {
        return Ok(Outcome::Nothing("the endpoint is removed"));
    };
    let now = deps.clock.now();
    if delivery.as_ref().is_some_and(|d| d.round > order.round) {
        return Ok(Outcome::Nothing("it is replayed"));
    }
    // Another round begins anew.
    let before = delivery.as_ref().filter(|d| d.round == order.round);
    if let Some(before) = before {
        if before.state != DeliveryState::Waiting {
            return Ok(Outcome::Nothing("it is over"));
        }
        if let Some(next) = before.next_at.filter(|next| now < *next) {
            return Ok(Outcome::Later(next.since(now)));
        }
    }
    let attempt = Attempt {
        deps,
        order,
        before,
        seen: delivery.as_ref(),
        request,
    };
    if let Some((_, because)) = webhook.disabled {
        let why = match because {
            Because::Asked => "disabled",
            Because::Gone | Because::Failing => because.as_str(),
        };
        return attempt.give_up(why, now).await;
    }
    let verdict = attempt.post(&webhook, now).await?;
    let after = Delivery::after(order, before, verdict, deps.clock.now());
    if verdict.is_delivered() {
        if health.failures > 0 {
            deps.deliveries.recovered(webhook.id).await?;
        }
        return attempt.settle(&after, now).await;
    }
    attempt.failed(&after, verdict, now).await
}

struct Attempt<'a> {
    deps: &'a Deps,
    order: &'a DeliveryOrder,
    /// The delivery of this round.
    before: Option<&'a Delivery>,
    /// The delivery of any round.
    seen: Option<&'a Delivery>,
    request: &'a str,
}

impl Attempt<'_> {
    /// Signs for this moment and posts.
    async fn post(&self, webhook: &Webhook, now: Timestamp) -> Stored<Verdict> {
        let Deps { secrets, .. } = self.deps;
        // By today's rule, whatever was allowed when it was set up.
        let Ok(url) = WebhookUrl::parse(webhook.url.as_str(), self.deps.reach) else {
            return Ok(Verdict::Unreachable("url_refused"));
        };
        let id = self.order.delivery;
        let payload = self.order.notice.payload(webhook.org, webhook.id);
        let content = signed_content(&id.to_string(), now, &payload);
        let mut macs = Vec::with_capacity(2);
        for key in webhook.keys(now) {
            macs.push(secrets.sign(webhook.id, key, content.as_bytes())?);
        }
        let message = Signed::of(id, now, payload, &macs);
        Ok(self.deps.poster.post(&url, &message).await)
    }

    /// Notes the failure, and switches the endpoint off if it wants no more or has failed for too long.
    async fn failed(&self, after: &Delivery, verdict: Verdict, now: Timestamp) -> Stored<Outcome> {
        let id = self.order.webhook;
        let health = self.deps.deliveries.failed(id, now).await?;
        let died = after.state == DeliveryState::Dead;
        let because = if verdict.is_gone() {
            Some(Because::Gone)
        } else {
            health.is_hopeless(died, now).then_some(Because::Failing)
        };
        // First: cut off behind it, the delivery is found given up for the same reason.
        if let Some(because) = because {
            self.disable(because, now).await?;
        }
        self.settle(after, now).await
    }

    async fn disable(&self, because: Because, now: Timestamp) -> Stored<()> {
        let Deps {
            webhooks,
            entropy,
            clock,
            ..
        } = self.deps;
        let scribe = Scribe {
            entropy: &**entropy,
            org: self.order.org,
            clock: &**clock,
            author: Author::System,
            verdict: None,
            source: Source {
                request: self.request.to_owned(),
                ..Source::default()
            },
        };
        let id = self.order.webhook;
        for _ in 0..RETRIES {
            let roll = webhooks.of(self.order.org).await?;
            let Some(next) = roll.with_disabled(id, now, because) else {
                return Ok(());
            };
            let record = scribe.of(Event::WebhookDisabled, id.to_string())?;
            let record = record.with("because", because.as_str());
            if webhooks.save(self.order.org, &next, &record).await? == Change::Applied {
                return Ok(());
            }
        }
        // Whoever changes it all the time is there: the next failure decides anew.
        Ok(())
    }

    async fn give_up(&self, why: &str, now: Timestamp) -> Stored<Outcome> {
        let after = Delivery::given_up(self.order, self.before, why, now);
        self.settle(&after, now).await
    }

    async fn settle(&self, after: &Delivery, now: Timestamp) -> Stored<Outcome> {
        let settled = self.deps.deliveries.settle(after, self.seen).await?;
        if settled == Change::NotApplied {
            // Another had the same delivery in hand. The order may be one and the same, so it is not for us to end it.
            return Ok(Outcome::Later(AGAIN));
        }
        Ok(match (after.state, after.next_at) {
            (DeliveryState::Delivered, _) => Outcome::Delivered,
            (DeliveryState::Waiting, Some(next)) => Outcome::Later(next.since(now).max(1)),
            _ => Outcome::Dead(after.reason.clone().unwrap_or_default()),
        })
    }
}
