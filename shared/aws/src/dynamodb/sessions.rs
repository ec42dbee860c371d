//! The table of login sessions.

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure;
use vault_domain::audit::Record;
use vault_domain::id::{OrgId, SessionId, UserId};
use vault_domain::ports::{Change, Rotation, SESSIONS_LISTED, Sessions, StoreError, Stored};
use vault_domain::time::Timestamp;
use vault_domain::token::{Device, Digest, Session};

use super::record::{Corrupt, Fields, Item, PK, flag, item, number, octets, put_some, text, time};
use super::records::{DynamoRecords, put_fresh, update};
use super::transact::{Reasons, Written, write};
use super::{SESSION_SLACK, TTL, get, read, unmet_update};

/// The index of sessions by their user and the moment they were opened.
const BY_USER: &str = "by-user";
/// The most sessions of one listing, as DynamoDB wants it.
const LISTED: i32 = 100;
const _: () = assert!(LISTED as usize == SESSIONS_LISTED);

/// The table of login sessions.
#[derive(Debug, Clone)]
pub struct DynamoSessions {
    client: Client,
    table: String,
    records: DynamoRecords,
}

impl DynamoSessions {
    /// The sessions in this table; their beginnings and ends are recorded.
    pub fn new(client: Client, table: impl Into<String>, records: DynamoRecords) -> Self {
        Self {
            client,
            table: table.into(),
            records,
        }
    }
}

fn to_item(session: &Session) -> Item {
    let mut item = item([
        (PK, text(session.id.to_string())),
        ("user", text(session.user.to_string())),
        ("org", text(session.org.to_string())),
        ("generation", number(session.generation)),
        ("nonce", octets(&session.nonce)),
        ("active", text(session.active.hex())),
        ("opened_at", time(session.opened_at)),
        ("authenticated_at", time(session.authenticated_at)),
        ("rotated_at", time(session.rotated_at)),
        ("device", text(session.device.as_str())),
        ("address", text(session.address.to_string())),
        ("second_factor", flag(session.second_factor)),
        ("ends_at", time(session.expires_at)),
        ("revoked", flag(session.revoked)),
        (TTL, time(session.expires_at.plus(SESSION_SLACK))),
    ]);
    let parent = session.parent.map(|digest| text(digest.hex()));
    put_some(&mut item, "parent", parent);
    item
}

pub(super) fn from_item(item: &Item) -> Result<Session, Corrupt> {
    let fields = Fields(item);
    let digest = |fields: Fields<'_>, name| fields.parsed(name, Digest::from_hex);
    Ok(Session {
        id: fields.parsed(PK, |text| SessionId::parse(text).ok())?,
        user: fields.parsed("user", |text| UserId::parse(text).ok())?,
        org: fields.parsed("org", |text| OrgId::parse(text).ok())?,
        generation: fields.number("generation")?,
        nonce: fields.octets("nonce")?,
        active: digest(fields, "active")?,
        parent: fields.optional("parent", digest)?,
        opened_at: fields.time("opened_at")?,
        authenticated_at: fields.time("authenticated_at")?,
        rotated_at: fields.time("rotated_at")?,
        expires_at: fields.time("ends_at")?,
        revoked: fields.flag("revoked")?,
        device: Device::of(fields.text("device")?),
        address: fields.parsed("address", |text| text.parse().ok())?,
        second_factor: fields.flag("second_factor")?,
    })
}

#[async_trait]
impl Sessions for DynamoSessions {
    /// One that is there as it is to be was stored by this very request, its record with it.
    async fn open(&self, session: &Session, record: &Record) -> Stored<()> {
        const OPERATION: &str = "sessions.open";
        let request = self.records.request(OPERATION, record);
        let writes = put_fresh(&self.table, to_item(session)).map(|put| vec![put]);
        let writes = self.records.recorded(writes, record);
        let there = |reasons: &Reasons| reasons.is_unmet(0).then_some(());
        if write(&request, writes, there).await? == Written::Applied {
            return Ok(());
        }
        match self.get(session.id).await? {
            Some(known) if known == *session => Ok(()),
            _ => Err(StoreError::new(
                OPERATION,
                "there is another record of this id",
            )),
        }
    }

