//! What a message tells: the event of S3, an order, or a verdict about malware.

use vault_boot::batch::Message;
use vault_domain::packaging::PackagingOrder;
use vault_events::object::{self, Object};
use vault_events::verdict::{self, Verdict};

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
    order.or_else(|| object::told(&message.body).map(Told::Object))
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUEUE: &str = "arn:aws:sqs:eu-central-1:000000000000:verdicts";

    fn sample(text: &str) -> Message {
        let messages = vault_boot::batch::messages(serde_json::from_str(text).unwrap());
        messages.unwrap().remove(0)
    }

    #[test]
    fn the_sample_event_reads_as_its_object() {
        let message = sample(include_str!("../../../events/process-upload.json"));
        assert!(matches!(told(&message, None), Some(Told::Object(_))));
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
