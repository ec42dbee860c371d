//! Opening views: grants, assets and playback sessions.

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{Put, TransactWriteItem, Update};
use vault_domain::asset::Asset;
use vault_domain::audit::Record;
use vault_domain::id::{AssetId, PlaybackId};
use vault_domain::playback::PlaybackSession;
use vault_domain::ports::{Opening, SharedViews, Stored, Views};
use vault_domain::share::Share;
use vault_domain::token::{Digest, Grant};

use super::reads::{Wanted, batch};
use super::record::{PK, flag, number, text, time};
use super::records::DynamoRecords;
use super::shares::played;
use super::transact::{Reasons, Written, write};
use super::{assets_record, get, grants, playback_record, read};

/// Grants, assets and playback sessions.
#[derive(Debug, Clone)]
pub struct DynamoViews {
    client: Client,
    grants: String,
    assets: String,
    playback: String,
    shares: String,
    records: DynamoRecords,
}

impl DynamoViews {
    /// Over the tables of grants, of assets, of playback sessions and of shares; views are recorded.
    pub fn new(
        client: Client,
        grants: impl Into<String>,
        assets: impl Into<String>,
        playback: impl Into<String>,
        shares: impl Into<String>,
        records: DynamoRecords,
    ) -> Self {
        Self {
            client,
            grants: grants.into(),
            assets: assets.into(),
            playback: playback.into(),
            shares: shares.into(),
            records,
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
}

/// Why a view or a download is not opened now.
pub(super) enum Refused {
    /// The condition of the session, or of the download, was not met.
    SessionThere,
    /// The grant's condition was not met.
    GrantSpent,
}

pub(super) fn refused(reasons: &Reasons) -> Option<Refused> {
    if reasons.is_unmet(0) {
        return Some(Refused::SessionThere);
    }
    // A collision over the session may hide that it is there: only a clear first answer lets the second decide.
    let spent = reasons.is_unmet(1) && !reasons.is_collided(0);
    spent.then_some(Refused::GrantSpent)
}

/// [`refused`], where the third write is the share's.
fn shared_refused(reasons: &Reasons) -> Option<Refused> {
    let spent = reasons.is_unmet(2) && !reasons.is_collided(0);
    refused(reasons).or_else(|| spent.then_some(Refused::GrantSpent))
}

/// Where [`admission`] reads.
#[derive(Clone, Copy)]
pub(super) struct Admission<'a> {
    pub(super) client: &'a Client,
    pub(super) operation: &'static str,
    pub(super) grants: &'a str,
    pub(super) assets: &'a str,
}

/// The grant and the asset, in one consistent read.
pub(super) async fn admission(
    from: Admission<'_>,
    grant: Digest,
    asset: AssetId,
) -> Stored<(Option<Grant>, Option<Asset>)> {
    let Admission {
        client,
        operation,
        grants: of_grants,
        assets,
    } = from;
    let wanted = [
        Wanted::of(of_grants, grant.hex()),
        Wanted::of(assets, asset.to_string()),
    ];
    let found = batch(client, operation, wanted).await?;
    Ok((
        read(operation, found.first(of_grants), grants::from_item)?,
        assets_record::asset(operation, found.first(assets))?,
    ))
}

impl DynamoViews {
    async fn opening(
        &self,
        session: &PlaybackSession,
        written: Written<Refused>,
    ) -> Stored<Opening> {
        match written {
            Written::Applied => Ok(Opening::Opened),
            Written::Refused(Refused::SessionThere) => Ok(Opening::AlreadyOpen),
            Written::Refused(Refused::GrantSpent) => {
                // By whom? A try of the same request that ended without a word may have been the last view.
                let known = self.session(session.id).await?;
                Ok(known.map_or(Opening::Refused, |_| Opening::AlreadyOpen))
            }
        }
    }
}

#[async_trait]
impl SharedViews for DynamoViews {
    async fn open_shared(
        &self,
        session: &PlaybackSession,
        share: &Share,
        record: &Record,
    ) -> Stored<Opening> {
        let request = self.records.request("views.open_shared", record);
        let writes = || {
            Ok(vec![
                self.put(session)?,
                self.spend(session)?,
                played(&self.shares, share, record.at)?,
            ])
        };
        let writes = self.records.recorded(writes(), record);
        let written = write(&request, writes, shared_refused).await?;
        self.opening(session, written).await
    }
}

#[async_trait]
impl Views for DynamoViews {
    async fn admission(
        &self,
        grant: Digest,
        asset: AssetId,
    ) -> Stored<(Option<Grant>, Option<Asset>)> {
        let from = Admission {
            client: &self.client,
            operation: "views.admission",
            grants: &self.grants,
            assets: &self.assets,
        };
        admission(from, grant, asset).await
    }