    async fn get(&self, id: SessionId) -> Stored<Option<Session>> {
        const OPERATION: &str = "sessions.get";
        let item = get(&self.client, &self.table, OPERATION, id.to_string()).await?;
        read(OPERATION, item.as_ref(), from_item)
    }

    async fn rotate(&self, presented: Digest, next: &Session, now: Timestamp) -> Stored<Rotation> {
        const OPERATION: &str = "sessions.rotate";
        let request = self.client.update_item().table_name(&self.table);
        let sent = request
            .key(PK, text(next.id.to_string()))
            .update_expression(
                "SET #active = :next, #parent = :parent, #generation = :generation, #nonce = :nonce, rotated_at = :rotated_at",
            )
            .condition_expression("#active = :presented AND revoked = :no AND ends_at > :now")
            .expression_attribute_names("#active", "active")
            .expression_attribute_names("#parent", "parent")
            .expression_attribute_names("#generation", "generation")
            .expression_attribute_names("#nonce", "nonce")
            .expression_attribute_values(":next", text(next.active.hex()))
            .expression_attribute_values(":presented", text(presented.hex()))
            .expression_attribute_values(":parent", text(next.parent.unwrap_or(presented).hex()))
            .expression_attribute_values(":rotated_at", time(next.rotated_at))
            .expression_attribute_values(":generation", number(next.generation))
            .expression_attribute_values(":nonce", octets(&next.nonce))
            .expression_attribute_values(":now", time(now))
            .expression_attribute_values(":no", flag(false))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        let Err(error) = sent else {
            return Ok(Rotation::Rotated);
        };
        let item = unmet_update(error).map_err(|error| StoreError::new(OPERATION, error))?;
        Ok(match read(OPERATION, item.as_ref(), from_item)? {
            None => Rotation::Gone,
            // Our own first try took effect: nobody else can have made this token.
            Some(current) if current.active == next.active && !current.revoked => Rotation::Rotated,
            Some(current) => Rotation::Stale(Box::new(current)),
        })
    }

    async fn revoke(&self, id: SessionId, record: &Record) -> Stored<Change> {
        let request = self.client.update_item().table_name(&self.table);
        let request = request
            .key(PK, text(id.to_string()))
            .update_expression("SET revoked = :yes")
            .condition_expression("revoked = :no")
            .expression_attribute_values(":yes", flag(true))
            .expression_attribute_values(":no", flag(false));
        let writes = update(&request).map(|update| vec![update]);
        self.records.with("sessions.revoke", writes, record).await
    }

    async fn list(&self, user: UserId, after: Option<&Session>) -> Stored<Vec<Session>> {
        const OPERATION: &str = "sessions.list";
        let start = after.map(|session| {
            item([
                (PK, text(session.id.to_string())),
                ("user", text(session.user.to_string())),
                ("opened_at", time(session.opened_at)),
            ])
        });
        let request = self.client.query().table_name(&self.table);
        let sent = request
            .index_name(BY_USER)
            .key_condition_expression("#user = :user")
            .expression_attribute_names("#user", "user")
            .expression_attribute_values(":user", text(user.to_string()))
            // The latest first: who has opened more than a hundred sees those.
            .scan_index_forward(false)
            .limit(LISTED)
            .set_exclusive_start_key(start)
            .send()
            .await;
        let output = sent.map_err(|error| StoreError::new(OPERATION, error))?;
        let sessions = output.items.unwrap_or_default();
        let sessions = sessions.iter().map(from_item).collect::<Result<_, _>>();
        sessions.map_err(|corrupt| StoreError::new(OPERATION, corrupt))
    }

