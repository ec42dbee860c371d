//! Reads over several tables in exactly one strongly consistent call: playlists and keys.

use std::collections::{BTreeMap, HashMap};

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::builders::KeysAndAttributesBuilder;
use vault_domain::asset::AssetState;
use vault_domain::id::KeyId;
use vault_domain::playback::Ticket;
use vault_domain::ports::{KeyBundle, KeyReads, PlaylistBundle, PlaylistReads, StoreError, Stored};

use super::members::StandingTables;
use super::record::{Fields, Item, PK, text};
use super::{assets_record, keys, playback_record, read};

/// One record that a batch asks for.
pub(super) struct Wanted<'a> {
    pub(super) table: &'a str,
    pub(super) key: Item,
    /// The only attributes wanted, by placeholders.
    pub(super) only: Option<(&'static str, &'static [(&'static str, &'static str)])>,
}

impl<'a> Wanted<'a> {
    pub(super) fn of(table: &'a str, pk: impl Into<String>) -> Self {
        Self::at(table, super::record::item([(PK, text(pk))]))
    }

    pub(super) const fn at(table: &'a str, key: Item) -> Self {
        Self {
            table,
            key,
            only: None,
        }
    }
}

/// What a batch found, by table.
pub(super) struct Found(HashMap<String, Vec<Item>>);

impl Found {
    /// The record of a table of which one was asked for.
    pub(super) fn first(&self, table: &str) -> Option<&Item> {
        self.all(table).next()
    }

    /// The record of this key of a table of which several were asked for.
    pub(super) fn at(&self, table: &str, key: &Item) -> Option<&Item> {
        let is = |item: &&Item| {
            key.iter()
                .all(|(name, value)| item.get(name) == Some(value))
        };
        self.all(table).find(is)
    }

    /// All records of a table, in no order.
    pub(super) fn all(&self, table: &str) -> impl Iterator<Item = &Item> {
        self.0.get(table).into_iter().flatten()
    }
}

/// Reads records of several tables in one call. What DynamoDB leaves undone is an error:
/// the caller decides on all of it or on nothing.
pub(super) async fn batch(
    client: &Client,
    operation: &'static str,
    wanted: impl IntoIterator<Item = Wanted<'_>>,
) -> Stored<Found> {
    let mut tables: BTreeMap<&str, KeysAndAttributesBuilder> = BTreeMap::new();
    for Wanted { table, key, only } in wanted {
        let keys = tables.remove(table).unwrap_or_default();
        let mut keys = keys.keys(key).consistent_read(true);
        if let Some((projection, names)) = only {
            keys = keys.projection_expression(projection);
            for (placeholder, name) in names {
                keys = keys.expression_attribute_names(*placeholder, *name);
            }
        }
        tables.insert(table, keys);
    }
    let mut request = client.batch_get_item();
    for (table, keys) in tables {
        let keys = keys.build();
        request = request.request_items(table, keys.map_err(|e| StoreError::new(operation, e))?);
    }
    let sent = request.send().await;
    let output = sent.map_err(|error| StoreError::new(operation, error))?;
    if output.unprocessed_keys.is_some_and(|keys| !keys.is_empty()) {
        return Err(StoreError::new(operation, "DynamoDB left keys unprocessed"));
    }
    Ok(Found(output.responses.unwrap_or_default()))
}

/// Sessions and assets, for playlists.
#[derive(Debug, Clone)]
pub struct DynamoPlaylistReads {
    client: Client,
    playback: String,
    assets: String,
    standing: StandingTables,
}

impl DynamoPlaylistReads {
    /// Over the tables of playback sessions, of assets and of standing.
    pub fn new(
        client: Client,
        playback: impl Into<String>,
        assets: impl Into<String>,
        standing: StandingTables,
    ) -> Self {
        Self {
            client,
            playback: playback.into(),
            assets: assets.into(),
            standing,
        }
    }
}

