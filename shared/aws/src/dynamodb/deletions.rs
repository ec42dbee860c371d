//! Deletions and holds: one transaction of the asset, of what is due, and of the record.

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use aws_sdk_dynamodb::types::{Delete, Put, TransactWriteItem, Update};
use vault_domain::asset::{Asset, AssetState};
use vault_domain::audit::Record;
use vault_domain::deletion::{Deletion, Due, Hold};
use vault_domain::id::AssetId;
use vault_domain::ports::{Change, Charged, Deletions, StoreError, Stored};
use vault_domain::quota::{Charge, Exceeded, Quota, Usage};
use vault_domain::time::Timestamp;

use super::assets_record::asset;
use super::deletion_record::due_item;
use super::get;
use super::library_record::{shelf, shelf_of_deleted, shelves, shelves_of_deleted};
use super::record::{Item, PK, item, number, text, time};
use super::records::DynamoRecords;
use super::transact::{Reasons, Written, write_patiently};
use super::usage::taken;
use super::usage_record::{Difference, Taking};

/// The table of assets, the one of rules and of what is due, and the one of what is used.
#[derive(Debug, Clone)]
pub struct DynamoDeletions {
    pub(super) client: Client,
    pub(super) assets: String,
    pub(super) retention: String,
    pub(super) usage: String,
    pub(super) records: DynamoRecords,
}

/// Times that a return is decided anew because somebody else took room meanwhile.
const TRIES: u32 = 30;

/// The writes of one change.
type Writes = Result<Vec<TransactWriteItem>, BuildError>;

impl DynamoDeletions {
    /// Over these tables; changes are recorded.
    pub fn new(
        client: Client,
        assets: impl Into<String>,
        retention: impl Into<String>,
        usage: impl Into<String>,
        records: DynamoRecords,
    ) -> Self {
        Self {
            client,
            assets: assets.into(),
            retention: retention.into(),
            usage: usage.into(),
            records,
        }
    }

    pub(super) fn update(&self, id: AssetId) -> UpdateBuilder {
        let key = asset_key(id);
        Update::builder()
            .table_name(&self.assets)
            .set_key(Some(key))
    }

