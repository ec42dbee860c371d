//! Queue → here → SES: sends the mails that other functions order.
//!
//! Each message is answered for itself (`batchItemFailures`): one mail that cannot go out blocks no other.

mod event;

use vault_boot::batch::{self, Message};
use vault_boot::event::{BoxFuture, Invocation, Outcome};
use vault_domain::mail::MailOrder;
use vault_domain::ports::Stored;
use vault_domain::usecase::send_mail::{Deps, Fulfilled, run};

use event::order;

/// Who fulfils an order: decides whether there is a mail to send, and sends it.
pub trait Fulfil: Send + Sync {
    /// What became of the order.
    ///
    /// # Errors
    /// [`vault_domain::ports::StoreError`] when the order is to come again.
    fn fulfil(&self, order: MailOrder) -> BoxFuture<'_, Stored<Fulfilled>>;
}

impl Fulfil for Deps {
    fn fulfil(&self, order: MailOrder) -> BoxFuture<'_, Stored<Fulfilled>> {
        Box::pin(run(self, order))
    }
}

/// Handles a batch.
pub fn handle(deps: &dyn Fulfil, invocation: Invocation) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let messages = batch::messages(invocation.payload)?;
        let mut all = Vec::with_capacity(messages.len());
        for message in &messages {
            all.push(done(deps, message, &invocation.request_id).await);
        }
        batch::answer(&messages, all)
    })
}

/// May this message be deleted?
async fn done(deps: &dyn Fulfil, message: &Message, request_id: &str) -> bool {
    let order = match order(&message.body) {
        Ok(order) => order,
        Err(no_order) => {
            // It would never parse: repeating it only delays others.
            tracing::error!(
                request_id,
                message = message.id,
                fault = no_order.fault,
                octets = no_order.octets,
                column = no_order.column,
                "not a mail order; dropped"
            );
            return true;
        }
    };
    let kind = kind(&order);
    match deps.fulfil(order).await {
        Ok(Fulfilled::Sent) => {
            tracing::info!(request_id, message = message.id, kind, "sent");
            true
        }
        Ok(Fulfilled::Nothing(why)) => {
            tracing::info!(
                request_id,
                message = message.id,
                kind,
                why,
                "nothing to send"
            );
            true
        }
        Ok(Fulfilled::Rejected(why)) => {
            tracing::warn!(
                request_id,
                message = message.id,
                kind,
                why,
                "refused for good; dropped"
            );
            true
        }
        Err(error) => {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            tracing::error!(request_id, message = message.id, kind, error = %error, cause, "to be repeated");
            false
        }
    }
}

const fn kind(order: &MailOrder) -> &'static str {
    match order {
        MailOrder::PasswordReset { .. } => "password-reset",
        MailOrder::Invitation { .. } => "invitation",
        MailOrder::VerifyAddress { .. } => "verify-address",
        MailOrder::Notice { .. } => "notice",
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use futures_util::FutureExt as _;
    use serde_json::{Value, json};
    use vault_domain::id::UserId;
    use vault_domain::mail::NoticeKind;
    use vault_domain::ports::StoreError;
    use vault_domain::time::Timestamp;

    use super::*;

    /// Fails for one kind of notice, and remembers the rest.
    #[derive(Default)]
    struct Picky(Mutex<Vec<MailOrder>>);

    impl Fulfil for Picky {
        fn fulfil(&self, order: MailOrder) -> BoxFuture<'_, Stored<Fulfilled>> {
            let NoticeKind::NewDevice = what(&order) else {
                self.0.lock().unwrap().push(order);
                return Box::pin(std::future::ready(Ok(Fulfilled::Sent)));
            };
            let error = StoreError::new("mail.send", "a planned fault");
            Box::pin(std::future::ready(Err(error)))
        }
    }

    fn what(order: &MailOrder) -> NoticeKind {
        match order {
            MailOrder::Notice { what, .. } => *what,
            other => panic!("{other:?}"),
        }
    }

    fn notice(what: NoticeKind) -> String {
        let order = MailOrder::Notice {
            user: UserId::from_octets([2; 16]),
            what,
            at: Timestamp(1),
        };
        serde_json::to_string(&order).unwrap()
    }

    fn handled(deps: &Picky, bodies: &[String]) -> Value {
        let records = bodies.iter().enumerate();
        let records: Vec<_> = records
            .map(|(id, body)| json!({ "messageId": id.to_string(), "body": body }))
            .collect();
        let invocation = Invocation {
            payload: json!({ "Records": records }),
            deadline: Timestamp(0),
            request_id: "r".into(),
        };
        handle(deps, invocation).now_or_never().unwrap().unwrap()
    }

    #[test]
    fn an_order_that_fails_comes_again_alone() {
        let deps = Picky::default();
        let bodies = [
            NoticeKind::PasswordChanged,
            NoticeKind::NewDevice,
            NoticeKind::FactorAdded,
        ];
        let answer = handled(&deps, &bodies.map(notice));
        assert_eq!(
            answer,
            json!({ "batchItemFailures": [{ "itemIdentifier": "1" }] })
        );
        let fulfilled = deps.0.lock().unwrap();
        let fulfilled: Vec<_> = fulfilled.iter().map(what).collect();
        assert_eq!(
            fulfilled,
            [NoticeKind::PasswordChanged, NoticeKind::FactorAdded]
        );
    }

    #[test]
    fn a_body_that_is_no_order_is_dropped_and_blocks_nothing() {
        let deps = Picky::default();
        let bodies = ["{}".to_owned(), notice(NoticeKind::FactorAdded)];
        let answer = handled(&deps, &bodies);
        assert_eq!(answer, json!({ "batchItemFailures": [] }));
        assert_eq!(deps.0.lock().unwrap().len(), 1);
    }

    #[test]
    fn a_payload_that_is_no_batch_is_an_error() {
        let invocation = Invocation {
            payload: json!({}),
            deadline: Timestamp(0),
            request_id: "r".into(),
        };
        let deps = Picky::default();
        assert!(handle(&deps, invocation).now_or_never().unwrap().is_err());
    }
}
