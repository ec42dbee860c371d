//! The table of users: `email#<address>` points to `user#<id>`; `org#<id>` is the organisation.

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    CancellationReason, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem,
};
use vault_domain::credential::{Email, PasswordHash, Role, User};
use vault_domain::id::{OrgId, UserId};
use vault_domain::ports::{Directory, OwnerOutcome, StoreError, Stored, Users};
use vault_domain::time::Timestamp;

use super::record::{Corrupt, Fields, Item, PK, flag, item, text, time};
use super::{get, read, unmet_update};

const CREATE: &str = "users.create_owner";

/// The table of users.
#[derive(Debug, Clone)]
pub struct DynamoUsers {
    client: Client,
    table: String,
}

impl DynamoUsers {
    /// The users in this table.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self {
            client,
            table: table.into(),
        }
    }

    async fn user(&self, operation: &'static str, id: UserId) -> Stored<Option<User>> {
        let item = get(&self.client, &self.table, operation, user_pk(id)).await?;
        read(operation, item.as_ref(), from_item)
    }

    fn new_record(&self, item: Item) -> Result<TransactWriteItem, StoreError> {
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(pk)")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()
            .map_err(|error| StoreError::new(CREATE, error))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }
}

fn email_pk(email: &Email) -> String {
    format!("email#{}", email.as_str())
}

fn user_pk(id: UserId) -> String {
    format!("user#{id}")
}

fn to_item(user: &User) -> Item {
    item([
        (PK, text(user_pk(user.id))),
        ("org", text(user.org.to_string())),
        ("role", text(user.role.as_str())),
        ("active", flag(user.active)),
        ("email", text(user.email.as_str())),
        ("hash", text(&user.hash.0)),
        ("hash_set_at", time(user.hash_set_at)),
    ])
}

fn from_item(item: &Item) -> Result<User, Corrupt> {
    let fields = Fields(item);
    Ok(User {
        id: fields.parsed(PK, |pk| UserId::parse(pk.strip_prefix("user#")?).ok())?,
        org: fields.parsed("org", |text| OrgId::parse(text).ok())?,
        role: fields.parsed("role", |text| Role::parse(text).ok())?,
        active: fields.flag("active")?,
        email: fields.parsed("email", |text| Email::parse(text).ok())?,
        hash: PasswordHash(fields.text("hash")?.to_owned()),
        hash_set_at: fields.time("hash_set_at")?,
    })
}

#[async_trait]
impl Users for DynamoUsers {
    /// Two reads whether or not the address is known: time must not tell.
    async fn by_email(&self, email: &Email) -> Stored<Option<User>> {
        const OPERATION: &str = "users.by_email";
        let pointer = get(&self.client, &self.table, OPERATION, email_pk(email)).await?;
        let id = read(OPERATION, pointer.as_ref(), |item| {
            Fields(item).parsed("user_id", |text| UserId::parse(text).ok())
        })?;
        let nobody = UserId::from_octets([0; 16]);
        let user = self.user(OPERATION, id.unwrap_or(nobody)).await?;
        Ok(user.filter(|user| id == Some(user.id) && user.email == *email))
    }

    async fn by_id(&self, id: UserId) -> Stored<Option<User>> {
        self.user("users.by_id", id).await
    }
}

#[async_trait]
impl Directory for DynamoUsers {
    async fn create_owner(&self, organisation: &str, owner: &User) -> Stored<OwnerOutcome> {
        let pointer = item([
            (PK, text(email_pk(&owner.email))),
            ("user_id", text(owner.id.to_string())),
        ]);
        let org = item([
            (PK, text(format!("org#{}", owner.org))),
            ("name", text(organisation)),
        ]);
        let request = self.client.transact_write_items();
        let sent = request
            .transact_items(self.new_record(pointer)?)
            .transact_items(self.new_record(to_item(owner))?)
            .transact_items(self.new_record(org)?)
            .send()
            .await;
        match sent {
            Ok(_) => Ok(OwnerOutcome::Created),
            Err(error) => match taken_by(&error) {
                Some(id) if id == owner.id.to_string() => Ok(OwnerOutcome::Created),
                Some(_) => Ok(OwnerOutcome::AddressTaken),
                None => Err(StoreError::new(CREATE, error)),
            },
        }
    }

