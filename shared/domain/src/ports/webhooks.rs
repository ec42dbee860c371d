//! Webhooks: endpoints as kept, what became of messages, and the way out.

use async_trait::async_trait;

use super::{Change, Stored};
use crate::audit::Record;
use crate::id::{DeliveryId, OrgId, WebhookId};
use crate::time::Timestamp;
use crate::webhook::{
    Delivery, DeliveryOrder, DeliveryState, Health, Roll, Signed, SigningKey, Verdict, Webhook,
    WebhookSecret, WebhookUrl,
};

/// Orders that are left at once: SQS takes ten.
pub const MAX_ORDERS: usize = 10;

/// The endpoints of organisations. What comes with a record takes effect with it, or not at all.
#[async_trait]
pub trait Webhooks: Send + Sync {
    /// All of an organisation's, by a consistent read.
    async fn of(&self, org: OrgId) -> Stored<Roll>;
    /// Makes these the organisation's, if nobody changed them since: the version before theirs is the one that stands.
    async fn save(&self, org: OrgId, next: &Roll, record: &Record) -> Stored<Change>;
}

/// All that a try of a delivery depends on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeliveryBundle {
    /// The endpoint, unless it was removed.
    pub webhook: Option<Webhook>,
    /// What became of the delivery so far; none before the first try.
    pub delivery: Option<Delivery>,
    /// How the endpoint is doing.
    pub health: Health,
}

/// Some of an endpoint's deliveries, and where to go on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeliveryPage {
    /// The latest first. They may be fewer than there was room for, or none at all, and yet more may follow.
    pub deliveries: Vec<Delivery>,
    /// After which more may follow; none at the end.
    pub last: Option<DeliveryId>,
}

/// What became of messages. They are kept for thirty days.
#[async_trait]
pub trait Deliveries: Send + Sync {
    /// Everything that a try depends on, by one consistent read.
    async fn bundle(
        &self,
        org: OrgId,
        webhook: WebhookId,
        delivery: DeliveryId,
    ) -> Stored<DeliveryBundle>;
    /// Notes what a try came to, if the delivery is as it was before the try. Repeating is fine.
    async fn settle(&self, next: &Delivery, before: Option<&Delivery>) -> Stored<Change>;
    /// Counts one more failed try of the endpoint.
    async fn failed(&self, webhook: WebhookId, now: Timestamp) -> Stored<Health>;
    /// The endpoint is doing well again.
    async fn recovered(&self, webhook: WebhookId) -> Stored<()>;
    /// A delivery of the endpoint.
    async fn delivery(&self, webhook: WebhookId, id: DeliveryId) -> Stored<Option<Delivery>>;
    /// At most `limit` deliveries of the endpoint before this one, in this state if one is given. What it costs is bounded,
    /// and does not grow with their number.
    async fn deliveries(
        &self,
        webhook: WebhookId,
        state: Option<DeliveryState>,
        after: Option<DeliveryId>,
        limit: usize,
    ) -> Stored<DeliveryPage>;
}

/// Orders of deliveries on their way.
#[async_trait]
pub trait WebhookQueue: Send + Sync {
    /// Leaves at most [`MAX_ORDERS`] orders; each is handed out at least once, in any order. Repeating is fine.
    async fn order(&self, orders: &[DeliveryOrder]) -> Stored<()>;
}

/// The way to endpoints.
#[async_trait]
pub trait WebhookPoster: Send + Sync {
    /// Posts a message, within ten seconds, to an address that is allowed. What is answered beside the status is not read;
    /// no redirection is followed.
    async fn post(&self, url: &WebhookUrl, message: &Signed) -> Verdict;
}

/// Derives the secrets of endpoints.
pub trait WebhookSecrets: Send + Sync {
    /// The name of a new secret, under the current version.
    fn name(&self, nonce: [u8; 16]) -> SigningKey;
    /// The secret of this name.
    ///
    /// # Errors
    /// The version was taken out.
    fn secret(&self, webhook: WebhookId, key: &SigningKey) -> Stored<WebhookSecret>;
    /// HMAC-SHA256 under the secret of this name.
    ///
    /// # Errors
    /// The version was taken out.
    fn sign(&self, webhook: WebhookId, key: &SigningKey, content: &[u8]) -> Stored<[u8; 32]>;
}
