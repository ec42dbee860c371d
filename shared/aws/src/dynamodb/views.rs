//! Opening views: grants, assets and playback sessions.

mod refresh;

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{Put, TransactWriteItem, Update};
use vault_domain::asset::Asset;
use vault_domain::audit::Record;
use vault_domain::id::{AssetId, PlaybackId};
use vault_domain::playback::PlaybackSession;
use vault_domain::ports::{Change, Opening, Refreshing, SharedViews, StoreError, Stored, Views};
use vault_domain::share::Share;
use vault_domain::spread::OnSpread;
use vault_domain::time::Timestamp;
use vault_domain::token::{Digest, Grant};

use super::grants::{DEVICE, PLAY_UNTIL};
use super::reads::{Wanted, batch};
use super::record::{PK, flag, number, text, time};
use super::records::DynamoRecords;
use super::shares::played;
use super::transact::{Reasons, TRIES, Written, write};
use super::{assets_record, back_off, get, grants, leases, playback_record, read};

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

    /// Spends a view if the grant is live and has one left; the first begins its window and binds it to its device.
    fn spend(&self, session: &PlaybackSession) -> Result<TransactWriteItem, BuildError> {
        let mut set = "SET #views = #views + :one".to_owned();
        let mut only =
            "asset = :asset AND revoked = :no AND ends_at > :now AND #views < max_views".to_owned();
        let mut update = Update::builder()
            .table_name(&self.grants)
            .key(PK, text(session.grant.hex()))
            .expression_attribute_names("#views", "views")
            .expression_attribute_values(":one", number(1_u64))
            .expression_attribute_values(":asset", text(session.asset.to_string()))
            .expression_attribute_values(":no", flag(false))
            .expression_attribute_values(":now", time(session.opened_at));
        if let Some(window) = session.bounds.first_play {
            let end = session.opened_at.plus(window.seconds());
            set += ", #end = if_not_exists(#end, :end)";
            only += " AND (attribute_not_exists(#end) OR #end > :now)";
            update = update
                .expression_attribute_names("#end", PLAY_UNTIL)
                .expression_attribute_values(":end", time(end));
        }
        if let Some(device) = session.device {
            set += ", #device = if_not_exists(#device, :device)";
            only += " AND (attribute_not_exists(#device) OR #device = :device)";
            update = update
                .expression_attribute_names("#device", DEVICE)
                .expression_attribute_values(":device", text(device.hex()));
        }
        let update = update.update_expression(set).condition_expression(only);
        Ok(TransactWriteItem::builder().update(update.build()?).build())
    }
}

/// A view has not ended: nobody ended it, nor did its rule.
const GOES_ON: &str = "revoked = :no AND (attribute_not_exists(spread_at) OR on_spread <> :revoke)";

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

/// Why a view is not opened now.
enum Unopened {
    /// As of any use of a media token.
    Refused(Refused),
    /// Who has a place is not as it was seen.
    Stale,
}

/// What the third write of an opening is, and of the fourth if there are four: behind them stands the record.
#[derive(Clone, Copy)]
struct Also {
    share: bool,
    places: bool,
}

impl Also {
    fn judge(self, reasons: &Reasons) -> Option<Unopened> {
        let clear = !reasons.is_collided(0);
        let spent = self.share && reasons.is_unmet(2) && clear;
        let known = refused(reasons).or_else(|| spent.then_some(Refused::GrantSpent));
        let stale = self.places && reasons.is_unmet(2 + usize::from(self.share)) && clear;
        known
            .map(Unopened::Refused)
            .or_else(|| stale.then_some(Unopened::Stale))
    }
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
    /// Opens a view. Where streams are counted, who has a place is read first, and again if it changed meanwhile.
    async fn opened(
        &self,
        operation: &'static str,
        (session, share): (&PlaybackSession, Option<&Share>),
        record: &Record,
    ) -> Stored<Opening> {
        let request = self.records.request(operation, record);
        for attempt in 1..=TRIES {
            let at = session.opened_at;
            let Some(placed) = self.place(session, at).await? else {
                return self.or_open(session, Opening::Full).await;
            };
            let also = Also {
                share: share.is_some(),
                places: placed.is_some(),
            };
            let writes = self.writes(session, share, placed, record);
            let writes = self.records.recorded(writes, record);
            match write(&request, writes, |reasons| also.judge(reasons)).await? {
                Written::Applied => return Ok(Opening::Opened),
                Written::Refused(Unopened::Refused(Refused::SessionThere)) => {
                    return Ok(Opening::AlreadyOpen);
                }
                Written::Refused(Unopened::Refused(Refused::GrantSpent)) => {
                    return self.or_open(session, Opening::Refused).await;
                }
                Written::Refused(Unopened::Stale) => back_off(attempt, &request.salt).await,
            }
        }
        Err(StoreError::new(
            operation,
            "the same places are given away by too many at once",
        ))
    }

