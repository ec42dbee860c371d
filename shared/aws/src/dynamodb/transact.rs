//! Transactions: all of it took effect, or nothing did.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{BuildError, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{CancellationReason, TransactWriteItem};
use vault_domain::ports::{Change, StoreError, Stored};
use vault_domain::token::Digest;

use super::back_off;
use super::record::Item;

/// Tries of a transaction that others' writes collide with; the waits between them come to half a second.
pub(super) const TRIES: u32 = 12;

/// Tries of one that counts what an organisation uses, which all its uploads write to; the waits between them come to two
/// seconds.
const PATIENT: u32 = 30;

/// Who asks for what.
pub(super) struct Request<'a> {
    pub(super) client: &'a Client,
    pub(super) operation: &'static str,
    /// Spreads those who collide.
    pub(super) salt: [u8; 16],
}

/// A salt of a digest, which is random already.
pub(super) fn salt(digest: Digest) -> [u8; 16] {
    std::array::from_fn(|octet| digest.0[octet])
}

/// Why a transaction was cancelled: a reason a write, in the order of the writes.
pub(super) struct Reasons(Vec<CancellationReason>);

impl Reasons {
    fn of(error: &SdkError<TransactWriteItemsError>) -> Option<Self> {
        match error.as_service_error() {
            Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                Some(Self(cancelled.cancellation_reasons().to_vec()))
            }
            _ => None,
        }
    }

    fn code(&self, write: usize) -> Option<&str> {
        self.0.get(write)?.code()
    }

    /// The condition of this write does not hold.
    pub(super) fn is_unmet(&self, write: usize) -> bool {
        self.code(write) == Some("ConditionalCheckFailed")
    }

    /// Somebody else was writing to this record, which may hide that its condition does not hold.
    pub(super) fn is_collided(&self, write: usize) -> bool {
        matches!(
            self.code(write),
            Some("TransactionConflict" | "ThrottlingError")
        )
    }

    /// The writes whose condition does not hold.
    pub(super) fn unmet(&self) -> Vec<usize> {
        let all = 0..self.0.len();
        all.filter(|write| self.is_unmet(*write)).collect()
    }

    /// Somebody else was writing to one of the records.
    pub(super) fn any_collided(&self) -> bool {
        (0..self.0.len()).any(|write| self.is_collided(write))
    }

    /// The record that did not meet the condition of this write, if the write asks for it.
    pub(super) fn there(&self, write: usize) -> Option<&Item> {
        self.0.get(write)?.item()
    }
}

/// What a transaction came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Written<T> {
    /// All of it took effect.
    Applied,
    /// Nothing did, for this reason.
    Refused(T),
}

/// Makes the writes, again while others write to the same records. If it was cancelled, `judge` says what that means,
/// or nothing if the reasons do not decide. The SDK gives each try its own token, so what it repeats by itself is
/// written once.
pub(super) async fn write<T>(
    request: &Request<'_>,
    writes: Result<Vec<TransactWriteItem>, BuildError>,
    judge: impl Fn(&Reasons) -> Option<T>,
) -> Stored<Written<T>> {
    write_within(TRIES, request, writes, judge).await
}

/// [`write`], where many write to the same record.
pub(super) async fn write_patiently<T>(
    request: &Request<'_>,
    writes: Result<Vec<TransactWriteItem>, BuildError>,
    judge: impl Fn(&Reasons) -> Option<T>,
) -> Stored<Written<T>> {
    write_within(PATIENT, request, writes, judge).await
}

async fn write_within<T>(
    tries: u32,
    request: &Request<'_>,
    writes: Result<Vec<TransactWriteItem>, BuildError>,
    judge: impl Fn(&Reasons) -> Option<T>,
) -> Stored<Written<T>> {
    let writes = writes.map_err(|error| StoreError::new(request.operation, error))?;
    for attempt in 1..=tries {
        let sent = request.client.transact_write_items();
        let sent = sent.set_transact_items(Some(writes.clone())).send().await;
        let Err(error) = sent else {
            return Ok(Written::Applied);
        };
        let reasons = Reasons::of(&error);
        if let Some(verdict) = reasons.as_ref().and_then(&judge) {
            return Ok(Written::Refused(verdict));
        }
        if !reasons.is_some_and(|reasons| reasons.any_collided()) {
            return Err(StoreError::new(request.operation, error));
        }
        back_off(attempt, &request.salt).await;
    }
    Err(StoreError::new(
        request.operation,
        "the same records are written to by too many at once",
    ))
}

/// [`write_patiently`], unless one of the conditions does not hold.
pub(super) async fn change_patiently(
    request: &Request<'_>,
    writes: Result<Vec<TransactWriteItem>, BuildError>,
) -> Stored<Change> {
    let unmet = |reasons: &Reasons| (!reasons.unmet().is_empty()).then_some(());
    Ok(match write_patiently(request, writes, unmet).await? {
        Written::Applied => Change::Applied,
        Written::Refused(()) => Change::NotApplied,
    })
}

/// [`write`], unless one of the conditions does not hold.
pub(super) async fn change(
    request: &Request<'_>,
    writes: Result<Vec<TransactWriteItem>, BuildError>,
) -> Stored<Change> {
    let unmet = |reasons: &Reasons| (!reasons.unmet().is_empty()).then_some(());
    Ok(match write(request, writes, unmet).await? {
        Written::Applied => Change::Applied,
        Written::Refused(()) => Change::NotApplied,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replay::{Replay, cancelled};

    async fn answered(replay: &Replay) -> Stored<Change> {
        let request = Request {
            client: &Client::new(&replay.config()),
            operation: "test",
            salt: [0; 16],
        };
        change(&request, Ok(Vec::new())).await
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