    async fn open(&self, session: &PlaybackSession, record: &Record) -> Stored<Opening> {
        let request = self.records.request("views.open", record);
        let writes = || Ok(vec![self.put(session)?, self.spend(session)?]);
        let writes = self.records.recorded(writes(), record);
        let written = write(&request, writes, refused).await?;
        self.opening(session, written).await
    }

    async fn session(&self, id: PlaybackId) -> Stored<Option<PlaybackSession>> {
        const OPERATION: &str = "views.session";
        let item = get(&self.client, &self.playback, OPERATION, id.to_string()).await?;
        read(OPERATION, item.as_ref(), playback_record::from_item)
    }
}

#[cfg(test)]
mod tests {
    use super::super::audit_record;
    use super::super::playback_record::tests::session;
    use super::super::shares_record;
    use super::super::transact::TRIES;
    use super::*;
    use crate::replay::{Replay, cancelled};

    async fn opened(answers: &[(u16, &str)]) -> (Stored<Opening>, usize) {
        let replay = Replay::of(answers);
        let client = Client::new(&replay.config());
        let records = DynamoRecords::new(client.clone(), "audit");
        let views = DynamoViews::new(client, "g", "a", "p", "s", records);
        let record = audit_record::tests::record();
        (views.open(&session(), &record).await, replay.count())
    }

    #[tokio::test]
    async fn the_session_decides_before_the_grant() {
        let both = cancelled(&["ConditionalCheckFailed", "ConditionalCheckFailed"]);
        let (opening, calls) = opened(&[(400, &both)]).await;
        assert_eq!((opening.unwrap(), calls), (Opening::AlreadyOpen, 1));
    }

    #[tokio::test]
    async fn a_spent_grant_refuses_unless_this_session_spent_it() {
        let spent = cancelled(&["None", "ConditionalCheckFailed"]);
        let (opening, _) = opened(&[(400, &spent), (200, "{}")]).await;
        assert_eq!(opening.unwrap(), Opening::Refused);
    }

    #[tokio::test]
    async fn the_session_decides_before_the_share_and_the_share_refuses() {
        let there = cancelled(&[
            "ConditionalCheckFailed",
            "None",
            "ConditionalCheckFailed",
            "None",
        ]);
        let over = cancelled(&["None", "None", "ConditionalCheckFailed", "None"]);
        let hidden = cancelled(&[
            "TransactionConflict",
            "None",
            "ConditionalCheckFailed",
            "None",
        ]);
        for (answers, wanted) in [
            (vec![(400, there.as_str())], Opening::AlreadyOpen),
            (vec![(400, over.as_str()), (200, "{}")], Opening::Refused),
            (vec![(400, hidden.as_str()), (200, "{}")], Opening::Opened),
        ] {
            let replay = Replay::of(&answers);
            let client = Client::new(&replay.config());
            let records = DynamoRecords::new(client.clone(), "audit");
            let views = DynamoViews::new(client, "g", "a", "p", "s", records);
            let (record, share) = (audit_record::tests::record(), shares_record::tests::share());
            let opening = views.open_shared(&session(), &share, &record).await;
            assert_eq!((opening.unwrap(), replay.count()), (wanted, answers.len()));
        }
    }

    #[tokio::test]
    async fn collisions_are_tried_again_and_decide_nothing() {
        let collided = cancelled(&["None", "TransactionConflict"]);
        let hidden = cancelled(&["TransactionConflict", "ConditionalCheckFailed"]);
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
        let collided = cancelled(&["TransactionConflict", "None"]);
        let (opening, calls) = opened(&[(400, &*collided); TRIES as usize]).await;
        assert!(opening.is_err());
        assert_eq!(calls, TRIES as usize);
        let (opening, calls) = opened(&[(400, &cancelled(&["ValidationError", "None"]))]).await;
        assert!(opening.is_err());
        assert_eq!(calls, 1);
    }
}