#[async_trait]
impl PlaylistReads for DynamoPlaylistReads {
    async fn bundle(&self, ticket: &Ticket) -> Stored<PlaylistBundle> {
        const OPERATION: &str = "playlist_reads.bundle";
        let mut wanted = self.standing.wanted(&ticket.subject, ticket.org);
        wanted.push(Wanted::of(&self.playback, ticket.playback.to_string()));
        wanted.push(Wanted::of(&self.assets, ticket.asset.to_string()));
        let found = batch(&self.client, OPERATION, wanted).await?;
        let session = found.first(&self.playback);
        let asset = found.first(&self.assets);
        Ok(PlaylistBundle {
            session: read(OPERATION, session, playback_record::from_item)?,
            asset: assets_record::asset(OPERATION, asset)?,
            standing: self
                .standing
                .standing(OPERATION, &found, (&ticket.subject, ticket.org))?,
        })
    }
}

/// Sessions, keys and assets, for key delivery.
#[derive(Debug, Clone)]
pub struct DynamoKeyReads {
    client: Client,
    playback: String,
    keys: String,
    assets: String,
    standing: StandingTables,
}

impl DynamoKeyReads {
    /// Over the tables of playback sessions, of keys, of assets and of standing.
    pub fn new(
        client: Client,
        playback: impl Into<String>,
        keys: impl Into<String>,
        assets: impl Into<String>,
        standing: StandingTables,
    ) -> Self {
        Self {
            client,
            playback: playback.into(),
            keys: keys.into(),
            assets: assets.into(),
            standing,
        }
    }
}

#[async_trait]
impl KeyReads for DynamoKeyReads {
    async fn bundle(&self, ticket: &Ticket, key: KeyId) -> Stored<KeyBundle> {
        const OPERATION: &str = "key_reads.bundle";
        let mut wanted = self.standing.wanted(&ticket.subject, ticket.org);
        wanted.push(Wanted::of(&self.playback, ticket.playback.to_string()));
        wanted.push(Wanted::at(&self.keys, keys::key(ticket.asset, key)));
        wanted.push(Wanted {
            only: Some(("#state, views_from, deleted_at", &[("#state", "state")])),
            ..Wanted::of(&self.assets, ticket.asset.to_string())
        });
        let found = batch(&self.client, OPERATION, wanted).await?;
        let session = found.first(&self.playback);
        let kept = |item: &&Item| !Fields(item).has("deleted_at");
        let asset = found.first(&self.assets).filter(kept);
        Ok(KeyBundle {
            session: read(OPERATION, session, playback_record::from_item)?,
            asset: read(OPERATION, asset, |item| {
                let state = Fields(item).parsed("state", AssetState::parse)?;
                Ok((state, assets_record::views_from(Fields(item))?))
            })?,
            key: read(OPERATION, found.first(&self.keys), keys::from_item)?,
            standing: self
                .standing
                .standing(OPERATION, &found, (&ticket.subject, ticket.org))?,
        })
    }
}

#[cfg(test)]
mod tests {
    use vault_domain::id::{OrgId, SessionId, SupportId, UserId};
    use vault_domain::support::Staff;
    use vault_domain::time::Timestamp;

    use super::*;
    use crate::replay::Replay;

    fn reads(replay: &Replay) -> DynamoKeyReads {
        let standing = StandingTables {
            members: "members".to_owned(),
            sessions: "sessions".to_owned(),
            clients: "clients".to_owned(),
            shares: Some("shares".to_owned()),
            support: Some(OrgId::from_octets([9; 16])),
        };
        let client = Client::new(&replay.config());
        DynamoKeyReads::new(client, "playback", "keys", "assets", standing)
    }

    fn ticket() -> (Ticket, KeyId) {
        let ticket = super::super::playback_record::tests::session().ticket();
        (ticket, KeyId::from_octets([3; 16]))
    }

    #[tokio::test]
    async fn a_bundle_is_exactly_one_strongly_consistent_call() {
        let answer = r#"{"Responses":{"assets":[{"state":{"S":"ready"}}]},"UnprocessedKeys":{}}"#;
        let replay = Replay::of(&[(200, answer)]);
        let (ticket, key) = ticket();
        let bundle = reads(&replay).bundle(&ticket, key).await.unwrap();
        assert_eq!(bundle.asset, Some((AssetState::Ready, Timestamp(0))));
        assert!(bundle.session.is_none() && bundle.key.is_none());
        assert_eq!(replay.count(), 1);
        let target = replay.header(0, "x-amz-target").unwrap();
        assert!(target.ends_with(".BatchGetItem"), "{target}");
        let body: serde_json::Value = serde_json::from_str(&replay.body(0)).unwrap();
        for table in ["playback", "keys", "assets", "members", "sessions"] {
            assert_eq!(
                body["RequestItems"][table]["ConsistentRead"], true,
                "{table}"
            );
        }
    }

