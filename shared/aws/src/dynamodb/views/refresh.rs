//! Refreshing views.

use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{ConditionCheck, TransactWriteItem, Update};
use vault_domain::audit::Record;
use vault_domain::playback::PlaybackSession;
use vault_domain::ports::{Refreshing, StoreError, Stored};
use vault_domain::spread::OnSpread;

use super::super::record::{PK, flag, text, time};
use super::super::transact::{Reasons, TRIES, Written, write};
use super::super::{back_off, playback_record};
use super::{DynamoViews, GOES_ON};

/// What keys write of a view.
const UNTOUCHED: [&str; 2] = [playback_record::TRAIL, playback_record::SPREAD_AT];

/// Why a view is not refreshed now.
enum Unrefreshed {
    Told(Refreshing),
    /// Who has a place is not as it was seen.
    StalePlaces,
}

/// The session first, then the grant, then the place if it needs one: behind them stands the record.
fn judge(reasons: &Reasons, counted: bool) -> Option<Unrefreshed> {
    if reasons.is_unmet(0) {
        return Some(Unrefreshed::Told(Refreshing::Stale));
    }
    // A collision over the session may hide that it is another: only a clear first answer lets the others decide.
    if reasons.is_collided(0) {
        return None;
    }
    if reasons.is_unmet(1) {
        return Some(Unrefreshed::Told(Refreshing::Refused));
    }
    let stale = counted && reasons.is_unmet(2) && !reasons.is_collided(1);
    stale.then_some(Unrefreshed::StalePlaces)
}

impl DynamoViews {
    /// Refreshes a view. Where streams are counted, who has a place is read first, and again if it changed meanwhile.
    pub(super) async fn refreshed(
        &self,
        (seen, next): (&PlaybackSession, &PlaybackSession),
        record: &Record,
    ) -> Stored<Refreshing> {
        const OPERATION: &str = "views.refresh";
        let request = self.records.request(OPERATION, record);
        for attempt in 1..=TRIES {
            let Some(placed) = self.place(next, record.at).await? else {
                return Ok(Refreshing::Full);
            };
            let counted = placed.is_some();
            let writes = self.longer(seen, next).map(|mut writes| {
                writes.extend(placed);
                writes
            });
            let writes = self.records.recorded(writes, record);
            match write(&request, writes, |reasons| judge(reasons, counted)).await? {
                Written::Applied => return Ok(Refreshing::Refreshed),
                Written::Refused(Unrefreshed::Told(told)) => return Ok(told),
                Written::Refused(Unrefreshed::StalePlaces) => {
                    back_off(attempt, &request.salt).await;
                }
            }
        }
        Err(StoreError::new(
            OPERATION,
            "the same places are given away by too many at once",
        ))
    }

    /// Changes what a refresh changes of the session that was seen, while its grant is good: where its keys go may be written
    /// at the same time, and stays.
    fn longer(
        &self,
        seen: &PlaybackSession,
        next: &PlaybackSession,
    ) -> Result<Vec<TransactWriteItem>, BuildError> {
        let mut update = Update::builder()
            .table_name(&self.playback)
            .key(PK, text(next.id.to_string()))
            .condition_expression(format!("{GOES_ON} AND ends_at = :seen"))
            .expression_attribute_values(":no", flag(false))
            .expression_attribute_values(":revoke", text(OnSpread::Revoke.as_str()))
            .expression_attribute_values(":seen", time(seen.expires_at));
        let before = playback_record::to_item(seen);
        let mut set = Vec::new();
        for (name, value) in playback_record::to_item(next) {
            if UNTOUCHED.contains(&&*name) || before.get(&name) == Some(&value) {
                continue;
            }
            set.push(format!("#{name} = :{name}"));
            update = update
                .expression_attribute_names(format!("#{name}"), &name)
                .expression_attribute_values(format!(":{name}"), value);
        }
        let update = update
            .update_expression(format!("SET {}", set.join(", ")))
            .build()?;
        let good = ConditionCheck::builder()
            .table_name(&self.grants)
            .key(PK, text(next.grant.hex()))
            .condition_expression("revoked = :no")
            .expression_attribute_values(":no", flag(false))
            .build()?;
        Ok(vec![
            TransactWriteItem::builder().update(update).build(),
            TransactWriteItem::builder().condition_check(good).build(),
        ])
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::Client;

    use super::super::super::DynamoRecords;
    use super::super::super::audit_record;
    use super::super::super::playback_record::tests::session;
    use super::*;
    use crate::replay::{Replay, cancelled};

    #[tokio::test]
    async fn the_session_decides_before_the_grant_and_collisions_decide_nothing() {
        let stale = cancelled(&["ConditionalCheckFailed", "ConditionalCheckFailed", "None"]);
        let revoked = cancelled(&["None", "ConditionalCheckFailed", "None"]);
        let hidden = cancelled(&["TransactionConflict", "ConditionalCheckFailed", "None"]);
        for (answers, wanted) in [
            (vec![(200, "{}")], Refreshing::Refreshed),
            (vec![(400, stale.as_str())], Refreshing::Stale),
            (vec![(400, revoked.as_str())], Refreshing::Refused),
            (
                vec![(400, hidden.as_str()), (200, "{}")],
                Refreshing::Refreshed,
            ),
        ] {
            let replay = Replay::of(&answers);
            let client = Client::new(&replay.config());
            let records = DynamoRecords::new(client.clone(), "audit");
            let views = DynamoViews::new(client, "g", "a", "p", "s", records);
            let (seen, next) = (session(), session());
            let record = audit_record::tests::record();
            let told = views.refreshed((&seen, &next), &record).await;
            assert_eq!(told.unwrap(), wanted);
            assert_eq!(replay.count(), answers.len());
        }
    }
}
