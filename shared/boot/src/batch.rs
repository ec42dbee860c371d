//! Batches of SQS messages (AWS Lambda Developer Guide, "Using Lambda with Amazon SQS"), each answered for itself
//! (`ReportBatchItemFailures`): what one of them comes to blocks no other.

use serde_json::json;

pub use vault_events::batch::{Message, messages};

use crate::event::Outcome;

/// The answer to a batch: which messages come again, given which of them may be deleted.
///
/// # Errors
/// None.
pub fn answer(messages: &[Message], done: impl IntoIterator<Item = bool>) -> Outcome {
    let failures = messages.iter().zip(done).filter(|(_, done)| !done);
    let failures: Vec<_> = failures
        .map(|(message, _)| json!({ "itemIdentifier": message.id }))
        .collect();
    Ok(json!({ "batchItemFailures": failures }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_answered_message_by_message() {
        let records = ["a", "b", "c"].map(|id| json!({ "messageId": id, "body": "" }));
        let messages = messages(json!({ "Records": records })).unwrap();
        let failures = json!([{ "itemIdentifier": "b" }]);
        let answer = answer(&messages, [true, false, true]).unwrap();
        assert_eq!(answer, json!({ "batchItemFailures": failures }));
    }
}
