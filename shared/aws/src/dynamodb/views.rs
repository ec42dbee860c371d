//! Opening views: grants, assets and playback sessions.

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{BuildError, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{Put, TransactWriteItem, Update};
use vault_domain::asset::Asset;
use vault_domain::id::{AssetId, PlaybackId};
use vault_domain::playback::PlaybackSession;
use vault_domain::ports::{Opening, StoreError, Stored, Views};
use vault_domain::token::{Digest, Grant};

use super::reads::{Wanted, batch};
use super::record::{PK, flag, number, text, time};
use super::{assets_record, back_off, get, grants, playback_record, read};

const OPEN: &str = "views.open";
/// Tries of one opening while others write to the same grant; the waits between them come to half a second.
const TRIES: u32 = 12;

/// Grants, assets and playback sessions.
#[derive(Debug, Clone)]
pub struct DynamoViews {
    client: Client,
    grants: String,
    assets: String,
    playback: String,
}

impl DynamoViews {
    /// Over the tables of grants, of assets and of playback sessions.
    pub fn new(
        client: Client,
        grants: impl Into<String>,
        assets: impl Into<String>,
        playback: impl Into<String>,
    ) -> Self {
        Self {
            client,
            grants: grants.into(),
            assets: assets.into(),
            playback: playback.into(),
        }
    }

    /// Stores the session unless there is one of its id.
    fn put(&self, session: &PlaybackSession) -> Result<TransactWriteItem, BuildError> {
        let put = Put::builder()
            .table_name(&self.playback)
            .set_item(Some(playback_record::to_item(session)))
            .condition_expression("attribute_not_exists(pk)")
            .build()?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    /// Spends a view if the grant is live and has one left.
    fn spend(&self, session: &PlaybackSession) -> Result<TransactWriteItem, BuildError> {
        let update = Update::builder()
            .table_name(&self.grants)
            .key(PK, text(session.grant.hex()))
            .update_expression("SET #views = #views + :one")
            .condition_expression(
                "asset = :asset AND revoked = :no AND ends_at > :now AND #views < max_views",
            )
            .expression_attribute_names("#views", "views")
            .expression_attribute_values(":one", number(1_u64))
            .expression_attribute_values(":asset", text(session.asset.to_string()))
            .expression_attribute_values(":no", flag(false))
            .expression_attribute_values(":now", time(session.opened_at))
            .build()?;
        Ok(TransactWriteItem::builder().update(update).build())
    }

    /// One try. The SDK gives each its own token, so what it repeats by itself is written once.
    async fn try_open(&self, session: &PlaybackSession) -> Stored<Verdict> {
        let failed = |error| StoreError::new(OPEN, error);
        let request = self.client.transact_write_items();
        let sent = request
            .transact_items(self.put(session).map_err(failed)?)
            .transact_items(self.spend(session).map_err(failed)?)
            .send()
            .await;
        match sent {
            Ok(_) => Ok(Verdict::Opened),
            Err(error) => verdict(&error).ok_or_else(|| StoreError::new(OPEN, error)),
        }
    }
}

/// What one try came to.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Opened,
    /// The session's condition was not met.
    SessionThere,
    /// The grant's condition was not met.
    GrantSpent,
    /// Another transaction was writing to the same records; nothing is decided.
    Collided,
}

fn verdict(error: &SdkError<TransactWriteItemsError>) -> Option<Verdict> {
    let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) =
        error.as_service_error()
    else {
        return None;
    };
    let reasons = cancelled.cancellation_reasons();
    let reason = |index: usize| reasons.get(index)?.code();
    let passing = |code| matches!(code, Some("TransactionConflict" | "ThrottlingError"));
    match (reason(0), reason(1)) {
        (Some("ConditionalCheckFailed"), _) => Some(Verdict::SessionThere),
        // A collision over the session may hide that it is there: only a clear first answer lets the second decide.
        (first, Some("ConditionalCheckFailed")) if !passing(first) => Some(Verdict::GrantSpent),
        (first, second) if passing(first) || passing(second) => Some(Verdict::Collided),
        _ => None,
    }
}

