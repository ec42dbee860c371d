//! Reads over several tables in exactly one strongly consistent call: playlists and keys.

use std::collections::HashMap;

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::KeysAndAttributes;
use vault_domain::asset::{Asset, AssetState};
use vault_domain::id::{AssetId, KeyId, PlaybackId};
use vault_domain::playback::PlaybackSession;
use vault_domain::ports::{KeyBundle, KeyReads, PlaylistReads, StoreError, Stored};

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
        Self {
            table,
            key: super::record::item([(PK, text(pk))]),
            only: None,
        }
    }
}

/// Reads one record of each of several tables in one call. What DynamoDB leaves undone is an error:
/// the caller decides on all of it or on nothing.
pub(super) async fn batch(
    client: &Client,
    operation: &'static str,
    wanted: impl IntoIterator<Item = Wanted<'_>>,
) -> Stored<HashMap<String, Item>> {
    let mut request = client.batch_get_item();
    for Wanted { table, key, only } in wanted {
        let mut keys = KeysAndAttributes::builder().keys(key).consistent_read(true);
        if let Some((projection, names)) = only {
            keys = keys.projection_expression(projection);
            for (placeholder, name) in names {
                keys = keys.expression_attribute_names(*placeholder, *name);
            }
        }
        let keys = keys.build();
        request = request.request_items(table, keys.map_err(|e| StoreError::new(operation, e))?);
    }
    let sent = request.send().await;
    let output = sent.map_err(|error| StoreError::new(operation, error))?;
    if output.unprocessed_keys.is_some_and(|keys| !keys.is_empty()) {
        return Err(StoreError::new(operation, "DynamoDB left keys unprocessed"));
    }
    let found = output.responses.unwrap_or_default().into_iter();
    Ok(found
        .filter_map(|(table, items)| Some((table, items.into_iter().next()?)))
        .collect())
}

/// Sessions and assets, for playlists.
#[derive(Debug, Clone)]
pub struct DynamoPlaylistReads {
    client: Client,
    playback: String,
    assets: String,
}

impl DynamoPlaylistReads {
    /// Over the tables of playback sessions and of assets.
    pub fn new(client: Client, playback: impl Into<String>, assets: impl Into<String>) -> Self {
        Self {
            client,
            playback: playback.into(),
            assets: assets.into(),
        }
    }
}

#[async_trait]
impl PlaylistReads for DynamoPlaylistReads {
    async fn session_and_asset(
        &self,
        playback: PlaybackId,
        asset: AssetId,
    ) -> Stored<(Option<PlaybackSession>, Option<Asset>)> {
        const OPERATION: &str = "playlist_reads.session_and_asset";
        let wanted = [
            Wanted::of(&self.playback, playback.to_string()),
            Wanted::of(&self.assets, asset.to_string()),
        ];
        let found = batch(&self.client, OPERATION, wanted).await?;
        Ok((
            read(
                OPERATION,
                found.get(&self.playback),
                playback_record::from_item,
            )?,
            read(OPERATION, found.get(&self.assets), assets_record::from_item)?,
        ))
    }
}

/// Sessions, keys and assets, for key delivery.
#[derive(Debug, Clone)]
pub struct DynamoKeyReads {
    client: Client,
    playback: String,
    keys: String,
    assets: String,
}

impl DynamoKeyReads {
    /// Over the tables of playback sessions, of keys and of assets.
    pub fn new(
        client: Client,
        playback: impl Into<String>,
        keys: impl Into<String>,
        assets: impl Into<String>,
    ) -> Self {
        Self {
            client,
            playback: playback.into(),
            keys: keys.into(),
            assets: assets.into(),
        }
    }
}

#[async_trait]
impl KeyReads for DynamoKeyReads {
    async fn bundle(&self, playback: PlaybackId, asset: AssetId, key: KeyId) -> Stored<KeyBundle> {
        const OPERATION: &str = "key_reads.bundle";
        let wanted = [
            Wanted::of(&self.playback, playback.to_string()),
            Wanted {
                key: keys::key(asset, key),
                ..Wanted::of(&self.keys, "")
            },
            Wanted {
                only: Some(("#state", &[("#state", "state")])),
                ..Wanted::of(&self.assets, asset.to_string())
            },
        ];
        let found = batch(&self.client, OPERATION, wanted).await?;
        Ok(KeyBundle {
            session: read(
                OPERATION,
                found.get(&self.playback),
                playback_record::from_item,
            )?,
            asset: read(OPERATION, found.get(&self.assets), |item| {
                Fields(item).parsed("state", AssetState::parse)
            })?,
            key: read(OPERATION, found.get(&self.keys), keys::from_item)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replay::Replay;

    fn reads(replay: &Replay) -> DynamoKeyReads {
        DynamoKeyReads::new(Client::new(&replay.config()), "playback", "keys", "assets")
    }

    fn ids() -> (PlaybackId, AssetId, KeyId) {
        (
            PlaybackId::from_octets([1; 16]),
            AssetId::from_octets([2; 16]),
            KeyId::from_octets([3; 16]),
        )
    }

    #[tokio::test]
    async fn a_bundle_is_exactly_one_strongly_consistent_call() {
        let answer = r#"{"Responses":{"assets":[{"state":{"S":"ready"}}]},"UnprocessedKeys":{}}"#;
        let replay = Replay::of(&[(200, answer)]);
        let (playback, asset, key) = ids();
        let bundle = reads(&replay).bundle(playback, asset, key).await.unwrap();
        assert_eq!(bundle.asset, Some(AssetState::Ready));
        assert!(bundle.session.is_none() && bundle.key.is_none());
        assert_eq!(replay.count(), 1);
        let target = replay.header(0, "x-amz-target").unwrap();
        assert!(target.ends_with(".BatchGetItem"), "{target}");
        let body: serde_json::Value = serde_json::from_str(&replay.body(0)).unwrap();
        for table in ["playback", "keys", "assets"] {
            assert_eq!(
                body["RequestItems"][table]["ConsistentRead"], true,
                "{table}"
            );
        }
    }

    #[tokio::test]
    async fn keys_left_unprocessed_and_corrupt_records_are_store_errors() {
        let undone = r#"{"Responses":{},"UnprocessedKeys":{"keys":{"Keys":[{"pk":{"S":"x"},"sk":{"S":"y"}}]}}}"#;
        let corrupt = r#"{"Responses":{"assets":[{"state":{"S":"reedy"}}]},"UnprocessedKeys":{}}"#;
        let (playback, asset, key) = ids();
        for answer in [undone, corrupt] {
            let replay = Replay::of(&[(200, answer)]);
            let bundle = reads(&replay).bundle(playback, asset, key).await;
            assert!(bundle.is_err(), "{answer}");
        }
    }
}
