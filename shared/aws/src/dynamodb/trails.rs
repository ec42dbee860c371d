//! Where the keys of views go, and the rules by which that is looked at.

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{BuildError, SdkError};
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use vault_domain::audit::Record;
use vault_domain::id::OrgId;
use vault_domain::member::Membership;
use vault_domain::playback::PlaybackSession;
use vault_domain::ports::{Change, SpreadRules, StoreError, Stored, Trails};
use vault_domain::spread::{SpreadRule, Trail, Watch};

use super::organisations::stands;
use super::playback_record::{SPREAD_AT, TRAIL};
use super::record::{PK, text, time};
use super::records::{DynamoRecords, update};
use super::{leases, spread_record};

/// Trails, on the records of views.
#[derive(Debug, Clone)]
pub struct DynamoTrails {
    client: Client,
    table: String,
    records: DynamoRecords,
}

impl DynamoTrails {
    /// In this table of playback sessions; signs are recorded.
    pub fn new(client: Client, table: impl Into<String>, records: DynamoRecords) -> Self {
        Self {
            client,
            table: table.into(),
            records,
        }
    }

    /// The trail is the one that was seen, and was no sign: nothing else of the view is asked or changed, so that the function
    /// of keys needs no right to more.
    fn moved(&self, seen: &PlaybackSession, next: &Trail) -> UpdateItemFluentBuilder {
        let before = seen.watch.as_ref().map(|watch| watch.trail.to_string());
        let request = self.client.update_item().table_name(&self.table);
        let request = request.key(PK, text(seen.id.to_string()));
        let request = request
            .condition_expression("#trail = :seen AND attribute_not_exists(#spread_at)")
            .expression_attribute_names("#trail", TRAIL)
            .expression_attribute_names("#spread_at", SPREAD_AT)
            .expression_attribute_values(":seen", text(before.unwrap_or_default()))
            .expression_attribute_values(":next", text(next.to_string()));
        match next.raised() {
            None => request.update_expression("SET #trail = :next"),
            Some(at) => request
                .update_expression("SET #trail = :next, #spread_at = :at")
                .expression_attribute_values(":at", time(at)),
        }
    }

    fn raised(
        &self,
        seen: &PlaybackSession,
        next: &Trail,
    ) -> Result<Vec<TransactWriteItem>, BuildError> {
        let mut writes = vec![update(&self.moved(seen, next))?];
        let ends = |watch: &Watch| {
            let trail = next.clone();
            let rule = watch.rule;
            Watch { rule, trail }.ended()
        };
        let ended = seen.watch.as_ref().is_some_and(ends);
        if let Some(lease) = seen.lease.filter(|_| ended) {
            writes.push(leases::remove(&self.table, seen.id, lease.of)?);
        }
        Ok(writes)
    }
}

fn is_unmet(error: &SdkError<UpdateItemError>) -> bool {
    error
        .as_service_error()
        .is_some_and(UpdateItemError::is_conditional_check_failed_exception)
}

#[async_trait]
impl Trails for DynamoTrails {
    async fn move_on(&self, seen: &PlaybackSession, next: &Trail) -> Stored<Change> {
        match self.moved(seen, next).send().await {
            Ok(_) => Ok(Change::Applied),
            Err(error) if is_unmet(&error) => Ok(Change::NotApplied),
            Err(error) => Err(StoreError::new("trails.move_on", error)),
        }
    }

    async fn raise(&self, seen: &PlaybackSession, next: &Trail, record: &Record) -> Stored<Change> {
        let writes = self.raised(seen, next);
        self.records.with("trails.raise", writes, record).await
    }
}

/// Rules of organisations, in the table of members, where whoever changes them stands.
#[derive(Debug, Clone)]
pub struct DynamoSpreadRules {
    members: String,
    records: DynamoRecords,
}

impl DynamoSpreadRules {
    /// Over this table; changes are recorded.
    pub fn new(members: impl Into<String>, records: DynamoRecords) -> Self {
        Self {
            members: members.into(),
            records,
        }
    }

