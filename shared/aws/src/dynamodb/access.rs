//! Collections, spaces and groups, and who may do what: the table of access, and what of it stands at assets and at members.

use std::collections::BTreeSet;

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem, Update};
use vault_domain::access::{Access, Container, ContainerId, Kind};
use vault_domain::asset::{Asset, AssetState};
use vault_domain::audit::Record;
use vault_domain::id::{CollectionId, OrgId};
use vault_domain::ports::{AccessChanges, Change, Containers, LISTED, StoreError, Stored};

use super::access_record::{access_attributes, container, container_item, key};
use super::reads::{Wanted, batch};
use super::record::{Corrupt, Fields, Item, PK, flag, number, text, time};
use super::records::{DynamoRecords, put_fresh};
use super::{read, record};

/// Sort key of how many containers of a kind an organisation has.
const fn count(kind: Kind) -> &'static str {
    match kind {
        Kind::Collection => "count#collections",
        Kind::Space => "count#spaces",
    }
}

/// A deleted record keeps its key, so that nothing that is bound to it comes back to life.
pub(super) fn is_gone(item: &Item) -> bool {
    Fields(item).has("gone")
}

/// Names of the tables of access.
#[derive(Debug, Clone)]
pub struct AccessTables {
    /// Collections, spaces and groups.
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
        (count, most): (&str, usize),
        more: bool,
    ) -> Result<TransactWriteItem, BuildError> {
        let update = Update::builder()
            .table_name(&self.tables.access)
            .set_key(Some(key(org, count)))
            .expression_attribute_names("#n", "n")
            .expression_attribute_values(":one", number(1_u64));
        let most = u64::try_from(most).unwrap_or(u64::MAX);
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

    /// Counts the containers of its kind.
    fn count(&self, of: &Container, more: bool) -> Result<TransactWriteItem, BuildError> {
        let kind = of.id.kind();
        self.counted(of.org, (count(kind), kind.most()), more)
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

    fn container_update(
        &self,
        seen: &Access,
        next: &Container,
    ) -> Result<TransactWriteItem, BuildError> {
        let mut update = Update::builder()
            .table_name(&self.tables.access)
            .set_key(Some(key(next.org, &next.id)))
            .condition_expression("access_version = :seen AND attribute_not_exists(gone)")
            .expression_attribute_names("#name", "name")
            .expression_attribute_names("#space", "space")
            .expression_attribute_values(":name", text(next.name.as_str()))
            .expression_attribute_values(":seen", number(seen.version));
        let mut sets = vec!["#name = :name".to_owned()];
        for (name, value) in access_attributes(&next.access) {
            sets.push(format!("{name} = :{name}"));
            update = update.expression_attribute_values(format!(":{name}"), value);
        }
        sets.sort();
        let mut expression = format!("SET {}", sets.join(", "));
        match next.space_id() {
            Some(id) => {
                expression.push_str(", #space = :space");
                update = update.expression_attribute_values(":space", text(id.to_string()));
            }
            None => expression.push_str(" REMOVE #space"),
        }
        let update = update.update_expression(expression);
        Ok(TransactWriteItem::builder().update(update.build()?).build())
    }

    /// Those of these that are there, as they are stored.
    async fn those(
        &self,
        operation: &'static str,
        org: OrgId,
        ids: impl IntoIterator<Item = ContainerId> + Send,
    ) -> Stored<Vec<Container>> {
        let table = &self.tables.access;
        let mut wanted = ids.into_iter().map(|id| Wanted::at(table, key(org, &id)));
        let Some(first) = wanted.next() else {
            return Ok(Vec::new());
        };
        let wanted = std::iter::once(first).chain(wanted);
        let found = batch(&self.client, operation, wanted).await?;
        let there = found.all(table).filter(|item| !is_gone(item));
        let read: Result<Vec<_>, Corrupt> = there.map(container).collect();
        read.map_err(|corrupt| StoreError::new(operation, corrupt))
    }

    /// Puts the spaces that these are in beside them, each read once.
    async fn around(
        &self,
        operation: &'static str,
        org: OrgId,
        mut of: Vec<Container>,
    ) -> Stored<Vec<Container>> {
        let ids: BTreeSet<_> = of.iter().filter_map(Container::space_id).collect();
        let ids = ids.into_iter().map(ContainerId::Space);
        let spaces = self.those(operation, org, ids).await?;
        for within in of.iter_mut().filter_map(|c| c.within.as_mut()) {
            let id = ContainerId::Space(within.id);
            let space = spaces.iter().find(|space| space.id == id);
            within.space = space.cloned().map(Box::new);
        }
        Ok(of)
    }
}

#[async_trait]
impl Containers for DynamoAccess {
    async fn container(&self, org: OrgId, id: ContainerId) -> Stored<Option<Container>> {
        const OPERATION: &str = "containers.container";
        let item = self.one(OPERATION, key(org, &id)).await?;
        let item = item.filter(|item| !is_gone(item));
        let mut found = read(OPERATION, item.as_ref(), container)?;
        if let Some(within) = found.as_mut().and_then(|found| found.within.as_mut()) {
            let item = self.one(OPERATION, key(org, &within.id)).await?;
            let item = item.filter(|item| !is_gone(item));
            within.space = read(OPERATION, item.as_ref(), container)?.map(Box::new);
        }
        Ok(found)
    }

    async fn is_deleted(&self, org: OrgId, id: ContainerId) -> Stored<bool> {
        self.was("containers.is_deleted", key(org, &id)).await
    }

    async fn collections_of(&self, org: OrgId, ids: &[CollectionId]) -> Stored<Vec<Container>> {
        const OPERATION: &str = "containers.collections_of";
        let ids = ids.iter().copied().map(ContainerId::Collection);
        let found = self.those(OPERATION, org, ids).await?;
        self.around(OPERATION, org, found).await
    }

    async fn containers(
        &self,
        org: OrgId,
        kind: Kind,
        after: Option<ContainerId>,
    ) -> Stored<Vec<Container>> {
        const OPERATION: &str = "containers.containers";
        let (prefix, after) = (kind.prefix(), after.map(|id| id.to_string()));
        let found = self
            .listed(OPERATION, (org, prefix), after, container)
            .await?;
        self.around(OPERATION, org, found).await
    }
}

#[async_trait]
impl AccessChanges for DynamoAccess {
    async fn set_access(&self, seen: &Asset, next: &Asset, record: &Record) -> Stored<Change> {
        let writes = self.asset_update(seen, next).map(|write| vec![write]);
        self.records.with("access.set_access", writes, record).await
    }

    async fn create_container(&self, new: &Container, record: &Record) -> Stored<Change> {
        let writes = || {
            Ok(vec![
                put_fresh(&self.tables.access, container_item(new))?,
                self.count(new, true)?,
            ])
        };
        let made = self
            .records
            .with("access.create_container", writes(), record);
        made.await
    }

    async fn set_container(
        &self,
        seen: &Access,
        next: &Container,
        record: &Record,
    ) -> Stored<Change> {
        let writes = self.container_update(seen, next).map(|write| vec![write]);
        let set = self.records.with("access.set_container", writes, record);
        set.await
    }

    async fn delete_container(&self, seen: &Container, record: &Record) -> Stored<Change> {
        let version = ("access_version", record::number(seen.access.version));
        let writes = || {
            Ok(vec![
                self.deleted(key(seen.org, &seen.id), version)?,
                self.count(seen, false)?,
            ])
        };
        let deleted = self
            .records
            .with("access.delete_container", writes(), record);
        deleted.await
    }
}
