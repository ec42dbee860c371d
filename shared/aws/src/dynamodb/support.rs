//! What is granted to support, over the table of members, and of the table of users the addresses of those who came.

use std::collections::HashMap;

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{AttributeValue, Delete, Put, TransactWriteItem, Update};
use vault_domain::audit::Record;
use vault_domain::credential::Email;
use vault_domain::id::{OrgId, SupportId, UserId};
use vault_domain::member::Membership;
use vault_domain::ports::{
    Change, Granted, Settled, StoreError, Stored, SupportEntries, SupportGrants,
};
use vault_domain::support::SupportGrant;

use super::organisations::stands;
use super::reads::{Wanted, batch};
use super::record::{Fields, Item, PK, SK, item, number, text, time};
use super::records::DynamoRecords;
use super::support_record::{USED_BY, from_item, key, to_item};
use super::{read, users};

/// Keys of one read at most.
const BATCH: usize = 100;

/// What is granted to support.
#[derive(Debug, Clone)]
pub struct DynamoSupport {
    client: Client,
    members: String,
    /// Without it nobody's address is told.
    users: Option<String>,
    records: DynamoRecords,
}

impl DynamoSupport {
    /// Over the tables of members and, where addresses are told, of users; changes are recorded.
    pub fn new(
        client: Client,
        members: impl Into<String>,
        users: Option<String>,
        records: DynamoRecords,
    ) -> Self {
        Self {
            client,
            members: members.into(),
            users,
            records,
        }
    }

    /// All grants, page by page: a few more than there should be do not hide one.
    async fn all(&self, operation: &'static str, org: OrgId) -> Stored<Vec<SupportGrant>> {
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let request = self.client.query().table_name(&self.members);
            let sent = request
                .consistent_read(true)
                .key_condition_expression("pk = :org AND begins_with(sk, :support)")
                .expression_attribute_values(":org", text(org.to_string()))
                .expression_attribute_values(":support", text(SupportId::PREFIX))
                .set_exclusive_start_key(after)
                .send()
                .await;
            let output = sent.map_err(|error| StoreError::new(operation, error))?;
            for item in output.items.unwrap_or_default() {
                all.push(from_item(&item).map_err(|corrupt| StoreError::new(operation, corrupt))?);
            }
            after = output.last_evaluated_key;
            if after.is_none() {
                return Ok(all);
            }
        }
    }

    fn change(
        &self,
        org: OrgId,
        id: SupportId,
    ) -> aws_sdk_dynamodb::types::builders::UpdateBuilder {
        Update::builder()
            .table_name(&self.members)
            .set_key(Some(key(org, id)))
    }

    /// One grant more was made, if none was since.
    fn counted(&self, org: OrgId, version: u64) -> Result<TransactWriteItem, BuildError> {
        let next = Update::builder()
            .table_name(&self.members)
            .set_key(Some(count_key(org)))
            .update_expression("SET version = :next")
            .expression_attribute_values(":next", number(version.saturating_add(1)));
        let next = if version == 0 {
            next.condition_expression("attribute_not_exists(pk)")
        } else {
            next.condition_expression("version = :version")
                .expression_attribute_values(":version", number(version))
        };
        Ok(TransactWriteItem::builder().update(next.build()?).build())
    }

    fn granting(
        &self,
        by: &Membership,
        version: u64,
        grant: &SupportGrant,
        instead: &[SupportId],
    ) -> Result<Vec<TransactWriteItem>, BuildError> {
        let put = Put::builder()
            .table_name(&self.members)
            .set_item(Some(to_item(grant)))
            .condition_expression("attribute_not_exists(pk)")
            .build()?;
        let mut writes = vec![
            self.counted(grant.org, version)?,
            TransactWriteItem::builder().put(put).build(),
            stands(&self.members, by)?,
        ];
        for id in instead {
            let delete = Delete::builder()
                .table_name(&self.members)
                .set_key(Some(key(grant.org, *id)))
                .condition_expression("attribute_exists(pk)")
                .build()?;
            writes.push(TransactWriteItem::builder().delete(delete).build());
        }
        Ok(writes)
    }

    fn ending(
        &self,
        by: &Membership,
        id: SupportId,
        record: &Record,
    ) -> Result<Vec<TransactWriteItem>, BuildError> {
        let update = self
            .change(by.org, id)
            .update_expression("SET ended_at = :now")
            .condition_expression("attribute_exists(pk) AND attribute_not_exists(ended_at)")
            .expression_attribute_values(":now", time(record.at));
        Ok(vec![
            TransactWriteItem::builder().update(update.build()?).build(),
            stands(&self.members, by)?,
        ])
    }

    fn entering(
        &self,
        org: OrgId,
        id: SupportId,
        user: UserId,
        record: &Record,
    ) -> Result<Vec<TransactWriteItem>, BuildError> {
        let update = self
            .change(org, id)
            .update_expression("ADD #used_by :user")
            .condition_expression(
                "attribute_exists(pk) AND attribute_not_exists(ended_at) AND ends_at > :now",
            )
            .expression_attribute_names("#used_by", USED_BY)
            .expression_attribute_values(":user", AttributeValue::Ss(vec![user.to_string()]))
            .expression_attribute_values(":now", time(record.at));
        Ok(vec![
            TransactWriteItem::builder().update(update.build()?).build(),
        ])
    }
}