    async fn reauthenticated(
        &self,
        id: SessionId,
        at: Timestamp,
        second_factor: bool,
    ) -> Stored<Change> {
        const OPERATION: &str = "sessions.reauthenticated";
        let request = self.client.update_item().table_name(&self.table);
        let mut values = item([(":at", time(at)), (":no", flag(false))]);
        if second_factor {
            values.insert(":yes".to_owned(), flag(true));
        }
        let sent = request
            .key(PK, text(id.to_string()))
            .update_expression(if second_factor {
                "SET authenticated_at = :at, second_factor = :yes"
            } else {
                "SET authenticated_at = :at"
            })
            .condition_expression("revoked = :no AND ends_at > :at")
            .set_expression_attribute_values(Some(values))
            .send()
            .await;
        let Err(error) = sent else {
            return Ok(Change::Applied);
        };
        unmet_update(error).map_err(|error| StoreError::new(OPERATION, error))?;
        Ok(Change::NotApplied)
    }
}

#[cfg(test)]
mod tests {
    use super::super::record::checks::reads_back;
    use super::*;
    use crate::replay::Replay;

    fn session() -> Session {
        Session {
            id: SessionId::from_octets([1; 16]),
            user: UserId::from_octets([2; 16]),
            org: OrgId::from_octets([9; 16]),
            generation: 3,
            nonce: [4; 16],
            active: Digest([5; 32]),
            parent: Some(Digest([6; 32])),
            opened_at: Timestamp(5),
            authenticated_at: Timestamp(6),
            rotated_at: Timestamp(7),
            expires_at: Timestamp(8_000),
            revoked: false,
            device: Device::of("Firefox"),
            address: [192, 0, 2, 1].into(),
            second_factor: true,
        }
    }

    #[test]
    fn a_session_reads_back_and_a_broken_one_is_corrupt() {
        let required = [
            PK,
            "user",
            "org",
            "generation",
            "nonce",
            "active",
            "opened_at",
            "authenticated_at",
            "rotated_at",
            "device",
            "address",
            "second_factor",
            "ends_at",
            "revoked",
        ];
        reads_back(&session(), &to_item(&session()), from_item, &required);
        let first = Session {
            parent: None,
            ..session()
        };
        reads_back(&first, &to_item(&first), from_item, &required);
    }

    #[tokio::test]
    async fn a_rotation_whose_first_try_took_effect_is_rotated_and_any_other_is_stale() {
        for (active, revoked, rotated) in [(5, false, true), (5, true, false), (9, false, false)] {
            let active = Digest([active; 32]).hex();
            let answer = format!(
                r#"{{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","Item":{{
                "pk":{{"S":"{}"}},"user":{{"S":"{}"}},"org":{{"S":"{}"}},"device":{{"S":"x"}},"address":{{"S":"192.0.2.1"}},"second_factor":{{"BOOL":false}},
                "opened_at":{{"N":"5"}},"authenticated_at":{{"N":"6"}},"generation":{{"N":"3"}},"nonce":{{"B":"BAQEBAQEBAQEBAQEBAQEBA=="}},
                "active":{{"S":"{active}"}},"rotated_at":{{"N":"7"}},"ends_at":{{"N":"8000"}},"revoked":{{"BOOL":{revoked}}}}}}}"#,
                session().id,
                session().user,
                session().org
            );
            let replay = Replay::of(&[(400, &answer)]);
            let sessions = DynamoSessions::new(
                Client::new(&replay.config()),
                "sessions",
                DynamoRecords::new(Client::new(&replay.config()), "audit"),
            );
            let rotation = sessions
                .rotate(Digest([6; 32]), &session(), Timestamp(7))
                .await
                .unwrap();
            assert_eq!(
                matches!(rotation, Rotation::Rotated),
                rotated,
                "{rotation:?}"
            );
            assert_eq!(matches!(rotation, Rotation::Stale(_)), !rotated);
        }
    }
}
