//! Changes of assets that change what their organisation uses, in the same transaction. What an asset counts for is on
//! its own record, and part of the condition: a change that was made before finds it changed, and counts nothing again.

use std::fmt::Write as _;

use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem};
use vault_domain::asset::{Asset, Failure, NewAsset};
use vault_domain::audit::Record;
use vault_domain::id::AssetId;
use vault_domain::ports::{Assets as _, Change, Charged, Reservation, StoreError, Stored};
use vault_domain::quota::{Charge, Exceeded, Quota, Usage};

use super::assets::DynamoAssets;
use super::assets_record::{asset, to_item};
use super::library_record::TO_SHELF;
use super::record::{Item, number, text};
use super::transact::{Reasons, Written, write_patiently};
use super::usage_record::{Difference, Taking};
use super::{get, records, usage};

/// Times that a change is decided anew because something moved meanwhile.
pub(super) const TRIES: u32 = 30;

/// A change of an asset as it was seen: its condition stands in the request already.
pub(super) struct Step {
    pub(super) request: UpdateItemFluentBuilder,
    /// What is set, behind `SET`.
    pub(super) set: String,
    pub(super) remove: Vec<&'static str>,
    /// What the asset counts for afterwards.
    pub(super) after: Option<Charge>,
}

impl Step {
    /// The upload is not under way any more.
    pub(super) fn settled(request: UpdateItemFluentBuilder, seen: &Asset, set: String) -> Self {
        Self {
            request,
            set,
            remove: Vec::new(),
            after: seen.charge.map(Charge::settled),
        }
    }

    /// It failed; the request names what `failed` is.
    pub(super) fn failed(
        request: UpdateItemFluentBuilder,
        seen: &Asset,
        failure: &Failure,
    ) -> Self {
        let request = request
            .expression_attribute_values(":code", text(&failure.code))
            .expression_attribute_values(":reason", text(&failure.reason));
        let set =
            format!("#state = :to, {TO_SHELF}, failure_code = :code, failure_reason = :reason");
        let mut step = Self::settled(request, seen, set).without("lease_until");
        if failure.empties() {
            step.after = step.after.map(Charge::emptied);
        }
        step
    }

    /// Without this attribute.
    pub(super) fn without(mut self, attribute: &'static str) -> Self {
        self.remove.push(attribute);
        self
    }

    /// The write, with what the asset counted for as it was seen among its conditions.
    pub(super) fn write(mut self, before: Option<Charge>) -> Result<TransactWriteItem, BuildError> {
        let mut request = self.request;
        if let (Some(before), Some(after)) = (before, self.after) {
            let condition = request.get_condition_expression().clone();
            let upload = if before.upload {
                "attribute_exists(counted_upload)"
            } else {
                "attribute_not_exists(counted_upload)"
            };
            let condition = condition.map_or_else(
                || upload.to_owned(),
                |condition| format!("({condition}) AND {upload}"),
            );
            request = request.condition_expression(condition);
            if before.upload && !after.upload {
                self.remove.push("counted_upload");
            }
            for (name, before, after) in [
                ("counted_bytes", before.bytes, after.bytes),
                ("counted_seconds", before.seconds, after.seconds),
            ] {
                if before != after {
                    let _ = write!(self.set, ", {name} = :{name}");
                    request =
                        request.expression_attribute_values(format!(":{name}"), number(after));
                }
            }
        }
        let mut expression = format!("SET {}", self.set);
        if !self.remove.is_empty() {
            expression.push_str(" REMOVE ");
            expression.push_str(&self.remove.join(", "));
        }
        records::update(&request.update_expression(expression))
    }
}

/// What came of a try.
enum Tried {
    /// There is a record of this id.
    Exists(Option<Item>),
    /// Something moved: it is decided anew.
    Moved,
}

impl DynamoAssets {
    fn usage(&self, operation: &'static str) -> Stored<&str> {
        let usage = self.usage.as_deref();
        usage.ok_or_else(|| StoreError::new(operation, "nothing is counted here"))
    }

    /// Makes the change of the asset as it stands, if it admits it, counts it, and records it.
    pub(super) async fn counted(
        &self,
        operation: &'static str,
        id: AssetId,
        step: impl Fn(&Asset) -> Option<Step> + Sync,
        record: &Record,
    ) -> Stored<Change> {
        for _ in 0..TRIES {
            let seen = self.get(id).await?;
            let Some((seen, step)) = seen.and_then(|seen| step(&seen).map(|step| (seen, step)))
            else {
                return Ok(Change::NotApplied);
            };
            let writes = self.writes(operation, &seen, step)?;
            let writes = Ok(writes);
            if self.records.counted(operation, writes, record).await? == Change::Applied {
                return Ok(Change::Applied);
            }
        }
        Err(unsettled(operation))
    }

