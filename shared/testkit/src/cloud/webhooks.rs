//! Endpoints of organisations, what became of their messages, the queue of orders, and the endpoints themselves.

use std::collections::BTreeSet;

use async_trait::async_trait;
use vault_domain::audit::Record;
use vault_domain::id::{DeliveryId, OrgId, WebhookId};
use vault_domain::ports::{
    Change, Deliveries, DeliveryBundle, DeliveryPage, MAX_ORDERS, Stored, WebhookPoster,
    WebhookQueue, Webhooks,
};
use vault_domain::time::Timestamp;
use vault_domain::webhook::{
    Delivery, DeliveryOrder, DeliveryState, Health, Roll, Signed, Verdict, WebhookUrl,
};

use super::{FakeCloud, State};

/// A message as an endpoint got it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    /// Where.
    pub url: String,
    /// What.
    pub message: Signed,
}

impl State {
    /// Without versions: how often somebody changed something back and forth is nobody's.
    pub(super) fn webhooks_shape(&self) -> Vec<String> {
        let webhooks = self.webhooks.values().flat_map(|roll| &roll.webhooks);
        let webhooks = webhooks.map(|w| {
            let off = w.disabled.map(|(_, because)| because.as_str());
            let (name, url, overlaps) = (w.name.as_str(), w.url.as_str(), w.previous.is_some());
            format!(
                "{name} {url} {:?} off {off:?} overlaps {overlaps}",
                w.topics
            )
        });
        webhooks.collect()
    }

    pub(super) fn health_shape(&self) -> Vec<String> {
        let health = self.health.iter();
        health
            .map(|(id, health)| format!("{id} {health:?}"))
            .collect()
    }

    /// Without the number of tries: a fault is one more.
    pub(super) fn deliveries_shape(&self) -> Vec<String> {
        let line = |d: &Delivery| {
            let (topic, state) = (d.notice.topic.as_str(), d.state.as_str());
            format!("{} {topic} {state} {:?} of {}", d.id, d.reason, d.round)
        };
        self.deliveries.values().map(line).collect()
    }

    /// Orders and messages go at least once: a copy changes nothing.
    pub(super) fn webhook_orders_shape(&self) -> Vec<String> {
        let orders = self.webhook_orders.iter().map(|order| {
            let topic = order.notice.topic.as_str();
            format!(
                "{} {topic} for {} of {}",
                order.delivery, order.webhook, order.round
            )
        });
        let posted = self.posted.iter();
        let posted = posted.map(|posted| {
            let message = &posted.message;
            format!("{} to {}: {}", message.id, posted.url, message.payload)
        });
        let lines: BTreeSet<String> = orders.chain(posted).collect();
        lines.into_iter().collect()
    }

    /// Everything of it in which a secret could be.
    pub(super) fn webhooks_octets(&self) -> Vec<u8> {
        let webhooks = self.webhooks.values().flat_map(|roll| &roll.webhooks);
        let keys = webhooks.flat_map(|w| {
            let previous = w.previous.as_ref().map(|(key, _)| key);
            [Some(&w.key), previous].into_iter().flatten()
        });
        let keys = keys.flat_map(|key| [key.version.as_bytes(), &key.nonce].concat());
        let orders = format!("{:?}{:?}", self.webhook_orders, self.deliveries);
        keys.chain(orders.into_bytes()).collect()
    }
}

#[async_trait]
impl Webhooks for FakeCloud {
    async fn of(&self, org: OrgId) -> Stored<Roll> {
        self.call("webhooks.of", |s| {
            Ok(s.webhooks.get(&org).cloned().unwrap_or_default())
        })
        .await
    }
    async fn save(&self, org: OrgId, next: &Roll, record: &Record) -> Stored<Change> {
        self.call("webhooks.save", |s| {
            let stands = s.webhooks.get(&org).map_or(0, |roll| roll.version);
            if stands + 1 != next.version {
                return Ok(Change::NotApplied);
            }
            s.webhooks.insert(org, next.clone());
            s.audit.push(record.clone());
            Ok(Change::Applied)
        })
        .await
    }
}

