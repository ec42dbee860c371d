//! Uploads that nobody brought to an end: found by organisation in the table of what is used, and by age in the index of
//! uploads under way.

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use aws_sdk_dynamodb::types::{Put, TransactWriteItem, Update};
use vault_domain::asset::{Asset, AssetState, Failure};
use vault_domain::audit::Record;
use vault_domain::deletion::Due;
use vault_domain::id::{AssetId, OrgId};
use vault_domain::ports::{Abandonments, Change, Elder, StoreError, Stored};
use vault_domain::time::Timestamp;

use super::assets::{DynamoAssets, from_states};
use super::assets_counted::Step;
use super::deletion_record::due_item;
use super::due_index::DueIndex;
use super::library_record::shelf;
use super::record::{Corrupt, Fields, Item, PK, item, number, text, time};
use super::transact::{Request, change_patiently};
use super::usage_record::{Difference, usage_key};

/// Uploads of one page.
const UPLOADS: i32 = 250;

/// Over the tables of assets, of what is used, and of what is due.
#[derive(Debug, Clone)]
pub struct DynamoAbandonments {
    client: Client,
    assets: DynamoAssets,
    usage: String,
    retention: String,
}

impl DynamoAbandonments {
    /// Over these tables; `assets` counts in the table of what is used.
    pub fn new(
        client: Client,
        assets: DynamoAssets,
        usage: impl Into<String>,
        retention: impl Into<String>,
    ) -> Self {
        Self {
            client,
            assets,
            usage: usage.into(),
            retention: retention.into(),
        }
    }

    /// A change of when an organisation's uploads are looked at, if that is as it was seen.
    async fn redated(
        &self,
        operation: &'static str,
        due: &Due,
        change: impl FnOnce(UpdateBuilder) -> UpdateBuilder,
    ) -> Stored<Change> {
        let update = Update::builder()
            .table_name(&self.usage)
            .set_key(Some(usage_key(due.org)))
            .expression_attribute_names("#at", "at")
            .expression_attribute_values(":seen", time(due.at));
        let request = Request {
            client: &self.client,
            operation,
            salt: *due.org.octets(),
        };
        let update = change(update).build();
        let write = update.map(|update| TransactWriteItem::builder().update(update).build());
        // A plain update would fail while an announcement is being counted.
        change_patiently(&request, write.map(|write| vec![write])).await
    }

    fn ended(&self, seen: &Asset, failure: &Failure) -> Step {
        let request = self.assets.transition(seen.id(), AssetState::Failed);
        let request = request.condition_expression(
            "#state = :from AND attribute_not_exists(deleted_at) AND attribute_not_exists(hold_at)",
        );
        let request = from_states(request, &[(":from", AssetState::Uploading)]);
        Step::failed(request, seen, failure)
    }
}

fn due(item: &Item) -> Result<Due, Corrupt> {
    let fields = Fields(item);
    let org = fields.parsed(PK, |text| OrgId::parse(text).ok())?;
    Ok(Due::organisation(org, fields.time("at")?))
}

fn elder(item: &Item) -> Result<Elder, Corrupt> {
    let fields = Fields(item);
    let id = fields.parsed(PK, |text| AssetId::parse(text).ok())?;
    Ok((id, fields.time("created_at")?))
}

#[async_trait]
impl Abandonments for DynamoAbandonments {
    async fn waiting(
        &self,
        part: u8,
        until: Timestamp,
        after: Option<&Due>,
    ) -> Stored<(Vec<Due>, bool)> {
        let index = DueIndex {
            client: &self.client,
            table: &self.usage,
            operation: "abandonments.waiting",
        };
        index.page(part, until, after, due).await
    }

    async fn under_way(
        &self,
        org: OrgId,
        after: Option<Elder>,
    ) -> Stored<(Vec<Elder>, Option<Elder>)> {
        const OPERATION: &str = "abandonments.under_way";
        let uploading = shelf(org, AssetState::Uploading);
        let start = after.map(|(id, created_at)| {
            item([
                (PK, text(id.to_string())),
                ("shelf", text(&uploading)),
                ("created_at", time(created_at)),
            ])
        });
        let request = self.client.query().table_name(&self.assets.table);
        let sent = request
            .index_name("library-by-state")
            .key_condition_expression("shelf = :uploading")
            .filter_expression("attribute_not_exists(hold_at)")
            .projection_expression("pk, created_at")
            .expression_attribute_values(":uploading", text(&uploading))
            .set_exclusive_start_key(start)
            .limit(UPLOADS)
            .send()
            .await;
        let output = sent.map_err(|error| StoreError::new(OPERATION, error))?;
        let corrupt = |corrupt: Corrupt| StoreError::new(OPERATION, corrupt);
        let items = output.items.unwrap_or_default();
        let elders: Result<Vec<_>, _> = items.iter().map(elder).collect();
        let last = output.last_evaluated_key.filter(|key| !key.is_empty());
        let last = last.as_ref().map(elder).transpose();
        Ok((elders.map_err(corrupt)?, last.map_err(corrupt)?))
    }

    async fn abandon(
        &self,
        seen: &Asset,
        failure: &Failure,
        now: Timestamp,
        record: &Record,
    ) -> Stored<Change> {
        let org = seen.announced.org;
        let step = self.ended(seen, failure);
        let difference = Difference::between(seen.charge, step.after);
        let due = Due::asset(org, seen.id(), now);
        let writes = || {
            let put = Put::builder().table_name(&self.retention);
            let put = put.set_item(Some(due_item(&due))).build()?;
            let mut writes = vec![
                step.write(seen.charge)?,
                TransactWriteItem::builder().put(put).build(),
            ];
            writes.extend(difference.write(&self.usage, org)?);
            Ok(writes)
        };
        let records = &self.assets.records;
        records
            .counted("abandonments.abandon", writes(), record)
            .await
    }

    async fn look_again(&self, due: &Due, at: Timestamp) -> Stored<Change> {
        let later = |update: UpdateBuilder| {
            update
                .update_expression("SET #at = :at")
                .condition_expression("#at = :seen")
                .expression_attribute_values(":at", time(at))
        };
        self.redated("abandonments.look_again", due, later).await
    }

    async fn none_under_way(&self, due: &Due) -> Stored<Change> {
        let never = |update: UpdateBuilder| {
            update
                .update_expression("REMOVE #at, #part")
                .condition_expression("#at = :seen AND #uploads = :none")
                .expression_attribute_names("#part", "part")
                .expression_attribute_names("#uploads", "uploads")
                .expression_attribute_values(":none", number(0_u64))
        };
        self.redated("abandonments.none_under_way", due, never)
            .await
    }
}
