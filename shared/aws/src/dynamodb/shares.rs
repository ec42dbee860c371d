//! The table of shares: a record a share, and one an asset, `standing`, with the ids of those that take a place. Both are
//! written in one transaction, so that the limit is exact. What ended by itself keeps its place until somebody needs it.

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::builders::{ConditionCheckBuilder, UpdateBuilder};
use aws_sdk_dynamodb::types::{AttributeValue, ConditionCheck, TransactWriteItem, Update};
use vault_domain::audit::Record;
use vault_domain::id::{AssetId, ShareId};
use vault_domain::ports::{
    Change, Gone, Keeping, MAX_SHARES, SHARES_LISTED, ShareErasure, Shares, StoreError, Stored,
};
use vault_domain::share::Share;
use vault_domain::time::Timestamp;

use super::purge::purge;
use super::reads::{Wanted, batch};
use super::record::{Item, PK, SK, item, number, text, time};
use super::records::{DynamoRecords, put_fresh};
use super::shares_record::{SLACK, from_item, key, to_item, vanishes_at};
use super::transact::{Reasons, Written, write};
use super::{TTL, read};

/// Sort key of the record of which shares take a place.
const STANDING: &str = "standing";
/// Its set of ids.
const IDS: &str = "ids";
/// Places that are cleared in one transaction; each is looked at in it.
const CLEARED: usize = 50;
/// Times that places are cleared for one change.
const ROUNDS: usize = 4;

/// Does a share stand, at `:now`?
pub(super) const STANDS: &str = "attribute_exists(pk) AND attribute_not_exists(revoked_at) AND (attribute_not_exists(ends_at) OR ends_at > :now)";

/// The table of shares.
#[derive(Debug, Clone)]
pub struct DynamoShares {
    client: Client,
    table: String,
    records: DynamoRecords,
}

impl DynamoShares {
    /// The shares in this table; changes are recorded.
    pub fn new(client: Client, table: impl Into<String>, records: DynamoRecords) -> Self {
        Self {
            client,
            table: table.into(),
            records,
        }
    }

    fn places(&self, asset: AssetId) -> UpdateBuilder {
        Update::builder()
            .table_name(&self.table)
            .set_key(Some(places_key(asset)))
            .expression_attribute_names("#ids", IDS)
    }

    /// Takes a place, if it has none and there is one.
    fn enlist(&self, share: &Share) -> Result<TransactWriteItem, BuildError> {
        let id = share.id.to_string();
        let update = self
            .places(share.asset)
            .update_expression("ADD #ids :ids")
            .condition_expression(
                "attribute_not_exists(#ids) OR contains(#ids, :id) OR size(#ids) < :most",
            )
            .expression_attribute_values(":ids", AttributeValue::Ss(vec![id.clone()]))
            .expression_attribute_values(":id", text(id))
            .expression_attribute_values(":most", number(MAX_SHARES as u64));
        Ok(TransactWriteItem::builder().update(update.build()?).build())
    }

    fn delist(&self, asset: AssetId, ids: Vec<String>) -> Result<TransactWriteItem, BuildError> {
        let update = self
            .places(asset)
            .update_expression("DELETE #ids :ids")
            .expression_attribute_values(":ids", AttributeValue::Ss(ids));
        Ok(TransactWriteItem::builder().update(update.build()?).build())
    }

    fn changed(&self, seen: &Share, next: &Share) -> Result<TransactWriteItem, BuildError> {
        let (mut sets, mut removes) = (vec!["#name = :name", "#version = :next"], Vec::new());
        let mut update = Update::builder()
            .table_name(&self.table)
            .set_key(Some(key(seen.asset, seen.id)))
            .condition_expression("#version = :seen AND attribute_not_exists(revoked_at)")
            .expression_attribute_names("#name", "name")
            .expression_attribute_names("#version", "version")
            .expression_attribute_values(":name", text(next.name.as_str()))
            .expression_attribute_values(":next", number(next.version))
            .expression_attribute_values(":seen", number(seen.version));
        let most = next.max_views.map(|most| number(most.count()));
        for (name, set, value, value_of) in [
            (
                "ends_at",
                "ends_at = :end",
                ":end",
                next.expires_at.map(time),
            ),
            ("max_views", "max_views = :most", ":most", most),
            (
                TTL,
                "expires_at = :ttl",
                ":ttl",
                vanishes_at(next).map(time),
            ),
        ] {
            match value_of {
                Some(given) => {
                    sets.push(set);
                    update = update.expression_attribute_values(value, given);
                }
                None => removes.push(name),
            }
        }
        let mut expression = format!("SET {}", sets.join(", "));
        if !removes.is_empty() {
            expression.push_str(" REMOVE ");
            expression.push_str(&removes.join(", "));
        }
        let update = update.update_expression(expression).build()?;
        Ok(TransactWriteItem::builder().update(update).build())
    }

