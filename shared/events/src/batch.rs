//! Batches of SQS messages (AWS Lambda Developer Guide, "Using Lambda with Amazon SQS").

use serde::Deserialize;
use serde_json::Value;

/// One message of a batch.
#[derive(Deserialize)]
pub struct Message {
    /// The queue's name for it.
    #[serde(rename = "messageId")]
    pub id: String,
    /// What was sent.
    pub body: String,
    /// Names this receive of it.
    #[serde(rename = "receiptHandle", default)]
    pub receipt: String,
    /// The queue that it came from, by its ARN.
    #[serde(rename = "eventSourceARN", default)]
    pub queue: String,
    #[serde(default)]
    attributes: Attributes,
}

#[derive(Deserialize, Default)]
struct Attributes {
    #[serde(rename = "ApproximateReceiveCount", default)]
    receive_count: String,
}

#[derive(Deserialize)]
struct Batch {
    #[serde(rename = "Records")]
    records: Vec<Message>,
}

impl Message {
    /// A message of this body, as it is received first.
    pub fn of(body: impl Into<String>) -> Self {
        Self {
            id: "m".to_owned(),
            body: body.into(),
            receipt: String::new(),
            queue: String::new(),
            attributes: Attributes::default(),
        }
    }

    /// How often SQS has handed it out, this time included; 1 when it does not say.
    pub fn receive_count(&self) -> u32 {
        self.attributes.receive_count.parse().unwrap_or(1)
    }
}

/// The messages of a batch.
///
/// # Errors
/// The payload is no batch.
pub fn messages(payload: Value) -> serde_json::Result<Vec<Message>> {
    let batch: Batch = serde_json::from_value(payload)?;
    Ok(batch.records)
}

#[cfg(test)]
mod tests {
    use super::*;

    use serde_json::json;

    #[test]
    fn a_batch_is_read_message_by_message() {
        let records = json!([
            { "messageId": "a", "body": "1", "receiptHandle": "r", "attributes": { "ApproximateReceiveCount": "3" } },
            { "messageId": "b", "body": "2" },
            { "messageId": "c", "body": "3", "attributes": {} },
        ]);
        let messages = messages(json!({ "Records": records })).unwrap();
        let counts: Vec<_> = messages.iter().map(Message::receive_count).collect();
        assert_eq!(counts, [3, 1, 1]);
        assert_eq!(
            (&messages[0].receipt[..], &messages[1].receipt[..]),
            ("r", "")
        );
    }

    #[test]
    fn another_payload_is_no_batch() {
        for payload in [
            json!({}),
            json!([]),
            json!({ "Records": [{ "body": "1" }] }),
        ] {
            assert!(messages(payload).is_err());
        }
    }
}