    async fn set_hash(&self, user: UserId, hash: &PasswordHash, at: Timestamp) -> Stored<()> {
        const OPERATION: &str = "users.set_hash";
        let request = self.client.update_item().table_name(&self.table);
        let sent = request
            .key(PK, text(user_pk(user)))
            .update_expression("SET #hash = :hash, hash_set_at = :at")
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_names("#hash", "hash")
            .expression_attribute_values(":hash", text(&hash.0))
            .expression_attribute_values(":at", time(at))
            .send()
            .await;
        let Err(error) = sent else { return Ok(()) };
        unmet_update(error).map_err(|error| StoreError::new(OPERATION, error))?;
        Err(StoreError::new(OPERATION, "there is no such user"))
    }
}

/// Whose the address is, if the transaction was cancelled because it is taken.
fn taken_by(error: &SdkError<TransactWriteItemsError>) -> Option<String> {
    let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) =
        error.as_service_error()
    else {
        return None;
    };
    let reason: &CancellationReason = cancelled.cancellation_reasons().first()?;
    if reason.code() != Some("ConditionalCheckFailed") {
        return None;
    }
    let holder = reason.item().map(|item| Fields(item).text("user_id"));
    Some(holder.and_then(Result::ok).unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::record::checks::reads_back;
    use super::*;
    use crate::replay::Replay;

    fn ada() -> User {
        User {
            id: UserId::from_octets([1; 16]),
            org: OrgId::from_octets([2; 16]),
            role: Role::Editor,
            active: true,
            email: Email::parse("ada@example.org").unwrap(),
            hash: PasswordHash("$2b$12$x".to_owned()),
            hash_set_at: Timestamp(1_000),
        }
    }

    fn users(replay: &Replay) -> DynamoUsers {
        DynamoUsers::new(Client::new(&replay.config()), "users")
    }

    #[test]
    fn a_user_reads_back_and_a_broken_one_is_corrupt() {
        let all = [PK, "org", "role", "active", "email", "hash", "hash_set_at"];
        reads_back(&ada(), &to_item(&ada()), from_item, &all);
    }

    #[tokio::test]
    async fn an_unknown_address_costs_as_many_consistent_reads_as_a_known_one() {
        let ada = ada();
        let pointer = format!(
            r#"{{"Item":{{"pk":{{"S":"x"}},"user_id":{{"S":"{}"}}}}}}"#,
            ada.id
        );
        for first in [pointer.as_str(), "{}"] {
            let replay = Replay::of(&[(200, first), (200, "{}")]);
            let found = users(&replay).by_email(&ada.email).await.unwrap();
            assert_eq!(found, None);
            assert_eq!(replay.count(), 2);
            for index in 0..2 {
                assert!(replay.body(index).contains(r#""ConsistentRead":true"#));
            }
        }
    }

    #[tokio::test]
    async fn an_owner_whose_first_try_took_effect_is_created() {
        let ada = ada();
        for (holder, outcome) in [
            (ada.id, OwnerOutcome::Created),
            (UserId::from_octets([9; 16]), OwnerOutcome::AddressTaken),
        ] {
            let answer = format!(
                r#"{{"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException","Message":"x","CancellationReasons":[{{"Code":"ConditionalCheckFailed","Item":{{"user_id":{{"S":"{holder}"}}}}}},{{"Code":"None"}},{{"Code":"None"}}]}}"#
            );
            let replay = Replay::of(&[(400, &answer)]);
            assert_eq!(
                users(&replay).create_owner("Acme", &ada).await.unwrap(),
                outcome
            );
            assert_eq!(
                replay.body(0).matches("attribute_not_exists(pk)").count(),
                3
            );
        }
    }
}