    fn ended(
        &self,
        asset: AssetId,
        id: ShareId,
        at: Timestamp,
    ) -> Result<TransactWriteItem, BuildError> {
        let update = Update::builder()
            .table_name(&self.table)
            .set_key(Some(key(asset, id)))
            .update_expression(
                "SET revoked_at = :at, expires_at = :ttl, #version = #version + :one",
            )
            .condition_expression("attribute_exists(pk) AND attribute_not_exists(revoked_at)")
            .expression_attribute_names("#version", "version")
            .expression_attribute_values(":at", time(at))
            .expression_attribute_values(":ttl", time(at.plus(SLACK)))
            .expression_attribute_values(":one", number(1_u64))
            .build()?;
        Ok(TransactWriteItem::builder().update(update).build())
    }

    /// Makes these writes, of which the first is the share's and the second its place; if there is none, once more after
    /// places of what ended are cleared.
    async fn kept(
        &self,
        operation: &'static str,
        asset: AssetId,
        writes: impl Fn() -> Result<Vec<TransactWriteItem>, BuildError> + Send + Sync,
        record: &Record,
    ) -> Stored<Keeping> {
        let request = self.records.request(operation, record);
        for _ in 0..ROUNDS {
            let writes = self.records.recorded(writes(), record);
            match write(&request, writes, judged).await? {
                Written::Applied => return Ok(Keeping::Kept),
                Written::Refused(Keeping::Full) => {}
                Written::Refused(other) => return Ok(other),
            }
            if !self.clear(asset, record).await? {
                return Ok(Keeping::Full);
            }
        }
        Err(StoreError::new(
            operation,
            "places are taken by too many at once",
        ))
    }

    /// Clears places of shares that do not stand any more; is there a chance of one?
    async fn clear(&self, asset: AssetId, record: &Record) -> Stored<bool> {
        const OPERATION: &str = "shares.clear";
        let (held, over) = self.over(asset, record.at).await?;
        if over.is_empty() {
            return Ok(held < MAX_SHARES);
        }
        let writes = || {
            let ids = over.iter().map(ToString::to_string).collect();
            let mut writes = vec![self.delist(asset, ids)?];
            for id in &over {
                let check = ConditionCheck::builder()
                    .table_name(&self.table)
                    .set_key(Some(key(asset, *id)))
                    .condition_expression("attribute_not_exists(pk) OR attribute_exists(revoked_at) OR ends_at <= :now")
                    .expression_attribute_values(":now", time(record.at));
                writes.push(checked(check)?);
            }
            Ok(writes)
        };
        let request = self.records.request(OPERATION, record);
        let unmet = |reasons: &Reasons| (!reasons.unmet().is_empty()).then_some(());
        // One that stands again since keeps its place: whoever wants one looks again.
        write(&request, writes(), unmet).await?;
        Ok(true)
    }

    /// How many places are taken, and shares among them that do not stand any more.
    async fn over(&self, asset: AssetId, now: Timestamp) -> Stored<(usize, Vec<ShareId>)> {
        const OPERATION: &str = "shares.over";
        let places = Wanted::at(&self.table, places_key(asset));
        let found = batch(&self.client, OPERATION, [places]).await?;
        let ids = match found.first(&self.table).and_then(|item| item.get(IDS)) {
            Some(AttributeValue::Ss(ids)) => ids.clone(),
            _ => return Ok((0, Vec::new())),
        };
        let ids: Vec<_> = ids
            .iter()
            .filter_map(|id| ShareId::parse(id).ok())
            .collect();
        let wanted = ids
            .iter()
            .map(|id| Wanted::at(&self.table, key(asset, *id)));
        let found = batch(&self.client, OPERATION, wanted).await?;
        let mut stand = Vec::new();
        for item in found.all(&self.table) {
            let share = read(OPERATION, Some(item), from_item)?;
            stand.extend(
                share
                    .filter(|share| share.stands(now))
                    .map(|share| share.id),
            );
        }
        let over = ids.iter().filter(|id| !stand.contains(id));
        Ok((ids.len(), over.take(CLEARED).copied().collect()))
    }
}

fn places_key(asset: AssetId) -> Item {
    item([(PK, text(asset.to_string())), (SK, text(STANDING))])
}

pub(super) fn checked(check: ConditionCheckBuilder) -> Result<TransactWriteItem, BuildError> {
    let check = check.build()?;
    Ok(TransactWriteItem::builder().condition_check(check).build())
}

/// The share decides before its place: a collision over it may hide that it is there.
fn judged(reasons: &Reasons) -> Option<Keeping> {
    if reasons.is_unmet(0) {
        return Some(Keeping::Stale);
    }
    let full = reasons.is_unmet(1) && !reasons.is_collided(0);
    full.then_some(Keeping::Full)
}

/// Spends a view of a share that opens one, and begins its window with the first.
pub(super) fn played(
    table: &str,
    share: &Share,
    now: Timestamp,
) -> Result<TransactWriteItem, BuildError> {
    let mut expression =
        "SET #views = #views + :one, first_played = if_not_exists(first_played, :now)".to_owned();
    let mut update = Update::builder()
        .table_name(table)
        .set_key(Some(key(share.asset, share.id)))
        .condition_expression(format!(
            "{STANDS} AND (attribute_not_exists(max_views) OR #views < max_views) AND (attribute_not_exists(play_until) OR play_until > :now)"
        ))
        .expression_attribute_names("#views", "views")
        .expression_attribute_values(":one", number(1_u64))
        .expression_attribute_values(":now", time(now));
    if let Some(window) = share.first_play {
        expression.push_str(", play_until = if_not_exists(play_until, :until)");
        let until = time(now.plus(window.seconds()));
        update = update.expression_attribute_values(":until", until);
    }
    let update = update.update_expression(expression).build()?;
    Ok(TransactWriteItem::builder().update(update).build())
}

