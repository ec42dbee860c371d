//! The table of API keys: a record a key, and one an organisation that lists its keys. Both are written in one
//! transaction, so that the list is exact and its size is the limit.

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{
    AttributeValue, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update,
};
use vault_domain::api_key::ApiKey;
use vault_domain::audit::Record;
use vault_domain::id::{ApiKeyId, OrgId};
use vault_domain::ports::{Change, Clients, Creation, MAX_CLIENTS, StoreError, Stored};
use vault_domain::time::Timestamp;
use vault_domain::token::Digest;

use super::clients_record::{from_item, ids, to_item};
use super::reads::{Wanted, batch};
use super::record::{Item, PK, flag, number, text, time};
use super::records::DynamoRecords;
use super::transact::{Reasons, Request, Written, write};
use super::{get, read, unmet_update};

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
    records: DynamoRecords,
}

impl DynamoClients {
    /// The keys in this table; what their managers change is recorded.
    pub fn new(client: Client, table: impl Into<String>, records: DynamoRecords) -> Self {
        Self {
            client,
            table: table.into(),
            records,
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
            .condition_expression("org = :org AND revoked = :no")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .expression_attribute_values(":yes", flag(true))
            .expression_attribute_values(":no", flag(false))
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

    fn rotated(&self, next: &ApiKey, replaced: Digest) -> Result<TransactWriteItem, BuildError> {
        let update = Update::builder()
            .table_name(&self.table)
            .key(PK, text(next.id.to_string()))
            .condition_expression("#active = :replaced AND revoked = :no")
            .expression_attribute_names("#active", "active")
            .expression_attribute_names("#previous", "previous")
            .expression_attribute_values(":next", text(next.active.hex()))
            .expression_attribute_values(":replaced", text(replaced.hex()))
            .expression_attribute_values(":no", flag(false))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let update = match next.previous {
            Some((previous, until)) => update
                .update_expression(
                    "SET #active = :next, #previous = :previous, previous_until = :until",
                )
                .expression_attribute_values(":previous", text(previous.hex()))
                .expression_attribute_values(":until", time(until)),
            None => {
                update.update_expression("SET #active = :next REMOVE #previous, previous_until")
            }
        };
        Ok(TransactWriteItem::builder().update(update.build()?).build())
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

    async fn create(&self, key: &ApiKey, record: &Record) -> Stored<Creation> {
        let writes = || {
            let writes = [self.put(key)?, self.enlist(key)?];
            self.records.recorded(Ok(writes.to_vec()), record)
        };
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

    async fn rotate(&self, next: &ApiKey, replaced: Digest, record: &Record) -> Stored<Change> {
        let writes = self.rotated(next, replaced).map(|write| vec![write]);
        let writes = self.records.recorded(writes, record);
        let there = |reasons: &Reasons| reasons.is_unmet(0).then(|| reasons.there(0).cloned());
        let request = self.request(ROTATE, next.id);
        let there = match write(&request, writes, there).await? {
            Written::Applied => return Ok(Change::Applied),
            Written::Refused(there) => read(ROTATE, there.as_ref(), from_item)?,
        };
        // Our own first try took effect: nobody else can have made this secret.
        let ours = there.is_some_and(|key| key.active == next.active && !key.revoked);
        Ok(if ours {
            Change::Applied
        } else {
            Change::NotApplied
        })
    }

    async fn revoke(&self, id: ApiKeyId, org: OrgId, record: &Record) -> Stored<Change> {
        const OPERATION: &str = "clients.revoke";
        let writes = || Ok(vec![self.end(id, org)?, self.delist(id, org)?]);
        let writes = self.records.recorded(writes(), record);
        let there = |reasons: &Reasons| reasons.is_unmet(0).then(|| reasons.there(0).cloned());
        let there = match write(&self.request(OPERATION, id), writes, there).await? {
            Written::Applied => return Ok(Change::Applied),
            Written::Refused(there) => read(OPERATION, there.as_ref(), from_item)?,
        };
        // It was ended before, and that is on record.
        let over = there.is_some_and(|key| key.org == org && key.revoked);
        Ok(if over {
            Change::Applied
        } else {
            Change::NotApplied
        })
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
    use serde_json::{Value, json};

    use super::super::audit_record::tests::record;
    use super::super::clients_record::tests::key;
    use super::*;
    use crate::replay::{Replay, cancelled, cancelled_for};

    /// A value as DynamoDB writes it.
    fn as_json(value: &AttributeValue) -> Value {
        match value {
            AttributeValue::S(text) => json!({ "S": text }),
            AttributeValue::N(number) => json!({ "N": number }),
            AttributeValue::Bool(flag) => json!({ "BOOL": flag }),
            AttributeValue::L(all) => json!({ "L": all.iter().map(as_json).collect::<Vec<_>>() }),
            AttributeValue::Ss(all) => json!({ "SS": all }),
            other => unreachable!("{other:?} is in no key"),
        }
    }

    fn clients(replay: &Replay) -> DynamoClients {
        let client = Client::new(&replay.config());
        let records = DynamoRecords::new(client.clone(), "audit");
        DynamoClients::new(client, "clients", records)
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
            let created = clients(&replay).create(&key(), &record()).await.unwrap();
            assert_eq!((created, replay.count()), (expected, answers.len()));
        }
    }

    #[tokio::test]
    async fn a_key_of_another_organisation_is_not_revoked_and_other_causes_are_errors() {
        let (id, org) = (key().id, key().org);
        let unmet = cancelled(&["ConditionalCheckFailed", "None"]);
        let replay = Replay::of(&[(400, &unmet)]);
        let revoked = clients(&replay).revoke(id, org, &record()).await.unwrap();
        assert_eq!(revoked, Change::NotApplied);
        let replay = Replay::of(&[(400, &cancelled(&["ValidationError", "None"]))]);
        assert!(clients(&replay).revoke(id, org, &record()).await.is_err());
    }

    #[tokio::test]
    async fn a_rotation_waits_for_others_and_knows_its_own_first_try() {
        let busy = cancelled(&["TransactionConflict", "None"]);
        let kept = ApiKey {
            revoked: false,
            ..key()
        };
        let ours: serde_json::Map<_, _> = to_item(&kept)
            .into_iter()
            .map(|(name, value)| (name, as_json(&value)))
            .collect();
        let unmet = json!({ "Code": "ConditionalCheckFailed", "Item": ours });
        let unmet = cancelled_for(&[unmet, json!({})]);
        for (second, calls) in [((200, "{}"), 2), ((400, unmet.as_str()), 2)] {
            let replay = Replay::of(&[(400, busy.as_str()), second]);
            let rotated = clients(&replay)
                .rotate(&key(), Digest([9; 32]), &record())
                .await;
            assert_eq!(rotated.unwrap(), Change::Applied);
            assert_eq!(replay.count(), calls);
        }
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
