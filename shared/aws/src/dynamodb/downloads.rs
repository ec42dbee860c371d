//! Opening downloads: grants, assets and downloads.

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{Put, TransactWriteItem, Update};
use vault_domain::asset::Asset;
use vault_domain::audit::Record;
use vault_domain::download::Download;
use vault_domain::id::{AssetId, DownloadId};
use vault_domain::ports::{Downloads, Opening, Stored};
use vault_domain::token::{Action, Digest, Grant};

use super::record::{PK, flag, number, text, time};
use super::records::DynamoRecords;
use super::transact::{Written, write};
use super::views::{Admission, Refused, admission, refused};
use super::{download_record, get, read};

/// Grants, assets and downloads; these stand among the playback sessions, under ids of their own.
#[derive(Debug, Clone)]
pub struct DynamoDownloads {
    client: Client,
    grants: String,
    assets: String,
    playback: String,
    records: DynamoRecords,
}

impl DynamoDownloads {
    /// Over the tables of grants, of assets and of playback sessions.
    pub fn new(
        client: Client,
        grants: impl Into<String>,
        assets: impl Into<String>,
        playback: impl Into<String>,
        records: DynamoRecords,
    ) -> Self {
        Self {
            client,
            grants: grants.into(),
            assets: assets.into(),
            playback: playback.into(),
            records,
        }
    }

    /// Stores the download unless there is one of its id.
    fn put(&self, download: &Download) -> Result<TransactWriteItem, BuildError> {
        let put = Put::builder()
            .table_name(&self.playback)
            .set_item(Some(download_record::to_item(download)))
            .condition_expression("attribute_not_exists(pk)")
            .build()?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    /// Spends the grant if it is live, for downloads, and was never spent: for however many views it was made.
    fn spend(&self, download: &Download) -> Result<TransactWriteItem, BuildError> {
        let update = Update::builder()
            .table_name(&self.grants)
            .key(PK, text(download.grant.hex()))
            .update_expression("SET #views = :one")
            .condition_expression(
                "asset = :asset AND #action = :download AND revoked = :no AND ends_at > :now AND #views = :none",
            )
            .expression_attribute_names("#views", "views")
            .expression_attribute_names("#action", "action")
            .expression_attribute_values(":none", number(0_u64))
            .expression_attribute_values(":one", number(1_u64))
            .expression_attribute_values(":asset", text(download.asset.to_string()))
            .expression_attribute_values(":download", text(Action::Download.as_str()))
            .expression_attribute_values(":no", flag(false))
            .expression_attribute_values(":now", time(download.opened_at))
            .build()?;
        Ok(TransactWriteItem::builder().update(update).build())
    }
}

#[async_trait]
impl Downloads for DynamoDownloads {
    async fn admission(
        &self,
        grant: Digest,
        asset: AssetId,
    ) -> Stored<(Option<Grant>, Option<Asset>)> {
        let from = Admission {
            client: &self.client,
            operation: "downloads.admission",
            grants: &self.grants,
            assets: &self.assets,
        };
        admission(from, grant, asset).await
    }

    async fn open(&self, download: &Download, record: &Record) -> Stored<Opening> {
        let request = self.records.request("downloads.open", record);
        let writes = || Ok(vec![self.put(download)?, self.spend(download)?]);
        let writes = self.records.recorded(writes(), record);
        match write(&request, writes, refused).await? {
            Written::Applied => Ok(Opening::Opened),
            Written::Refused(Refused::SessionThere) => Ok(Opening::AlreadyOpen),
            Written::Refused(Refused::GrantSpent) => {
                // By whom? A try of the same request that ended without a word may have spent it.
                let known = self.download(download.id).await?;
                Ok(known.map_or(Opening::Refused, |_| Opening::AlreadyOpen))
            }
        }
    }

    async fn download(&self, id: DownloadId) -> Stored<Option<Download>> {
        const OPERATION: &str = "downloads.download";
        let item = get(&self.client, &self.playback, OPERATION, id.to_string()).await?;
        read(OPERATION, item.as_ref(), download_record::from_item)
    }
}

#[cfg(test)]
mod tests {
    use super::super::audit_record;
    use super::super::download_record::tests::download;
    use super::*;
    use crate::replay::{Replay, cancelled};

    async fn opened(answers: &[(u16, &str)]) -> (Stored<Opening>, Replay) {
        let replay = Replay::of(answers);
        let client = Client::new(&replay.config());
        let records = DynamoRecords::new(client.clone(), "audit");
        let downloads = DynamoDownloads::new(client, "g", "a", "p", records);
        let record = audit_record::tests::record();
        (downloads.open(&download(), &record).await, replay)
    }

    #[tokio::test]
    async fn the_grant_is_spent_for_this_action_and_asset_and_never_twice() {
        let (opening, replay) = opened(&[(200, "{}")]).await;
        assert_eq!(opening.unwrap(), Opening::Opened);
        let body = replay.body(0);
        for part in [
            "asset = :asset AND #action = :download AND revoked = :no AND ends_at > :now AND #views = :none",
            "attribute_not_exists(pk)",
            "\":none\":{\"N\":\"0\"}",
            "\":download\":{\"S\":\"download\"}",
        ] {
            assert!(body.contains(part), "{part} in {body}");
        }
    }

    #[tokio::test]
    async fn the_download_decides_before_the_grant() {
        let both = cancelled(&["ConditionalCheckFailed", "ConditionalCheckFailed"]);
        let (opening, replay) = opened(&[(400, &both)]).await;
        assert_eq!(
            (opening.unwrap(), replay.count()),
            (Opening::AlreadyOpen, 1)
        );
    }

    #[tokio::test]
    async fn a_spent_grant_refuses_unless_this_download_spent_it() {
        let spent = cancelled(&["None", "ConditionalCheckFailed"]);
        let (opening, _) = opened(&[(400, &spent), (200, "{}")]).await;
        assert_eq!(opening.unwrap(), Opening::Refused);
    }
}
