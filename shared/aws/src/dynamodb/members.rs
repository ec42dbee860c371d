//! The table of members: where people stand. `(user, "account")`, `(organisation, user)`, `(organisation, "org")`.

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{TransactWriteItem, Update};
use vault_domain::credential::Role;
use vault_domain::id::{GroupId, OrgId, UserId};
use vault_domain::member::{Account, Membership, OrgName, Organisation, Person, Standing, Subject};
use vault_domain::ports::{Members, Standings, StoreError, Stored};
use vault_domain::support::{Staff, SupportStanding};
use vault_domain::time::Timestamp;

use super::reads::{Found, Wanted, batch};
use super::record::{Corrupt, Fields, Item, PK, SK, flag, item, number, text, texts_of, time};
use super::spread_record::SPREAD;
use super::{clients_record, read, sessions, shares_record, spread_record, support_record};

/// Sort key of an account.
const ACCOUNT: &str = "account";
/// Sort key of an organisation.
const ORGANISATION: &str = "org";

/// The table of members.
#[derive(Debug, Clone)]
pub struct DynamoMembers {
    client: Client,
    table: String,
}

impl DynamoMembers {
    /// The members in this table.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self {
            client,
            table: table.into(),
        }
    }

    async fn one(&self, operation: &'static str, key: Item) -> Stored<Option<Item>> {
        let request = self.client.get_item().table_name(&self.table);
        let sent = request.set_key(Some(key)).consistent_read(true).send();
        let output = sent.await;
        Ok(output
            .map_err(|error| StoreError::new(operation, error))?
            .item)
    }
}

/// Key of an account.
pub(super) fn account_key(user: UserId) -> Item {
    item([(PK, text(user.to_string())), (SK, text(ACCOUNT))])
}

/// The write that ends all sessions of an account that is there.
pub(super) fn sessions_ended(
    table: &str,
    user: UserId,
    from: Timestamp,
) -> Result<TransactWriteItem, BuildError> {
    let update = Update::builder()
        .table_name(table)
        .set_key(Some(account_key(user)))
        .update_expression("SET sessions_from = :from")
        .condition_expression("attribute_exists(pk)")
        .expression_attribute_values(":from", time(from))
        .build()?;
    Ok(TransactWriteItem::builder().update(update).build())
}

/// Key of a place in an organisation.
pub(super) fn membership_key(org: OrgId, user: UserId) -> Item {
    item([(PK, text(org.to_string())), (SK, text(user.to_string()))])
}

/// Key of an organisation.
pub(super) fn organisation_key(org: OrgId) -> Item {
    item([(PK, text(org.to_string())), (SK, text(ORGANISATION))])
}

pub(super) fn account_item(account: &Account) -> Item {
    let mut record = account_key(account.user);
    record.extend(item([
        ("active", flag(account.active)),
        ("sessions_from", time(account.sessions_from)),
        ("orgs", texts_of(&account.orgs)),
        ("second_factor", flag(account.second_factor)),
    ]));
    record
}

pub(super) fn account(item: &Item) -> Result<Account, Corrupt> {
    let fields = Fields(item);
    Ok(Account {
        user: fields.parsed(PK, |text| UserId::parse(text).ok())?,
        active: fields.flag("active")?,
        sessions_from: fields.time("sessions_from")?,
        orgs: fields.texts("orgs", |text| OrgId::parse(text).ok())?,
        second_factor: fields.flag("second_factor")?,
    })
}

pub(super) fn membership_item(membership: &Membership) -> Item {
    let mut record = membership_key(membership.org, membership.user);
    record.extend(item([
        ("role", text(membership.role.as_str())),
        ("active", flag(membership.active)),
        ("since", time(membership.since)),
        ("sessions_from", time(membership.sessions_from)),
    ]));
    record
}

pub(super) fn membership(item: &Item) -> Result<Membership, Corrupt> {
    let fields = Fields(item);
    Ok(Membership {
        org: fields.parsed(PK, |text| OrgId::parse(text).ok())?,
        user: fields.parsed(SK, |text| UserId::parse(text).ok())?,
        role: fields.parsed("role", |text| Role::parse(text).ok())?,
        active: fields.flag("active")?,
        since: fields.time("since")?,
        sessions_from: fields.time("sessions_from")?,
    })
}

/// The groups that someone is in, as their place in the organisation says.
pub(super) fn groups_of(item: &Item) -> Result<Vec<GroupId>, Corrupt> {
    let groups = Fields(item).optional("groups", |fields, name| {
        fields.texts(name, |text| GroupId::parse(text).ok())
    })?;
    Ok(groups.unwrap_or_default())
}

