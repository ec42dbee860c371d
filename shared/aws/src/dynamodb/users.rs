//! The table of users, how they prove who they are: `email#<address>` points to `user#<id>`.

use std::convert::Infallible;

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{
    Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update,
};
use vault_domain::credential::{Email, PasswordHash, User};
use vault_domain::id::{OrgId, UserId};
use vault_domain::member::{Account, Organisation, Person};
use vault_domain::ports::{Directory, Members, NewOwner, OwnerOutcome, Stored, Users};
use vault_domain::time::Timestamp;

use super::members::{self, DynamoMembers};
use super::record::{Corrupt, Fields, Item, PK, flag, item, text};
use super::transact::{Reasons, Request, Written, write};
use super::{get, read};

const CREATE: &str = "directory.create_owner";
const SET_HASH: &str = "directory.set_hash";

/// The table of users.
#[derive(Debug, Clone)]
pub struct DynamoUsers {
    client: Client,
    table: String,
}

impl DynamoUsers {
    /// The users in this table.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self {
            client,
            table: table.into(),
        }
    }

    async fn user(&self, operation: &'static str, id: UserId) -> Stored<Option<User>> {
        let item = get(&self.client, &self.table, operation, user_pk(id)).await?;
        read(operation, item.as_ref(), from_item)
    }
}

pub(super) fn email_pk(email: &Email) -> String {
    format!("email#{}", email.as_str())
}

pub(super) fn user_pk(id: UserId) -> String {
    format!("user#{id}")
}

/// Whose address is which, of a record of which nothing else was asked for.
pub(super) fn address(item: &Item) -> Result<(UserId, Email), Corrupt> {
    let fields = Fields(item);
    let id = fields.parsed(PK, |pk| UserId::parse(pk.strip_prefix("user#")?).ok())?;
    Ok((id, fields.parsed("email", |text| Email::parse(text).ok())?))
}

/// Key of a user.
pub(super) fn user_key(id: UserId) -> Item {
    item([(PK, text(user_pk(id)))])
}

/// What points from an address to its user.
pub(super) fn pointer_item(user: &User) -> Item {
    item([
        (PK, text(email_pk(&user.email))),
        ("user_id", text(user.id.to_string())),
    ])
}

pub(super) fn to_item(user: &User) -> Item {
    item([
        (PK, text(user_pk(user.id))),
        ("email", text(user.email.as_str())),
        ("verified", flag(user.verified)),
        ("hash", text(&user.hash.0)),
    ])
}

fn from_item(item: &Item) -> Result<User, Corrupt> {
    let fields = Fields(item);
    Ok(User {
        id: fields.parsed(PK, |pk| UserId::parse(pk.strip_prefix("user#")?).ok())?,
        email: fields.parsed("email", |text| Email::parse(text).ok())?,
        verified: fields.flag("verified")?,
        hash: PasswordHash(fields.text("hash")?.to_owned()),
    })
}

#[async_trait]
impl Users for DynamoUsers {
    /// Two reads whether or not the address is known: time must not tell.
    async fn by_email(&self, email: &Email) -> Stored<Option<User>> {
        const OPERATION: &str = "users.by_email";
        let pointer = get(&self.client, &self.table, OPERATION, email_pk(email)).await?;
        let id = read(OPERATION, pointer.as_ref(), |item| {
            Fields(item).parsed("user_id", |text| UserId::parse(text).ok())
        })?;
        let nobody = UserId::from_octets([0; 16]);
        let user = self.user(OPERATION, id.unwrap_or(nobody)).await?;
        Ok(user.filter(|user| id == Some(user.id) && user.email == *email))
    }

    async fn by_id(&self, id: UserId) -> Stored<Option<User>> {
        self.user("users.by_id", id).await
    }
}

/// The directory: who they are and where they stand, changed together.
#[derive(Debug, Clone)]
pub struct DynamoDirectory {
    users: DynamoUsers,
    members: DynamoMembers,
    table: String,
}

impl DynamoDirectory {
    /// Over the tables of users and of members.
    pub fn new(client: Client, users: impl Into<String>, members: impl Into<String>) -> Self {
        let table = members.into();
        Self {
            users: DynamoUsers::new(client.clone(), users),
            members: DynamoMembers::new(client, &table),
            table,
        }
    }

    fn new_owner(&self, owner: &NewOwner) -> Result<Vec<TransactWriteItem>, BuildError> {
        let users = &self.users.table;
        let pointer = pointer_item(&owner.user);
        [
            (users, pointer),
            (users, to_item(&owner.user)),
            (&self.table, members::account_item(&owner.account)),
            (&self.table, members::membership_item(&owner.membership)),
            (&self.table, members::organisation_item(&owner.organisation)),
        ]
        .into_iter()
        .map(|(table, item)| new_record(table, item))
        .collect()
    }

    fn hash_set(&self, user: UserId, hash: &PasswordHash) -> Result<TransactWriteItem, BuildError> {
        let update = Update::builder()
            .table_name(&self.users.table)
            .key(PK, text(user_pk(user)))
            .update_expression("SET #hash = :hash")
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_names("#hash", "hash")
            .expression_attribute_values(":hash", text(&hash.0))
            .build()?;
        Ok(TransactWriteItem::builder().update(update).build())
    }

