//! Parallel creations of endpoints at the limit, and deliverers of one message.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use vault_domain::error::Refusal;

use vault_domain::usecase::deliver_webhook::{self, Outcome};
use vault_domain::usecase::manage_webhooks;
use vault_domain::webhook::{DeliveryOrder, DeliveryState, MAX_WEBHOOKS};

use super::{RUNNERS, Way, together};
use crate::webhook::new_webhook;

/// A hundred creations at once: exactly as many take effect as there are places.
pub async fn race_webhooks(
    deps: Arc<manage_webhooks::Deps>,
    ask: vault_domain::usecase::Ask,
    way: Way,
) {
    // Whatever a race before left there.
    remove_all(&deps, &ask).await;
    let runners = (0..RUNNERS).map(|_| {
        let (deps, ask) = (Arc::clone(&deps), ask.clone());
        let runner: BoxFuture<'static, bool> = Box::pin(async move {
            match manage_webhooks::create(&deps, &ask, new_webhook()).await {
                Ok(_) => true,
                Err(Refusal::LimitReached(_)) => false,
                Err(other) => unreachable!("{other}"),
            }
        });
        runner
    });
    let made = together(way, runners.collect()).await;
    let made = made.into_iter().filter(|made| *made).count();
    assert_eq!(made, MAX_WEBHOOKS);
    let roll = deps.webhooks.of(ask.caller.org).await.expect("of");
    assert_eq!(roll.webhooks.len(), MAX_WEBHOOKS);
    let first = roll.webhooks[0].id;
    manage_webhooks::remove(&deps, &ask, first)
        .await
        .expect("remove");
    let place = manage_webhooks::create(&deps, &ask, new_webhook()).await;
    place.expect("one that is removed makes place for one more");
    // Nobody is there to be told, and a queue that others share would fill with messages to them.
    remove_all(&deps, &ask).await;
}

async fn remove_all(deps: &manage_webhooks::Deps, ask: &vault_domain::usecase::Ask) {
    let left = deps.webhooks.of(ask.caller.org).await.expect("of");
    for webhook in left.webhooks {
        let removed = manage_webhooks::remove(deps, ask, webhook.id).await;
        removed.expect("remove");
    }
}

/// Many deliverers of one order at once: the endpoint may hear it more than once, it is noted as one try, and none ends the
/// order for another before that.
pub async fn race_deliverers(deps: Arc<deliver_webhook::Deps>, order: DeliveryOrder, way: Way) {
    let runners = (0..10).map(|_| {
        let (deps, order) = (Arc::clone(&deps), order.clone());
        let runner: BoxFuture<'static, Outcome> = Box::pin(async move {
            let run = deliver_webhook::run(&deps, &order, "r").await;
            run.expect("a run")
        });
        runner
    });
    let outcomes = together(way, runners.collect()).await;
    let found = deps.deliveries.delivery(order.webhook, order.delivery);
    let found = found.await.expect("delivery").expect("it is noted");
    assert_eq!(found.tries, 1, "{outcomes:?}");
    let is_over = found.state != DeliveryState::Waiting;
    let fits = |outcome: &Outcome| match outcome {
        Outcome::Later(_) => true,
        Outcome::Delivered | Outcome::Nothing(_) | Outcome::Dead(_) => is_over,
    };
    assert!(outcomes.iter().all(fits), "{outcomes:?}");
}
