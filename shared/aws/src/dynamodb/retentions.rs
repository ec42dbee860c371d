//! The rules of organisations, and who may change them.

use async_trait::async_trait;
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use vault_domain::audit::Record;
use vault_domain::deletion::{Due, Retention};
use vault_domain::id::OrgId;
use vault_domain::member::Membership;
use vault_domain::ports::{Change, RetentionChanges, Retentions, Stored};
use vault_domain::time::Timestamp;

use super::deletion_record::{rules, rules_item};
use super::deletions::DynamoDeletions;
use super::organisations::stands;
use super::record::number;
use super::records::DynamoRecords;
use super::{get, read};

#[async_trait]
impl Retentions for DynamoDeletions {
    async fn retention(&self, org: OrgId) -> Stored<Retention> {
        const OPERATION: &str = "retentions.retention";
        let item = get(&self.client, &self.retention, OPERATION, org.to_string()).await?;
        Ok(read(OPERATION, item.as_ref(), rules)?.unwrap_or_default())
    }
}

/// Changes of the rules, in the table of rules; whoever makes them stands in the table of members.
#[derive(Debug, Clone)]
pub struct DynamoRetentions {
    retention: String,
    members: String,
    records: DynamoRecords,
}

impl DynamoRetentions {
    /// Over these tables; changes are recorded.
    pub fn new(
        retention: impl Into<String>,
        members: impl Into<String>,
        records: DynamoRecords,
    ) -> Self {
        Self {
            retention: retention.into(),
            members: members.into(),
            records,
        }
    }

    fn changed(
        &self,
        org: OrgId,
        (seen, next): (&Retention, &Retention),
        due: Option<&Due>,
    ) -> Result<TransactWriteItem, BuildError> {
        let put = Put::builder()
            .table_name(&self.retention)
            .set_item(Some(rules_item(org, next, due)));
        let put = if seen.version == 0 {
            put.condition_expression("attribute_not_exists(pk)")
        } else {
            put.condition_expression("#version = :seen")
                .expression_attribute_names("#version", "version")
                .expression_attribute_values(":seen", number(seen.version))
        };
        Ok(TransactWriteItem::builder().put(put.build()?).build())
    }
}

#[async_trait]
impl RetentionChanges for DynamoRetentions {
    async fn set_retention(
        &self,
        by: &Membership,
        (seen, next): (&Retention, &Retention),
        now: Timestamp,
        record: &Record,
    ) -> Stored<Change> {
        let due = Due::organisation(by.org, now);
        let due = next.rules().next().map(|_| due);
        let writes = || {
            Ok(vec![
                self.changed(by.org, (seen, next), due.as_ref())?,
                stands(&self.members, by)?,
            ])
        };
        let set = self
            .records
            .with("retentions.set_retention", writes(), record);
        set.await
    }
}
