//! The ports over DynamoDB, one table a struct. Every change is one conditional write, and every answer holds
//! when the SDK repeated by itself a write whose first try took effect.

mod abandonments;
mod access;
mod access_record;
mod accounts;
mod assets;
mod assets_counted;
mod assets_record;
mod audit;
mod audit_chain;
mod audit_exports;
mod audit_record;
mod beside;
mod bounds_record;
mod ceremonies;
mod client;
mod clients;
mod clients_record;
mod deletion_record;
mod deletions;
mod download_record;
mod downloads;
mod due_index;
mod erasures;
mod factors;
mod factors_record;
mod grants;
mod groups;
mod invitations;
mod keys;
mod ladders;
mod leases;
mod library;
mod library_record;
mod limits;
mod links;
mod members;
mod organisations;
mod playback_record;
mod previews;
mod purge;
mod reads;
mod record;
mod records;
mod recovery;
mod reopenings;
mod retentions;
mod rewraps;
mod scans;
mod sessions;
mod share_exchanges;
mod shares;
mod shares_record;
mod spread_record;
mod subtitles;
mod support;
mod support_record;
mod trails;
mod transact;
mod usage;
mod usage_record;
mod users;
mod views;
mod webhooks;
mod webhooks_record;

pub(crate) use client::client;

pub use abandonments::DynamoAbandonments;
pub use access::{AccessTables, DynamoAccess};
pub use accounts::DynamoAccounts;
pub use assets::DynamoAssets;
pub use audit::DynamoAudit;
pub use ceremonies::DynamoCeremonies;
pub use clients::DynamoClients;
pub use deletions::DynamoDeletions;
pub use downloads::DynamoDownloads;
pub use factors::DynamoFactors;
pub use grants::DynamoGrants;
pub use invitations::DynamoInvitations;
pub use keys::DynamoContentKeys;
pub use leases::DynamoLeases;
pub use library::DynamoLibrary;
pub use limits::DynamoLimits;
pub use links::DynamoLinks;
pub use members::{DynamoMembers, DynamoStandings, StandingTables};
pub use organisations::{DynamoErasures, DynamoOrganisations, ErasureTables};
pub use reads::{DynamoKeyReads, DynamoPlaylistReads};
pub use records::DynamoRecords;
pub use recovery::{DynamoRecovery, RecoveryTables};
pub use retentions::DynamoRetentions;
pub use rewraps::DynamoRewraps;
pub use scans::DynamoScans;
pub use sessions::DynamoSessions;
pub use share_exchanges::DynamoShareExchanges;
pub use shares::DynamoShares;
pub use support::DynamoSupport;
pub use trails::{DynamoSpreadRules, DynamoTrails};
pub use usage::{DynamoQuotas, DynamoUsage};
pub use users::{DynamoDirectory, DynamoUsers};
pub use views::DynamoViews;
pub use webhooks::DynamoWebhooks;

use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure;
use aws_smithy_async::rt::sleep::{AsyncSleep, TokioSleep};
use record::{Corrupt, Item, PK, text};
use vault_domain::ports::{StoreError, Stored};

/// Attribute by which DynamoDB removes a record some time after, in epoch seconds; nothing is decided by it.
const TTL: &str = "expires_at";
/// Seconds that a record outlives its end, so that who comes late hears that it is over, and so that a
/// repeated opening of a view finds the first as long as its media token lives (a day at most).
const TTL_SLACK: u64 = 86_400;
/// Seconds that a login session's record outlives it: a media token and the view that it opened last a day each,
/// and both stand on the session.
const SESSION_SLACK: u64 = 3 * 86_400;

/// One record by its key, strongly consistent.
async fn get(
    client: &Client,
    table: &str,
    operation: &'static str,
    pk: impl Into<String>,
) -> Stored<Option<Item>> {
    let request = client.get_item().table_name(table).consistent_read(true);
    let sent = request.key(PK, text(pk)).send().await;
    let output = sent.map_err(|error| StoreError::new(operation, error))?;
    Ok(output.item)
}

/// Reads a record, or says that it is corrupt.
fn read<T>(
    operation: &'static str,
    item: Option<&Item>,
    from: impl FnOnce(&Item) -> Result<T, Corrupt>,
) -> Stored<Option<T>> {
    let read = item.map(from).transpose();
    read.map_err(|corrupt| StoreError::new(operation, corrupt))
}

/// Stores a record whose id nobody else can have. One that is there already is our own earlier try, or an error.
async fn put_new(client: &Client, table: &str, operation: &'static str, item: Item) -> Stored<()> {
    let request = client.put_item().table_name(table);
    let sent = request
        .set_item(Some(item.clone()))
        .condition_expression("attribute_not_exists(pk)")
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
        .send()
        .await;
    let Err(error) = sent else { return Ok(()) };
    match unmet_put(error).map_err(|error| StoreError::new(operation, error))? {
        Some(there) if there == item => Ok(()),
        _ => Err(StoreError::new(
            operation,
            "there is another record of this id",
        )),
    }
}

/// The record that did not meet the condition of an update; any other error stays one.
fn unmet_update(
    error: SdkError<UpdateItemError>,
) -> Result<Option<Item>, Box<SdkError<UpdateItemError>>> {
    match error.as_service_error() {
        Some(UpdateItemError::ConditionalCheckFailedException(unmet)) => Ok(unmet.item.clone()),
        _ => Err(Box::new(error)),
    }
}

/// The record that did not meet the condition of a put; any other error stays one.
fn unmet_put(error: SdkError<PutItemError>) -> Result<Option<Item>, Box<SdkError<PutItemError>>> {
    match error.as_service_error() {
        Some(PutItemError::ConditionalCheckFailedException(unmet)) => Ok(unmet.item.clone()),
        _ => Err(Box::new(error)),
    }
}

/// Waits before try `attempt` (from 1): up to 5 ms, then twice that and so on to 160 ms. `salt`, an id, spreads those
/// who collided within a process; what the process hashes by spreads those of several, who may have the same id.
async fn back_off(attempt: u32, salt: &[u8; 16]) {
    let most = 5_u64 << attempt.saturating_sub(1).min(5);
    let part = RandomState::new().hash_one((attempt, salt)) % 256;
    let wait = Duration::from_millis(1 + most * part / 256);
    TokioSleep::new().sleep(wait).await;
}
