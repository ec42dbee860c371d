//! The queues in SQS: of mail orders, of packaging, of conversions, and of webhook messages.

use async_trait::async_trait;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use vault_domain::conversion::ConversionOrder;
use vault_domain::mail::{MailOrder, MailQueue};
use vault_domain::packaging::PackagingOrder;
use vault_domain::ports::{Conversions, Packagings, StoreError, Stored, WebhookQueue};
use vault_domain::webhook::DeliveryOrder;

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

/// One standard queue of webhook messages: at least once, in any order.
#[derive(Debug, Clone)]
pub struct SqsWebhookQueue {
    client: Client,
    url: String,
}

impl SqsWebhookQueue {
    /// The queue of this URL.
    pub fn new(client: Client, url: impl Into<String>) -> Self {
        Self {
            client,
            url: url.into(),
        }
    }

    /// Hides a message that was received for so many seconds more, twelve hours at the most.
    ///
    /// # Errors
    /// [`StoreError`]; the message comes again when the queue's own time is over.
    pub async fn hide(&self, receipt: &str, seconds: u64) -> Stored<()> {
        let request = self.client.change_message_visibility();
        let request = request.queue_url(&self.url).receipt_handle(receipt);
        let seconds = i32::try_from(seconds).unwrap_or(i32::MAX);
        let sent = request.visibility_timeout(seconds).send().await;
        sent.map_err(|error| StoreError::new("webhook_queue.hide", error))?;
        Ok(())
    }
}

fn entry(at: usize, order: &DeliveryOrder) -> Stored<SendMessageBatchRequestEntry> {
    let body = serde_json::to_string(order);
    let body = body.map_err(|error| StoreError::new(ORDER, error))?;
    let entry = SendMessageBatchRequestEntry::builder()
        .id(at.to_string())
        .message_body(body)
        // Fair queues: who has many messages waiting does not keep those of others (SQS developer guide).
        .message_group_id(order.org.to_string())
        .build();
    entry.map_err(|error| StoreError::new(ORDER, error))
}

const ORDER: &str = "webhook_queue.order";

#[async_trait]
impl WebhookQueue for SqsWebhookQueue {
    /// Each order's JSON is a whole message. What is refused of a batch is an error of all: leaving one twice is fine.
    async fn order(&self, orders: &[DeliveryOrder]) -> Stored<()> {
        if orders.is_empty() {
            return Ok(());
        }
        let entries = orders.iter().enumerate();
        let entries: Vec<_> = entries
            .map(|(at, order)| entry(at, order))
            .collect::<Stored<_>>()?;
        let request = self.client.send_message_batch().queue_url(&self.url);
        let sent = request.set_entries(Some(entries)).send().await;
        let output = sent.map_err(|error| StoreError::new(ORDER, error))?;
        match output.failed.first() {
            None => Ok(()),
            Some(failed) => Err(StoreError::new(
                ORDER,
                format!("the queue does not take all: {}", failed.code),
            )),
        }
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
        // Fair queues: who has many films waiting does not keep those of others (SQS developer guide).
        let request = request.message_group_id(order.org().to_string());
        let sent = request.message_body(body).send().await;
        sent.map_err(|error| StoreError::new(OPERATION, error))?;
        Ok(())
    }
}

/// The queue of the function that packages, which the events of S3 come to as well.
#[derive(Debug, Clone)]
pub struct SqsPackagings {
    client: Client,
    url: String,
}

impl SqsPackagings {
    /// The queue of this URL.
    pub fn new(client: Client, url: impl Into<String>) -> Self {
        Self {
            client,
            url: url.into(),
        }
    }
}

#[async_trait]
impl Packagings for SqsPackagings {
    async fn order(&self, order: &PackagingOrder) -> Stored<()> {
        const OPERATION: &str = "packagings.order";
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
        assert_eq!(sent["MessageGroupId"], order.org().to_string());
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

    fn message() -> DeliveryOrder {
        let body = r#"{"v":1,"org":"org_aeaqcaibaeaqcaibaeaqcaibae","webhook":"whk_aeaqcaibaeaqcaibaeaqcaibae","delivery":"msg_aeaqcaibaeaqcaibaeaqcaibae","round":0,"event":"webhook.test","at":7}"#;
        serde_json::from_str(body).unwrap()
    }

    #[tokio::test]
    async fn messages_go_out_in_one_batch_each_of_its_organisation_and_a_part_is_not_all() {
        let taken = r#"{"Successful":[],"Failed":[]}"#;
        let part =
            r#"{"Successful":[],"Failed":[{"Id":"1","SenderFault":false,"Code":"InternalError"}]}"#;
        let replay = Replay::of(&[(200, taken), (200, part)]);
        let queue = SqsWebhookQueue::new(Client::new(&replay.config()), URL);
        queue.order(&[]).await.unwrap();
        assert_eq!(replay.count(), 0);
        queue.order(&[message(), message()]).await.unwrap();
        let sent: serde_json::Value = serde_json::from_str(&replay.body(0)).unwrap();
        let entries = sent["Entries"].as_array().unwrap();
        assert_eq!(entries.len(), 2);
        assert_eq!(entries[1]["MessageGroupId"], message().org.to_string());
        let body = entries[1]["MessageBody"].as_str().unwrap();
        assert_eq!(
            serde_json::from_str::<DeliveryOrder>(body).unwrap(),
            message()
        );
        assert!(queue.order(&[message(), message()]).await.is_err());
    }

    #[tokio::test]
    async fn a_message_is_hidden_by_its_receipt() {
        let replay = Replay::of(&[(200, "{}")]);
        let queue = SqsWebhookQueue::new(Client::new(&replay.config()), URL);
        queue.hide("receipt", 39_000).await.unwrap();
        let sent: serde_json::Value = serde_json::from_str(&replay.body(0)).unwrap();
        assert_eq!(sent["ReceiptHandle"], "receipt");
        assert_eq!(sent["VisibilityTimeout"], 39_000);
    }
}
