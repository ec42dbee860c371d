//! What one-time links do, over the tables of links, of users and of members.

use async_trait::async_trait;
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{ConditionCheck, Delete, Put, TransactWriteItem, Update};
use vault_domain::audit::Record;
use vault_domain::credential::{Email, Role, User};
use vault_domain::id::UserId;
use vault_domain::member::{Account, Invitation, MAX_ORGANISATIONS, Membership};
use vault_domain::ports::{Change, Joiner, Joining, Recovery, Reset, Stored};
use vault_domain::time::Timestamp;
use vault_domain::token::Digest;

use super::links::{is_newest, used};
use super::record::{Item, flag, number, text, texts_of, time};
use super::records::DynamoRecords;
use super::transact::salt;
use super::{invitations, members, users};

/// Names of the tables that links change.
#[derive(Debug, Clone)]
pub struct RecoveryTables {
    /// The table of links.
    pub links: String,
    /// The table of users.
    pub users: String,
    /// The table of members.
    pub members: String,
}

/// The effects of links.
#[derive(Debug, Clone)]
pub struct DynamoRecovery {
    tables: RecoveryTables,
    records: DynamoRecords,
}

type Write = Result<TransactWriteItem, BuildError>;

impl DynamoRecovery {
    /// Over these tables; what links do is recorded.
    pub const fn new(tables: RecoveryTables, records: DynamoRecords) -> Self {
        Self { tables, records }
    }

    fn password(&self, reset: &Reset) -> Write {
        let update = Update::builder()
            .table_name(&self.tables.users)
            .set_key(Some(users::user_key(reset.user)))
            .update_expression("SET #hash = :hash, verified = :yes")
            .condition_expression("email = :email")
            .expression_attribute_names("#hash", "hash")
            .expression_attribute_values(":hash", text(&reset.hash.0))
            .expression_attribute_values(":yes", flag(true))
            .expression_attribute_values(":email", text(reset.email.as_str()))
            .build()?;
        Ok(TransactWriteItem::builder().update(update).build())
    }

    fn sessions_ended(&self, reset: &Reset) -> Write {
        let update = Update::builder()
            .table_name(&self.tables.members)
            .set_key(Some(members::account_key(reset.user)))
            .update_expression("SET sessions_from = :from")
            .condition_expression("#active = :yes")
            .expression_attribute_names("#active", "active")
            .expression_attribute_values(":from", time(reset.sessions_from))
            .expression_attribute_values(":yes", flag(true))
            .build()?;
        Ok(TransactWriteItem::builder().update(update).build())
    }

    fn verified(&self, user: UserId, email: &Email) -> Write {
        let update = Update::builder()
            .table_name(&self.tables.users)
            .set_key(Some(users::user_key(user)))
            .update_expression("SET verified = :yes")
            .condition_expression("email = :email")
            .expression_attribute_values(":yes", flag(true))
            .expression_attribute_values(":email", text(email.as_str()))
            .build()?;
        Ok(TransactWriteItem::builder().update(update).build())
    }

    fn is_verified(&self, user: UserId, email: &Email) -> Write {
        let check = ConditionCheck::builder()
            .table_name(&self.tables.users)
            .set_key(Some(users::user_key(user)))
            .condition_expression("email = :email AND verified = :yes")
            .expression_attribute_values(":yes", flag(true))
            .expression_attribute_values(":email", text(email.as_str()))
            .build()?;
        Ok(TransactWriteItem::builder().condition_check(check).build())
    }

    fn invitation_removed(&self, invitation: &Invitation, now: Timestamp) -> Write {
        let delete = Delete::builder()
            .table_name(&self.tables.members)
            .set_key(Some(invitations::key(invitation.org, invitation.id)))
            .condition_expression("attempt = :attempt AND ends_at > :now")
            .expression_attribute_values(":attempt", number(invitation.attempt))
            .expression_attribute_values(":now", time(now))
            .build()?;
        Ok(TransactWriteItem::builder().delete(delete).build())
    }

