//! The table of API keys: a record a key, and one an organisation that lists its keys. Both are written in one
//! transaction, so that the list is exact and its size is the limit.

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{
    AttributeValue, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update,
};
use vault_domain::api_key::ApiKey;
use vault_domain::id::{ApiKeyId, OrgId};
use vault_domain::ports::{Change, Clients, Creation, MAX_CLIENTS, StoreError, Stored};
use vault_domain::time::Timestamp;
use vault_domain::token::Digest;

use super::clients_record::{from_item, ids, to_item};
use super::reads::{Wanted, batch};
use super::record::{Item, PK, flag, number, text, time};
use super::transact::{Reasons, Request, TRIES, Written, change, write};
use super::{back_off, get, read, unmet_update};

/// Keys that one call can read.
const PAGE: usize = 100;
/// The attribute of an organisation's record that lists its keys.
pub(super) const KEYS: &str = "keys";

const ROTATE: &str = "clients.rotate";

/// The table of API keys.
#[derive(Debug, Clone)]
pub struct DynamoClients {
    client: Client,
    table: String,
}

impl DynamoClients {
    /// The keys in this table.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self {
            client,
            table: table.into(),
        }
    }

    fn put(&self, key: &ApiKey) -> Result<TransactWriteItem, BuildError> {
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(to_item(key)))
            .condition_expression("attribute_not_exists(pk)")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    fn enlist(&self, key: &ApiKey) -> Result<TransactWriteItem, BuildError> {
        let update = Update::builder()
            .table_name(&self.table)
            .key(PK, text(key.org.to_string()))
            .update_expression("ADD #keys :one")
            .condition_expression("attribute_not_exists(#keys) OR size(#keys) < :most")
            .expression_attribute_names("#keys", KEYS)
            .expression_attribute_values(":one", one(key.id))
            .expression_attribute_values(":most", number(MAX_CLIENTS as u64))
            .build()?;
        Ok(TransactWriteItem::builder().update(update).build())
    }

    fn end(&self, id: ApiKeyId, org: OrgId) -> Result<TransactWriteItem, BuildError> {
        let update = Update::builder()
            .table_name(&self.table)
            .key(PK, text(id.to_string()))
            .update_expression("SET revoked = :yes")
            .condition_expression("org = :org")
            .expression_attribute_values(":yes", flag(true))
            .expression_attribute_values(":org", text(org.to_string()))
            .build()?;
        Ok(TransactWriteItem::builder().update(update).build())
    }

    fn delist(&self, id: ApiKeyId, org: OrgId) -> Result<TransactWriteItem, BuildError> {
        let update = Update::builder()
            .table_name(&self.table)
            .key(PK, text(org.to_string()))
            .update_expression("DELETE #keys :one")
            .expression_attribute_names("#keys", KEYS)
            .expression_attribute_values(":one", one(id))
            .build()?;
        Ok(TransactWriteItem::builder().update(update).build())
    }

    const fn request(&self, operation: &'static str, id: ApiKeyId) -> Request<'_> {
        Request {
            client: &self.client,
            operation,
            salt: *id.octets(),
        }
    }

    /// One try of a rotation; nothing if a transaction was writing to the key.
    async fn try_rotate(&self, next: &ApiKey, replaced: Digest) -> Stored<Option<Change>> {
        let request = self.client.update_item().table_name(&self.table);
        let request = request
            .key(PK, text(next.id.to_string()))
            .condition_expression("#active = :replaced AND revoked = :no")
            .expression_attribute_names("#active", "active")
            .expression_attribute_names("#previous", "previous")
            .expression_attribute_values(":next", text(next.active.hex()))
            .expression_attribute_values(":replaced", text(replaced.hex()))
            .expression_attribute_values(":no", flag(false))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let request = match next.previous {
            Some((previous, until)) => request
                .update_expression(
                    "SET #active = :next, #previous = :previous, previous_until = :until",
                )
                .expression_attribute_values(":previous", text(previous.hex()))
                .expression_attribute_values(":until", time(until)),
            None => {
                request.update_expression("SET #active = :next REMOVE #previous, previous_until")
            }
        };
        let Err(error) = request.send().await else {
            return Ok(Some(Change::Applied));
        };
        if matches!(
            error.as_service_error(),
            Some(UpdateItemError::TransactionConflictException(_))
        ) {
            return Ok(None);
        }
        let item = unmet_update(error).map_err(|error| StoreError::new(ROTATE, error))?;
        let current = read(ROTATE, item.as_ref(), from_item)?;
        // Our own first try took effect: nobody else can have made this secret.
        let ours = current.is_some_and(|key| key.active == next.active && !key.revoked);
        Ok(Some(if ours {
            Change::Applied
        } else {
            Change::NotApplied
        }))
    }
}

fn one(id: ApiKeyId) -> AttributeValue {
    AttributeValue::Ss(vec![id.to_string()])
}

/// Why a key and its organisation's list stay as they are.
enum Refused {
    /// The condition on the key was not met; this is the key.
    Key(Option<Item>),
    /// The condition on the organisation's list was not met.
    List,
}

fn refused(reasons: &Reasons) -> Option<Refused> {
    if reasons.is_unmet(0) {
        return Some(Refused::Key(reasons.there(0).cloned()));
    }
    // A collision over the key may hide that it is there: only a clear first answer lets the second decide.
    let full = reasons.is_unmet(1) && !reasons.is_collided(0);
    full.then_some(Refused::List)
}

