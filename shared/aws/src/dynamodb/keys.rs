//! The table of wrapped content keys: partition key the asset, sort key the key.

use std::collections::HashMap;

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use vault_domain::id::{AssetId, KeyId, PackageId};
use vault_domain::playback::WrappedKey;
use vault_domain::ports::{ContentKeys, Gone, KeyErasure, StoreError, Stored};

use super::purge::{purge, remove};
use super::record::{Corrupt, Fields, Item, PK, SK, item, octets, text};
use super::{put_new, read};

const DELETE: &str = "keys.delete_package";

/// The table of wrapped content keys.
#[derive(Debug, Clone)]
pub struct DynamoContentKeys {
    client: Client,
    table: String,
}

pub(super) fn key(asset: AssetId, key: KeyId) -> Item {
    item([(PK, text(asset.to_string())), (SK, text(key.to_string()))])
}

fn to_item(wrapped: &WrappedKey) -> Item {
    item([
        (PK, text(wrapped.asset.to_string())),
        (SK, text(wrapped.key.to_string())),
        ("package", text(wrapped.package.to_string())),
        ("master", text(&wrapped.master)),
        ("nonce", octets(&wrapped.nonce)),
        ("sealed", octets(&wrapped.sealed)),
    ])
}

pub(super) fn from_item(item: &Item) -> Result<WrappedKey, Corrupt> {
    let fields = Fields(item);
    Ok(WrappedKey {
        asset: fields.parsed(PK, |text| AssetId::parse(text).ok())?,
        key: fields.parsed(SK, |text| KeyId::parse(text).ok())?,
        package: fields.parsed("package", |text| PackageId::parse(text).ok())?,
        master: fields.text("master")?.to_owned(),
        nonce: fields.octets("nonce")?,
        sealed: fields.octets("sealed")?,
    })
}

/// One page of keys, and where the next begins.
type Page = (
    Vec<Item>,
    Option<HashMap<String, aws_sdk_dynamodb::types::AttributeValue>>,
);

impl DynamoContentKeys {
    /// The keys in this table.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self {
            client,
            table: table.into(),
        }
    }

    async fn page(&self, asset: AssetId, package: PackageId, from: Option<Item>) -> Stored<Page> {
        let request = self.client.query().table_name(&self.table);
        let sent = request
            .consistent_read(true)
            .key_condition_expression("pk = :asset")
            .filter_expression("#package = :package")
            .projection_expression("pk, sk")
            .expression_attribute_names("#package", "package")
            .expression_attribute_values(":asset", text(asset.to_string()))
            .expression_attribute_values(":package", text(package.to_string()))
            .set_exclusive_start_key(from)
            .send()
            .await;
        let output = sent.map_err(|error| StoreError::new(DELETE, error))?;
        let next = output.last_evaluated_key.filter(|key| !key.is_empty());
        Ok((output.items.unwrap_or_default(), next))
    }
}

#[async_trait]
impl ContentKeys for DynamoContentKeys {
    async fn put(&self, key: &WrappedKey) -> Stored<()> {
        put_new(&self.client, &self.table, "keys.put", to_item(key)).await
    }

    async fn key(&self, asset: AssetId, id: KeyId) -> Stored<Option<WrappedKey>> {
        const OPERATION: &str = "keys.get";
        let request = self.client.get_item().table_name(&self.table);
        let request = request.set_key(Some(key(asset, id))).consistent_read(true);
        let sent = request.send().await;
        let output = sent.map_err(|error| StoreError::new(OPERATION, error))?;
        read(OPERATION, output.item.as_ref(), from_item)
    }

    async fn delete_package(&self, asset: AssetId, package: PackageId) -> Stored<()> {
        let mut from = None;
        loop {
            let (keys, next) = self.page(asset, package, from).await?;
            let by = (DELETE, package.octets());
            remove(&self.client, &self.table, by, &keys).await?;
            if next.is_none() {
                return Ok(());
            }
            from = next;
        }
    }
}

#[async_trait]
impl KeyErasure for DynamoContentKeys {
    async fn erase_keys(&self, asset: AssetId) -> Stored<Gone> {
        purge(&self.client, &self.table, "keys.erase", asset).await
    }
}

#[cfg(test)]
mod tests {
    use super::super::record::checks::reads_back;
    use super::*;
    use crate::replay::Replay;

    #[test]
    fn a_wrapped_key_reads_back_and_a_broken_one_is_corrupt() {
        let wrapped = WrappedKey {
            asset: AssetId::from_octets([1; 16]),
            key: KeyId::from_octets([2; 16]),
            package: PackageId::from_octets([3; 16]),
            master: "1".to_owned(),
            nonce: [4; 12],
            sealed: [5; 32],
        };
        let required = [PK, SK, "package", "master", "nonce", "sealed"];
        reads_back(&wrapped, &to_item(&wrapped), from_item, &required);
    }

    #[tokio::test]
    async fn keys_go_in_batches_of_25_over_all_pages_and_what_is_left_undone_is_repeated() {
        let one = r#"{"pk":{"S":"a"},"sk":{"S":"k"}}"#;
        let page = |count: usize, more: &str| {
            format!(r#"{{"Items":[{}]{more}}}"#, vec![one; count].join(","))
        };
        let first = page(26, r#","LastEvaluatedKey":{"pk":{"S":"a"},"sk":{"S":"k"}}"#);
        let last = page(1, "");
        let undone =
            format!(r#"{{"UnprocessedItems":{{"keys":[{{"DeleteRequest":{{"Key":{one}}}}}]}}}}"#);
        let replay = Replay::of(&[
            (200, &first),
            (200, &undone),
            (200, "{}"),
            (200, "{}"),
            (200, &last),
            (200, "{}"),
        ]);
        let keys = DynamoContentKeys::new(Client::new(&replay.config()), "keys");
        let (asset, package) = (
            AssetId::from_octets([1; 16]),
            PackageId::from_octets([2; 16]),
        );
        keys.delete_package(asset, package).await.unwrap();
        assert_eq!(replay.count(), 6);
        let deletes = |index| replay.body(index).matches("DeleteRequest").count();
        assert_eq!([1, 2, 3, 5].map(deletes), [25, 1, 1, 1]);
        assert!(replay.body(4).contains("ExclusiveStartKey"));
    }
}
