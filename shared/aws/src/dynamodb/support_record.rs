//! What is granted to support, as a record of the table of members: `(organisation, grant)`.

use aws_sdk_dynamodb::types::AttributeValue;
use vault_domain::id::{OrgId, SupportId, UserId};
use vault_domain::support::{SupportGrant, SupportLevel, SupportPurpose};

use super::record::{Corrupt, Fields, Item, PK, SK, item, put_some, text, time};

/// The set of those of the staff who came by it.
pub(super) const USED_BY: &str = "used_by";

/// Key of a grant.
pub(super) fn key(org: OrgId, id: SupportId) -> Item {
    item([(PK, text(org.to_string())), (SK, text(id.to_string()))])
}

pub(super) fn to_item(grant: &SupportGrant) -> Item {
    let mut record = key(grant.org, grant.id);
    record.extend(item([
        ("to", text(grant.to.to_string())),
        ("purpose", text(grant.purpose.as_str())),
        ("level", text(grant.level.as_str())),
        ("granted_by", text(grant.granted_by.to_string())),
        ("granted_at", time(grant.granted_at)),
        ("ends_at", time(grant.expires_at)),
    ]));
    put_some(&mut record, "ended_at", grant.ended_at.map(time));
    let used_by: Vec<_> = grant.used_by.iter().map(ToString::to_string).collect();
    // There is no empty set in DynamoDB.
    let used_by = Some(used_by).filter(|users| !users.is_empty());
    put_some(&mut record, USED_BY, used_by.map(AttributeValue::Ss));
    record
}

pub(super) fn from_item(item: &Item) -> Result<SupportGrant, Corrupt> {
    let fields = Fields(item);
    Ok(SupportGrant {
        org: fields.parsed(PK, |text| OrgId::parse(text).ok())?,
        id: fields.parsed(SK, |text| SupportId::parse(text).ok())?,
        to: fields.parsed("to", |text| OrgId::parse(text).ok())?,
        purpose: fields.parsed("purpose", SupportPurpose::stored)?,
        level: fields.parsed("level", |text| SupportLevel::parse(text).ok())?,
        granted_by: fields.parsed("granted_by", |text| UserId::parse(text).ok())?,
        granted_at: fields.time("granted_at")?,
        expires_at: fields.time("ends_at")?,
        ended_at: fields.optional("ended_at", Fields::time)?,
        used_by: used_by(item)?,
    })
}

fn used_by(item: &Item) -> Result<Vec<UserId>, Corrupt> {
    let Some(users) = item.get(USED_BY) else {
        return Ok(Vec::new());
    };
    let users = users.as_ss().map_err(|_| Corrupt(USED_BY))?.iter();
    let users = users.map(|text| UserId::parse(text).ok());
    let mut users: Vec<_> = users.collect::<Option<_>>().ok_or(Corrupt(USED_BY))?;
    users.sort_unstable();
    Ok(users)
}

#[cfg(test)]
pub(super) mod tests {
    use vault_domain::time::Timestamp;

    use super::super::record::checks::reads_back;
    use super::*;

    pub(in crate::dynamodb) fn grant() -> SupportGrant {
        SupportGrant {
            id: SupportId::from_octets([1; 16]),
            org: OrgId::from_octets([2; 16]),
            to: OrgId::from_octets([3; 16]),
            purpose: SupportPurpose::parse("Ticket 7").unwrap(),
            level: SupportLevel::Watch,
            granted_by: UserId::from_octets([4; 16]),
            granted_at: Timestamp(5),
            expires_at: Timestamp(6),
            ended_at: None,
            used_by: Vec::new(),
        }
    }

    #[test]
    fn a_grant_reads_back_and_a_broken_one_is_corrupt() {
        let required = [
            PK,
            SK,
            "to",
            "purpose",
            "level",
            "granted_by",
            "granted_at",
            "ends_at",
        ];
        reads_back(&grant(), &to_item(&grant()), from_item, &required);
        let ended = SupportGrant {
            ended_at: Some(Timestamp(7)),
            used_by: vec![UserId::from_octets([8; 16]), UserId::from_octets([9; 16])],
            ..grant()
        };
        reads_back(&ended, &to_item(&ended), from_item, &required);
    }
}
