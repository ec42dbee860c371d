//! Invitations, in the table of members: `(organisation, invitation)`.

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure;
use vault_domain::credential::{Email, Role};
use vault_domain::id::{InvitationId, OrgId};
use vault_domain::member::{Actor, Invitation};
use vault_domain::ports::{Change, Invitations, LISTED_INVITATIONS, StoreError, Stored};

use super::record::{Corrupt, Fields, Item, PK, SK, item, number, text, time};
use super::{put_new, read, unmet_put};

/// The table of members, as far as invitations go.
#[derive(Debug, Clone)]
pub struct DynamoInvitations {
    client: Client,
    table: String,
}

impl DynamoInvitations {
    /// The invitations in this table.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self {
            client,
            table: table.into(),
        }
    }
}

/// Key of an invitation.
pub(super) fn key(org: OrgId, id: InvitationId) -> Item {
    item([(PK, text(org.to_string())), (SK, text(id.to_string()))])
}

pub(super) fn to_item(invitation: &Invitation) -> Item {
    let mut record = key(invitation.org, invitation.id);
    record.extend(item([
        ("email", text(invitation.email.as_str())),
        ("role", text(invitation.role.as_str())),
        ("attempt", number(invitation.attempt)),
        ("ends_at", time(invitation.expires_at)),
        ("invited_by", text(invitation.invited_by.to_string())),
    ]));
    record
}

pub(super) fn from_item(item: &Item) -> Result<Invitation, Corrupt> {
    let fields = Fields(item);
    Ok(Invitation {
        org: fields.parsed(PK, |text| OrgId::parse(text).ok())?,
        id: fields.parsed(SK, |text| InvitationId::parse(text).ok())?,
        email: fields.parsed("email", |text| Email::parse(text).ok())?,
        role: fields.parsed("role", |text| Role::parse(text).ok())?,
        attempt: fields.number("attempt")?,
        expires_at: fields.time("ends_at")?,
        invited_by: fields.parsed("invited_by", |text| Actor::parse(text).ok())?,
    })
}

#[async_trait]
impl Invitations for DynamoInvitations {
    async fn create(&self, invitation: &Invitation) -> Stored<()> {
        const OPERATION: &str = "invitations.create";
        put_new(&self.client, &self.table, OPERATION, to_item(invitation)).await
    }

    async fn get(&self, org: OrgId, id: InvitationId) -> Stored<Option<Invitation>> {
        const OPERATION: &str = "invitations.get";
        let request = self.client.get_item().table_name(&self.table);
        let sent = request
            .set_key(Some(key(org, id)))
            .consistent_read(true)
            .send()
            .await;
        let output = sent.map_err(|error| StoreError::new(OPERATION, error))?;
        read(OPERATION, output.item.as_ref(), from_item)
    }

    async fn list(&self, org: OrgId) -> Stored<Vec<Invitation>> {
        const OPERATION: &str = "invitations.list";
        let request = self.client.query().table_name(&self.table);
        let sent = request
            .key_condition_expression("pk = :org AND begins_with(sk, :prefix)")
            .expression_attribute_values(":org", text(org.to_string()))
            .expression_attribute_values(":prefix", text(InvitationId::PREFIX))
            .consistent_read(true)
            .limit(i32::try_from(LISTED_INVITATIONS).unwrap_or(i32::MAX))
            .send()
            .await;
        let output = sent.map_err(|error| StoreError::new(OPERATION, error))?;
        let items = output.items.unwrap_or_default();
        let invitations = items.iter().map(from_item).collect::<Result<_, _>>();
        invitations.map_err(|corrupt| StoreError::new(OPERATION, corrupt))
    }

    async fn renew(&self, next: &Invitation) -> Stored<Change> {
        const OPERATION: &str = "invitations.renew";
        let record = to_item(next);
        let request = self.client.put_item().table_name(&self.table);
        let sent = request
            .set_item(Some(record.clone()))
            .condition_expression("attempt = :before")
            .expression_attribute_values(":before", number(next.attempt.saturating_sub(1)))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        let Err(error) = sent else {
            return Ok(Change::Applied);
        };
        let there = unmet_put(error).map_err(|error| StoreError::new(OPERATION, error))?;
        // Our own first try took effect, or another's that wanted the very same.
        Ok(if there == Some(record) {
            Change::Applied
        } else {
            Change::NotApplied
        })
    }
}

#[cfg(test)]
mod tests {
    use vault_domain::id::UserId;
    use vault_domain::time::Timestamp;

    use super::super::record::checks::reads_back;
    use super::*;
    use crate::replay::Replay;

    fn invitation() -> Invitation {
        Invitation {
            id: InvitationId::from_octets([1; 16]),
            org: OrgId::from_octets([2; 16]),
            email: Email::parse("ada@example.org").unwrap(),
            role: Role::Editor,
            attempt: 2,
            expires_at: Timestamp(9_000),
            invited_by: Actor::User(UserId::from_octets([3; 16])),
        }
    }

    #[test]
    fn an_invitation_reads_back_and_a_broken_one_is_corrupt() {
        let all = [PK, SK, "email", "role", "attempt", "ends_at", "invited_by"];
        reads_back(&invitation(), &to_item(&invitation()), from_item, &all);
    }

    #[tokio::test]
    async fn a_renewal_whose_first_try_took_effect_is_applied() {
        let of = |attempt: u32| {
            let Invitation { id, org, .. } = invitation();
            format!(
                r#"{{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","Item":{{
                "pk":{{"S":"{org}"}},"sk":{{"S":"{id}"}},"email":{{"S":"ada@example.org"}},"role":{{"S":"editor"}},
                "attempt":{{"N":"{attempt}"}},"ends_at":{{"N":"9000"}},"invited_by":{{"S":"{}"}}}}}}"#,
                invitation().invited_by
            )
        };
        for (there, change) in [(2, Change::Applied), (5, Change::NotApplied)] {
            let replay = Replay::of(&[(400, &of(there))]);
            let invitations = DynamoInvitations::new(Client::new(&replay.config()), "members");
            assert_eq!(invitations.renew(&invitation()).await.unwrap(), change);
        }
    }
}