#[async_trait]
impl Views for DynamoViews {
    async fn admission(
        &self,
        grant: Digest,
        asset: AssetId,
    ) -> Stored<(Option<Grant>, Option<Asset>)> {
        const OPERATION: &str = "views.admission";
        let wanted = [
            Wanted::of(&self.grants, grant.hex()),
            Wanted::of(&self.assets, asset.to_string()),
        ];
        let found = batch(&self.client, OPERATION, wanted).await?;
        Ok((
            read(OPERATION, found.first(&self.grants), grants::from_item)?,
            read(
                OPERATION,
                found.first(&self.assets),
                assets_record::from_item,
            )?,
        ))
    }

    async fn open(&self, session: &PlaybackSession) -> Stored<Opening> {
        for attempt in 1..=TRIES {
            match self.try_open(session).await? {
                Verdict::Opened => return Ok(Opening::Opened),
                Verdict::SessionThere => return Ok(Opening::AlreadyOpen),
                Verdict::GrantSpent => {
                    // By whom? A try of the same request that ended without a word may have been the last view.
                    let known = self.session(session.id).await?;
                    return Ok(known.map_or(Opening::Refused, |_| Opening::AlreadyOpen));
                }
                Verdict::Collided => back_off(attempt, session.id.octets()).await,
            }
        }
        Err(StoreError::new(
            OPEN,
            "the grant is written to by too many at once",
        ))
    }

    async fn session(&self, id: PlaybackId) -> Stored<Option<PlaybackSession>> {
        const OPERATION: &str = "views.session";
        let item = get(&self.client, &self.playback, OPERATION, id.to_string()).await?;
        read(OPERATION, item.as_ref(), playback_record::from_item)
    }
}

#[cfg(test)]
mod tests {
    use super::super::playback_record::tests::session;
    use super::*;
    use crate::replay::Replay;

    fn cancelled(first: &str, second: &str) -> String {
        format!(
            r#"{{"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException","Message":"x","CancellationReasons":[{{"Code":"{first}"}},{{"Code":"{second}"}}]}}"#
        )
    }

    async fn opened(answers: &[(u16, &str)]) -> (Stored<Opening>, usize) {
        let replay = Replay::of(answers);
        let views = DynamoViews::new(Client::new(&replay.config()), "g", "a", "p");
        (views.open(&session()).await, replay.count())
    }

    #[tokio::test]
    async fn the_session_decides_before_the_grant() {
        let both = cancelled("ConditionalCheckFailed", "ConditionalCheckFailed");
        let (opening, calls) = opened(&[(400, &both)]).await;
        assert_eq!((opening.unwrap(), calls), (Opening::AlreadyOpen, 1));
    }

    #[tokio::test]
    async fn a_spent_grant_refuses_unless_this_session_spent_it() {
        let spent = cancelled("None", "ConditionalCheckFailed");
        let (opening, _) = opened(&[(400, &spent), (200, "{}")]).await;
        assert_eq!(opening.unwrap(), Opening::Refused);
    }

    #[tokio::test]
    async fn collisions_are_tried_again_and_decide_nothing() {
        let collided = cancelled("None", "TransactionConflict");
        let hidden = cancelled("TransactionConflict", "ConditionalCheckFailed");
        let answers = [
            (400, collided.as_str()),
            (400, hidden.as_str()),
            (200, "{}"),
        ];
        let (opening, calls) = opened(&answers).await;
        assert_eq!((opening.unwrap(), calls), (Opening::Opened, 3));
    }

    #[tokio::test]
    async fn tries_have_an_end_and_other_causes_have_none() {
        let collided = cancelled("TransactionConflict", "None");
        let (opening, calls) = opened(&[(400, &*collided); TRIES as usize]).await;
        assert!(opening.is_err());
        assert_eq!(calls, TRIES as usize);
        let (opening, calls) = opened(&[(400, &cancelled("ValidationError", "None"))]).await;
        assert!(opening.is_err());
        assert_eq!(calls, 1);
    }
}