    const fn request(&self, operation: &'static str, user: UserId) -> Request<'_> {
        Request {
            client: &self.users.client,
            operation,
            salt: *user.octets(),
        }
    }
}

#[async_trait]
impl Users for DynamoDirectory {
    async fn by_email(&self, email: &Email) -> Stored<Option<User>> {
        self.users.by_email(email).await
    }
    async fn by_id(&self, id: UserId) -> Stored<Option<User>> {
        self.users.by_id(id).await
    }
}

#[async_trait]
impl Members for DynamoDirectory {
    async fn account(&self, user: UserId) -> Stored<Option<Account>> {
        self.members.account(user).await
    }
    async fn organisation(&self, org: OrgId) -> Stored<Option<Organisation>> {
        self.members.organisation(org).await
    }
    async fn person(&self, user: UserId, org: OrgId) -> Stored<Person> {
        self.members.person(user, org).await
    }
}

#[async_trait]
impl Directory for DynamoDirectory {
    async fn create_owner(&self, owner: &NewOwner) -> Stored<OwnerOutcome> {
        let request = self.request(CREATE, owner.user.id);
        let taken = write(&request, self.new_owner(owner), taken_by).await?;
        Ok(match taken {
            Written::Applied => OwnerOutcome::Created,
            Written::Refused(id) if id == owner.user.id.to_string() => OwnerOutcome::Created,
            Written::Refused(_) => OwnerOutcome::AddressTaken,
        })
    }

    async fn set_hash(
        &self,
        user: UserId,
        hash: &PasswordHash,
        sessions_from: Timestamp,
    ) -> Stored<()> {
        let writes = || {
            Ok(vec![
                self.hash_set(user, hash)?,
                members::sessions_ended(&self.table, user, sessions_from)?,
            ])
        };
        let nothing_decides = |_: &Reasons| None::<Infallible>;
        write(&self.request(SET_HASH, user), writes(), nothing_decides).await?;
        Ok(())
    }
}

fn new_record(table: &str, item: Item) -> Result<TransactWriteItem, BuildError> {
    let put = Put::builder()
        .table_name(table)
        .set_item(Some(item))
        .condition_expression("attribute_not_exists(pk)")
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
        .build()?;
    Ok(TransactWriteItem::builder().put(put).build())
}

/// Whose the address is, if the transaction was cancelled because it is taken.
fn taken_by(reasons: &Reasons) -> Option<String> {
    let holder = || reasons.there(0).map(|item| Fields(item).text("user_id"));
    let holder = reasons.is_unmet(0).then(holder)?;
    Some(holder.and_then(Result::ok).unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use vault_domain::credential::Role;
    use vault_domain::member::{Membership, OrgName};

    use super::super::record::checks::reads_back;
    use super::*;
    use crate::replay::{Replay, cancelled, cancelled_for};

    fn ada() -> User {
        User {
            id: UserId::from_octets([1; 16]),
            email: Email::parse("ada@example.org").unwrap(),
            verified: true,
            hash: PasswordHash("$2b$12$x".to_owned()),
        }
    }

    fn owner() -> NewOwner {
        let (user, org) = (ada().id, OrgId::from_octets([2; 16]));
        NewOwner {
            organisation: Organisation {
                id: org,
                name: OrgName::parse("Acme").unwrap(),
                owners: 1,
                require_second_factor: false,
                sessions_from: Timestamp(0),
            },
            account: Account {
                user,
                active: true,
                sessions_from: Timestamp(1_000),
                orgs: vec![org],
                second_factor: false,
            },
            membership: Membership {
                org,
                user,
                role: Role::Owner,
                active: true,
                since: Timestamp(1_000),
                sessions_from: Timestamp(0),
            },
            user: ada(),
        }
    }

    fn users(replay: &Replay) -> DynamoUsers {
        DynamoUsers::new(Client::new(&replay.config()), "users")
    }

    #[test]
    fn a_user_reads_back_and_a_broken_one_is_corrupt() {
        let all = [PK, "email", "verified", "hash"];
        reads_back(&ada(), &to_item(&ada()), from_item, &all);
    }

    #[tokio::test]
    async fn an_unknown_address_costs_as_many_consistent_reads_as_a_known_one() {
        let ada = ada();
        let pointer = format!(
            r#"{{"Item":{{"pk":{{"S":"x"}},"user_id":{{"S":"{}"}}}}}}"#,
            ada.id
        );
        for first in [pointer.as_str(), "{}"] {
            let replay = Replay::of(&[(200, first), (200, "{}")]);
            let found = users(&replay).by_email(&ada.email).await.unwrap();
            assert_eq!(found, None);
            assert_eq!(replay.count(), 2);
            for index in 0..2 {
                assert!(replay.body(index).contains(r#""ConsistentRead":true"#));
            }
        }
    }

    #[tokio::test]
    async fn an_owner_whose_first_try_took_effect_is_created() {
        let ada = ada();
        for (holder, outcome) in [
            (ada.id, OwnerOutcome::Created),
            (UserId::from_octets([9; 16]), OwnerOutcome::AddressTaken),
        ] {
            let there = json!({ "user_id": { "S": holder.to_string() } });
            let unmet = json!({ "Code": "ConditionalCheckFailed", "Item": there });
            let taken = cancelled_for(&[unmet, json!({}), json!({})]);
            let busy = cancelled(&["None", "TransactionConflict", "None"]);
            let replay = Replay::of(&[(400, &busy), (400, &taken)]);
            let client = Client::new(&replay.config());
            let directory = DynamoDirectory::new(client, "users", "members");
            assert_eq!(directory.create_owner(&owner()).await.unwrap(), outcome);
            let body = replay.body(1);
            assert_eq!(body.matches("attribute_not_exists(pk)").count(), 5);
        }
    }
}
