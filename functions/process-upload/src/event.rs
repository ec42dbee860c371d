//! The two envelopes of an S3 event: SQS around EventBridge.

use serde::Deserialize;
use vault_domain::asset::parse_source_key;
use vault_domain::id::{AssetId, OrgId};

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
    body: String,
    #[serde(default)]
    attributes: Attributes,
}

#[derive(Deserialize, Default)]
struct Attributes {
    #[serde(rename = "ApproximateReceiveCount", default)]
    receive_count: String,
}

/// An EventBridge event (Amazon S3 User Guide, "EventBridge event message structure").
#[derive(Deserialize)]
struct Event {
    #[serde(rename = "detail-type")]
    detail_type: String,
    detail: Detail,
}

#[derive(Deserialize)]
struct Detail {
    bucket: Bucket,
    object: Key,
}

#[derive(Deserialize)]
struct Bucket {
    name: String,
}

#[derive(Deserialize)]
struct Key {
    key: String,
}

/// The object that an event is about.
pub(crate) struct Object {
    bucket: String,
    key: String,
}

impl Message {
    pub(crate) fn object(&self) -> Option<Object> {
        let event: Event = serde_json::from_str(&self.body).ok()?;
        let Detail { bucket, object } = event.detail;
        (event.detail_type == "Object Created").then_some(Object {
            bucket: bucket.name,
            key: object.key,
        })
    }

    /// How often SQS has handed it out, this time included; 1 when it does not say.
    pub(crate) fn receive_count(&self) -> u32 {
        self.attributes.receive_count.parse().unwrap_or(1)
    }
}

impl Object {
    /// The organisation and asset of a source in our bucket.
    ///
    /// AWS sends EventBridge the raw key, LocalStack a URL-encoded one. Keys of ours hold only `a-z`, `0-9`,
    /// `_` and `/`: decoding the one form of `/` and `_` that differs changes no raw key.
    pub(crate) fn source(&self, bucket: &str) -> Option<(OrgId, AssetId)> {
        if self.bucket != bucket {
            return None;
        }
        let key = self.key.replace("%2F", "/").replace("%2f", "/");
        parse_source_key(&key.replace("%5F", "_").replace("%5f", "_"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vault_domain::asset::source_key;

    fn object(key: String) -> Object {
        Object {
            bucket: "uploads".into(),
            key,
        }
    }

    #[test]
    fn the_sample_event_reads_as_its_object() {
        let text = include_str!("../../../events/process-upload.json");
        let batch: Messages = serde_json::from_str(text).unwrap();
        let object = batch.records[0].object().unwrap();
        assert!(object.source("reelvault-uploads").is_some());
        assert_eq!(batch.records[0].receive_count(), 1);
    }

    #[test]
    fn a_key_reads_the_same_raw_and_url_encoded() {
        let ids = (OrgId::from_octets([1; 16]), AssetId::from_octets([2; 16]));
        let key = source_key(ids.0, ids.1);
        assert_eq!(object(key.clone()).source("uploads"), Some(ids));
        assert_eq!(object(key.replace('/', "%2F")).source("uploads"), Some(ids));
        assert_eq!(object(key.clone()).source("media"), None);
        assert_eq!(object(format!("{key}%2F..")).source("uploads"), None);
    }

    #[test]
    fn another_event_is_no_object() {
        for body in [
            "",
            "{}",
            r#"{"detail-type":"Object Deleted","detail":{}}"#,
            "[]",
        ] {
            let message = Message {
                id: "m".into(),
                body: body.into(),
                attributes: Attributes::default(),
            };
            assert!(message.object().is_none(), "{body}");
        }
    }
}
