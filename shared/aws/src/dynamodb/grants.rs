//! The table of grants: media tokens by their digests.

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use vault_domain::audit::Record;
use vault_domain::id::{AssetId, OrgId};
use vault_domain::member::Subject;
use vault_domain::ports::{Change, Grants, StoreError, Stored};
use vault_domain::token::{Action, Digest, Grant};

use super::record::{Corrupt, Fields, Item, PK, flag, item, number, put_some, text, time};
use super::records::{DynamoRecords, put_fresh};
use super::{TTL, TTL_SLACK, bounds_record, get, read};

/// Until when views may be opened, once the first was.
pub(super) const PLAY_UNTIL: &str = "play_until";
/// Digest of the secret of the device that opened the first view.
pub(super) const DEVICE: &str = "device";

/// The table of grants.
#[derive(Debug, Clone)]
pub struct DynamoGrants {
    client: Client,
    table: String,
    records: DynamoRecords,
}

impl DynamoGrants {
    /// The grants in this table; they are recorded.
    pub fn new(client: Client, table: impl Into<String>, records: DynamoRecords) -> Self {
        Self {
            client,
            table: table.into(),
            records,
        }
    }
}

pub(super) fn to_item(grant: &Grant) -> Item {
    let mut item = item([
        (PK, text(grant.digest.hex())),
        ("asset", text(grant.asset.to_string())),
        ("action", text(grant.action.as_str())),
        ("subject", text(grant.subject.to_string())),
        ("org", text(grant.org.to_string())),
        ("max_views", number(grant.max_views)),
        ("views", number(grant.views)),
        ("ends_at", time(grant.expires_at)),
        ("revoked", flag(grant.revoked)),
        (TTL, time(grant.expires_at.plus(TTL_SLACK))),
    ]);
    bounds_record::put(&mut item, &grant.bounds);
    put_some(&mut item, PLAY_UNTIL, grant.play_until.map(time));
    put_some(&mut item, DEVICE, grant.device.map(|own| text(own.hex())));
    item
}

/// Reads a grant.
pub(super) fn from_item(item: &Item) -> Result<Grant, Corrupt> {
    let fields = Fields(item);
    Ok(Grant {
        digest: fields.parsed(PK, Digest::from_hex)?,
        asset: fields.parsed("asset", |text| AssetId::parse(text).ok())?,
        action: fields.parsed("action", |text| Action::parse(text).ok())?,
        subject: fields.parsed("subject", Subject::parse)?,
        org: fields.parsed("org", |text| OrgId::parse(text).ok())?,
        max_views: fields.number("max_views")?,
        views: fields.number("views")?,
        expires_at: fields.time("ends_at")?,
        revoked: fields.flag("revoked")?,
        bounds: bounds_record::read(fields)?,
        play_until: fields.optional(PLAY_UNTIL, Fields::time)?,
        device: fields.optional(DEVICE, |fields, name| fields.parsed(name, Digest::from_hex))?,
    })
}

#[async_trait]
impl Grants for DynamoGrants {
    async fn create(&self, grant: &Grant, record: &Record) -> Stored<()> {
        const OPERATION: &str = "grants.create";
        let write = put_fresh(&self.table, to_item(grant)).map(|write| vec![write]);
        match self.records.with(OPERATION, write, record).await? {
            Change::Applied => Ok(()),
            Change::NotApplied => Err(StoreError::new(
                OPERATION,
                "there is another record of this id",
            )),
        }
    }

    async fn grant(&self, digest: Digest) -> Stored<Option<Grant>> {
        const OPERATION: &str = "grants.grant";
        let item = get(&self.client, &self.table, OPERATION, digest.hex()).await?;
        read(OPERATION, item.as_ref(), from_item)
    }
}

#[cfg(test)]
mod tests {
    use vault_domain::bounds::Bounds;
    use vault_domain::id::{SessionId, UserId};
    use vault_domain::time::Timestamp;

    use super::super::record::checks::reads_back;
    use super::*;

    #[test]
    fn a_grant_reads_back_and_a_broken_one_is_corrupt() {
        let grant = Grant {
            digest: Digest([1; 32]),
            asset: AssetId::from_octets([2; 16]),
            action: Action::Play,
            subject: Subject::Person {
                user: UserId::from_octets([3; 16]),
                session: SessionId::from_octets([8; 16]),
            },
            org: OrgId::from_octets([4; 16]),
            max_views: 5,
            views: 6,
            expires_at: Timestamp(7),
            revoked: true,
            bounds: bounds_record::tests::bounds(),
            play_until: Some(Timestamp(9)),
            device: Some(Digest([10; 32])),
        };
        let required = [
            PK,
            "asset",
            "action",
            "subject",
            "org",
            "max_views",
            "views",
            "ends_at",
            "revoked",
        ];
        reads_back(&grant, &to_item(&grant), from_item, &required);
        let unbounded = Grant {
            bounds: Bounds::default(),
            play_until: None,
            device: None,
            ..grant
        };
        let written = to_item(&unbounded);
        assert_eq!(
            written.len(),
            required.len() + 1,
            "nothing but {TTL} beside"
        );
        reads_back(&unbounded, &written, from_item, &required);
    }
}
