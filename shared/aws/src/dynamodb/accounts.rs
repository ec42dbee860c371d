//! What a person changes of their own account: the password's hash, and from when on sessions count.

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{TransactWriteItem, Update};
use vault_domain::audit::Record;
use vault_domain::credential::PasswordHash;
use vault_domain::id::UserId;
use vault_domain::ports::{Accounts, Change, StoreError, Stored};
use vault_domain::time::Timestamp;

use super::record::{PK, text, time};
use super::records::DynamoRecords;
use super::transact::{Reasons, Request, Written, write};
use super::{members, unmet_update, users};

/// Accounts.
#[derive(Debug, Clone)]
pub struct DynamoAccounts {
    client: Client,
    users: String,
    members: String,
    records: DynamoRecords,
}

impl DynamoAccounts {
    /// Over the tables of users and of members; changes are recorded.
    pub fn new(
        client: Client,
        users: impl Into<String>,
        members: impl Into<String>,
        records: DynamoRecords,
    ) -> Self {
        Self {
            client,
            users: users.into(),
            members: members.into(),
            records,
        }
    }

    fn hash_changed(
        &self,
        user: UserId,
        checked: &PasswordHash,
        next: &PasswordHash,
    ) -> Result<TransactWriteItem, BuildError> {
        let update = Update::builder()
            .table_name(&self.users)
            .key(PK, text(users::user_pk(user)))
            .update_expression(SET)
            .condition_expression(CHECKED)
            .expression_attribute_names("#hash", "hash")
            .expression_attribute_values(":next", text(&next.0))
            .expression_attribute_values(":checked", text(&checked.0))
            .build()?;
        Ok(TransactWriteItem::builder().update(update).build())
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
        (checked, next): (&PasswordHash, &PasswordHash),
        sessions_from: Timestamp,
        records: &[Record],
    ) -> Stored<Change> {
        let request = Request {
            client: &self.client,
            operation: "accounts.change_hash",
            salt: *user.octets(),
        };
        let writes = || {
            Ok(vec![
                self.hash_changed(user, checked, next)?,
                members::sessions_ended(&self.members, user, sessions_from)?,
            ])
        };
        // The account is not asked: there is one as long as there is the user.
        let another_hash = |reasons: &Reasons| reasons.is_unmet(0).then_some(());
        Ok(
            match write(
                &request,
                self.records.all_recorded(writes(), records),
                another_hash,
            )
            .await?
            {
                Written::Applied => Change::Applied,
                Written::Refused(()) => Change::NotApplied,
            },
        )
    }

    async fn end_sessions(
        &self,
        user: UserId,
        from: Timestamp,
        records: &[Record],
    ) -> Stored<Change> {
        let writes = || {
            let update = Update::builder()
                .table_name(&self.members)
                .set_key(Some(members::account_key(user)))
                .update_expression("SET sessions_from = :from")
                // Later ones are over already, or there is no account.
                .condition_expression("sessions_from < :from")
                .expression_attribute_values(":from", time(from))
                .build()?;
            Ok(vec![TransactWriteItem::builder().update(update).build()])
        };
        let request = ("accounts.end_sessions", *user.octets());
        self.records.with_all(request, writes(), records).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replay::{Replay, cancelled};

    fn accounts(replay: &Replay) -> DynamoAccounts {
        let client = Client::new(&replay.config());
        let records = DynamoRecords::new(client.clone(), "audit");
        DynamoAccounts::new(client, "users", "members", records)
    }

    #[tokio::test]
    async fn another_hash_is_not_replaced_and_a_missing_account_is_an_error() {
        let (user, hash) = (UserId::from_octets([1; 16]), PasswordHash("x".to_owned()));
        let (unmet, busy) = ("ConditionalCheckFailed", "TransactionConflict");
        for (codes, change, calls) in [
            ([unmet, "None"], Some(Change::NotApplied), 1),
            (["None", unmet], None, 1),
            ([busy, "None"], Some(Change::Applied), 2),
            (["None", busy], Some(Change::Applied), 2),
        ] {
            let replay = Replay::of(&[(400, &cancelled(&codes)), (200, "{}")]);
            let accounts = accounts(&replay);
            let changed = accounts.change_hash(user, (&hash, &hash), Timestamp(1), &[]);
            let outcome = changed.await;
            assert_eq!((outcome.ok(), replay.count()), (change, calls), "{codes:?}");
            assert!(replay.body(0).contains(CHECKED));
        }
    }
}
