//! Collections and groups, and who may do what: the table of access, and what of it stands at assets and at members.

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem, Update};
use vault_domain::access::{Access, Collection};
use vault_domain::asset::{Asset, AssetState};
use vault_domain::audit::Record;
use vault_domain::id::{CollectionId, OrgId};
use vault_domain::ports::{
    AccessChanges, Change, Collections, LISTED, MAX_COLLECTIONS, StoreError, Stored,
};

use super::access_record::{access_attributes, collection, collection_item, key};
use super::reads::{Wanted, batch};
use super::record::{Corrupt, Fields, Item, PK, flag, number, text, time};
use super::records::{DynamoRecords, put_fresh};
use super::{read, record};

/// Sort key of how many collections an organisation has.
const COUNT: &str = "count#collections";

/// A deleted record keeps its key, so that nothing that is bound to it comes back to life.
pub(super) fn is_gone(item: &Item) -> bool {
    Fields(item).has("gone")
}

/// Names of the tables of access.
#[derive(Debug, Clone)]
pub struct AccessTables {
    /// Collections and groups.
    pub access: String,
    /// Assets.
    pub assets: String,
    /// Members.
    pub members: String,
}

/// Who may do what.
#[derive(Debug, Clone)]
pub struct DynamoAccess {
    pub(super) client: Client,
    pub(super) tables: AccessTables,
    pub(super) records: DynamoRecords,
}

impl DynamoAccess {
    /// Over these tables; changes are recorded.
    pub const fn new(client: Client, tables: AccessTables, records: DynamoRecords) -> Self {
        Self {
            client,
            tables,
            records,
        }
    }

    pub(super) async fn one(&self, operation: &'static str, key: Item) -> Stored<Option<Item>> {
        let request = self.client.get_item().table_name(&self.tables.access);
        let sent = request.set_key(Some(key)).consistent_read(true).send();
        let output = sent.await;
        let output = output.map_err(|error| StoreError::new(operation, error))?;
        Ok(output.item)
    }

    /// Is there a record of this key that is deleted?
    pub(super) async fn was(&self, operation: &'static str, key: Item) -> Stored<bool> {
        let item = self.one(operation, key).await?;
        Ok(item.is_some_and(|item| is_gone(&item)))
    }

    /// At most [`LISTED`] records of the organisation whose sort keys begin so, behind this one, without deleted ones.
    pub(super) async fn listed<T>(
        &self,
        operation: &'static str,
        (org, prefix): (OrgId, &str),
        after: Option<String>,
        from: impl Fn(&Item) -> Result<T, Corrupt>,
    ) -> Stored<Vec<T>> {
        let mut start = after.map(|id| key(org, &id));
        let mut listed = Vec::new();
        loop {
            let request = self.client.query().table_name(&self.tables.access);
            let sent = request
                .consistent_read(true)
                .key_condition_expression("pk = :org AND begins_with(sk, :prefix)")
                .expression_attribute_values(":org", text(org.to_string()))
                .expression_attribute_values(":prefix", text(prefix))
                .set_exclusive_start_key(start)
                .limit(i32::try_from(LISTED).unwrap_or(i32::MAX))
                .send()
                .await;
            let output = sent.map_err(|error| StoreError::new(operation, error))?;
            for item in output.items.iter().flatten().filter(|item| !is_gone(item)) {
                listed.push(from(item).map_err(|corrupt| StoreError::new(operation, corrupt))?);
            }
            start = output.last_evaluated_key.filter(|key| !key.is_empty());
            if start.is_none() || listed.len() >= LISTED {
                listed.truncate(LISTED);
                return Ok(listed);
            }
        }
    }

    /// Counts one more, if there is room for it, or one fewer.
    pub(super) fn counted(
        &self,
        org: OrgId,
        count: &str,
        more: bool,
    ) -> Result<TransactWriteItem, BuildError> {
        let update = Update::builder()
            .table_name(&self.tables.access)
            .set_key(Some(key(org, count)))
            .expression_attribute_names("#n", "n")
            .expression_attribute_values(":one", number(1_u64));
        let most = u64::try_from(MAX_COLLECTIONS).unwrap_or(u64::MAX);
        let update = if more {
            update
                .update_expression("ADD #n :one")
                .condition_expression("attribute_not_exists(#n) OR #n < :most")
                .expression_attribute_values(":most", number(most))
        } else {
            update
                .update_expression("SET #n = #n - :one")
                .condition_expression("#n >= :one")
        };
        Ok(TransactWriteItem::builder().update(update.build()?).build())
    }

    /// Deletes a record that is as it was seen, by this attribute: its id stays taken.
    pub(super) fn deleted(
        &self,
        key: Item,
        (name, seen): (&str, AttributeValue),
    ) -> Result<TransactWriteItem, BuildError> {
        let update = Update::builder()
            .table_name(&self.tables.access)
            .set_key(Some(key))
            .update_expression("SET gone = :gone")
            .condition_expression("#seen = :seen AND attribute_not_exists(gone)")
            .expression_attribute_names("#seen", name)
            .expression_attribute_values(":seen", seen)
            .expression_attribute_values(":gone", flag(true))
            .build()?;
        Ok(TransactWriteItem::builder().update(update).build())
    }

