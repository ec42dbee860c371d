//! API keys as records.

use aws_sdk_dynamodb::types::AttributeValue;
use vault_domain::api_key::{ApiKey, KeyRole, Label, Scopes};
use vault_domain::id::{ApiKeyId, OrgId, UserId};
use vault_domain::network::Networks;
use vault_domain::token::Digest;

use super::clients::KEYS;
use super::record::{Corrupt, Fields, Item, PK, flag, item, put_some, text, time};

pub(super) fn to_item(key: &ApiKey) -> Item {
    let mut item = item([
        (PK, text(key.id.to_string())),
        ("org", text(key.org.to_string())),
        ("name", text(key.name.as_str())),
        ("role", text(key.role.role().as_str())),
        ("scopes", text(key.scopes.to_string())),
        ("active", text(key.active.hex())),
        ("created_by", text(key.created_by.to_string())),
        ("created_at", time(key.created_at)),
        ("networks", text(key.networks.to_string())),
        ("revoked", flag(key.revoked)),
    ]);
    let (previous, until) = key.previous.unzip();
    put_some(&mut item, "previous", previous.map(|d| text(d.hex())));
    put_some(&mut item, "previous_until", until.map(time));
    put_some(&mut item, "ends_at", key.expires_at.map(time));
    put_some(&mut item, "last_used", key.last_used.map(time));
    item
}

pub(super) fn from_item(item: &Item) -> Result<ApiKey, Corrupt> {
    let fields = Fields(item);
    let previous = fields.optional("previous", |f, name| f.parsed(name, Digest::from_hex))?;
    let previous = previous.map(|digest| Ok((digest, fields.time("previous_until")?)));
    Ok(ApiKey {
        id: fields.parsed(PK, |text| ApiKeyId::parse(text).ok())?,
        org: fields.parsed("org", |text| OrgId::parse(text).ok())?,
        name: fields.parsed("name", Label::stored)?,
        role: fields.parsed("role", |text| KeyRole::parse(text).ok())?,
        scopes: fields.parsed("scopes", |text| Scopes::parse(text).ok())?,
        active: fields.parsed("active", Digest::from_hex)?,
        previous: previous.transpose()?,
        created_by: fields.parsed("created_by", |text| UserId::parse(text).ok())?,
        created_at: fields.time("created_at")?,
        expires_at: fields.optional("ends_at", Fields::time)?,
        networks: fields.parsed("networks", |text| Networks::parse(text).ok())?,
        last_used: fields.optional("last_used", Fields::time)?,
        revoked: fields.flag("revoked")?,
    })
}

/// The ids in an organisation's record; DynamoDB keeps no empty set.
pub(super) fn ids(item: &Item) -> Result<Vec<ApiKeyId>, Corrupt> {
    match item.get(KEYS) {
        None => Ok(Vec::new()),
        Some(AttributeValue::Ss(texts)) => {
            let ids = texts.iter().map(|text| ApiKeyId::parse(text));
            ids.collect::<Result<_, _>>().map_err(|_| Corrupt(KEYS))
        }
        Some(_) => Err(Corrupt(KEYS)),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use vault_domain::api_key::Scope;
    use vault_domain::time::Timestamp;

    use super::super::record::checks::reads_back;
    use super::*;

    pub(in crate::dynamodb) fn key() -> ApiKey {
        ApiKey {
            id: ApiKeyId::from_octets([1; 16]),
            org: OrgId::from_octets([2; 16]),
            name: Label::parse("Nightly import").unwrap(),
            role: KeyRole::Viewer,
            scopes: Scopes::only(Scope::Play).with(Scope::Read),
            active: Digest([3; 32]),
            previous: Some((Digest([4; 32]), Timestamp(5))),
            created_by: UserId::from_octets([6; 16]),
            created_at: Timestamp(7),
            expires_at: Some(Timestamp(8)),
            networks: Networks::parse("192.0.2.0/24 2001:db8::/32").unwrap(),
            last_used: Some(Timestamp(9)),
            revoked: true,
        }
    }

    #[test]
    fn a_key_reads_back_and_a_broken_one_is_corrupt() {
        let required = [
            PK,
            "org",
            "name",
            "role",
            "scopes",
            "active",
            "created_by",
            "created_at",
            "networks",
            "revoked",
        ];
        reads_back(&key(), &to_item(&key()), from_item, &required);
        let bare = ApiKey {
            previous: None,
            expires_at: None,
            last_used: None,
            networks: Networks::everywhere(),
            ..key()
        };
        reads_back(&bare, &to_item(&bare), from_item, &required);
    }

    #[test]
    fn no_record_makes_an_admin_of_a_key_or_an_end_of_no_end() {
        let with = |name: &str, value| {
            let mut item = to_item(&key());
            item.insert(name.to_owned(), value);
            from_item(&item).unwrap_err().0
        };
        assert_eq!(with("role", text("owner")), "role");
        assert_eq!(with("ends_at", text("never")), "ends_at");
        let mut item = to_item(&key());
        item.remove("previous_until");
        assert_eq!(from_item(&item).unwrap_err().0, "previous_until");
    }

    #[test]
    fn a_list_is_a_set_of_ids_or_nothing() {
        let of = |value| ids(&item([(KEYS, value)])).map(|ids| ids.len());
        let id = key().id.to_string();
        assert_eq!(of(AttributeValue::Ss(vec![id.clone()])), Ok(1));
        assert_eq!(ids(&Item::new()), Ok(vec![]));
        assert_eq!(of(AttributeValue::Ss(vec!["x".into()])), Err(Corrupt(KEYS)));
        assert_eq!(of(text(id)), Err(Corrupt(KEYS)));
    }
}
