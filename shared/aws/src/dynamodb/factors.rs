//! Second factors: a record of their own in the table of users, and a flag in the table of members.

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{
    Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update,
};
use vault_domain::audit::Record;
use vault_domain::factor::FactorSet;
use vault_domain::id::UserId;
use vault_domain::ports::{Change, Factors, StoreError, Stored};

use super::factors_record::{from_item, pk, to_item};
use super::record::{Item, flag, number};
use super::records::DynamoRecords;
use super::transact::{Reasons, Request, Written, write};
use super::{get, members, read, unmet_put};

const REPLACE: &str = "factors.replace";
/// The version that was read, or no record if none was.
const UNCHANGED: &str = "#version = :version";
const NEW: &str = "attribute_not_exists(pk)";

/// Second factors.
#[derive(Debug, Clone)]
pub struct DynamoFactors {
    client: Client,
    users: String,
    members: String,
    records: DynamoRecords,
}

impl DynamoFactors {
    /// Over the tables of users and of members; what comes and goes is recorded.
    pub fn new(
        client: Client,
        users: impl Into<String>,
        members: impl Into<String>,
        records: DynamoRecords,
    ) -> Self {
        Self {
            client,
            users: users.into(),
            members: members.into(),
            records,
        }
    }

    /// The set alone: whether there is a factor stays as it is.
    async fn put(&self, read: &FactorSet, next: &FactorSet) -> Stored<Change> {
        let mut request = self
            .client
            .put_item()
            .table_name(&self.users)
            .set_item(Some(to_item(next)))
            .condition_expression(condition(read))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        if read.version > 0 {
            request = request
                .expression_attribute_names("#version", "version")
                .expression_attribute_values(":version", number(read.version));
        }
        let Err(error) = request.send().await else {
            return Ok(Change::Applied);
        };
        let there = unmet_put(error).map_err(|error| StoreError::new(REPLACE, error))?;
        judge(there.as_ref(), next)
    }

    /// The set with the account's flag, if that changes, and with the records.
    async fn put_with(
        &self,
        read: &FactorSet,
        next: &FactorSet,
        records: &[Record],
    ) -> Stored<Change> {
        let request = Request {
            client: &self.client,
            operation: REPLACE,
            salt: *next.user.octets(),
        };
        let writes = || {
            let mut writes = vec![self.set_put(read, next)?];
            if read.is_on() != next.is_on() {
                writes.push(self.flag_set(next)?);
            }
            Ok(writes)
        };
        let writes = self.records.all_recorded(writes(), records);
        let another = |reasons: &Reasons| {
            let there = || judge(reasons.there(0), next);
            reasons.is_unmet(0).then(there)
        };
        match write(&request, writes, another).await? {
            Written::Applied => Ok(Change::Applied),
            Written::Refused(change) => change,
        }
    }

    fn set_put(&self, read: &FactorSet, next: &FactorSet) -> Result<TransactWriteItem, BuildError> {
        let mut put = Put::builder()
            .table_name(&self.users)
            .set_item(Some(to_item(next)))
            .condition_expression(condition(read))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        if read.version > 0 {
            put = put
                .expression_attribute_names("#version", "version")
                .expression_attribute_values(":version", number(read.version));
        }
        Ok(TransactWriteItem::builder().put(put.build()?).build())
    }

    fn flag_set(&self, next: &FactorSet) -> Result<TransactWriteItem, BuildError> {
        let update = Update::builder()
            .table_name(&self.members)
            .set_key(Some(members::account_key(next.user)))
            .update_expression("SET second_factor = :on")
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_values(":on", flag(next.is_on()))
            .build()?;
        Ok(TransactWriteItem::builder().update(update).build())
    }
}

fn condition(read: &FactorSet) -> &'static str {
    if read.version == 0 { NEW } else { UNCHANGED }
}

