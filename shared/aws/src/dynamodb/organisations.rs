//! Organisations over the table of members, and of the table of users the addresses alone.

mod changes;
mod erasure;

use std::collections::HashMap;

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::BuildError;
use vault_domain::audit::Record;
use vault_domain::credential::Email;
use vault_domain::id::{InvitationId, OrgId, UserId};
use vault_domain::member::{After, Invitation, Membership, Person};
use vault_domain::ports::{
    Invited, Listed, MemberPage, Organisations, Settings, Settled, StoreError, Stored,
};

use super::reads::{Wanted, batch};
use super::record::{Fields, Item, text};
use super::records::DynamoRecords;
use super::transact::{Reasons, Request, Written, write};
use super::{invitations, members, read, users};
use changes::Change;
pub(super) use changes::stands;

pub use erasure::{DynamoErasures, ErasureTables};

/// Organisations.
#[derive(Debug, Clone)]
pub struct DynamoOrganisations {
    client: Client,
    users: String,
    members: String,
    records: DynamoRecords,
}

impl DynamoOrganisations {
    /// Over the tables of users and of members; changes are recorded.
    pub fn new(
        client: Client,
        users: impl Into<String>,
        members: impl Into<String>,
        records: DynamoRecords,
    ) -> Self {
        Self {
            client,
            users: users.into(),
            members: members.into(),
            records,
        }
    }

    /// One page of places, and whether more may follow.
    async fn places(
        &self,
        operation: &'static str,
        org: OrgId,
        after: Option<UserId>,
        limit: u32,
    ) -> Stored<(Vec<Membership>, bool)> {
        let request = self.client.query().table_name(&self.members);
        let sent = request
            .consistent_read(true)
            .key_condition_expression("pk = :org AND begins_with(sk, :user)")
            .expression_attribute_values(":org", text(org.to_string()))
            .expression_attribute_values(":user", text(UserId::PREFIX))
            .set_exclusive_start_key(after.map(|user| members::membership_key(org, user)))
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .send()
            .await;
        let output = sent.map_err(|error| StoreError::new(operation, error))?;
        let items = output.items.unwrap_or_default();
        let places: Result<Vec<_>, _> = items.iter().map(members::membership).collect();
        let places = places.map_err(|corrupt| StoreError::new(operation, corrupt))?;
        Ok((places, output.last_evaluated_key.is_some()))
    }

    /// All invitations, page by page: a few more than there should be do not hide one.
    async fn all_invitations(
        &self,
        operation: &'static str,
        org: OrgId,
    ) -> Stored<Vec<Invitation>> {
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let request = self.client.query().table_name(&self.members);
            let sent = request
                .consistent_read(true)
                .key_condition_expression("pk = :org AND begins_with(sk, :invitation)")
                .expression_attribute_values(":org", text(org.to_string()))
                .expression_attribute_values(":invitation", text(InvitationId::PREFIX))
                .set_exclusive_start_key(after)
                .send()
                .await;
            let output = sent.map_err(|error| StoreError::new(operation, error))?;
            for item in output.items.unwrap_or_default() {
                let invitation = invitations::from_item(&item);
                all.push(invitation.map_err(|corrupt| StoreError::new(operation, corrupt))?);
            }
            after = output.last_evaluated_key;
            if after.is_none() {
                return Ok(all);
            }
        }
    }

    /// Addresses by user; of the users nothing else is asked for.
    async fn addresses(
        &self,
        operation: &'static str,
        places: &[Membership],
    ) -> Stored<HashMap<UserId, Email>> {
        let wanted = places.iter().map(|place| Wanted {
            only: Some(("pk, #email", &[("#email", "email")])),
            ..Wanted::of(&self.users, users::user_pk(place.user))
        });
        let found = batch(&self.client, operation, wanted).await?;
        let addresses = found.all(&self.users).map(users::address);
        let addresses: Result<_, _> = addresses.collect();
        addresses.map_err(|corrupt| StoreError::new(operation, corrupt))
    }

    /// Who of them has a second factor.
    async fn second_factors(
        &self,
        operation: &'static str,
        places: &[Membership],
    ) -> Stored<HashMap<UserId, bool>> {
        let wanted = places.iter();
        let wanted = wanted.map(|p| Wanted::at(&self.members, members::account_key(p.user)));
        let found = batch(&self.client, operation, wanted).await?;
        let accounts = found.all(&self.members).map(members::account);
        let flags: Result<_, _> = accounts
            .map(|account| account.map(|account| (account.user, account.second_factor)))
            .collect();
        flags.map_err(|corrupt| StoreError::new(operation, corrupt))
    }

    /// One record, of which only these attributes are asked for.
    async fn only(&self, operation: &'static str, wanted: Wanted<'_>) -> Stored<Option<Item>> {
        let table = wanted.table.to_owned();
        let found = batch(&self.client, operation, [wanted]).await?;
        Ok(found.first(&table).cloned())
    }

    async fn written(
        &self,
        operation: &'static str,
        change: Result<Change, BuildError>,
        record: &Record,
    ) -> Stored<Settled> {
        let change = change.map_err(|error| StoreError::new(operation, error))?;
        let request = Request {
            client: &self.client,
            operation,
            salt: change.salt,
        };
        let judge = |reasons: &Reasons| settled(reasons, change.owners);
        let writes = self.records.recorded(Ok(change.items), record);
        Ok(match write(&request, writes, judge).await? {
            Written::Applied => Settled::Applied,
            Written::Refused(settled) => settled,
        })
    }
}