    fn writes(
        &self,
        operation: &'static str,
        seen: &Asset,
        step: Step,
    ) -> Stored<Vec<TransactWriteItem>> {
        let difference = Difference::between(seen.charge, step.after);
        let built = |error: BuildError| StoreError::new(operation, error);
        let mut writes = vec![step.write(seen.charge).map_err(built)?];
        if seen.charge.is_some() {
            let usage = self.usage(operation)?;
            let counted = difference.write(usage, seen.announced.org);
            writes.extend(counted.map_err(built)?);
        }
        Ok(writes)
    }

    /// [`Self::counted`], if there is room for a film of so many seconds.
    pub(super) async fn published(
        &self,
        id: AssetId,
        step: impl Fn(&Asset) -> Option<Step> + Sync,
        (seconds, defaults): (u64, &Quota),
        record: &Record,
    ) -> Stored<Charged> {
        const OPERATION: &str = "assets.publish";
        for _ in 0..TRIES {
            let seen = self.get(id).await?;
            let Some((seen, step)) = seen.and_then(|seen| step(&seen).map(|step| (seen, step)))
            else {
                return Ok(Charged::NotApplied);
            };
            let writes = if seen.charge.is_none() || seconds == 0 {
                self.writes(OPERATION, &seen, step)?
            } else {
                let taking = Taking {
                    org: seen.announced.org,
                    room: Usage::film(seconds),
                    difference: Difference::between(seen.charge, step.after),
                    defaults,
                    upload: None,
                };
                let counted = match self.taken(OPERATION, &taking).await? {
                    Ok(write) => write,
                    Err(exceeded) => return Ok(Charged::OverQuota(exceeded)),
                };
                let film = step.write(seen.charge);
                vec![
                    film.map_err(|error| StoreError::new(OPERATION, error))?,
                    counted,
                ]
            };
            if self.records.counted(OPERATION, Ok(writes), record).await? == Change::Applied {
                return Ok(Charged::Applied);
            }
        }
        Err(unsettled(OPERATION))
    }

    /// The write that takes room, by what the organisation's record says now.
    async fn taken(
        &self,
        operation: &'static str,
        taking: &Taking<'_>,
    ) -> Stored<Result<TransactWriteItem, Exceeded>> {
        usage::taken(&self.client, self.usage(operation)?, operation, taking).await
    }

    pub(super) async fn reserved(
        &self,
        new: &NewAsset,
        defaults: &Quota,
        record: &Record,
    ) -> Stored<Reservation> {
        const OPERATION: &str = "assets.reserve";
        let charge = Charge::announced(new.plan.size);
        let taking = Taking {
            org: new.org,
            room: Usage::announcement(new.plan.size),
            difference: Difference::between(None, Some(charge)),
            defaults,
            upload: Some(new.created_at),
        };
        let request = self.records.request(OPERATION, record);
        for _ in 0..TRIES {
            let usage = self.usage(OPERATION)?;
            let tally = usage::tally_of(&self.client, usage, OPERATION, new.org).await?;
            if let Err(much) = tally.admits_film(defaults, new.plan.size) {
                return self.known_or(new.id, Reservation::TooLarge(much)).await;
            }
            let counted = match taking.write(usage, &tally) {
                Ok(write) => write.map_err(|error| StoreError::new(OPERATION, error))?,
                Err(exceeded) => {
                    return self
                        .known_or(new.id, Reservation::OverQuota(exceeded))
                        .await;
                }
            };
            let writes = self.announced(new).map(|put| vec![put, counted]);
            let writes = self.records.recorded(writes, record);
            match write_patiently(&request, writes, tried).await? {
                Written::Applied => return Ok(Reservation::Created),
                Written::Refused(Tried::Moved) => {}
                Written::Refused(Tried::Exists(there)) => {
                    let there =
                        there.ok_or_else(|| StoreError::new(OPERATION, "taken by no record"))?;
                    return exists(&there);
                }
            }
        }
        Err(unsettled(OPERATION))
    }

    fn announced(&self, new: &NewAsset) -> Result<TransactWriteItem, BuildError> {
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(to_item(new)))
            .condition_expression("attribute_not_exists(pk)")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    /// Whoever repeats an announcement is told of their asset, however full it is, and whatever may come in by now.
    async fn known_or(&self, id: AssetId, refused: Reservation) -> Stored<Reservation> {
        let operation = "assets.reserve";
        let there = get(&self.client, &self.table, operation, id.to_string()).await?;
        let there = there.as_ref().map(exists).transpose()?;
        Ok(there.unwrap_or(refused))
    }
}

/// The announcement's write comes first, then what counts it.
fn tried(reasons: &Reasons) -> Option<Tried> {
    if reasons.is_unmet(0) {
        return Some(Tried::Exists(reasons.there(0).cloned()));
    }
    (!reasons.unmet().is_empty()).then_some(Tried::Moved)
}