    /// It is due, in the place of whatever was due of it.
    pub(super) fn due_from(&self, due: &Due) -> Result<TransactWriteItem, BuildError> {
        let put = Put::builder().table_name(&self.retention);
        let put = put.set_item(Some(due_item(due))).build()?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    /// It is not due, if it was.
    fn not_due(&self, id: AssetId) -> Result<TransactWriteItem, BuildError> {
        let delete = Delete::builder().table_name(&self.retention);
        let delete = delete.set_key(Some(asset_key(id))).build()?;
        Ok(TransactWriteItem::builder().delete(delete).build())
    }

    fn deleted(&self, seen: &Asset, deletion: Deletion) -> Writes {
        const SET: &str =
            "SET deleted_at = :at, erase_at = :erase_at, shelves = :shelves, shelf = :shelf";
        let org = seen.announced.org;
        let uploading = seen.charge.is_some_and(|charge| charge.upload);
        let update = self
            .update(seen.id())
            .update_expression(if uploading {
                format!("{SET} REMOVE counted_upload")
            } else {
                SET.to_owned()
            })
            .expression_attribute_values(":at", time(deletion.at))
            .expression_attribute_values(":erase_at", time(deletion.erase_at))
            .expression_attribute_values(":shelves", shelves_of_deleted(org))
            .expression_attribute_values(":shelf", text(shelf_of_deleted(org)));
        // A tombstone is of something deleted.
        let free = "attribute_exists(pk) AND attribute_not_exists(deleted_at) AND attribute_not_exists(hold_at)";
        let free = if uploading {
            format!("{free} AND attribute_exists(counted_upload)")
        } else {
            free.to_owned()
        };
        let update = match seen.keeping.restored_at {
            None => {
                update.condition_expression(format!("{free} AND attribute_not_exists(restored_at)"))
            }
            Some(restored) => update
                .condition_expression(format!("{free} AND restored_at = :restored"))
                .expression_attribute_values(":restored", time(restored)),
        };
        let due = Due::asset(org, seen.id(), deletion.erase_at);
        let mut writes = vec![write(update)?, self.due_from(&due)?];
        let settled = seen.charge.map(Charge::settled);
        writes.extend(Difference::between(seen.charge, settled).write(&self.usage, org)?);
        Ok(writes)
    }

    fn restored(
        &self,
        seen: &Asset,
        deletion: Deletion,
        (now, views_from): (Timestamp, Timestamp),
    ) -> Writes {
        const SET: &str =
            "SET shelves = :shelves, shelf = :shelf, views_from = :views_from, restored_at = :now";
        let org = seen.announced.org;
        let update = self.update(seen.id());
        let update = if goes_on(seen) {
            update
                .update_expression(format!(
                    "{SET}, counted_upload = :one REMOVE deleted_at, erase_at"
                ))
                .expression_attribute_values(":one", number(1_u64))
        } else {
            update.update_expression(format!("{SET} REMOVE deleted_at, erase_at"))
        };
        let update = update
            .condition_expression(
                "deleted_at = :at AND erase_at = :erase_at AND attribute_not_exists(erasing_at) AND #state = :state AND (erase_at > :now OR attribute_exists(hold_at))",
            )
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":state", text(seen.state.as_str()))
            .expression_attribute_values(":shelves", shelves(org))
            .expression_attribute_values(":shelf", text(shelf(org, seen.state)))
            .expression_attribute_values(":views_from", time(views_from))
            .expression_attribute_values(":now", time(now));
        let update = as_deleted(update, deletion);
        Ok(vec![write(update)?, self.not_due(seen.id())?])
    }

    /// The write that takes a place among the uploads, if it needs one.
    async fn taken(
        &self,
        operation: &'static str,
        seen: &Asset,
        defaults: &Quota,
    ) -> Stored<Result<Option<TransactWriteItem>, Exceeded>> {
        if !goes_on(seen) {
            return Ok(Ok(None));
        }
        let after = seen.charge.map(|charge| Charge {
            upload: true,
            ..charge
        });
        let taking = Taking {
            org: seen.announced.org,
            room: Usage::UPLOAD,
            difference: Difference::between(seen.charge, after),
            defaults,
            upload: Some(seen.announced.created_at),
        };
        let taken = taken(&self.client, &self.usage, operation, &taking).await?;
        Ok(taken.map(Some))
    }

    /// There is no room, if it is still deleted as it was seen.
    async fn known_or(
        &self,
        operation: &'static str,
        seen: &Asset,
        exceeded: Exceeded,
    ) -> Stored<Charged> {
        let there = get(&self.client, &self.assets, operation, seen.id().to_string()).await?;
        let there = asset(operation, there.as_ref())?;
        let same = there.is_some_and(|there| there.keeping.presence == seen.keeping.presence);
        Ok(if same {
            Charged::OverQuota(exceeded)
        } else {
            Charged::NotApplied
        })
    }

    fn held(&self, seen: &Asset, hold: &Hold) -> Writes {
        let update = self
            .update(seen.id())
            .update_expression("SET hold_reason = :reason, hold_at = :at")
            .expression_attribute_values(":reason", text(hold.reason.as_str()))
            .expression_attribute_values(":at", time(hold.at));
        let there = "attribute_exists(pk) AND attribute_not_exists(erasing_at) AND attribute_not_exists(erased_at)";
        let update = match &seen.keeping.hold {
            None => {
                update.condition_expression(format!("{there} AND attribute_not_exists(hold_at)"))
            }
            Some(before) => update
                .condition_expression(format!("{there} AND hold_reason = :before"))
                .expression_attribute_values(":before", text(before.reason.as_str())),
        };
        Ok(vec![write(update)?, self.not_due(seen.id())?])
    }

