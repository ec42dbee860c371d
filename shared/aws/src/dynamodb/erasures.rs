//! What is due, and the end of assets.

use async_trait::async_trait;
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use vault_domain::asset::{Asset, AssetState};
use vault_domain::audit::Record;
use vault_domain::deletion::{Due, Duty, Presence, Rule, Tombstone};
use vault_domain::id::{AssetId, OrgId};
use vault_domain::ports::{Change, Dues, Elder, Erasures, StoreError, Stored};
use vault_domain::time::Timestamp;

use super::assets_record::asset;
use super::deletion_record::{due as due_of, due_pk, is_tombstone, tombstone, tombstone_item};
use super::deletions::{DynamoDeletions, write};
use super::due_index::DueIndex;
use super::library_record::shelf;
use super::record::{Corrupt, Fields, Item, PK, item, text, time};
use super::usage_record::Difference;
use super::{get, read, unmet_update};

/// Assets of one page that are looked at for their age.
const AGED: i32 = 250;

impl DynamoDeletions {
    /// One condition on when it is due, and one change.
    async fn redated(
        &self,
        operation: &'static str,
        due: &Due,
        to: Option<Timestamp>,
    ) -> Stored<Change> {
        let request = self.client.update_item().table_name(&self.retention);
        let request = request
            .key(PK, text(due_pk(due)))
            .condition_expression("#at = :seen")
            .expression_attribute_names("#at", "at")
            .expression_attribute_values(":seen", time(due.at));
        let request = match to {
            Some(to) => request
                .update_expression("SET #at = :to")
                .expression_attribute_values(":to", time(to)),
            None => request
                .update_expression("REMOVE #at, #part")
                .expression_attribute_names("#part", "part"),
        };
        let Err(error) = request.send().await else {
            return Ok(Change::Applied);
        };
        unmet_update(error).map_err(|error| StoreError::new(operation, error))?;
        Ok(Change::NotApplied)
    }

    async fn removed(&self, due: &Due) -> Stored<Change> {
        let request = self.client.delete_item().table_name(&self.retention);
        let sent = request
            .key(PK, text(due_pk(due)))
            .condition_expression("#at = :seen")
            .expression_attribute_names("#at", "at")
            .expression_attribute_values(":seen", time(due.at))
            .send()
            .await;
        match sent {
            Ok(_) => Ok(Change::Applied),
            Err(error) => {
                let service = error.as_service_error();
                if service.is_some_and(DeleteItemError::is_conditional_check_failed_exception) {
                    return Ok(Change::NotApplied);
                }
                Err(StoreError::new("dues.settle", error))
            }
        }
    }

    fn begun(&self, id: AssetId, now: Timestamp) -> Result<TransactWriteItem, BuildError> {
        let update = self
            .update(id)
            .update_expression("SET #state = :withdrawn, erasing_at = :now REMOVE lease_until")
            .condition_expression(
                "attribute_exists(deleted_at) AND erase_at <= :now AND attribute_not_exists(hold_at) AND attribute_not_exists(erasing_at)",
            )
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":withdrawn", text(AssetState::Withdrawn.as_str()))
            .expression_attribute_values(":now", time(now));
        write(update)
    }

    fn buried(&self, tombstone: &Tombstone) -> Result<TransactWriteItem, BuildError> {
        let put = Put::builder()
            .table_name(&self.assets)
            .set_item(Some(tombstone_item(tombstone)))
            .condition_expression("attribute_exists(erasing_at)")
            .build()?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    /// The index that a rule's assets stand in, by when they were announced, and the partition.
    fn elders(&self, org: OrgId, rule: &Rule) -> (QueryFluentBuilder, Item) {
        let request = self.client.query().table_name(&self.assets);
        let (index, condition, partition) = match rule.of.state() {
            None => ("library", "org", org.to_string()),
            Some(state) => ("library-by-state", "shelf", shelf(org, state)),
        };
        let request = request
            .index_name(index)
            .key_condition_expression(format!(
                "{condition} = :partition AND created_at <= :before"
            ))
            .expression_attribute_values(":partition", text(&partition));
        (request, item([(condition, text(partition))]))
    }
}