fn exists(there: &Item) -> Stored<Reservation> {
    let there = asset("assets.reserve", Some(there))?;
    Ok(there.map_or(Reservation::Erased, |asset| {
        Reservation::Exists(Box::new(asset))
    }))
}

pub(super) fn unsettled(operation: &'static str) -> StoreError {
    StoreError::new(operation, "it is changed by too many at once")
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::Client;
    use vault_domain::quota::{Counted, FilmLimits};

    use super::super::assets_record::tests::announced;
    use super::super::audit_record;
    use super::super::records::DynamoRecords;
    use super::*;
    use crate::replay::{Replay, cancelled, cancelled_for};

    /// Of an announcement of 20 MiB.
    const QUOTA: Quota = Quota {
        assets: 1,
        bytes: 30 << 20,
        minutes: 1,
        uploads: 1,
        film: FilmLimits {
            bytes: 30 << 20,
            minutes: 1,
            long_side: 1920,
            short_side: 1080,
        },
    };
    const NOTHING: (u16, &str) = (200, "{}");

    fn assets(replay: &Replay) -> DynamoAssets {
        let client = Client::new(&replay.config());
        let records = DynamoRecords::new(client.clone(), "audit");
        DynamoAssets::new(client, "assets", records).counted_in("usage")
    }

    async fn reserve(replay: &Replay) -> Stored<Reservation> {
        let record = audit_record::tests::record();
        assets(replay).reserve(&announced(), &QUOTA, &record).await
    }

    fn full() -> String {
        r#"{"Item":{"pk":{"S":"x"},"bytes":{"N":"20971520"}}}"#.to_owned()
    }

    #[tokio::test]
    async fn an_announcement_is_counted_in_its_own_transaction_under_what_was_read() {
        let replay = Replay::of(&[NOTHING, NOTHING]);
        let reserved = reserve(&replay).await.unwrap();
        assert!(matches!(reserved, Reservation::Created));
        let read = replay.body(0);
        assert!(read.contains("\"usage\"") && read.contains("\"ConsistentRead\":true"));
        let written = replay.body(1);
        for part in [
            "ClientRequestToken",
            "attribute_not_exists(quota_version)",
            "#bytes <= :bytes_before",
            r#"":bytes_before":{"N":"10485760"}"#,
            "counted_upload",
            "\"audit\"",
        ] {
            assert!(written.contains(part), "{part}: {written}");
        }
    }

    #[tokio::test]
    async fn a_collision_is_tried_again_and_room_that_somebody_else_took_is_read_anew() {
        let collided = cancelled(&["None", "TransactionConflict", "None"]);
        let replay = Replay::of(&[NOTHING, (400, &collided), (400, &collided), NOTHING]);
        let reserved = reserve(&replay).await.unwrap();
        assert!(matches!(reserved, Reservation::Created));
        let (moved, full) = (
            cancelled(&["None", "ConditionalCheckFailed", "None"]),
            full(),
        );
        let replay = Replay::of(&[NOTHING, (400, &moved), (200, &full), NOTHING]);
        let reserved = reserve(&replay).await.unwrap();
        let Reservation::OverQuota(exceeded) = reserved else {
            unreachable!("it came to {reserved:?}");
        };
        let told = (exceeded.of, exceeded.limit, exceeded.used);
        assert_eq!(told, (Counted::Bytes, 30 << 20, 20 << 20));
        assert_eq!(replay.count(), 4, "what is full is not written to");
    }

    #[tokio::test]
    async fn whoever_repeats_an_announcement_is_told_of_it_full_or_not() {
        let stone = r#"{"pk":{"S":"x"},"erased_at":{"N":"1"}}"#;
        let item: serde_json::Value = serde_json::from_str(stone).unwrap();
        let unmet = serde_json::json!({ "Code": "ConditionalCheckFailed", "Item": item });
        let none = serde_json::json!({ "Code": "None" });
        let there = cancelled_for(&[unmet, none.clone(), none]);
        let replay = Replay::of(&[NOTHING, (400, &there)]);
        let reserved = reserve(&replay).await.unwrap();
        assert!(matches!(reserved, Reservation::Erased));
        let (full, found) = (full(), format!(r#"{{"Item":{stone}}}"#));
        let replay = Replay::of(&[(200, &full), (200, &found)]);
        let reserved = reserve(&replay).await.unwrap();
        assert!(matches!(reserved, Reservation::Erased));
    }

    #[tokio::test]
    async fn without_the_table_of_usage_nothing_that_counts_is_written() {
        let replay = Replay::of(&[]);
        let client = Client::new(&replay.config());
        let records = DynamoRecords::new(client.clone(), "audit");
        let assets = DynamoAssets::new(client, "assets", records);
        let record = audit_record::tests::record();
        let reserved = assets.reserve(&announced(), &QUOTA, &record).await;
        assert!(reserved.is_err());
        assert_eq!(replay.count(), 0);
    }
}
