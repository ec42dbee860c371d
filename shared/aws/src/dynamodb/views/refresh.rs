//! Refreshing views.

use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{ConditionCheck, Put, TransactWriteItem};
use vault_domain::audit::Record;
use vault_domain::playback::PlaybackSession;
use vault_domain::ports::{Refreshing, StoreError, Stored};

use super::super::record::{PK, flag, text, time};
use super::super::transact::{Reasons, TRIES, Written, write};
use super::super::{back_off, playback_record};
use super::DynamoViews;

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

    /// Puts the next session in the place of the one that was seen, while its grant is good.
    fn longer(
        &self,
        seen: &PlaybackSession,
        next: &PlaybackSession,
    ) -> Result<Vec<TransactWriteItem>, BuildError> {
        let put = Put::builder()
            .table_name(&self.playback)
            .set_item(Some(playback_record::to_item(next)))
            .condition_expression("revoked = :no AND ends_at = :seen")
            .expression_attribute_values(":no", flag(false))
            .expression_attribute_values(":seen", time(seen.expires_at))
            .build()?;
        let good = ConditionCheck::builder()
            .table_name(&self.grants)
            .key(PK, text(next.grant.hex()))
            .condition_expression("revoked = :no")
            .expression_attribute_values(":no", flag(false))
            .build()?;
        Ok(vec![
            TransactWriteItem::builder().put(put).build(),
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