pub(super) fn organisation_item(organisation: &Organisation) -> Item {
    let mut record = organisation_key(organisation.id);
    record.extend(item([
        ("name", text(organisation.name.as_str())),
        ("owners", number(organisation.owners)),
        ("second_factor", flag(organisation.require_second_factor)),
        ("sessions_from", time(organisation.sessions_from)),
    ]));
    record
}

pub(super) fn organisation(item: &Item) -> Result<Organisation, Corrupt> {
    let fields = Fields(item);
    Ok(Organisation {
        id: fields.parsed(PK, |text| OrgId::parse(text).ok())?,
        name: fields.parsed("name", OrgName::stored)?,
        owners: fields.number("owners")?,
        require_second_factor: fields.flag("second_factor")?,
        sessions_from: fields.time("sessions_from")?,
    })
}

/// The three records of a person are told apart by their sort keys.
fn person(operation: &'static str, found: &Found, members: &str) -> Stored<Person> {
    let mut person = Person::default();
    for item in found.all(members) {
        match Fields(item).text(SK) {
            Ok(ACCOUNT) => person.account = read(operation, Some(item), account)?,
            Ok(ORGANISATION) => person.organisation = read(operation, Some(item), organisation)?,
            // No record of a person, but read with theirs.
            Ok(SPREAD) => {}
            _ => {
                person.membership = read(operation, Some(item), membership)?;
                person.groups = read(operation, Some(item), groups_of)?.unwrap_or_default();
            }
        }
    }
    Ok(person)
}

#[async_trait]
impl Members for DynamoMembers {
    async fn account(&self, user: UserId) -> Stored<Option<Account>> {
        const OPERATION: &str = "members.account";
        let item = self.one(OPERATION, account_key(user)).await?;
        read(OPERATION, item.as_ref(), account)
    }

    async fn organisation(&self, org: OrgId) -> Stored<Option<Organisation>> {
        const OPERATION: &str = "members.organisation";
        let item = self.one(OPERATION, organisation_key(org)).await?;
        read(OPERATION, item.as_ref(), organisation)
    }

    async fn person(&self, user: UserId, org: OrgId) -> Stored<Person> {
        const OPERATION: &str = "members.person";
        let wanted = [
            Wanted::at(&self.table, account_key(user)),
            Wanted::at(&self.table, membership_key(org, user)),
            Wanted::at(&self.table, organisation_key(org)),
        ];
        let found = batch(&self.client, OPERATION, wanted).await?;
        person(OPERATION, &found, &self.table)
    }
}

/// Names of the tables in which standing is read.
#[derive(Debug, Clone)]
pub struct StandingTables {
    /// The table of members.
    pub members: String,
    /// The table of login sessions.
    pub sessions: String,
    /// The table of API keys.
    pub clients: String,
    /// The table of shares; without it, whoever holds a link stands nowhere.
    pub shares: Option<String>,
    /// The organisation whose members are the operator's staff; without it, support stands nowhere.
    pub support: Option<OrgId>,
}

