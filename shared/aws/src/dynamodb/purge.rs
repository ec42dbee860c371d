//! Removing many items of one partition.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{DeleteRequest, WriteRequest};
use vault_domain::id::AssetId;
use vault_domain::ports::{Gone, StoreError, Stored};

use super::back_off;
use super::record::{Item, text};

/// Most deletes of one `BatchWriteItem`.
const BATCH: usize = 25;
/// Tries of one batch that DynamoDB does not finish.
const TRIES: u32 = 10;
/// Items of one page of a purge.
const PAGE: i32 = 250;

/// Removes the items of these keys; the salt spreads the tries of those who wait.
pub(super) async fn remove(
    client: &Client,
    table: &str,
    (operation, salt): (&'static str, &[u8; 16]),
    keys: &[Item],
) -> Stored<()> {
    for batch in keys.chunks(BATCH) {
        let mut pending = Vec::with_capacity(batch.len());
        for key in batch {
            let delete = DeleteRequest::builder().set_key(Some(key.clone())).build();
            let delete = delete.map_err(|error| StoreError::new(operation, error))?;
            pending.push(WriteRequest::builder().delete_request(delete).build());
        }
        finish(client, table, (operation, salt), pending).await?;
    }
    Ok(())
}

async fn finish(
    client: &Client,
    table: &str,
    (operation, salt): (&'static str, &[u8; 16]),
    mut pending: Vec<WriteRequest>,
) -> Stored<()> {
    for attempt in 1..=TRIES {
        let request = client.batch_write_item();
        let sent = request.request_items(table, pending).send().await;
        let output = sent.map_err(|error| StoreError::new(operation, error))?;
        pending = output
            .unprocessed_items
            .and_then(|mut items| items.remove(table))
            .unwrap_or_default();
        if pending.is_empty() {
            return Ok(());
        }
        back_off(attempt, salt).await;
    }
    Err(StoreError::new(
        operation,
        "DynamoDB left items unprocessed",
    ))
}

/// Removes some of what is kept of an asset in a table whose partitions are assets. The first page each time: what it
/// listed before is not there any more.
pub(super) async fn purge(
    client: &Client,
    table: &str,
    operation: &'static str,
    asset: AssetId,
) -> Stored<Gone> {
    let request = client.query().table_name(table);
    let sent = request
        .consistent_read(true)
        .key_condition_expression("pk = :asset")
        .projection_expression("pk, sk")
        .expression_attribute_values(":asset", text(asset.to_string()))
        .limit(PAGE)
        .send()
        .await;
    let output = sent.map_err(|error| StoreError::new(operation, error))?;
    let keys = output.items.unwrap_or_default();
    remove(client, table, (operation, asset.octets()), &keys).await?;
    Ok(Gone {
        removed: u64::try_from(keys.len()).unwrap_or(u64::MAX),
        more: output.last_evaluated_key.is_some_and(|key| !key.is_empty()),
    })
}
