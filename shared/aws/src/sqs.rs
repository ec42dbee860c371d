//! The queues of mail orders and of conversions in SQS.

use async_trait::async_trait;
use aws_sdk_sqs::Client;
use vault_domain::conversion::ConversionOrder;
use vault_domain::mail::{MailOrder, MailQueue};
use vault_domain::ports::{Conversions, StoreError, Stored};

const OPERATION: &str = "mail_queue.order";

/// One standard queue: at least once, in any order.
#[derive(Debug, Clone)]
pub struct SqsMailQueue {
    client: Client,
    url: String,
}

impl SqsMailQueue {
    /// The queue of this URL.
    pub fn new(client: Client, url: impl Into<String>) -> Self {
        Self {
            client,
            url: url.into(),
        }
    }
}

#[async_trait]
impl MailQueue for SqsMailQueue {
    /// The order's JSON is the whole message. A try that the SDK repeats leaves it twice, which orders bear.
    async fn order(&self, order: &MailOrder) -> Stored<()> {
        let body = serde_json::to_string(order).map_err(|e| StoreError::new(OPERATION, e))?;
        let request = self.client.send_message().queue_url(&self.url);
        let sent = request.message_body(body).send().await;
        sent.map_err(|error| StoreError::new(OPERATION, error))?;
        Ok(())
    }
}

/// The queue of conversions: at least once, in any order.
#[derive(Debug, Clone)]
pub struct SqsConversions {
    client: Client,
    url: String,
}

impl SqsConversions {
    /// The queue of this URL.
    pub fn new(client: Client, url: impl Into<String>) -> Self {
        Self {
            client,
            url: url.into(),
        }
    }
}

#[async_trait]
impl Conversions for SqsConversions {
    async fn order(&self, order: &ConversionOrder) -> Stored<()> {
        const OPERATION: &str = "conversions.order";
        let body = serde_json::to_string(order).map_err(|e| StoreError::new(OPERATION, e))?;
        let request = self.client.send_message().queue_url(&self.url);
        let sent = request.message_body(body).send().await;
        sent.map_err(|error| StoreError::new(OPERATION, error))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use vault_domain::credential::Email;
    use vault_domain::id::{InvitationId, OrgId};

    use super::*;
    use crate::replay::Replay;

    const URL: &str = "https://sqs.eu-central-1.amazonaws.com/111122223333/reelvault-send-mail";

    fn queue(replay: &Replay) -> SqsMailQueue {
        SqsMailQueue::new(Client::new(&replay.config()), URL)
    }

    fn reset() -> MailOrder {
        MailOrder::PasswordReset {
            request: [1; 16],
            email: Email::parse("ada@example.org").unwrap(),
            requested_from: Some([203, 0, 113, 9].into()),
        }
    }

    #[tokio::test]
    async fn an_order_goes_out_as_its_json_and_nothing_else() {
        let replay = Replay::of(&[(200, r#"{"MessageId":"m","MD5OfMessageBody":"x"}"#)]);
        queue(&replay).order(&reset()).await.unwrap();
        let sent: serde_json::Value = serde_json::from_str(&replay.body(0)).unwrap();
        assert_eq!(sent["QueueUrl"], URL);
        let body = sent["MessageBody"].as_str().unwrap();
        assert_eq!(serde_json::from_str::<MailOrder>(body).unwrap(), reset());
        assert_eq!(sent.as_object().unwrap().len(), 2, "{sent}");
    }

    #[tokio::test]
    async fn a_conversion_goes_out_as_its_json() {
        let replay = Replay::of(&[(200, r#"{"MessageId":"m","MD5OfMessageBody":"x"}"#)]);
        let order = ConversionOrder::Film {
            org: OrgId::from_octets([1; 16]),
            asset: vault_domain::id::AssetId::from_octets([2; 16]),
        };
        let queue = SqsConversions::new(Client::new(&replay.config()), URL);
        queue.order(&order).await.unwrap();
        let sent: serde_json::Value = serde_json::from_str(&replay.body(0)).unwrap();
        let body = sent["MessageBody"].as_str().unwrap();
        assert_eq!(
            serde_json::from_str::<ConversionOrder>(body).unwrap(),
            order
        );
    }

    #[tokio::test]
    async fn an_order_that_the_queue_does_not_take_is_a_store_error() {
        let gone = r#"{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"x"}"#;
        let replay = Replay::of(&[(400, gone)]);
        let order = MailOrder::Invitation {
            org: OrgId::from_octets([1; 16]),
            invitation: InvitationId::from_octets([2; 16]),
            attempt: 1,
        };
        let error = queue(&replay).order(&order).await.unwrap_err();
        assert_eq!(error.operation, OPERATION);
        assert_eq!(replay.count(), 1);
    }

    #[tokio::test]
    async fn no_address_is_in_the_debug_form_of_a_queue_or_a_failure() {
        let replay = Replay::of(&[]);
        let queue = queue(&replay);
        let error = queue.order(&reset()).await.unwrap_err();
        let shown = format!("{queue:?}{error:?}");
        assert!(!shown.contains("ada@"), "{shown}");
    }
}
