//! What a message tells: the event of S3, an order, or a verdict about malware.

use serde::Deserialize;
use vault_boot::batch::Message;
use vault_domain::asset::parse_source_key;
use vault_domain::id::{AssetId, OrgId};
use vault_domain::packaging::PackagingOrder;

use crate::verdict::{self, Verdict};

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

/// What a message is about.
#[derive(Debug)]
pub enum Told {
    /// An object that appeared.
    Object(Object),
    /// A film that is to be packaged anew.
    Order(PackagingOrder),
    /// What was found in an object.
    Verdict(Verdict),
}

/// What a message tells, if it is one of those that come here. Verdicts come through a queue of their own, which only the
/// rule writes to: functions that may order a film to be packaged cannot make one up.
pub fn told(message: &Message, verdicts: Option<&str>) -> Option<Told> {
    if verdicts.is_some_and(|queue| queue == message.queue) {
        return verdict::told(&message.body).map(Told::Verdict);
    }
    let order = serde_json::from_str(&message.body).ok().map(Told::Order);
    order.or_else(|| object(message).map(Told::Object))
}

/// The object that an event is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    pub(crate) bucket: String,
    pub(crate) key: String,
}

/// The object that a message tells of, if it is one of those that the rule sends.
fn object(message: &Message) -> Option<Object> {
    let event: Event = serde_json::from_str(&message.body).ok()?;
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
    use vault_domain::asset::source_key;

    const QUEUE: &str = "arn:aws:sqs:eu-central-1:000000000000:verdicts";

    fn of_key(key: String) -> Object {
        Object {
            bucket: "uploads".into(),
            key,
        }
    }

    fn sample(text: &str) -> Message {
        let messages = vault_boot::batch::messages(serde_json::from_str(text).unwrap());
        messages.unwrap().remove(0)
    }

    #[test]
    fn the_sample_event_reads_as_its_object() {
        let message = sample(include_str!("../../../events/process-upload.json"));
        let object = super::object(&message).unwrap();
        assert!(object.source("reelvault-uploads").is_some());
    }

    #[test]
    fn the_sample_order_reads_as_its_film() {
        let message = sample(include_str!("../../../events/process-upload.again.json"));
        assert!(matches!(told(&message, None), Some(Told::Order(_))));
        let message = sample(include_str!(
            "../../../events/process-upload.subtitles.json"
        ));
        let order = told(&message, None);
        assert!(matches!(order, Some(Told::Order(order)) if order.text.is_some()));
    }

    #[test]
    fn a_verdict_is_taken_from_its_own_queue_alone_and_nothing_else_is_taken_from_there() {
        let mut verdict = sample(include_str!("../../../events/process-upload.clean.json"));
        let queue = verdict.queue.clone();
        let is_taken = |message: &Message, verdicts: Option<&str>| {
            matches!(told(message, verdicts), Some(Told::Verdict(_)))
        };
        assert!(is_taken(&verdict, Some(&queue)));
        for elsewhere in [None, Some(QUEUE), Some("")] {
            assert!(told(&verdict, elsewhere).is_none(), "{elsewhere:?}");
        }
        verdict.queue = String::new();
        assert!(told(&verdict, Some(&queue)).is_none());
        for other in [
            include_str!("../../../events/process-upload.json"),
            include_str!("../../../events/process-upload.again.json"),
        ] {
            let mut other = sample(other);
            assert!(told(&other, Some(QUEUE)).is_some());
            QUEUE.clone_into(&mut other.queue);
            assert!(told(&other, Some(QUEUE)).is_none());
        }
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
            "[]",
            r#"{"v":2,"kind":"package","org":"org_x","asset":"ast_x"}"#,
        ] {
            assert!(told(&Message::of(body), None).is_none(), "{body}");
        }
    }
}