#[async_trait]
impl Dues for DynamoDeletions {
    async fn due(
        &self,
        part: u8,
        until: Timestamp,
        after: Option<&Due>,
    ) -> Stored<(Vec<Due>, bool)> {
        let index = DueIndex {
            client: &self.client,
            table: &self.retention,
            operation: "dues.due",
        };
        index.page(part, until, after, due_of).await
    }

    async fn postpone(&self, due: &Due, to: Timestamp) -> Stored<Change> {
        self.redated("dues.postpone", due, Some(to)).await
    }

    /// An organisation's rules stay; they are due no more.
    async fn settle(&self, due: &Due) -> Stored<Change> {
        match due.duty {
            Duty::Asset(_) | Duty::Verdict(..) => self.removed(due).await,
            Duty::Organisation => self.redated("dues.settle", due, None).await,
        }
    }
}

#[async_trait]
impl Erasures for DynamoDeletions {
    async fn begin(&self, id: AssetId, now: Timestamp, record: &Record) -> Stored<Change> {
        let writes = self.begun(id, now).map(|write| vec![write]);
        self.records.with("erasures.begin", writes, record).await
    }

    async fn bury(
        &self,
        tombstone: &Tombstone,
        again_at: Timestamp,
        record: &Record,
    ) -> Stored<Change> {
        const OPERATION: &str = "erasures.bury";
        let due = Due::asset(tombstone.org, tombstone.id, again_at);
        let item = get(&self.client, &self.assets, OPERATION, due_pk(&due)).await?;
        let there = asset(OPERATION, item.as_ref())?;
        // What is being erased counts for the same until it is gone.
        let erasing = |asset: &Asset| matches!(asset.keeping.presence, Presence::Erasing(_));
        let Some(there) = there.filter(erasing) else {
            return Ok(Change::NotApplied);
        };
        let writes = || {
            let mut writes = vec![self.buried(tombstone)?, self.due_from(&due)?];
            let gone = Difference::between(there.charge, None);
            writes.extend(gone.write(&self.usage, tombstone.org)?);
            Ok(writes)
        };
        self.records.counted(OPERATION, writes(), record).await
    }

    async fn tombstone(&self, id: AssetId) -> Stored<Option<Tombstone>> {
        const OPERATION: &str = "erasures.tombstone";
        let item = get(&self.client, &self.assets, OPERATION, id.to_string()).await?;
        let item = item.filter(is_tombstone);
        read(OPERATION, item.as_ref(), tombstone)
    }

    async fn aged(
        &self,
        org: OrgId,
        rule: &Rule,
        now: Timestamp,
        after: Option<Elder>,
    ) -> Stored<(Vec<AssetId>, Option<Elder>)> {
        const OPERATION: &str = "erasures.aged";
        let (request, partition) = self.elders(org, rule);
        let start = after.map(|(id, created_at)| {
            let mut start = partition;
            start.insert(PK.to_owned(), text(id.to_string()));
            start.insert("created_at".to_owned(), time(created_at));
            start
        });
        let sent = request
            .filter_expression(
                "attribute_not_exists(deleted_at) AND attribute_not_exists(hold_at) AND (attribute_not_exists(restored_at) OR restored_at <= :before)",
            )
            .projection_expression("pk")
            .expression_attribute_values(":before", time(rule.before(now)))
            .set_exclusive_start_key(start)
            .limit(AGED)
            .send()
            .await;
        let output = sent.map_err(|error| StoreError::new(OPERATION, error))?;
        let corrupt = |corrupt: Corrupt| StoreError::new(OPERATION, corrupt);
        let id = |item: &Item| Fields(item).parsed(PK, |text| AssetId::parse(text).ok());
        let elder = |key: &Item| Ok((id(key)?, Fields(key).time("created_at")?));
        let items = output.items.unwrap_or_default();
        let ids: Result<Vec<_>, _> = items.iter().map(id).collect();
        let last = output.last_evaluated_key.filter(|key| !key.is_empty());
        let last = last.as_ref().map(elder).transpose();
        Ok((ids.map_err(corrupt)?, last.map_err(corrupt)?))
    }
}