#[async_trait]
impl Shares for DynamoShares {
    async fn share(&self, asset: AssetId, id: ShareId) -> Stored<Option<Share>> {
        const OPERATION: &str = "shares.share";
        let request = self.client.get_item().table_name(&self.table);
        let key = Some(key(asset, id));
        let sent = request.set_key(key).consistent_read(true).send().await;
        let output = sent.map_err(|error| StoreError::new(OPERATION, error))?;
        read(OPERATION, output.item.as_ref(), from_item)
    }

    async fn shares(&self, asset: AssetId, after: Option<ShareId>) -> Stored<Vec<Share>> {
        const OPERATION: &str = "shares.shares";
        let request = self.client.query().table_name(&self.table);
        let sent = request
            .consistent_read(true)
            .key_condition_expression("pk = :asset AND begins_with(sk, :prefix)")
            .expression_attribute_values(":asset", text(asset.to_string()))
            .expression_attribute_values(":prefix", text(ShareId::PREFIX))
            .set_exclusive_start_key(after.map(|id| key(asset, id)))
            .limit(i32::try_from(SHARES_LISTED).unwrap_or(i32::MAX))
            .send()
            .await;
        let output = sent.map_err(|error| StoreError::new(OPERATION, error))?;
        let listed: Result<Vec<_>, _> = output.items.iter().flatten().map(from_item).collect();
        listed.map_err(|corrupt| StoreError::new(OPERATION, corrupt))
    }

    async fn create(&self, share: &Share, record: &Record) -> Stored<Keeping> {
        let writes = || {
            let put = put_fresh(&self.table, to_item(share))?;
            Ok(vec![put, self.enlist(share)?])
        };
        self.kept("shares.create", share.asset, writes, record)
            .await
    }

    async fn change(&self, seen: &Share, next: &Share, record: &Record) -> Stored<Keeping> {
        let writes = || {
            let mut writes = vec![self.changed(seen, next)?];
            if next.stands(record.at) {
                writes.push(self.enlist(next)?);
            }
            Ok(writes)
        };
        self.kept("shares.change", seen.asset, writes, record).await
    }

    async fn revoke(&self, asset: AssetId, id: ShareId, record: &Record) -> Stored<Change> {
        let writes = || {
            Ok(vec![
                self.ended(asset, id, record.at)?,
                self.delist(asset, vec![id.to_string()])?,
            ])
        };
        self.records.with("shares.revoke", writes(), record).await
    }
}

#[async_trait]
impl ShareErasure for DynamoShares {
    /// Those that stand, those of before, and which of them take a place.
    async fn erase_shares(&self, asset: AssetId) -> Stored<Gone> {
        purge(&self.client, &self.table, "shares.erase", asset).await
    }
}

#[cfg(test)]
mod tests {
    use super::super::audit_record;
    use super::super::shares_record::tests::share;
    use super::*;
    use crate::replay::{Replay, cancelled};

    async fn created(answers: &[(u16, &str)]) -> (Stored<Keeping>, Replay) {
        let replay = Replay::of(answers);
        let client = Client::new(&replay.config());
        let records = DynamoRecords::new(client.clone(), "audit");
        let shares = DynamoShares::new(client, "shares", records);
        let record = audit_record::tests::record();
        (shares.create(&share(), &record).await, replay)
    }

    #[tokio::test]
    async fn a_share_that_is_there_decides_before_its_place() {
        let both = cancelled(&["ConditionalCheckFailed", "ConditionalCheckFailed", "None"]);
        let (kept, replay) = created(&[(400, &both)]).await;
        assert_eq!((kept.unwrap(), replay.count()), (Keeping::Stale, 1));
    }

    #[tokio::test]
    async fn places_of_what_is_over_are_cleared_and_no_others() {
        let full = cancelled(&["None", "ConditionalCheckFailed", "None"]);
        let id = share().id;
        let places = format!(
            r#"{{"Responses":{{"shares":[{{"ids":{{"SS":["{id}"]}}}}]}},"UnprocessedKeys":{{}}}}"#
        );
        let none = r#"{"Responses":{},"UnprocessedKeys":{}}"#;
        // The share is gone, so its place is cleared, and then there is one.
        let answers = [
            (400, full.as_str()),
            (200, places.as_str()),
            (200, none),
            (200, "{}"),
            (200, "{}"),
        ];
        let (kept, replay) = created(&answers).await;
        assert_eq!((kept.unwrap(), replay.count()), (Keeping::Kept, 5));
        let cleared = replay.body(3);
        assert!(cleared.contains("DELETE #ids :ids") && cleared.contains(&id.to_string()));
        assert!(cleared.contains("ConditionCheck"), "{cleared}");
    }
}