    fn asset_update(&self, seen: &Asset, next: &Asset) -> Result<TransactWriteItem, BuildError> {
        let version = seen.access.version;
        let mut update = Update::builder()
            .table_name(&self.tables.assets)
            .key(PK, text(seen.id().to_string()))
            .condition_expression(if version == 0 {
                "attribute_exists(pk) AND #state <> :withdrawn AND attribute_not_exists(deleted_at) AND attribute_not_exists(access_version)"
            } else {
                "#state <> :withdrawn AND attribute_not_exists(deleted_at) AND access_version = :seen"
            })
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":withdrawn", text(AssetState::Withdrawn.as_str()))
            .expression_attribute_values(":views_from", time(next.views_from));
        if version > 0 {
            update = update.expression_attribute_values(":seen", number(version));
        }
        let mut sets = vec!["views_from = :views_from".to_owned()];
        for (name, value) in access_attributes(&next.access) {
            sets.push(format!("{name} = :{name}"));
            update = update.expression_attribute_values(format!(":{name}"), value);
        }
        sets.sort();
        let mut expression = format!("SET {}", sets.join(", "));
        match next.collection {
            Some(id) => {
                expression.push_str(", #collection = :collection");
                update = update.expression_attribute_values(":collection", text(id.to_string()));
            }
            None => expression.push_str(" REMOVE #collection"),
        }
        let update = update
            .expression_attribute_names("#collection", "collection")
            .update_expression(expression);
        Ok(TransactWriteItem::builder().update(update.build()?).build())
    }

    fn collection_update(
        &self,
        seen: &Access,
        next: &Collection,
    ) -> Result<TransactWriteItem, BuildError> {
        let mut update = Update::builder()
            .table_name(&self.tables.access)
            .set_key(Some(key(next.org, &next.id)))
            .condition_expression("access_version = :seen AND attribute_not_exists(gone)")
            .expression_attribute_names("#name", "name")
            .expression_attribute_values(":name", text(next.name.as_str()))
            .expression_attribute_values(":seen", number(seen.version));
        let mut sets = vec!["#name = :name".to_owned()];
        for (name, value) in access_attributes(&next.access) {
            sets.push(format!("{name} = :{name}"));
            update = update.expression_attribute_values(format!(":{name}"), value);
        }
        sets.sort();
        let update = update.update_expression(format!("SET {}", sets.join(", ")));
        Ok(TransactWriteItem::builder().update(update.build()?).build())
    }
}

#[async_trait]
impl Collections for DynamoAccess {
    async fn collection(&self, org: OrgId, id: CollectionId) -> Stored<Option<Collection>> {
        const OPERATION: &str = "collections.collection";
        let item = self.one(OPERATION, key(org, &id)).await?;
        let item = item.filter(|item| !is_gone(item));
        read(OPERATION, item.as_ref(), collection)
    }

    async fn is_deleted(&self, org: OrgId, id: CollectionId) -> Stored<bool> {
        self.was("collections.is_deleted", key(org, &id)).await
    }

    async fn collections_of(&self, org: OrgId, ids: &[CollectionId]) -> Stored<Vec<Collection>> {
        const OPERATION: &str = "collections.collections_of";
        let table = &self.tables.access;
        let wanted = ids.iter().map(|id| Wanted::at(table, key(org, id)));
        let found = batch(&self.client, OPERATION, wanted).await?;
        let there = found.all(table).filter(|item| !is_gone(item));
        let read: Result<Vec<_>, Corrupt> = there.map(collection).collect();
        read.map_err(|corrupt| StoreError::new(OPERATION, corrupt))
    }

    async fn collections(
        &self,
        org: OrgId,
        after: Option<CollectionId>,
    ) -> Stored<Vec<Collection>> {
        let (prefix, after) = (CollectionId::PREFIX, after.map(|id| id.to_string()));
        self.listed("collections.collections", (org, prefix), after, collection)
            .await
    }
}

#[async_trait]
impl AccessChanges for DynamoAccess {
    async fn set_access(&self, seen: &Asset, next: &Asset, record: &Record) -> Stored<Change> {
        let writes = self.asset_update(seen, next).map(|write| vec![write]);
        self.records.with("access.set_access", writes, record).await
    }

    async fn create_collection(&self, new: &Collection, record: &Record) -> Stored<Change> {
        let writes = || {
            Ok(vec![
                put_fresh(&self.tables.access, collection_item(new))?,
                self.counted(new.org, COUNT, true)?,
            ])
        };
        let made = self
            .records
            .with("access.create_collection", writes(), record);
        made.await
    }

    async fn set_collection(
        &self,
        seen: &Access,
        next: &Collection,
        record: &Record,
    ) -> Stored<Change> {
        let writes = self.collection_update(seen, next).map(|write| vec![write]);
        let set = self.records.with("access.set_collection", writes, record);
        set.await
    }

    async fn delete_collection(&self, seen: &Collection, record: &Record) -> Stored<Change> {
        let version = ("access_version", record::number(seen.access.version));
        let writes = || {
            Ok(vec![
                self.deleted(key(seen.org, &seen.id), version)?,
                self.counted(seen.org, COUNT, false)?,
            ])
        };
        let deleted = self
            .records
            .with("access.delete_collection", writes(), record);
        deleted.await
    }
}
