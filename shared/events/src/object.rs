//! An object that appeared: the event of S3 as EventBridge brings it.

use serde::Deserialize;
use vault_domain::asset::parse_source_key;
use vault_domain::id::{AssetId, OrgId};

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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Its bucket.
    pub bucket: String,
    /// Its key, as the event spells it.
    pub key: String,
}

/// The object that appeared, of which the body of a message tells.
pub fn told(body: &str) -> Option<Object> {
    let event: Event = serde_json::from_str(body).ok()?;
    let Detail { bucket, object } = event.detail;
    (event.detail_type == "Object Created").then_some(Object {
        bucket: bucket.name,
        key: object.key,
    })
}

impl Object {
    /// The organisation and asset of a source in our bucket.
    ///
    /// AWS sends EventBridge the raw key, LocalStack a URL-encoded one. Keys of ours hold only `a-z`, `0-9`,
    /// `_` and `/`: decoding the one form of `/` and `_` that differs changes no raw key.
    pub fn source(&self, bucket: &str) -> Option<(OrgId, AssetId)> {
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

    use serde_json::Value;
    use vault_domain::asset::source_key;

    fn of_key(key: String) -> Object {
        Object {
            bucket: "uploads".into(),
            key,
        }
    }

    #[test]
    fn the_sample_event_reads_as_its_object() {
        let batch: Value =
            serde_json::from_str(include_str!("../../../events/process-upload.json")).unwrap();
        let object = told(batch["Records"][0]["body"].as_str().unwrap()).unwrap();
        assert!(object.source("reelvault-uploads").is_some());
    }

    #[test]
    fn a_key_reads_the_same_raw_and_url_encoded() {
        let ids = (OrgId::from_octets([1; 16]), AssetId::from_octets([2; 16]));
        let key = source_key(ids.0, ids.1);
        assert_eq!(of_key(key.clone()).source("uploads"), Some(ids));
        assert_eq!(of_key(key.replace('/', "%2F")).source("uploads"), Some(ids));
        assert_eq!(of_key(key.clone()).source("media"), None);
        assert_eq!(of_key(format!("{key}%2F..")).source("uploads"), None);
    }

    #[test]
    fn another_event_is_no_object() {
        for body in [
            "",
            "{}",
            r#"{"detail-type":"Object Deleted","detail":{}}"#,
            r#"{"detail-type":"Object Deleted","detail":{"bucket":{"name":"b"},"object":{"key":"k"}}}"#,
            "[]",
        ] {
            assert_eq!(told(body), None, "{body}");
        }
    }
}