#[async_trait]
impl Clients for DynamoClients {
    async fn get(&self, id: ApiKeyId) -> Stored<Option<ApiKey>> {
        const OPERATION: &str = "clients.get";
        let item = get(&self.client, &self.table, OPERATION, id.to_string()).await?;
        read(OPERATION, item.as_ref(), from_item)
    }

    async fn create(&self, key: &ApiKey) -> Stored<Creation> {
        let writes = || Ok(vec![self.put(key)?, self.enlist(key)?]);
        let request = self.request("clients.create", key.id);
        Ok(match write(&request, writes(), refused).await? {
            Written::Applied => Creation::Created,
            // Our own first try took effect.
            Written::Refused(Refused::Key(Some(there))) if there == to_item(key) => {
                Creation::Created
            }
            Written::Refused(Refused::Key(_)) => Creation::Exists,
            Written::Refused(Refused::List) => Creation::LimitReached,
        })
    }

    async fn list(&self, org: OrgId) -> Stored<Vec<ApiKey>> {
        const OPERATION: &str = "clients.list";
        let item = get(&self.client, &self.table, OPERATION, org.to_string()).await?;
        let listed = read(OPERATION, item.as_ref(), ids)?.unwrap_or_default();
        let mut keys = Vec::with_capacity(listed.len());
        for page in listed.chunks(PAGE) {
            let wanted = page
                .iter()
                .map(|id| Wanted::of(&self.table, id.to_string()));
            let found = batch(&self.client, OPERATION, wanted).await?;
            for item in found.all(&self.table) {
                keys.extend(read(OPERATION, Some(item), from_item)?);
            }
        }
        // Revoked between the two reads.
        keys.retain(|key| !key.revoked);
        keys.sort_by_key(|key| (key.created_at, key.id));
        Ok(keys)
    }

    async fn rotate(&self, next: &ApiKey, replaced: Digest) -> Stored<Change> {
        for attempt in 1..=TRIES {
            if let Some(change) = self.try_rotate(next, replaced).await? {
                return Ok(change);
            }
            back_off(attempt, next.id.octets()).await;
        }
        Err(StoreError::new(
            ROTATE,
            "the key is written to by too many at once",
        ))
    }

    async fn revoke(&self, id: ApiKeyId, org: OrgId) -> Stored<Change> {
        let writes = || Ok(vec![self.end(id, org)?, self.delist(id, org)?]);
        change(&self.request("clients.revoke", id), writes()).await
    }

    async fn used(&self, id: ApiKeyId, at: Timestamp, unless_since: Timestamp) -> Stored<()> {
        let request = self.client.update_item().table_name(&self.table);
        let sent = request
            .key(PK, text(id.to_string()))
            .update_expression("SET last_used = :at")
            .condition_expression(
                "attribute_exists(pk) AND (attribute_not_exists(last_used) OR last_used <= :since)",
            )
            .expression_attribute_values(":at", time(at))
            .expression_attribute_values(":since", time(unless_since))
            .send()
            .await;
        let Err(error) = sent else { return Ok(()) };
        unmet_update(error).map_err(|error| StoreError::new("clients.used", error))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::clients_record::tests::key;
    use super::*;
    use crate::replay::{Replay, cancelled};

    fn clients(replay: &Replay) -> DynamoClients {
        DynamoClients::new(Client::new(&replay.config()), "clients")
    }

    #[tokio::test]
    async fn the_id_decides_before_the_limit_and_collisions_are_tried_again() {
        let unmet = "ConditionalCheckFailed";
        let both = cancelled(&[unmet, unmet]);
        let full = cancelled(&["None", unmet]);
        let hidden = cancelled(&["TransactionConflict", unmet]);
        for (answers, expected) in [
            (vec![(400, both.as_str())], Creation::Exists),
            (vec![(400, full.as_str())], Creation::LimitReached),
            (vec![(400, hidden.as_str()), (200, "{}")], Creation::Created),
        ] {
            let replay = Replay::of(&answers);
            let created = clients(&replay).create(&key()).await.unwrap();
            assert_eq!((created, replay.count()), (expected, answers.len()));
        }
    }

    #[tokio::test]
    async fn a_key_of_another_organisation_is_not_revoked_and_other_causes_are_errors() {
        let (id, org) = (key().id, key().org);
        let unmet = cancelled(&["ConditionalCheckFailed", "None"]);
        let replay = Replay::of(&[(400, &unmet)]);
        let revoked = clients(&replay).revoke(id, org).await.unwrap();
        assert_eq!(revoked, Change::NotApplied);
        let replay = Replay::of(&[(400, &cancelled(&["ValidationError", "None"]))]);
        assert!(clients(&replay).revoke(id, org).await.is_err());
    }

    #[tokio::test]
    async fn a_rotation_waits_for_a_transaction_and_knows_its_own_first_try() {
        let kind = "com.amazonaws.dynamodb.v20120810#TransactionConflictException";
        let busy = format!(r#"{{"__type":"{kind}","message":"x"}}"#);
        let replay = Replay::of(&[(400, &busy), (200, "{}")]);
        let rotated = clients(&replay).rotate(&key(), Digest([9; 32])).await;
        assert_eq!(rotated.unwrap(), Change::Applied);
        assert_eq!(replay.count(), 2);
    }

    #[tokio::test]
    async fn a_use_that_was_noted_already_is_no_error() {
        let unmet = r#"{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","message":"x"}"#;
        let replay = Replay::of(&[(400, unmet)]);
        let clients = clients(&replay);
        let used = clients.used(key().id, Timestamp(9), Timestamp(1)).await;
        used.unwrap();
        assert!(replay.body(0).contains("last_used <= :since"));
    }
}