    fn writes(
        &self,
        session: &PlaybackSession,
        share: Option<&Share>,
        placed: Option<TransactWriteItem>,
        record: &Record,
    ) -> Result<Vec<TransactWriteItem>, BuildError> {
        let mut writes = vec![self.put(session)?, self.spend(session)?];
        if let Some(share) = share {
            writes.push(played(&self.shares, share, record.at)?);
        }
        writes.extend(placed);
        Ok(writes)
    }

    /// The write that gives the session its place at a moment, if it needs one; nothing if there is none.
    async fn place(
        &self,
        session: &PlaybackSession,
        now: Timestamp,
    ) -> Stored<Option<Option<TransactWriteItem>>> {
        let Some(lease) = &session.lease else {
            return Ok(Some(None));
        };
        let seen = leases::seen(&self.client, &self.playback, lease.of).await?;
        let next = seen.places.with(session.id, lease, now);
        let write = next.map(|next| leases::put(&self.playback, lease, &seen, &next));
        let write = write.transpose();
        let write = write.map_err(|error| StoreError::new("leases.put", error))?;
        Ok(write.map(Some))
    }

    /// What came of it, unless a try of the same request that ended without a word opened it: that may have been the last
    /// view, or have taken the last place.
    async fn or_open(&self, session: &PlaybackSession, opening: Opening) -> Stored<Opening> {
        let known = self.session(session.id).await?;
        Ok(known.map_or(opening, |_| Opening::AlreadyOpen))
    }

    /// Ends a session unless it has ended.
    fn ended(&self, session: &PlaybackSession) -> Result<TransactWriteItem, BuildError> {
        let update = Update::builder()
            .table_name(&self.playback)
            .key(PK, text(session.id.to_string()))
            .update_expression("SET revoked = :yes")
            .condition_expression(format!("attribute_exists(pk) AND {GOES_ON}"))
            .expression_attribute_values(":yes", flag(true))
            .expression_attribute_values(":no", flag(false))
            .expression_attribute_values(":revoke", text(OnSpread::Revoke.as_str()))
            .build()?;
        Ok(TransactWriteItem::builder().update(update).build())
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
        let what = (session, Some(share));
        self.opened("views.open_shared", what, record).await
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
        self.opened("views.open", (session, None), record).await
    }

    async fn session(&self, id: PlaybackId) -> Stored<Option<PlaybackSession>> {
        const OPERATION: &str = "views.session";
        let item = get(&self.client, &self.playback, OPERATION, id.to_string()).await?;
        read(OPERATION, item.as_ref(), playback_record::from_item)
    }

    async fn refresh(
        &self,
        seen: &PlaybackSession,
        next: &PlaybackSession,
        record: &Record,
    ) -> Stored<Refreshing> {
        self.refreshed((seen, next), record).await
    }

    async fn end(&self, session: &PlaybackSession, record: &Record) -> Stored<Change> {
        let writes = || {
            let mut writes = vec![self.ended(session)?];
            if let Some(lease) = &session.lease {
                writes.push(leases::remove(&self.playback, session.id, lease.of)?);
            }
            Ok(writes)
        };
        self.records.with("views.end", writes(), record).await
    }
}

#[cfg(test)]
mod tests {
    use super::super::audit_record;
    use super::super::playback_record::tests::session;
    use super::super::shares_record;
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