    /// The organisation is there; one owner more, if that is what joins.
    fn organisation(&self, membership: &Membership) -> Write {
        let key = members::organisation_key(membership.org);
        if membership.role == Role::Owner {
            let update = Update::builder()
                .table_name(&self.tables.members)
                .set_key(Some(key))
                .update_expression("ADD owners :one")
                .condition_expression("attribute_exists(pk)")
                .expression_attribute_values(":one", number(1_u64))
                .build()?;
            return Ok(TransactWriteItem::builder().update(update).build());
        }
        let check = ConditionCheck::builder()
            .table_name(&self.tables.members)
            .set_key(Some(key))
            .condition_expression("attribute_exists(pk)")
            .build()?;
        Ok(TransactWriteItem::builder().condition_check(check).build())
    }

    /// One organisation more in an account; with the end of its sessions, if its password is another.
    fn belongs(&self, membership: &Membership, reset: Option<&Reset>) -> Write {
        let ended = if reset.is_some() {
            ", sessions_from = :from"
        } else {
            ""
        };
        let org = membership.org;
        let update = Update::builder()
            .table_name(&self.tables.members)
            .set_key(Some(members::account_key(membership.user)))
            .update_expression(format!("SET orgs = list_append(orgs, :orgs){ended}"))
            .condition_expression(
                "#active = :yes AND size(orgs) < :most AND NOT contains(orgs, :org)",
            )
            .expression_attribute_names("#active", "active")
            .expression_attribute_values(":yes", flag(true))
            .expression_attribute_values(":most", number(MAX_ORGANISATIONS as u64))
            .expression_attribute_values(":org", text(org.to_string()))
            .expression_attribute_values(":orgs", texts_of(&[org]));
        let update = match reset {
            Some(reset) => update.expression_attribute_values(":from", time(reset.sessions_from)),
            None => update,
        };
        Ok(TransactWriteItem::builder().update(update.build()?).build())
    }

    fn newcomer(
        &self,
        user: &User,
        account: &Account,
    ) -> Result<Vec<TransactWriteItem>, BuildError> {
        let users = &self.tables.users;
        Ok(vec![
            new_record(users, users::pointer_item(user))?,
            new_record(users, users::to_item(user))?,
            new_record(&self.tables.members, members::account_item(account))?,
        ])
    }

    fn joined(
        &self,
        link: Digest,
        joining: &Joining,
        now: Timestamp,
    ) -> Result<Vec<TransactWriteItem>, BuildError> {
        let (invitation, place) = (&joining.invitation, &joining.membership);
        let mut writes = vec![
            used(&self.tables.links, link, now)?,
            self.invitation_removed(invitation, now)?,
            self.organisation(place)?,
            new_record(&self.tables.members, members::membership_item(place))?,
        ];
        writes.extend(match &joining.joiner {
            Joiner::Known(user) => vec![
                self.is_verified(*user, &invitation.email)?,
                self.belongs(place, None)?,
            ],
            Joiner::Proven(reset) => {
                vec![self.password(reset)?, self.belongs(place, Some(reset))?]
            }
            Joiner::New(user, account) => self.newcomer(user, account)?,
        });
        Ok(writes)
    }
}

fn new_record(table: &str, item: Item) -> Write {
    let put = Put::builder()
        .table_name(table)
        .set_item(Some(item))
        .condition_expression("attribute_not_exists(pk)")
        .build()?;
    Ok(TransactWriteItem::builder().put(put).build())
}

#[async_trait]
impl Recovery for DynamoRecovery {
    async fn reset(
        &self,
        link: Digest,
        reset: &Reset,
        now: Timestamp,
        records: &[Record],
    ) -> Stored<Change> {
        let links = &self.tables.links;
        let writes = || {
            Ok(vec![
                used(links, link, now)?,
                is_newest(links, reset.user, link)?,
                self.password(reset)?,
                self.sessions_ended(reset)?,
            ])
        };
        let request = ("recovery.reset", salt(link));
        self.records.with_all(request, writes(), records).await
    }

    async fn join(
        &self,
        link: Digest,
        joining: &Joining,
        now: Timestamp,
        records: &[Record],
    ) -> Stored<Change> {
        let request = ("recovery.join", salt(link));
        let writes = self.joined(link, joining, now);
        self.records.with_all(request, writes, records).await
    }

    async fn verify(
        &self,
        link: Digest,
        user: UserId,
        email: &Email,
        now: Timestamp,
    ) -> Stored<Change> {
        let writes = || {
            Ok(vec![
                used(&self.tables.links, link, now)?,
                self.verified(user, email)?,
            ])
        };
        let request = ("recovery.verify", salt(link));
        self.records.with_all(request, writes(), &[]).await
    }
}
