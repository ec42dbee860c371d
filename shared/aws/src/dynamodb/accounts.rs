//! What a person changes of their own account: the password's hash, and from when on sessions count.

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{TransactWriteItem, Update};
use vault_domain::credential::PasswordHash;
use vault_domain::id::UserId;
use vault_domain::ports::{Accounts, Change, StoreError, Stored};
use vault_domain::time::Timestamp;

use super::record::{PK, text, time};
use super::{members, unmet_update, users};

/// Accounts.
#[derive(Debug, Clone)]
pub struct DynamoAccounts {
    client: Client,
    users: String,
    members: String,
}

impl DynamoAccounts {
    /// Over the tables of users and of members.
    pub fn new(client: Client, users: impl Into<String>, members: impl Into<String>) -> Self {
        Self {
            client,
            users: users.into(),
            members: members.into(),
        }
    }
}

const SET: &str = "SET #hash = :next";
const CHECKED: &str = "#hash = :checked";

#[async_trait]
impl Accounts for DynamoAccounts {
    async fn upgrade_hash(
        &self,
        user: UserId,
        checked: &PasswordHash,
        next: &PasswordHash,
    ) -> Stored<Change> {
        let request = self.client.update_item().table_name(&self.users);
        let sent = request
            .key(PK, text(users::user_pk(user)))
            .update_expression(SET)
            .condition_expression(CHECKED)
            .expression_attribute_names("#hash", "hash")
            .expression_attribute_values(":next", text(&next.0))
            .expression_attribute_values(":checked", text(&checked.0))
            .send()
            .await;
        let Err(error) = sent else {
            return Ok(Change::Applied);
        };
        // Our own first try, or another hash: the old one is gone in any case.
        unmet_update(error).map_err(|error| StoreError::new("accounts.upgrade_hash", error))?;
        Ok(Change::NotApplied)
    }

    async fn change_hash(
        &self,
        user: UserId,
        checked: &PasswordHash,
        next: &PasswordHash,
        sessions_from: Timestamp,
    ) -> Stored<Change> {
        const OPERATION: &str = "accounts.change_hash";
        let failed = |error| StoreError::new(OPERATION, error);
        let hash = Update::builder()
            .table_name(&self.users)
            .key(PK, text(users::user_pk(user)))
            .update_expression(SET)
            .condition_expression(CHECKED)
            .expression_attribute_names("#hash", "hash")
            .expression_attribute_values(":next", text(&next.0))
            .expression_attribute_values(":checked", text(&checked.0))
            .build()
            .map_err(failed)?;
        let sessions = Update::builder()
            .table_name(&self.members)
            .set_key(Some(members::account_key(user)))
            .update_expression("SET sessions_from = :from")
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_values(":from", time(sessions_from))
            .build()
            .map_err(failed)?;
        // The SDK's own token makes its repetitions one transaction.
        let request = self.client.transact_write_items();
        let sent = request
            .transact_items(TransactWriteItem::builder().update(hash).build())
            .transact_items(TransactWriteItem::builder().update(sessions).build())
            .send()
            .await;
        match sent {
            Ok(_) => Ok(Change::Applied),
            Err(error) if is_another_hash(&error) => Ok(Change::NotApplied),
            Err(error) => Err(StoreError::new(OPERATION, error)),
        }
    }

    async fn end_sessions(&self, user: UserId, from: Timestamp) -> Stored<()> {
        let request = self.client.update_item().table_name(&self.members);
        let sent = request
            .set_key(Some(members::account_key(user)))
            .update_expression("SET sessions_from = :from")
            .condition_expression("sessions_from < :from")
            .expression_attribute_values(":from", time(from))
            .send()
            .await;
        let Err(error) = sent else { return Ok(()) };
        // Later ones are over already, or there is no account.
        unmet_update(error).map_err(|error| StoreError::new("accounts.end_sessions", error))?;
        Ok(())
    }
}

fn is_another_hash(error: &SdkError<TransactWriteItemsError>) -> bool {
    let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) =
        error.as_service_error()
    else {
        return false;
    };
    let reason = cancelled.cancellation_reasons().first();
    reason.and_then(|reason| reason.code()) == Some("ConditionalCheckFailed")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replay::Replay;

    #[tokio::test]
    async fn another_hash_is_not_replaced_and_a_missing_account_is_an_error() {
        let (user, hash) = (UserId::from_octets([1; 16]), PasswordHash("x".to_owned()));
        for (codes, change) in [
            (["ConditionalCheckFailed", "None"], Some(Change::NotApplied)),
            (["None", "ConditionalCheckFailed"], None),
            (["TransactionConflict", "None"], None),
        ] {
            let reasons = codes
                .map(|code| format!(r#"{{"Code":"{code}"}}"#))
                .join(",");
            let answer = format!(
                r#"{{"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException","Message":"x","CancellationReasons":[{reasons}]}}"#
            );
            let replay = Replay::of(&[(400, &answer)]);
            let accounts = DynamoAccounts::new(Client::new(&replay.config()), "users", "members");
            let outcome = accounts.change_hash(user, &hash, &hash, Timestamp(1)).await;
            assert_eq!(outcome.ok(), change, "{codes:?}");
            assert!(replay.body(0).contains(CHECKED));
        }
    }
}