/// What stands there is our own earlier try, or somebody else's change.
fn judge(there: Option<&Item>, next: &FactorSet) -> Stored<Change> {
    let there = read(REPLACE, there, from_item)?;
    Ok(match there {
        Some(there) if there == *next => Change::Applied,
        _ => Change::NotApplied,
    })
}

#[async_trait]
impl Factors for DynamoFactors {
    async fn of(&self, user: UserId) -> Stored<FactorSet> {
        const OPERATION: &str = "factors.of";
        let item = get(&self.client, &self.users, OPERATION, pk(user)).await?;
        let set = read(OPERATION, item.as_ref(), from_item)?;
        Ok(set.unwrap_or_else(|| FactorSet::none(user)))
    }

    async fn replace(
        &self,
        read: &FactorSet,
        next: &FactorSet,
        records: &[Record],
    ) -> Stored<Change> {
        let next = FactorSet {
            version: read.version + 1,
            ..next.clone()
        };
        if read.is_on() == next.is_on() && records.is_empty() {
            self.put(read, &next).await
        } else {
            self.put_with(read, &next, records).await
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::factors_record::tests::full;
    use super::*;
    use crate::replay::{Replay, cancelled};

    fn factors(replay: &Replay) -> DynamoFactors {
        let client = Client::new(&replay.config());
        let records = DynamoRecords::new(client.clone(), "audit");
        DynamoFactors::new(client, "users", "members", records)
    }

    #[tokio::test]
    async fn the_flag_of_the_account_is_written_only_when_it_changes() {
        let (none, on) = (FactorSet::none(full().user), full());
        for (read, next, call) in [
            (&none, &on, ".TransactWriteItems"),
            (&on, &none, ".TransactWriteItems"),
            (&on, &on, ".PutItem"),
            (&none, &none, ".PutItem"),
        ] {
            let replay = Replay::of(&[(200, "{}")]);
            let change = factors(&replay).replace(read, next, &[]).await.unwrap();
            assert_eq!(change, Change::Applied);
            let target = replay.header(0, "x-amz-target").unwrap();
            assert!(target.ends_with(call), "{target}");
            let condition = if read.version == 0 { NEW } else { UNCHANGED };
            assert!(replay.body(0).contains(condition));
        }
    }

    #[tokio::test]
    async fn what_is_recorded_is_written_with_the_set_or_not_at_all() {
        let (one, mut other) = (full(), full());
        other.recovery.unused.clear();
        let record = crate::dynamodb::audit_record::tests::record();
        let replay = Replay::of(&[(200, "{}")]);
        let change = factors(&replay).replace(&one, &other, &[record]).await;
        assert_eq!(change.unwrap(), Change::Applied);
        let target = replay.header(0, "x-amz-target").unwrap();
        assert!(target.ends_with(".TransactWriteItems"), "{target}");
        let body = replay.body(0);
        assert!(body.contains(UNCHANGED) && body.contains(r#""TableName":"audit""#));
        assert!(!body.contains("second_factor = :on"), "the flag stays");
    }

    #[tokio::test]
    async fn a_cancelled_transaction_is_somebody_elses_change_a_collision_or_an_error() {
        let (none, on) = (FactorSet::none(full().user), full());
        let (unmet, busy) = ("ConditionalCheckFailed", "TransactionConflict");
        for (set, flag, change, calls) in [
            (unmet, "None", Some(Change::NotApplied), 1),
            ("None", busy, Some(Change::Applied), 2),
            (busy, "None", Some(Change::Applied), 2),
            (busy, unmet, Some(Change::Applied), 2),
            ("None", unmet, None, 1),
            ("ValidationError", "None", None, 1),
        ] {
            let replay = Replay::of(&[(400, &cancelled(&[set, flag])), (200, "{}")]);
            let outcome = factors(&replay).replace(&none, &on, &[]).await;
            let seen = (outcome.ok(), replay.count());
            assert_eq!(seen, (change, calls), "{set} {flag}");
        }
    }
}