/// `owners`: the place of the owners' count in the transaction.
fn settled(reasons: &Reasons, owners: Option<usize>) -> Option<Settled> {
    // A collision may hide that a condition is not met: only clear answers decide.
    if reasons.any_collided() {
        return None;
    }
    match reasons.unmet()[..] {
        [] => None,
        // Everything else is as it was seen, so there is no other owner.
        [only] if Some(only) == owners => Some(Settled::LastOwner),
        _ => Some(Settled::Stale),
    }
}

#[async_trait]
impl Organisations for DynamoOrganisations {
    async fn members(&self, org: OrgId, after: Option<UserId>, limit: u32) -> Stored<MemberPage> {
        const OPERATION: &str = "organisations.members";
        let (places, more) = self.places(OPERATION, org, after, limit).await?;
        if places.is_empty() {
            return Ok(MemberPage::default());
        }
        let mut addresses = self.addresses(OPERATION, &places).await?;
        let factors = self.second_factors(OPERATION, &places).await?;
        let next = places.last().filter(|_| more).map(|last| last.user);
        let members = places.into_iter().map(|membership| Listed {
            membership,
            email: addresses.remove(&membership.user),
            second_factor: factors.get(&membership.user).is_some_and(|has| *has),
        });
        Ok(MemberPage {
            members: members.collect(),
            next,
        })
    }

    /// Two reads whether or not the address is known: time must not tell.
    async fn by_address(&self, org: OrgId, email: &Email) -> Stored<Option<Membership>> {
        const OPERATION: &str = "organisations.by_address";
        let pointer = Wanted {
            only: Some(("pk, user_id", &[])),
            ..Wanted::of(&self.users, users::email_pk(email))
        };
        let pointer = self.only(OPERATION, pointer).await?;
        let user = read(OPERATION, pointer.as_ref(), |item| {
            Fields(item).parsed("user_id", |text| UserId::parse(text).ok())
        })?;
        let nobody = UserId::from_octets([0; 16]);
        let key = members::membership_key(org, user.unwrap_or(nobody));
        let place = self.only(OPERATION, Wanted::at(&self.members, key)).await?;
        read(OPERATION, place.as_ref(), members::membership)
    }

    async fn replace(
        &self,
        by: &Membership,
        seen: &Person,
        next: After,
        record: &Record,
    ) -> Stored<Settled> {
        const OPERATION: &str = "organisations.replace";
        if next == After::Same {
            return Ok(Settled::Applied);
        }
        match changes::of_place(&self.members, by, seen, next).transpose() {
            Some(change) => self.written(OPERATION, change, record).await,
            None => Ok(Settled::Stale),
        }
    }

    async fn settle(
        &self,
        by: &Membership,
        settings: &Settings,
        record: &Record,
    ) -> Stored<Settled> {
        const OPERATION: &str = "organisations.settle";
        if *settings == Settings::default() {
            return Ok(Settled::Applied);
        }
        let change = changes::of_settings(&self.members, by, settings);
        self.written(OPERATION, change, record).await
    }

    /// The version first: what is read after it is at least as new.
    async fn invited(&self, org: OrgId) -> Stored<Invited> {
        const OPERATION: &str = "organisations.invited";
        let version = Wanted::at(&self.members, changes::invited_key(org));
        let version = self.only(OPERATION, version).await?;
        let version = read(OPERATION, version.as_ref(), |item| {
            Fields(item).number("version")
        })?;
        Ok(Invited {
            version: version.unwrap_or_default(),
            invitations: self.all_invitations(OPERATION, org).await?,
        })
    }

    async fn invite(
        &self,
        by: &Membership,
        version: u64,
        invitation: &Invitation,
        instead: &[InvitationId],
        record: &Record,
    ) -> Stored<Settled> {
        const OPERATION: &str = "organisations.invite";
        let change = changes::of_invitation(&self.members, by, version, invitation, instead);
        self.written(OPERATION, change, record).await
    }

    async fn uninvite(
        &self,
        org: OrgId,
        id: InvitationId,
        record: &Record,
    ) -> Stored<vault_domain::ports::Change> {
        let gone = changes::uninvited(&self.members, org, id).map(|write| vec![write]);
        let records = &self.records;
        records.with("organisations.uninvite", gone, record).await
    }
}

#[cfg(test)]
mod tests;