impl StandingTables {
    /// What a batch must ask for to know where a subject stands in an organisation.
    pub(super) fn wanted(&self, subject: &Subject, org: OrgId) -> Vec<Wanted<'_>> {
        match subject {
            Subject::Person { user, session } => vec![
                Wanted::at(&self.members, account_key(*user)),
                Wanted::at(&self.members, membership_key(org, *user)),
                Wanted::at(&self.members, organisation_key(org)),
                Wanted::of(&self.sessions, session.to_string()),
            ],
            Subject::ApiKey(id) => vec![Wanted::of(&self.clients, id.to_string())],
            Subject::Share { asset, share } => {
                let shares = self.shares.iter();
                let key = || shares_record::key(*asset, *share);
                shares.map(|table| Wanted::at(table, key())).collect()
            }
            Subject::Support(staff) => self.of_support(staff, org),
        }
    }

    fn of_support(&self, staff: &Staff, org: OrgId) -> Vec<Wanted<'_>> {
        let Some(operator) = self.support else {
            return Vec::new();
        };
        let mut keys = vec![
            support_record::key(org, staff.support),
            account_key(staff.granted_by),
            membership_key(org, staff.granted_by),
            organisation_key(operator),
        ];
        // One may be both: whoever asks for the same twice is refused.
        for key in [
            account_key(staff.user),
            membership_key(operator, staff.user),
        ] {
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        let keys = keys.into_iter();
        let mut wanted: Vec<_> = keys.map(|key| Wanted::at(&self.members, key)).collect();
        wanted.push(Wanted::of(&self.sessions, staff.session.to_string()));
        wanted
    }

    fn support_of(
        &self,
        operation: &'static str,
        found: &Found,
        (staff, org): (&Staff, OrgId),
    ) -> Stored<Option<Box<SupportStanding>>> {
        let at = |key: Item| found.at(&self.members, &key);
        let grant = at(support_record::key(org, staff.support));
        let grant = read(operation, grant, support_record::from_item)?;
        let Some((operator, grant)) = self.support.zip(grant) else {
            return Ok(None);
        };
        let account = |user| read(operation, at(account_key(user)), account);
        let place = |org, user| read(operation, at(membership_key(org, user)), membership);
        let home = at(organisation_key(operator));
        let session = found.first(&self.sessions);
        Ok(Some(Box::new(SupportStanding {
            operator,
            staff: Person {
                account: account(staff.user)?,
                membership: place(operator, staff.user)?,
                organisation: read(operation, home, organisation)?,
                groups: Vec::new(),
            },
            session: read(operation, session, sessions::from_item)?,
            granter: Person {
                account: account(staff.granted_by)?,
                membership: place(org, staff.granted_by)?,
                ..Person::default()
            },
            grant,
        })))
    }

    /// Where the subject stands, by what the batch found.
    pub(super) fn standing(
        &self,
        operation: &'static str,
        found: &Found,
        (subject, org): (&Subject, OrgId),
    ) -> Stored<Standing> {
        let mut standing = Standing::default();
        match subject {
            Subject::ApiKey(_) => {
                let client = found.first(&self.clients);
                standing.client = read(operation, client, clients_record::from_item)?;
            }
            Subject::Share { .. } => {
                let shares = self.shares.as_ref();
                let share = shares.and_then(|table| found.first(table));
                standing.share = read(operation, share, shares_record::from_item)?;
            }
            Subject::Person { .. } => {
                let session = found.first(&self.sessions);
                standing.person = person(operation, found, &self.members)?;
                standing.session = read(operation, session, sessions::from_item)?;
            }
            Subject::Support(staff) => {
                standing.support = self.support_of(operation, found, (staff, org))?;
            }
        }
        Ok(standing)
    }
}

/// Where subjects stand, each in one call.
#[derive(Debug, Clone)]
pub struct DynamoStandings {
    client: Client,
    tables: StandingTables,
    spread: bool,
}

impl DynamoStandings {
    /// Over these tables.
    pub const fn new(client: Client, tables: StandingTables) -> Self {
        Self {
            client,
            tables,
            spread: false,
        }
    }

    /// With the rule by which the organisation's views are looked at, in the same call.
    #[must_use]
    pub fn with_spread(self) -> Self {
        Self {
            spread: true,
            ..self
        }
    }
}

#[async_trait]
impl Standings for DynamoStandings {
    async fn standing(&self, subject: &Subject, org: OrgId) -> Stored<Standing> {
        const OPERATION: &str = "standings.standing";
        let mut wanted = self.tables.wanted(subject, org);
        if wanted.is_empty() {
            return Ok(Standing::default());
        }
        let rule = spread_record::key(org);
        if self.spread {
            wanted.push(Wanted::at(&self.tables.members, rule.clone()));
        }
        let found = batch(&self.client, OPERATION, wanted).await?;
        let standing = self.tables.standing(OPERATION, &found, (subject, org))?;
        let rule = found.at(&self.tables.members, &rule);
        let spread = read(OPERATION, rule, |item| spread_record::rule(Fields(item)))?;
        Ok(Standing { spread, ..standing })
    }
}

#[cfg(test)]
mod tests {
    use vault_domain::time::Timestamp;

    use super::super::record::checks::reads_back;
    use super::*;

    #[test]
    fn all_three_read_back_and_broken_ones_are_corrupt() {
        let (org, user) = (OrgId::from_octets([1; 16]), UserId::from_octets([2; 16]));
        let one = Account {
            user,
            active: true,
            sessions_from: Timestamp(3),
            orgs: vec![org],
            second_factor: true,
        };
        let required = [PK, "active", "sessions_from", "orgs", "second_factor"];
        reads_back(&one, &account_item(&one), account, &required);
        let one = Membership {
            org,
            user,
            role: Role::Editor,
            active: false,
            since: Timestamp(4),
            sessions_from: Timestamp(5),
        };
        let required = [PK, SK, "role", "active", "since", "sessions_from"];
        reads_back(&one, &membership_item(&one), membership, &required);
        let one = Organisation {
            id: org,
            name: OrgName::parse("Acme").unwrap(),
            owners: 2,
            require_second_factor: true,
            sessions_from: Timestamp(6),
        };
        let required = [PK, "name", "owners", "second_factor", "sessions_from"];
        reads_back(&one, &organisation_item(&one), organisation, &required);
    }
}
