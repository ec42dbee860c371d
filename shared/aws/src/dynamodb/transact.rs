//! Transactions whose conditions decide: all of it took effect, or nothing did.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{BuildError, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::TransactWriteItem;
use vault_domain::ports::{Change, StoreError, Stored};
use vault_domain::token::Digest;

use super::back_off;

/// Tries of a transaction that others' writes collide with.
const TRIES: u32 = 8;

/// Who asks for what.
pub(super) struct Request<'a> {
    pub(super) client: &'a Client,
    pub(super) operation: &'static str,
    /// Spreads those who collide.
    pub(super) salt: Digest,
}

/// Makes the writes, unless one of their conditions does not hold. The SDK gives each try its own token, so what it
/// repeats by itself is written once.
pub(super) async fn change(
    request: &Request<'_>,
    writes: impl Fn() -> Result<Vec<TransactWriteItem>, BuildError>,
) -> Stored<Change> {
    let failed = |error| StoreError::new(request.operation, error);
    let mut salt = [0; 16];
    salt.copy_from_slice(&request.salt.0[..16]);
    for attempt in 1..=TRIES {
        let writes = writes().map_err(|error| StoreError::new(request.operation, error))?;
        let sent = request.client.transact_write_items();
        let Err(error) = sent.set_transact_items(Some(writes)).send().await else {
            return Ok(Change::Applied);
        };
        match verdict(&error) {
            Verdict::Unmet => return Ok(Change::NotApplied),
            Verdict::Collided => back_off(attempt, &salt).await,
            Verdict::Failed => return Err(failed(Box::new(error))),
        }
    }
    Err(StoreError::new(
        request.operation,
        "others kept writing to the same records",
    ))
}

enum Verdict {
    /// A condition does not hold.
    Unmet,
    /// Another transaction was writing to the same records; nothing is decided.
    Collided,
    Failed,
}

fn verdict(error: &SdkError<TransactWriteItemsError>) -> Verdict {
    let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) =
        error.as_service_error()
    else {
        return Verdict::Failed;
    };
    let codes = cancelled.cancellation_reasons().iter();
    let codes: Vec<&str> = codes.filter_map(|reason| reason.code()).collect();
    if codes.contains(&"ConditionalCheckFailed") {
        return Verdict::Unmet;
    }
    let passing = |code: &&str| matches!(*code, "TransactionConflict" | "ThrottlingError");
    if codes.iter().any(passing) {
        return Verdict::Collided;
    }
    Verdict::Failed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replay::Replay;

    fn cancelled(codes: &[&str]) -> String {
        let reasons: Vec<_> = codes
            .iter()
            .map(|code| format!(r#"{{"Code":"{code}"}}"#))
            .collect();
        format!(
            r#"{{"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException","Message":"x","CancellationReasons":[{}]}}"#,
            reasons.join(",")
        )
    }

    async fn answered(replay: &Replay) -> Stored<Change> {
        let request = Request {
            client: &Client::new(&replay.config()),
            operation: "test",
            salt: Digest([0; 32]),
        };
        change(&request, || Ok(Vec::new())).await
    }

    #[tokio::test]
    async fn an_unmet_condition_decides_and_a_collision_does_not() {
        let unmet = cancelled(&["None", "ConditionalCheckFailed"]);
        let collided = cancelled(&["TransactionConflict", "None"]);
        for (answers, wanted) in [
            (vec![(200, "{}")], Change::Applied),
            (vec![(400, unmet.as_str())], Change::NotApplied),
            (vec![(400, collided.as_str()), (200, "{}")], Change::Applied),
            (
                vec![(400, collided.as_str()), (400, unmet.as_str())],
                Change::NotApplied,
            ),
        ] {
            let replay = Replay::of(&answers);
            assert_eq!(answered(&replay).await.unwrap(), wanted);
            assert_eq!(replay.count(), answers.len());
            for at in 0..answers.len() {
                assert!(replay.body(at).contains("ClientRequestToken"));
            }
        }
    }

    #[tokio::test]
    async fn what_never_ends_or_is_no_condition_is_an_error() {
        let collided = cancelled(&["TransactionConflict"]);
        let always = vec![(400, collided.as_str()); TRIES as usize];
        let replay = Replay::of(&always);
        assert!(answered(&replay).await.is_err());
        let other = cancelled(&["ValidationError"]);
        assert!(answered(&Replay::of(&[(400, &other)])).await.is_err());
    }
}