/// Key of the count of grants that an organisation made.
fn count_key(org: OrgId) -> Item {
    item([(PK, text(org.to_string())), (SK, text("supported"))])
}

const fn settled(change: Change) -> Settled {
    match change {
        Change::Applied => Settled::Applied,
        Change::NotApplied => Settled::Stale,
    }
}

#[async_trait]
impl SupportGrants for DynamoSupport {
    /// The version first: what is read after it is at least as new.
    async fn granted(&self, org: OrgId) -> Stored<Granted> {
        const OPERATION: &str = "support.granted";
        let wanted = Wanted::at(&self.members, count_key(org));
        let found = batch(&self.client, OPERATION, [wanted]).await?;
        let version = read(OPERATION, found.first(&self.members), |item| {
            Fields(item).number("version")
        })?;
        Ok(Granted {
            version: version.unwrap_or_default(),
            grants: self.all(OPERATION, org).await?,
        })
    }

    async fn grant(
        &self,
        by: &Membership,
        version: u64,
        grant: &SupportGrant,
        instead: &[SupportId],
        record: &Record,
    ) -> Stored<Settled> {
        let writes = self.granting(by, version, grant, instead);
        let stored = self.records.with("support.grant", writes, record).await;
        stored.map(settled)
    }

    async fn end(&self, by: &Membership, id: SupportId, record: &Record) -> Stored<Settled> {
        let writes = self.ending(by, id, record);
        let stored = self.records.with("support.end", writes, record).await;
        stored.map(settled)
    }

    async fn addresses(&self, of: &[UserId]) -> Stored<Vec<(UserId, Email)>> {
        const OPERATION: &str = "support.addresses";
        let Some(table) = &self.users else {
            return Ok(Vec::new());
        };
        let mut all: HashMap<UserId, Email> = HashMap::new();
        for some in of.chunks(BATCH) {
            let wanted = some.iter().map(|user| Wanted {
                only: Some(("pk, #email", &[("#email", "email")])),
                ..Wanted::of(table, users::user_pk(*user))
            });
            let found = batch(&self.client, OPERATION, wanted).await?;
            for item in found.all(table) {
                let (user, email) =
                    users::address(item).map_err(|corrupt| StoreError::new(OPERATION, corrupt))?;
                all.insert(user, email);
            }
        }
        Ok(all.into_iter().collect())
    }
}

#[async_trait]
impl SupportEntries for DynamoSupport {
    async fn support(&self, org: OrgId, id: SupportId) -> Stored<Option<SupportGrant>> {
        const OPERATION: &str = "support.support";
        let wanted = Wanted::at(&self.members, key(org, id));
        let found = batch(&self.client, OPERATION, [wanted]).await?;
        read(OPERATION, found.first(&self.members), from_item)
    }

    async fn enter(
        &self,
        org: OrgId,
        id: SupportId,
        user: UserId,
        record: &Record,
    ) -> Stored<Change> {
        let writes = self.entering(org, id, user, record);
        self.records.with("support.enter", writes, record).await
    }
}

#[cfg(test)]
mod tests {
    use super::super::support_record::tests::grant;
    use super::*;
    use crate::replay::{Replay, cancelled};

    fn support(replay: &Replay) -> DynamoSupport {
        let client = Client::new(&replay.config());
        let records = DynamoRecords::new(client.clone(), "audit");
        DynamoSupport::new(client, "members", None, records)
    }

    /// Who came and the record of it are one transaction, under the condition that what was granted stands.
    #[tokio::test]
    async fn coming_in_is_recorded_under_the_condition_that_it_stands() {
        let unmet = cancelled(&["ConditionalCheckFailed", "None"]);
        let replay = Replay::of(&[(200, "{}"), (400, &unmet)]);
        let record = super::super::audit_record::tests::record();
        let (org, id, user) = (grant().org, grant().id, grant().granted_by);
        for wanted in [Change::Applied, Change::NotApplied] {
            let entered = support(&replay).enter(org, id, user, &record).await;
            assert_eq!(entered.unwrap(), wanted);
        }
        let body: serde_json::Value = serde_json::from_str(&replay.body(0)).unwrap();
        let writes = body["TransactItems"].as_array().unwrap();
        assert_eq!(writes.len(), 2);
        let condition = writes[0]["Update"]["ConditionExpression"].as_str().unwrap();
        assert!(condition.contains("attribute_not_exists(ended_at) AND ends_at > :now"));
        assert_eq!(writes[1]["Put"]["TableName"], "audit");
    }

    #[tokio::test]
    async fn without_the_table_of_users_nobodys_address_is_told() {
        let replay = Replay::of(&[]);
        let told = support(&replay).addresses(&[grant().granted_by]).await;
        assert_eq!(told.unwrap(), []);
    }
}
