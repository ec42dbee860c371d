//! The other side of the buckets and the queue, in the form that suites and races take it.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use vault_domain::mail::MailOrder;
use vault_domain::ports::SignedPart;
use vault_domain::webhook::DeliveryOrder;

use super::FakeCloud;

/// The client's PUT to this cloud: a [`crate::contract::Put`].
pub fn putter(
    cloud: &Arc<FakeCloud>,
) -> impl Fn(SignedPart, Vec<u8>) -> BoxFuture<'static, Result<String, u16>> + Send + Sync + use<> {
    let cloud = Arc::clone(cloud);
    move |part, bytes| {
        let answer = cloud.client_put(&part, bytes);
        Box::pin(std::future::ready(answer))
    }
}

/// A look into this cloud's media bucket: a [`crate::contract::Fetch`].
pub fn fetcher(
    cloud: &Arc<FakeCloud>,
) -> impl Fn(String) -> BoxFuture<'static, Option<Vec<u8>>> + Send + Sync + use<> {
    let cloud = Arc::clone(cloud);
    move |key| {
        let octets = cloud.with(|s| s.segments.get(&key).cloned());
        Box::pin(std::future::ready(octets))
    }
}

/// What this cloud's queue of mail orders hands out: a [`crate::contract::Receive`].
pub fn receiver(
    cloud: &Arc<FakeCloud>,
) -> impl Fn() -> BoxFuture<'static, Vec<MailOrder>> + Send + Sync + use<> {
    let cloud = Arc::clone(cloud);
    move || {
        let orders = cloud.with(|s| s.mail_orders.clone());
        Box::pin(std::future::ready(orders))
    }
}

/// What this cloud's queue of webhook messages hands out: a [`crate::contract::ReceiveOrders`].
pub fn order_receiver(
    cloud: &Arc<FakeCloud>,
) -> impl Fn() -> BoxFuture<'static, Vec<DeliveryOrder>> + Send + Sync + use<> {
    let cloud = Arc::clone(cloud);
    move || {
        let orders = cloud.with(|s| s.webhook_orders.clone());
        Box::pin(std::future::ready(orders))
    }
}
