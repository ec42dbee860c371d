//! Queue → here → endpoints: tells webhooks what happened.
//!
//! The messages of a batch go out at once. Each is answered for itself (`batchItemFailures`); one that is to be tried again is
//! hidden in the queue until then.

use futures_util::future::join_all;
use vault_boot::batch::{self, Message};
use vault_boot::event::{BoxFuture, Invocation, Outcome as Answer};
use vault_boot::wiring::deliver_webhooks::Deps;
use vault_domain::ports::Stored;
use vault_domain::usecase::deliver_webhook::{self, Outcome};
use vault_domain::webhook::DeliveryOrder;

/// Who delivers, and hides in the queue what is to be tried again.
pub trait Deliver: Send + Sync {
    /// What became of the order.
    ///
    /// # Errors
    /// [`vault_domain::ports::StoreError`] when it is to come again.
    fn deliver<'a>(
        &'a self,
        order: &'a DeliveryOrder,
        request_id: &'a str,
    ) -> BoxFuture<'a, Stored<Outcome>>;
    /// Hides a message of this receipt for so many seconds.
    ///
    /// # Errors
    /// [`vault_domain::ports::StoreError`]: it comes when the queue's own time is over.
    fn hide<'a>(&'a self, receipt: &'a str, seconds: u64) -> BoxFuture<'a, Stored<()>>;
}

impl Deliver for Deps {
    fn deliver<'a>(
        &'a self,
        order: &'a DeliveryOrder,
        request_id: &'a str,
    ) -> BoxFuture<'a, Stored<Outcome>> {
        Box::pin(deliver_webhook::run(&self.deliver, order, request_id))
    }
    fn hide<'a>(&'a self, receipt: &'a str, seconds: u64) -> BoxFuture<'a, Stored<()>> {
        Box::pin(self.queue.hide(receipt, seconds))
    }
}

/// Handles a batch.
pub fn handle(deps: &dyn Deliver, invocation: Invocation) -> BoxFuture<'_, Answer> {
    Box::pin(async move {
        let messages = batch::messages(invocation.payload)?;
        let request_id = &invocation.request_id;
        let all = messages.iter();
        let all = join_all(all.map(|message| done(deps, message, request_id))).await;
        batch::answer(&messages, all)
    })
}

/// May this message be deleted?
async fn done(deps: &dyn Deliver, message: &Message, request_id: &str) -> bool {
    let Ok(order) = serde_json::from_str::<DeliveryOrder>(&message.body) else {
        // It would never parse: repeating it only delays others.
        tracing::error!(request_id, message = message.id, "not an order; dropped");
        return true;
    };
    let (webhook, delivery) = (order.webhook.to_string(), order.delivery.to_string());
    match deps.deliver(&order, request_id).await {
        Ok(Outcome::Delivered) => {
            tracing::info!(request_id, webhook, delivery, "delivered");
            true
        }
        Ok(Outcome::Nothing(why)) => {
            tracing::info!(request_id, webhook, delivery, why, "nothing to deliver");
            true
        }
        Ok(Outcome::Dead(why)) => {
            tracing::warn!(request_id, webhook, delivery, why, "not tried any more");
            true
        }
        Ok(Outcome::Later(seconds)) => {
            tracing::info!(request_id, webhook, delivery, seconds, "to be tried again");
            if let Err(error) = deps.hide(&message.receipt, seconds).await {
                // It comes earlier, and is hidden then.
                tracing::warn!(request_id, webhook, delivery, error = %error, "not hidden");
            }
            false
        }
        Err(error) => {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            tracing::error!(request_id, webhook, delivery, error = %error, cause, "to be repeated");
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use futures_util::FutureExt as _;
    use serde_json::{Value, json};
    use vault_domain::ports::StoreError;
    use vault_domain::time::Timestamp;

    use super::*;

    /// What comes of an order says its time; remembers what was hidden.
    #[derive(Default)]
    struct Planned(Mutex<Vec<(String, u64)>>);

    impl Deliver for Planned {
        fn deliver<'a>(
            &'a self,
            order: &'a DeliveryOrder,
            _: &'a str,
        ) -> BoxFuture<'a, Stored<Outcome>> {
            let planned = match order.notice.at.0 {
                0 => Ok(Outcome::Delivered),
                1 => Ok(Outcome::Later(300)),
                2 => Ok(Outcome::Dead("gone".to_owned())),
                3 => Ok(Outcome::Nothing("it is over")),
                _ => Err(StoreError::new("deliveries.bundle", "a planned fault")),
            };
            Box::pin(std::future::ready(planned))
        }
        fn hide<'a>(&'a self, receipt: &'a str, seconds: u64) -> BoxFuture<'a, Stored<()>> {
            self.0.lock().unwrap().push((receipt.to_owned(), seconds));
            let lost = StoreError::new("webhook_queue.hide", "a planned fault");
            Box::pin(std::future::ready(Err(lost)))
        }
    }

    fn handled(deps: &Planned, bodies: &[String]) -> Value {
        let records = bodies.iter().enumerate();
        let records: Vec<_> = records
            .map(|(id, body)| json!({ "messageId": id.to_string(), "receiptHandle": format!("r{id}"), "body": body }))
            .collect();
        let invocation = Invocation {
            payload: json!({ "Records": records }),
            deadline: Timestamp(0),
            request_id: "r".into(),
        };
        handle(deps, invocation).now_or_never().unwrap().unwrap()
    }

    fn body(at: u64) -> String {
        let text = include_str!("../../../events/deliver-webhooks.json");
        let sample: Value = serde_json::from_str(text).unwrap();
        let body = sample["Records"][0]["body"].as_str().unwrap();
        let mut body: Value = serde_json::from_str(body).unwrap();
        body["at"] = json!(at);
        body.to_string()
    }

    #[test]
    fn the_sample_event_holds_an_order() {
        let text = include_str!("../../../events/deliver-webhooks.json");
        let messages = batch::messages(serde_json::from_str(text).unwrap()).unwrap();
        let order: DeliveryOrder = serde_json::from_str(&messages[0].body).unwrap();
        let webhook = vault_domain::id::WebhookId::from_octets([0xb1; 16]);
        assert_eq!(order.webhook, webhook);
        assert_eq!(order.notice.topic.as_str(), "asset.ready");
    }

    #[test]
    fn what_is_to_be_tried_again_is_hidden_and_comes_again_alone() {
        let deps = Planned::default();
        let mut bodies: Vec<_> = (0..5).map(body).collect();
        bodies.push("{}".to_owned());
        let answer = handled(&deps, &bodies);
        let failures = json!([{ "itemIdentifier": "1" }, { "itemIdentifier": "4" }]);
        assert_eq!(answer, json!({ "batchItemFailures": failures }));
        assert_eq!(*deps.0.lock().unwrap(), [("r1".to_owned(), 300)]);
    }

    #[test]
    fn a_payload_that_is_no_batch_is_an_error() {
        let invocation = Invocation {
            payload: json!({}),
            deadline: Timestamp(0),
            request_id: "r".into(),
        };
        let deps = Planned::default();
        assert!(handle(&deps, invocation).now_or_never().unwrap().is_err());
    }
}