    /// Puts the rule in the place of one that says what was seen to be said.
    fn set(
        &self,
        org: OrgId,
        (seen, next): (Option<&SpreadRule>, &SpreadRule),
    ) -> Result<TransactWriteItem, BuildError> {
        let mut item = spread_record::key(org);
        item.extend(spread_record::attributes(next));
        let mut put = Put::builder()
            .table_name(&self.members)
            .set_item(Some(item));
        let mut said = Vec::new();
        for (name, value) in seen.into_iter().flat_map(spread_record::attributes) {
            said.push(format!("#{name} = :{name}"));
            put = put
                .expression_attribute_names(format!("#{name}"), &name)
                .expression_attribute_values(format!(":{name}"), value);
        }
        let only = if said.is_empty() {
            "attribute_not_exists(pk)".to_owned()
        } else {
            said.join(" AND ")
        };
        let put = put.condition_expression(only).build()?;
        Ok(TransactWriteItem::builder().put(put).build())
    }
}

#[async_trait]
impl SpreadRules for DynamoSpreadRules {
    async fn set_rule(
        &self,
        by: &Membership,
        change: (Option<&SpreadRule>, &SpreadRule),
        record: &Record,
    ) -> Stored<Change> {
        let writes = || Ok(vec![self.set(by.org, change)?, stands(&self.members, by)?]);
        let records = &self.records;
        records
            .with("spread_rules.set_rule", writes(), record)
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::super::audit_record;
    use super::super::playback_record::tests::{bounded, session, watched};
    use super::*;
    use crate::replay::{Replay, cancelled};

    const UNMET: &str =
        r#"{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException"}"#;

    const RECORDED: [&str; 13] = [
        "pk", "sk", "id", "at", "event", "author", "target", "device", "request", "details",
        "pending", "asset", "address",
    ];

    fn trails(replay: &Replay) -> DynamoTrails {
        let client = Client::new(&replay.config());
        let records = DynamoRecords::new(client.clone(), "audit");
        DynamoTrails::new(client, "p", records)
    }

    fn seen() -> PlaybackSession {
        let trail = watched().trail.with_raised(None);
        PlaybackSession {
            watch: Some(Watch { trail, ..watched() }),
            ..bounded()
        }
    }

    #[tokio::test]
    async fn a_change_of_network_is_one_call_that_asks_for_the_trail_alone() {
        let next = Trail::parse("198.51.100.0/24@9").unwrap();
        for (answers, wanted) in [
            (vec![(200, "{}")], Change::Applied),
            (vec![(400, UNMET)], Change::NotApplied),
        ] {
            let replay = Replay::of(&answers);
            let moved = trails(&replay).move_on(&seen(), &next).await;
            assert_eq!((moved.unwrap(), replay.count()), (wanted, 1));
            let body: serde_json::Value = serde_json::from_str(&replay.body(0)).unwrap();
            let names = &body["ExpressionAttributeNames"];
            assert_eq!(names.as_object().unwrap().len(), 2, "{names}");
            assert!(!body.to_string().contains("revoked"));
        }
    }

    #[tokio::test]
    async fn a_sign_is_one_transaction_and_gives_the_place_back_where_the_view_ends() {
        let next = watched().trail;
        let collided = cancelled(&["TransactionConflict", "None", "None"]);
        let unmet = cancelled(&["ConditionalCheckFailed", "None", "None"]);
        let streams = seen();
        let alone = PlaybackSession {
            lease: None,
            ..seen()
        };
        for (view, answers, wanted, writes) in [
            (&streams, vec![(200, "{}")], Change::Applied, 3),
            (&alone, vec![(200, "{}")], Change::Applied, 2),
            (&streams, vec![(400, unmet.as_str())], Change::NotApplied, 3),
            (
                &streams,
                vec![(400, collided.as_str()), (200, "{}")],
                Change::Applied,
                3,
            ),
        ] {
            let replay = Replay::of(&answers);
            let record = Record {
                verdict: None,
                ..audit_record::tests::record()
            };
            let raised = trails(&replay).raise(view, &next, &record).await;
            assert_eq!((raised.unwrap(), replay.count()), (wanted, answers.len()));
            let body: serde_json::Value = serde_json::from_str(&replay.body(0)).unwrap();
            assert_eq!(body["TransactItems"].as_array().unwrap().len(), writes);
            // What the role of deliver-key may write of a record (infra/policies/roles.yaml).
            let written = body["TransactItems"][writes - 1]["Put"]["Item"].as_object();
            for name in written.unwrap().keys() {
                assert!(RECORDED.contains(&&**name), "{name}");
            }
        }
    }

    #[test]
    fn a_view_that_is_not_watched_has_no_trail() {
        assert_eq!(session().watch, None);
    }
}
