//! An SQS batch of webhook messages.

use serde::Deserialize;
use vault_domain::webhook::DeliveryOrder;

/// An SQS batch (AWS Lambda Developer Guide, "Using Lambda with Amazon SQS").
#[derive(Deserialize)]
pub(crate) struct Messages {
    #[serde(rename = "Records")]
    pub(crate) records: Vec<Message>,
}

#[derive(Deserialize)]
pub(crate) struct Message {
    #[serde(rename = "messageId")]
    pub(crate) id: String,
    /// Names this receive of it.
    #[serde(rename = "receiptHandle")]
    pub(crate) receipt: String,
    body: String,
}

impl Message {
    /// The order; none in a body that nobody of ours wrote.
    pub(crate) fn order(&self) -> Option<DeliveryOrder> {
        serde_json::from_str(&self.body).ok()
    }
}

#[cfg(test)]
mod tests {
    use vault_domain::id::WebhookId;

    use super::*;

    #[test]
    fn the_sample_event_reads_as_its_order() {
        let text = include_str!("../../../events/deliver-webhooks.json");
        let batch: Messages = serde_json::from_str(text).unwrap();
        let order = batch.records[0].order().unwrap();
        assert_eq!(order.webhook, WebhookId::from_octets([0xb1; 16]));
        assert_eq!(order.notice.topic.as_str(), "asset.ready");
    }
}
