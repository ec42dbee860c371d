//! Order what there is to tell of records that have no place in the chain yet.
//!
//! A record waits for its place until the orders are left, so none is lost; whoever is cut off between the two leaves them
//! once more, and the same message has the same id.

use std::sync::Arc;

use crate::audit::Record;
use crate::id::{DeliveryId, OrgId};
use crate::ports::{Hashing, MAX_ORDERS, Stored, WebhookQueue, Webhooks};
use crate::webhook::{DeliveryOrder, Notice};

/// What telling needs.
pub struct Deps {
    /// The endpoints.
    pub webhooks: Arc<dyn Webhooks>,
    /// The orders.
    pub queue: Arc<dyn WebhookQueue>,
    /// Ids of messages.
    pub hashing: Arc<dyn Hashing>,
}

/// Leaves an order for each record that there is to tell and each endpoint that hears of it; how many. Where nothing is to
/// be told, nothing is read.
///
/// # Errors
/// [`crate::ports::StoreError`]: some may be left, and all are to be left again.
pub async fn run(deps: &Deps, org: OrgId, records: &[Record]) -> Stored<usize> {
    let told = records.iter();
    let told = told.filter_map(|record| Some((record, Notice::of(record)?)));
    let told: Vec<_> = told.collect();
    if told.is_empty() {
        return Ok(0);
    }
    let roll = deps.webhooks.of(org).await?;
    let mut orders = Vec::new();
    for (record, notice) in told {
        for webhook in roll.webhooks.iter().filter(|w| w.hears(&notice)) {
            orders.push(DeliveryOrder {
                org,
                webhook: webhook.id,
                delivery: DeliveryId::of(&*deps.hashing, webhook.id, record.id, record.at),
                round: 0,
                notice: notice.clone(),
            });
        }
    }
    for some in orders.chunks(MAX_ORDERS) {
        deps.queue.order(some).await?;
    }
    Ok(orders.len())
}