#[async_trait]
impl Deliveries for FakeCloud {
    async fn bundle(
        &self,
        org: OrgId,
        webhook: WebhookId,
        delivery: DeliveryId,
    ) -> Stored<DeliveryBundle> {
        self.call("deliveries.bundle", |s| {
            let roll = s.webhooks.get(&org);
            Ok(DeliveryBundle {
                webhook: roll.and_then(|roll| roll.find(webhook).cloned()),
                delivery: s.deliveries.get(&(webhook, delivery)).cloned(),
                health: s.health.get(&webhook).copied().unwrap_or_default(),
            })
        })
        .await
    }
    async fn settle(&self, next: &Delivery, before: Option<&Delivery>) -> Stored<Change> {
        self.call("deliveries.settle", |s| {
            let key = (next.webhook, next.id);
            let there = s.deliveries.get(&key);
            if there != Some(next) && there != before {
                return Ok(Change::NotApplied);
            }
            s.deliveries.insert(key, next.clone());
            Ok(Change::Applied)
        })
        .await
    }
    async fn failed(&self, webhook: WebhookId, now: Timestamp) -> Stored<Health> {
        self.call("deliveries.failed", |s| {
            let health = s.health.entry(webhook).or_default();
            health.failures += 1;
            health.since = health.since.or(Some(now));
            Ok(*health)
        })
        .await
    }
    async fn recovered(&self, webhook: WebhookId) -> Stored<()> {
        self.call("deliveries.recovered", |s| {
            s.health.remove(&webhook);
            Ok(())
        })
        .await
    }
    async fn delivery(&self, webhook: WebhookId, id: DeliveryId) -> Stored<Option<Delivery>> {
        self.call("deliveries.delivery", |s| {
            Ok(s.deliveries.get(&(webhook, id)).cloned())
        })
        .await
    }
    async fn deliveries(
        &self,
        webhook: WebhookId,
        state: Option<DeliveryState>,
        after: Option<DeliveryId>,
        limit: usize,
    ) -> Stored<DeliveryPage> {
        self.call("deliveries.deliveries", |s| {
            let all = s.deliveries.values().rev();
            let all = all.filter(|d| d.webhook == webhook);
            let all = all.filter(|d| state.is_none_or(|state| d.state == state));
            let mut all = all.filter(|d| after.is_none_or(|after| d.id < after));
            let deliveries: Vec<_> = all.by_ref().take(limit).cloned().collect();
            let last = deliveries.last().map(|d| d.id);
            let last = last.filter(|_| all.next().is_some());
            Ok(DeliveryPage { deliveries, last })
        })
        .await
    }
}

#[async_trait]
impl WebhookQueue for FakeCloud {
    async fn order(&self, orders: &[DeliveryOrder]) -> Stored<()> {
        assert!(orders.len() <= MAX_ORDERS, "more than one call takes");
        self.call("webhook_queue.order", |s| {
            s.webhook_orders.extend(orders.iter().cloned());
            Ok(())
        })
        .await
    }
}

#[async_trait]
impl WebhookPoster for FakeCloud {
    /// As planned for the URL, one answer after another; 200 where nothing is planned.
    async fn post(&self, url: &WebhookUrl, message: &Signed) -> Verdict {
        let posted = self.call("webhook_poster.post", |s| {
            s.posted.push(Posted {
                url: url.as_str().to_owned(),
                message: message.clone(),
            });
            let planned = s.answers.get_mut(url.as_str());
            let planned = planned.filter(|planned| !planned.is_empty());
            Ok(planned.map_or(Verdict::Answered(200), |planned| planned.remove(0)))
        });
        posted.await.unwrap_or(Verdict::Unreachable("unreachable"))
    }
}
