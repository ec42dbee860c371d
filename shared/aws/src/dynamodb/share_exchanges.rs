//! Shares as strangers come with their links: shares, assets and grants.

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{ConditionCheck, TransactWriteItem};
use vault_domain::asset::Asset;
use vault_domain::audit::Record;
use vault_domain::ports::{Change, ShareExchanges, Stored};
use vault_domain::share::{Share, ShareClaims};
use vault_domain::time::Timestamp;
use vault_domain::token::Grant;

use super::reads::{Wanted, batch};
use super::record::time;
use super::records::{DynamoRecords, put_fresh};
use super::shares::{STANDS, checked};
use super::shares_record::{from_item, key};
use super::{assets_record, grants, read};

/// Shares, assets and grants, for whoever comes with a link.
#[derive(Debug, Clone)]
pub struct DynamoShareExchanges {
    client: Client,
    shares: String,
    assets: String,
    grants: String,
    records: DynamoRecords,
}

impl DynamoShareExchanges {
    /// Over the tables of shares, of assets and of grants; exchanges are recorded.
    pub fn new(
        client: Client,
        shares: impl Into<String>,
        assets: impl Into<String>,
        grants: impl Into<String>,
        records: DynamoRecords,
    ) -> Self {
        Self {
            client,
            shares: shares.into(),
            assets: assets.into(),
            grants: grants.into(),
            records,
        }
    }
}

#[async_trait]
impl ShareExchanges for DynamoShareExchanges {
    async fn presented(&self, claims: &ShareClaims) -> Stored<(Option<Share>, Option<Asset>)> {
        const OPERATION: &str = "share_exchanges.presented";
        let wanted = [
            Wanted::at(&self.shares, key(claims.asset, claims.share)),
            Wanted::of(&self.assets, claims.asset.to_string()),
        ];
        let found = batch(&self.client, OPERATION, wanted).await?;
        Ok((
            read(OPERATION, found.first(&self.shares), from_item)?,
            assets_record::asset(OPERATION, found.first(&self.assets))?,
        ))
    }

    async fn exchange(&self, share: &Share, grant: &Grant, record: &Record) -> Stored<Change> {
        let writes = || {
            Ok(vec![
                put_fresh(&self.grants, grants::to_item(grant))?,
                stands(&self.shares, share, record.at)?,
            ])
        };
        let exchanged = self
            .records
            .with("share_exchanges.exchange", writes(), record);
        exchanged.await
    }
}

/// Holds if the share stands.
fn stands(table: &str, share: &Share, now: Timestamp) -> Result<TransactWriteItem, BuildError> {
    let check = ConditionCheck::builder()
        .table_name(table)
        .set_key(Some(key(share.asset, share.id)))
        .condition_expression(STANDS)
        .expression_attribute_values(":now", time(now));
    checked(check)
}
