//! Any text as what AWS tells: an invocation of a queue, an object that appeared, a verdict, an order.

use serde_json::Value;
use vault_domain::asset::source_key;
use vault_domain::conversion::ConversionOrder;
use vault_domain::packaging::PackagingOrder;
use vault_domain::scan::Finding;
use vault_events::object::Object;
use vault_events::{batch, object, verdict};

const BUCKET: &str = "reelvault-uploads";

/// Nothing panics; a clearance is one by an independent reading as well; a source has one name; an order reads back.
///
/// # Panics
/// It is not so.
pub fn holds(text: &str) {
    body(text);
    let messages = serde_json::from_str(text)
        .ok()
        .and_then(|payload| batch::messages(payload).ok());
    for message in messages.unwrap_or_default() {
        message.receive_count();
        body(&message.body);
    }
}

fn body(text: &str) {
    if let Some(appeared) = object::told(text) {
        assert_eq!(at(text, "/detail-type"), "Object Created");
        names_one_source(&appeared);
    }
    if let Some(told) = verdict::told(text) {
        names_one_source(&told.object);
        if told.finding == Finding::Clean {
            is_a_clearance(text, &told);
        }
    }
    if let Ok(order) = serde_json::from_str::<PackagingOrder>(text) {
        let written = serde_json::to_string(&order).expect("an order");
        assert_eq!(
            serde_json::from_str::<PackagingOrder>(&written).ok(),
            Some(order)
        );
    }
    if let Ok(order) = serde_json::from_str::<ConversionOrder>(text) {
        let written = serde_json::to_string(&order).expect("an order");
        assert_eq!(
            serde_json::from_str::<ConversionOrder>(&written).ok(),
            Some(order)
        );
    }
}

fn names_one_source(object: &Object) {
    let Some((org, asset)) = object.source(BUCKET) else {
        return;
    };
    assert_eq!(object.bucket, BUCKET, "a source of another bucket");
    // S3's events spell keys raw, or URL-encoded.
    let spelt = object.key.replace("%2f", "/").replace("%2F", "/");
    let spelt = spelt.replace("%5f", "_").replace("%5F", "_");
    assert_eq!(spelt, source_key(org, asset), "a source by two names");
}

fn is_a_clearance(text: &str, told: &verdict::Verdict) {
    for (path, expected) in [
        ("/source", "aws.guardduty"),
        ("/detail/resourceType", "S3_OBJECT"),
        ("/detail/scanStatus", "COMPLETED"),
        (
            "/detail/scanResultDetails/scanResultStatus",
            "NO_THREATS_FOUND",
        ),
        ("/detail/s3ObjectDetails/bucketName", &told.object.bucket),
        ("/detail/s3ObjectDetails/objectKey", &told.object.key),
        ("/detail/s3ObjectDetails/eTag", told.about.etag()),
    ] {
        assert_eq!(at(text, path), expected, "{path}");
    }
}

/// The text at a path. Of a name that is there twice the last counts, so a reading that took the first would differ.
fn at(text: &str, path: &str) -> String {
    let event: Value = serde_json::from_str(text).expect("what was read is JSON");
    let found = event.pointer(path).and_then(Value::as_str);
    found.expect("what was read is there").to_owned()
}
