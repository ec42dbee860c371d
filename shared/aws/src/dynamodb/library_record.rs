//! What the library adds to the record of an asset: its description, and the attributes by which it is listed.
//!
//! | index | partition | order |
//! | --- | --- | --- |
//! | `library` | `org` | `created_at` |
//! | `library-by-state` | `shelf`: organisation and state | `created_at` |
//! | `library-by-owner` | `by_owner`: organisation and uploader | `created_at` |
//! | `library-by-collection` | `collection`, of those that are in one | `created_at` |
//! | `library-by-title` | `org` | `folded`: the title as titles are compared |

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use vault_domain::asset::{AssetState, NewAsset, Title};
use vault_domain::id::OrgId;
use vault_domain::library::{Description, Metadata, MetadataKey, MetadataValue, folded};
use vault_domain::member::Actor;

use super::record::{Corrupt, Fields, Item, item, number, text};

/// The expression that puts a record on the shelf of the state that it gets. An update cannot join texts, so the shelf
/// of each state is written once and copied; a record of before there were shelves stays on none.
pub(super) const TO_SHELF: &str = "shelf = if_not_exists(shelves.#to, :no_shelf)";

/// What stands for no shelf: a key attribute is never empty.
pub(super) const NO_SHELF: &str = "-";

/// The partition of an organisation's assets in a state.
pub(super) fn shelf(org: OrgId, state: AssetState) -> String {
    format!("{org}#{state}")
}

/// The partition of an organisation's assets that are deleted, whatever state they are in.
pub(super) fn shelf_of_deleted(org: OrgId) -> String {
    format!("{org}#deleted")
}

/// The shelves of an organisation's assets, by the name of the state that puts them there.
pub(super) fn shelves(org: OrgId) -> AttributeValue {
    each_shelf(|state| shelf(org, state))
}

/// The shelves of one that is deleted: whatever state it gets, there it stays.
pub(super) fn shelves_of_deleted(org: OrgId) -> AttributeValue {
    each_shelf(|_| shelf_of_deleted(org))
}

fn each_shelf(shelf: impl Fn(AssetState) -> String) -> AttributeValue {
    let shelves = AssetState::ALL.map(|state| (state.as_str().to_owned(), text(shelf(state))));
    AttributeValue::M(HashMap::from(shelves))
}

/// The partition of what someone brought into an organisation.
pub(super) fn by_owner(org: OrgId, owner: Actor) -> String {
    format!("{org}#{owner}")
}

/// The attributes by which a new asset is listed.
pub(super) fn listed(asset: &NewAsset) -> Item {
    item([
        ("shelves", shelves(asset.org)),
        ("shelf", text(shelf(asset.org, AssetState::Uploading))),
        ("by_owner", text(by_owner(asset.org, asset.owner))),
        ("folded", text(folded(&asset.title))),
    ])
}

/// The attributes of a description that was changed.
pub(super) fn attributes(description: &Description) -> Item {
    let entries = description.metadata.iter();
    let entries = entries.map(|(key, value)| (key.as_str().to_owned(), attribute(value)));
    item([
        ("edited_title", text(description.title.as_str())),
        ("metadata", AttributeValue::M(entries.collect())),
        ("version", number(description.version)),
        ("folded", text(folded(&description.title))),
    ])
}

fn attribute(value: &MetadataValue) -> AttributeValue {
    match value {
        MetadataValue::Text(text) => AttributeValue::S(text.clone()),
        MetadataValue::Integer(number) => AttributeValue::N(number.to_string()),
        MetadataValue::Flag(flag) => AttributeValue::Bool(*flag),
    }
}

/// The description; that of the announcement if it was never changed.
pub(super) fn description(fields: Fields<'_>, asset: &NewAsset) -> Result<Description, Corrupt> {
    let Some(version) = fields.optional("version", Fields::number)? else {
        return Ok(Description::of(asset.title.clone()));
    };
    Ok(Description {
        title: fields.parsed("edited_title", Title::stored)?,
        metadata: metadata(fields)?,
        version,
    })
}

fn metadata(fields: Fields<'_>) -> Result<Metadata, Corrupt> {
    const NAME: &str = "metadata";
    let Some(AttributeValue::M(entries)) = fields.0.get(NAME) else {
        return Err(Corrupt(NAME));
    };
    let entries = entries.iter().map(|(key, value)| {
        let value = match value {
            AttributeValue::S(text) => MetadataValue::text(text).ok(),
            AttributeValue::N(digits) => digits.parse().ok().map(MetadataValue::Integer),
            AttributeValue::Bool(flag) => Some(MetadataValue::Flag(*flag)),
            _ => None,
        };
        MetadataKey::parse(key).ok().zip(value)
    });
    let entries: Option<Vec<_>> = entries.collect();
    let metadata = entries.and_then(|entries| Metadata::of(entries).ok());
    metadata.ok_or(Corrupt(NAME))
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::assets_record::tests::announced;
    use super::*;

    pub(in crate::dynamodb) fn described() -> Description {
        let entries = [
            ("text", MetadataValue::Text("two\nlines".to_owned())),
            ("below", MetadataValue::Integer(-9_007_199_254_740_991)),
            ("yes", MetadataValue::Flag(true)),
        ];
        let entries = entries.map(|(key, value)| (MetadataKey::parse(key).unwrap(), value));
        Description {
            title: Title::parse("Another title").unwrap(),
            metadata: Metadata::of(entries).unwrap(),
            version: 3,
        }
    }

    #[test]
    fn a_description_reads_back_and_a_broken_one_is_corrupt() {
        let read = |item: &Item| description(Fields(item), &announced());
        let item = attributes(&described());
        assert_eq!(read(&item), Ok(described()));
        for name in ["edited_title", "metadata"] {
            let mut without = item.clone();
            without.remove(name);
            assert_eq!(read(&without), Err(Corrupt(name)));
        }
        let mut odd = item;
        let list = HashMap::from([("a".to_owned(), AttributeValue::L(Vec::new()))]);
        odd.insert("metadata".to_owned(), AttributeValue::M(list));
        assert_eq!(read(&odd), Err(Corrupt("metadata")));
        let never = read(&listed(&announced())).unwrap();
        assert_eq!(never, Description::of(announced().title));
    }
}