    fn released(&self, seen: &Asset, hold: &Hold) -> Writes {
        let update = self
            .update(seen.id())
            .update_expression("REMOVE hold_reason, hold_at")
            .expression_attribute_values(":reason", text(hold.reason.as_str()));
        let Some(deletion) = seen.keeping.presence.deletion() else {
            let update = update
                .condition_expression("hold_reason = :reason AND attribute_not_exists(deleted_at)");
            return Ok(vec![write(update)?]);
        };
        let update = update.condition_expression(
            "hold_reason = :reason AND deleted_at = :at AND erase_at = :erase_at",
        );
        let update = as_deleted(update, deletion);
        let due = Due::asset(seen.announced.org, seen.id(), deletion.erase_at);
        Ok(vec![write(update)?, self.due_from(&due)?])
    }
}

/// Is its upload under way again when it is had back?
fn goes_on(seen: &Asset) -> bool {
    seen.state == AssetState::Uploading && seen.charge.is_some()
}

/// The key of an asset, in either table.
pub(super) fn asset_key(id: AssetId) -> Item {
    item([(PK, text(id.to_string()))])
}

fn as_deleted(update: UpdateBuilder, deletion: Deletion) -> UpdateBuilder {
    update
        .expression_attribute_values(":at", time(deletion.at))
        .expression_attribute_values(":erase_at", time(deletion.erase_at))
}

pub(super) fn write(update: UpdateBuilder) -> Result<TransactWriteItem, BuildError> {
    Ok(TransactWriteItem::builder().update(update.build()?).build())
}

#[async_trait]
impl Deletions for DynamoDeletions {
    async fn delete(&self, seen: &Asset, deletion: Deletion, record: &Record) -> Stored<Change> {
        let writes = self.deleted(seen, deletion);
        self.records
            .counted("deletions.delete", writes, record)
            .await
    }

    async fn restore(
        &self,
        seen: &Asset,
        moments: (Timestamp, Timestamp),
        defaults: &Quota,
        record: &Record,
    ) -> Stored<Charged> {
        const OPERATION: &str = "deletions.restore";
        let Some(deletion) = seen.keeping.presence.deletion() else {
            return Ok(Charged::NotApplied);
        };
        let request = self.records.request(OPERATION, record);
        for _ in 0..TRIES {
            let counted = match self.taken(OPERATION, seen, defaults).await? {
                Ok(counted) => counted,
                // Whoever repeats it is told that it was had back, however full it is.
                Err(exceeded) => return self.known_or(OPERATION, seen, exceeded).await,
            };
            let writes = self.restored(seen, deletion, moments).map(|mut writes| {
                writes.extend(counted);
                writes
            });
            let writes = self.records.recorded(writes, record);
            // The room is asked for behind the asset and what is due.
            let moved = |reasons: &Reasons| {
                let unmet = reasons.unmet();
                (!unmet.is_empty()).then(|| goes_on(seen) && unmet == [2])
            };
            match write_patiently(&request, writes, moved).await? {
                Written::Applied => return Ok(Charged::Applied),
                Written::Refused(false) => return Ok(Charged::NotApplied),
                Written::Refused(true) => {}
            }
        }
        let moving = "it is changed by too many at once";
        Err(StoreError::new(OPERATION, moving))
    }

    async fn hold(&self, seen: &Asset, hold: &Hold, record: &Record) -> Stored<Change> {
        let writes = self.held(seen, hold);
        self.records.with("deletions.hold", writes, record).await
    }

    async fn release(&self, seen: &Asset, record: &Record) -> Stored<Change> {
        let Some(hold) = &seen.keeping.hold else {
            return Ok(Change::NotApplied);
        };
        let writes = self.released(seen, hold);
        self.records.with("deletions.release", writes, record).await
    }
}
