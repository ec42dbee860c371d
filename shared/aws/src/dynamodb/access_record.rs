//! Access lists, collections, spaces and groups as attributes and records: partition key the organisation, sort key the id.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use vault_domain::access::{
    Access, AccessList, Container, ContainerId, Entry, Group, Level, Principal, Visibility, Within,
};
use vault_domain::asset::Title;
use vault_domain::id::{GroupId, OrgId, SpaceId};
use vault_domain::member::Actor;

use super::record::{Corrupt, Fields, Item, PK, SK, item, number, put_some, text, time};

/// The attributes of an access.
pub(super) fn access_attributes(access: &Access) -> Item {
    item([
        ("visibility", text(access.visibility.as_str())),
        ("entries", entries(&access.entries)),
        ("access_version", number(access.version)),
    ])
}

fn entries(list: &AccessList) -> AttributeValue {
    let entries = list
        .iter()
        .map(|entry| AttributeValue::M(entry_item(entry)));
    AttributeValue::L(entries.collect())
}

fn entry_item(entry: &Entry) -> HashMap<String, AttributeValue> {
    let mut record = item([
        ("to", text(entry.to.to_string())),
        ("level", text(entry.level.as_str())),
        ("by", text(entry.by.to_string())),
        ("at", time(entry.at)),
    ]);
    put_some(&mut record, "ends_at", entry.expires_at.map(time));
    record
}

/// Reads an access. A record of before there was any has the one that everything began with.
pub(super) fn access(fields: Fields<'_>) -> Result<Access, Corrupt> {
    if !fields.has("access_version") {
        return Ok(Access::default());
    }
    let Some(AttributeValue::L(listed)) = fields.0.get("entries") else {
        return Err(Corrupt("entries"));
    };
    let entries = listed.iter().map(|value| match value {
        AttributeValue::M(item) => entry(Fields(item)),
        _ => Err(Corrupt("entries")),
    });
    Ok(Access {
        visibility: fields.parsed("visibility", |text| Visibility::parse(text).ok())?,
        entries: AccessList::stored(entries.collect::<Result<_, _>>()?),
        version: fields.number("access_version")?,
    })
}

fn entry(fields: Fields<'_>) -> Result<Entry, Corrupt> {
    Ok(Entry {
        to: fields.parsed("to", |text| Principal::parse(text).ok())?,
        level: fields.parsed("level", |text| Level::parse(text).ok())?,
        expires_at: fields.optional("ends_at", Fields::time)?,
        by: fields.parsed("by", |text| Actor::parse(text).ok())?,
        at: fields.time("at")?,
    })
}

/// Key of something of an organisation.
pub(super) fn key(org: OrgId, id: &(impl ToString + ?Sized)) -> Item {
    item([(PK, text(org.to_string())), (SK, text(id.to_string()))])
}

pub(super) fn container_item(container: &Container) -> Item {
    let mut record = key(container.org, &container.id);
    record.extend(item([
        ("name", text(container.name.as_str())),
        ("created_at", time(container.created_at)),
    ]));
    record.extend(access_attributes(&container.access));
    let space = container.space_id().map(|id| text(id.to_string()));
    put_some(&mut record, "space", space);
    record
}

/// A container as it is stored: the space that it is in is named and not read.
pub(super) fn container(item: &Item) -> Result<Container, Corrupt> {
    let fields = Fields(item);
    if !fields.has("access_version") {
        return Err(Corrupt("access_version"));
    }
    let within = |id| Within { id, space: None };
    let parsed = |fields: Fields<'_>, name| fields.parsed(name, |text| SpaceId::parse(text).ok());
    Ok(Container {
        id: fields.parsed(SK, ContainerId::stored)?,
        org: fields.parsed(PK, |text| OrgId::parse(text).ok())?,
        name: fields.parsed("name", Title::stored)?,
        access: access(fields)?,
        within: fields.optional("space", parsed)?.map(within),
        created_at: fields.time("created_at")?,
    })
}

pub(super) fn group_item(group: &Group) -> Item {
    let mut record = key(group.org, &group.id);
    record.extend(item([
        ("name", text(group.name.as_str())),
        ("created_at", time(group.created_at)),
    ]));
    record
}

pub(super) fn group(item: &Item) -> Result<Group, Corrupt> {
    let fields = Fields(item);
    Ok(Group {
        id: fields.parsed(SK, |text| GroupId::parse(text).ok())?,
        org: fields.parsed(PK, |text| OrgId::parse(text).ok())?,
        name: fields.parsed("name", Title::stored)?,
        created_at: fields.time("created_at")?,
    })
}

#[cfg(test)]
pub(super) mod tests {
    use vault_domain::access::Kind;
    use vault_domain::credential::Role;
    use vault_domain::id::UserId;
    use vault_domain::time::Timestamp;

    use super::super::record::checks::reads_back;
    use super::*;

    pub(in crate::dynamodb) fn some_access() -> Access {
        let by = Actor::User(UserId::from_octets([1; 16]));
        let entry = |to, expires_at| Entry {
            to,
            level: Level::Download,
            expires_at,
            by,
            at: Timestamp(2),
        };
        Access {
            visibility: Visibility::Restricted,
            entries: AccessList::stored(vec![
                entry(Principal::Actor(by), Some(Timestamp(3))),
                entry(Principal::Group(GroupId::from_octets([4; 16])), None),
                entry(Principal::Role(Role::Viewer), None),
            ]),
            version: 5,
        }
    }

    #[test]
    fn both_read_back_and_broken_ones_are_corrupt() {
        let org = OrgId::from_octets([1; 16]);
        let name = Title::parse("Rushes").unwrap();
        let one = |id, within| Container {
            id,
            org,
            name: name.clone(),
            access: some_access(),
            created_at: Timestamp(6),
            within,
        };
        let required = [
            PK,
            SK,
            "name",
            "created_at",
            "visibility",
            "entries",
            "access_version",
        ];
        let id = SpaceId::from_octets([3; 16]);
        let collection = ContainerId::from_octets(Kind::Collection, [2; 16]);
        for one in [
            one(collection, Some(Within { id, space: None })),
            one(collection, None),
            one(ContainerId::Space(id), None),
        ] {
            reads_back(&one, &container_item(&one), container, &required);
        }
        let one = Group {
            id: GroupId::from_octets([2; 16]),
            org,
            name,
            created_at: Timestamp(7),
        };
        reads_back(
            &one,
            &group_item(&one),
            group,
            &[PK, SK, "name", "created_at"],
        );
    }
}
