//! The erasure of a person: one transaction over the tables of users, members, sessions and records.

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{Delete, TransactWriteItem};
use vault_domain::audit::Record;
use vault_domain::credential::User;
use vault_domain::id::SessionId;
use vault_domain::member::{Account, After, Membership, OwnersChange, Person};
use vault_domain::ports::{AccountErasures, Settled, StoreError, Stored};

use super::super::record::{PK, item, text, texts_of};
use super::super::records::DynamoRecords;
use super::super::transact::{Reasons, Written, write};
use super::super::{factors_record, members, users};
use super::{changes, settled};

/// Erasures of accounts.
#[derive(Debug, Clone)]
pub struct DynamoErasures {
    client: Client,
    tables: ErasureTables,
    records: DynamoRecords,
}

/// Tables in which people are.
#[derive(Debug, Clone)]
pub struct ErasureTables {
    /// How they prove who they are.
    pub users: String,
    /// Where they stand.
    pub members: String,
    /// Their login sessions.
    pub sessions: String,
}

impl DynamoErasures {
    /// Over these tables; erasures are recorded.
    pub const fn new(client: Client, tables: ErasureTables, records: DynamoRecords) -> Self {
        Self {
            client,
            tables,
            records,
        }
    }

    /// The writes, and which of them refuses to take the last owner away.
    fn writes(
        &self,
        place: &Membership,
        account: &Account,
        user: &User,
        session: SessionId,
    ) -> Result<(Vec<TransactWriteItem>, Option<usize>), BuildError> {
        let (users, members) = (&self.tables.users, &self.tables.members);
        let account = delete(members)
            .set_key(Some(members::account_key(account.user)))
            .condition_expression("orgs = :orgs")
            .expression_attribute_values(":orgs", texts_of(&[place.org]));
        let owner = delete(users)
            .key(PK, text(users::user_pk(user.id)))
            .condition_expression("#email = :email")
            .expression_attribute_names("#email", "email")
            .expression_attribute_values(":email", text(user.email.as_str()));
        let pointer = delete(users)
            .key(PK, text(users::email_pk(&user.email)))
            .condition_expression("user_id = :user")
            .expression_attribute_values(":user", text(user.id.to_string()));
        let factors = delete(users).key(PK, text(factors_record::pk(user.id)));
        let session = delete(&self.tables.sessions).key(PK, text(session.to_string()));
        let mut writes = vec![changes::gone(members, place)?];
        for delete in [account, owner, pointer, factors, session] {
            let delete = delete.build()?;
            writes.push(TransactWriteItem::builder().delete(delete).build());
        }
        let mut refuses = None;
        if After::Gone.owners(place) == OwnersChange::OneFewer {
            refuses = Some(writes.len());
            writes.push(changes::one_owner_fewer(members, place.org)?);
        }
        Ok((writes, refuses))
    }
}

fn delete(table: &str) -> aws_sdk_dynamodb::types::builders::DeleteBuilder {
    Delete::builder().table_name(table)
}

#[async_trait]
impl AccountErasures for DynamoErasures {
    async fn forget_session(&self, id: SessionId) -> Stored<()> {
        let request = self.client.delete_item().table_name(&self.tables.sessions);
        let key = item([(PK, text(id.to_string()))]);
        let sent = request.set_key(Some(key)).send().await;
        sent.map_err(|error| StoreError::new("erasures.forget_session", error))?;
        Ok(())
    }

    async fn erase(
        &self,
        seen: &Person,
        user: &User,
        session: SessionId,
        record: &Record,
    ) -> Stored<Settled> {
        const OPERATION: &str = "erasures.erase";
        let (Some(place), Some(account)) = (&seen.membership, &seen.account) else {
            return Ok(Settled::Stale);
        };
        let made = self.writes(place, account, user, session);
        let (writes, refuses) = made.map_err(|error| StoreError::new(OPERATION, error))?;
        let request = self.records.request(OPERATION, record);
        let writes = self.records.recorded(Ok(writes), record);
        let judge = |reasons: &Reasons| settled(reasons, refuses);
        Ok(match write(&request, writes, judge).await? {
            Written::Applied => Settled::Applied,
            Written::Refused(settled) => settled,
        })
    }
}