    #[tokio::test]
    async fn an_api_keys_standing_is_read_in_the_same_call() {
        let replay = Replay::of(&[(200, r#"{"Responses":{},"UnprocessedKeys":{}}"#)]);
        let (mut ticket, key) = ticket();
        let id = vault_domain::id::ApiKeyId::from_octets([4; 16]);
        ticket.subject = vault_domain::member::Subject::ApiKey(id);
        reads(&replay).bundle(&ticket, key).await.unwrap();
        assert_eq!(replay.count(), 1);
        let body: serde_json::Value = serde_json::from_str(&replay.body(0)).unwrap();
        let asked = &body["RequestItems"];
        assert_eq!(asked["clients"]["ConsistentRead"], true);
        assert_eq!(asked["clients"]["Keys"][0]["pk"]["S"], id.to_string());
        assert!(asked["members"].is_null() && asked["sessions"].is_null());
    }

    #[tokio::test]
    async fn a_share_is_read_in_the_same_call_in_the_place_of_a_standing() {
        let replay = Replay::of(&[(200, r#"{"Responses":{},"UnprocessedKeys":{}}"#)]);
        let (mut ticket, key) = ticket();
        let share = super::super::shares_record::tests::share();
        ticket.subject = share.subject();
        let bundle = reads(&replay).bundle(&ticket, key).await.unwrap();
        assert!(bundle.standing.share.is_none());
        assert_eq!(replay.count(), 1);
        let body: serde_json::Value = serde_json::from_str(&replay.body(0)).unwrap();
        let asked = &body["RequestItems"];
        assert_eq!(asked["shares"]["ConsistentRead"], true);
        assert_eq!(
            asked["shares"]["Keys"][0]["pk"]["S"],
            share.asset.to_string()
        );
        assert_eq!(asked["shares"]["Keys"][0]["sk"]["S"], share.id.to_string());
        for table in ["members", "sessions", "clients"] {
            assert!(asked[table].is_null(), "{table}");
        }
    }

    /// All that decides whether support may go on is in the one call, and nothing is asked for twice.
    #[tokio::test]
    async fn where_support_stands_is_read_in_the_same_call() {
        let replay = Replay::of(&[(200, r#"{"Responses":{},"UnprocessedKeys":{}}"#); 2]);
        let (mut ticket, key) = ticket();
        let owner = UserId::from_octets([6; 16]);
        for (user, members) in [(UserId::from_octets([5; 16]), 6), (owner, 5)] {
            ticket.subject = vault_domain::member::Subject::Support(Staff {
                user,
                session: SessionId::from_octets([7; 16]),
                support: SupportId::from_octets([8; 16]),
                granted_by: owner,
            });
            let calls = replay.count();
            let bundle = reads(&replay).bundle(&ticket, key).await.unwrap();
            assert!(bundle.standing.support.is_none());
            assert_eq!(replay.count(), calls + 1);
            let body: serde_json::Value = serde_json::from_str(&replay.body(calls)).unwrap();
            let asked = &body["RequestItems"];
            assert_eq!(asked["members"]["ConsistentRead"], true);
            assert_eq!(asked["members"]["Keys"].as_array().unwrap().len(), members);
            assert_eq!(asked["sessions"]["Keys"].as_array().unwrap().len(), 1);
            assert!(asked["clients"].is_null() && asked["shares"].is_null());
        }
    }

    #[tokio::test]
    async fn keys_left_unprocessed_and_corrupt_records_are_store_errors() {
        let undone = r#"{"Responses":{},"UnprocessedKeys":{"keys":{"Keys":[{"pk":{"S":"x"},"sk":{"S":"y"}}]}}}"#;
        let corrupt = r#"{"Responses":{"assets":[{"state":{"S":"reedy"}}]},"UnprocessedKeys":{}}"#;
        let (ticket, key) = ticket();
        for answer in [undone, corrupt] {
            let replay = Replay::of(&[(200, answer)]);
            let bundle = reads(&replay).bundle(&ticket, key).await;
            assert!(bundle.is_err(), "{answer}");
        }
    }
}
