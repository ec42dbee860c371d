//! What organisations use, and what the operator set for them.

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{ConditionCheck, TransactWriteItem};
use vault_domain::audit::Record;
use vault_domain::id::OrgId;
use vault_domain::ports::{Change, QuotaChanges, StoreError, Stored, Usages};
use vault_domain::quota::{Exceeded, OwnQuota, Tally};

use super::members::organisation_key;
use super::records::DynamoRecords;
use super::usage_record::{Taking, set_quota, tally};
use super::{get, read};

/// What an organisation uses and may, by a consistent read.
pub(super) async fn tally_of(
    client: &Client,
    table: &str,
    operation: &'static str,
    org: OrgId,
) -> Stored<Tally> {
    let item = get(client, table, operation, org.to_string()).await?;
    Ok(read(operation, item.as_ref(), tally)?.unwrap_or_default())
}

/// The write that takes room, by what the organisation's record says now.
pub(super) async fn taken(
    client: &Client,
    table: &str,
    operation: &'static str,
    taking: &Taking<'_>,
) -> Stored<Result<TransactWriteItem, Exceeded>> {
    let tally = tally_of(client, table, operation, taking.org).await?;
    let write = match taking.write(table, &tally) {
        Ok(write) => write.map_err(|error| StoreError::new(operation, error))?,
        Err(exceeded) => return Ok(Err(exceeded)),
    };
    Ok(Ok(write))
}

/// The table of what organisations use.
#[derive(Debug, Clone)]
pub struct DynamoUsage {
    client: Client,
    table: String,
}

impl DynamoUsage {
    /// What is used, in this table.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self {
            client,
            table: table.into(),
        }
    }

    /// What the operator sets too, for organisations in this table of members; changes are recorded.
    pub fn quotas(self, members: impl Into<String>, records: DynamoRecords) -> DynamoQuotas {
        DynamoQuotas {
            usage: self,
            members: members.into(),
            records,
        }
    }
}

/// What the operator sets.
#[derive(Debug, Clone)]
pub struct DynamoQuotas {
    usage: DynamoUsage,
    members: String,
    records: DynamoRecords,
}

impl DynamoQuotas {
    fn known(&self, org: OrgId) -> Result<TransactWriteItem, BuildError> {
        let check = ConditionCheck::builder()
            .table_name(&self.members)
            .set_key(Some(organisation_key(org)))
            .condition_expression("attribute_exists(pk)")
            .build()?;
        Ok(TransactWriteItem::builder().condition_check(check).build())
    }
}

#[async_trait]
impl Usages for DynamoUsage {
    async fn tally(&self, org: OrgId) -> Stored<Tally> {
        tally_of(&self.client, &self.table, "usages.tally", org).await
    }
}

#[async_trait]
impl Usages for DynamoQuotas {
    async fn tally(&self, org: OrgId) -> Stored<Tally> {
        self.usage.tally(org).await
    }
}

#[async_trait]
impl QuotaChanges for DynamoQuotas {
    async fn set_quota(
        &self,
        org: OrgId,
        quotas: (&OwnQuota, &OwnQuota),
        record: &Record,
    ) -> Stored<Change> {
        let set = || {
            Ok(vec![
                set_quota(&self.usage.table, org, quotas)?,
                self.known(org)?,
            ])
        };
        self.records
            .counted("quotas.set_quota", set(), record)
            .await
    }

    async fn is_known(&self, org: OrgId) -> Stored<bool> {
        let request = self.usage.client.get_item().table_name(&self.members);
        let request = request
            .set_key(Some(organisation_key(org)))
            .projection_expression("pk")
            .consistent_read(true);
        let sent = request.send().await;
        let output = sent.map_err(|error| StoreError::new("quotas.is_known", error))?;
        Ok(output.item.is_some())
    }
}
