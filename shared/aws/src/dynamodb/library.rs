//! The library over the table of assets and its indexes.

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use vault_domain::asset::{Asset, AssetState};
use vault_domain::audit::Record;
use vault_domain::id::{AssetId, OrgId};
use vault_domain::library::{Description, Filter, Place};
use vault_domain::ports::{Change, Library, Shelf, StoreError, Stored};

use super::assets_record::from_item;
use super::deletion_record::is_tombstone;
use super::library_record::{attributes, by_owner, shelf, shelf_of_deleted};
use super::record::{Corrupt, Fields, Item, PK, item, number, text, time};
use super::records::{self, DynamoRecords};

/// Most records that are looked at for one page, whatever the filter leaves of them.
const LOOKED_AT: usize = 1_000;
/// Records of one call where a filter leaves out some of them.
const SIFTED: usize = 250;

/// The library.
#[derive(Debug, Clone)]
pub struct DynamoLibrary {
    client: Client,
    table: String,
    records: DynamoRecords,
}

/// The index that answers a question best: the one that leaves the least to be sifted.
struct Index {
    name: &'static str,
    condition: &'static str,
    partition: String,
    /// The attributes of a place in it, beside the asset's own key.
    place: fn(OrgId, &Filter, &Place) -> Item,
    ascends: bool,
    /// Is there more to the filter than the index knows?
    sifts: bool,
}

impl Index {
    fn of(org: OrgId, filter: &Filter) -> Self {
        if filter.title.is_some() {
            return Self {
                name: "library-by-title",
                condition: "org = :partition AND begins_with(folded, :title)",
                partition: org.to_string(),
                place: |org, _, place| {
                    item([
                        ("org", text(org.to_string())),
                        ("folded", text(&place.folded)),
                    ])
                },
                ascends: true,
                sifts: filter.owner.is_some()
                    || filter.state.is_some()
                    || filter.collection.is_some()
                    || filter.deleted,
            };
        }
        if filter.deleted {
            return Self {
                name: "library-by-state",
                condition: "shelf = :partition",
                partition: shelf_of_deleted(org),
                place: |org, _, place| {
                    item([
                        ("shelf", text(shelf_of_deleted(org))),
                        ("created_at", time(place.created_at)),
                    ])
                },
                ascends: false,
                sifts: true,
            };
        }
        if let Some(collection) = filter.collection {
            return Self {
                name: "library-by-collection",
                condition: "#collection = :partition",
                partition: collection.to_string(),
                place: |_, filter, place| {
                    let collection = filter.collection.map(|id| id.to_string());
                    item([
                        ("collection", text(collection.unwrap_or_default())),
                        ("created_at", time(place.created_at)),
                    ])
                },
                ascends: false,
                sifts: filter.owner.is_some() || filter.state.is_some(),
            };
        }
        // Nearly all are ready; any other state has few, and an uploader may have brought in everything.
        let ready = filter.state == Some(AssetState::Ready) && filter.owner.is_some();
        if let Some(state) = filter.state.filter(|_| !ready) {
            return Self {
                name: "library-by-state",
                condition: "shelf = :partition",
                partition: shelf(org, state),
                place: |org, filter, place| {
                    let shelf = filter.state.map(|state| shelf(org, state));
                    item([
                        ("shelf", text(shelf.unwrap_or_default())),
                        ("created_at", time(place.created_at)),
                    ])
                },
                ascends: false,
                sifts: filter.owner.is_some(),
            };
        }
        if let Some(owner) = filter.owner {
            return Self {
                name: "library-by-owner",
                condition: "by_owner = :partition",
                partition: by_owner(org, owner),
                place: |org, filter, place| {
                    let owner = filter.owner.map(|owner| by_owner(org, owner));
                    item([
                        ("by_owner", text(owner.unwrap_or_default())),
                        ("created_at", time(place.created_at)),
                    ])
                },
                ascends: false,
                sifts: filter.state.is_some(),
            };
        }
        Self {
            name: "library",
            condition: "org = :partition",
            partition: org.to_string(),
            place: |org, _, place| {
                item([
                    ("org", text(org.to_string())),
                    ("created_at", time(place.created_at)),
                ])
            },
            ascends: false,
            sifts: false,
        }
    }

    fn start(&self, org: OrgId, filter: &Filter, place: &Place) -> Item {
        let mut start = (self.place)(org, filter, place);
        start.insert(PK.to_owned(), text(place.id.to_string()));
        start
    }
}

/// Where a query ended.
fn ended(key: &Item) -> Result<Place, Corrupt> {
    let fields = Fields(key);
    let folded = fields.optional("folded", |fields, name| Ok(fields.text(name)?.to_owned()))?;
    Ok(Place {
        id: fields.parsed(PK, |text| AssetId::parse(text).ok())?,
        created_at: fields
            .optional("created_at", Fields::time)?
            .unwrap_or_default(),
        folded: folded.unwrap_or_default(),
    })
}

const LIST: &str = "library.list";

impl DynamoLibrary {
    /// The assets in this table; changes are recorded.
    pub fn new(client: Client, table: impl Into<String>, records: DynamoRecords) -> Self {
        Self {
            client,
            table: table.into(),
            records,
        }
    }

    fn query(&self, index: &Index, filter: &Filter) -> QueryFluentBuilder {
        let request = self.client.query().table_name(&self.table);
        let mut request = request
            .index_name(index.name)
            .key_condition_expression(index.condition)
            .expression_attribute_values(":partition", text(&index.partition))
            .scan_index_forward(index.ascends);
        if index.condition.contains("#collection") {
            // A reserved word of DynamoDB's.
            request = request.expression_attribute_names("#collection", "collection");
        }
        if let Some(title) = &filter.title {
            request = request.expression_attribute_values(":title", text(title.as_str()));
        }
        request
    }

    /// Records of one call, and where it ended if more may follow.
    async fn looked_at(
        &self,
        request: QueryFluentBuilder,
        start: Option<Item>,
        most: usize,
    ) -> Stored<(Vec<Asset>, Option<Place>)> {
        let sent = request
            .set_exclusive_start_key(start)
            .limit(i32::try_from(most).unwrap_or(i32::MAX))
            .send()
            .await;
        let output = sent.map_err(|error| StoreError::new(LIST, error))?;
        let items = output.items.unwrap_or_default();
        // An index may lag behind an erasure too.
        let there = items.iter().filter(|item| !is_tombstone(item));
        let assets: Result<Vec<_>, _> = there.map(from_item).collect();
        let assets = assets.map_err(|corrupt| StoreError::new(LIST, corrupt))?;
        let key = output.last_evaluated_key.filter(|key| !key.is_empty());
        let last = key.as_ref().map(ended).transpose();
        Ok((
            assets,
            last.map_err(|corrupt| StoreError::new(LIST, corrupt))?,
        ))
    }
}

#[async_trait]
impl Library for DynamoLibrary {
    async fn list(
        &self,
        org: OrgId,
        filter: &Filter,
        after: Option<&Place>,
        limit: usize,
    ) -> Stored<Shelf> {
        let index = Index::of(org, filter);
        let mut page = Shelf {
            assets: Vec::new(),
            last: after.cloned(),
        };
        let mut budget = LOOKED_AT;
        while budget > 0 {
            let room = limit - page.assets.len();
            // Deleted ones stand in the other indexes too: what does not come with the first call comes with few.
            let first = budget == LOOKED_AT;
            let most = if index.sifts || !first { SIFTED } else { room };
            let most = most.min(budget);
            budget -= most;
            let start = page.last.as_ref();
            let start = start.map(|place| index.start(org, filter, place));
            let request = self.query(&index, filter);
            let (assets, last) = self.looked_at(request, start, most).await?;
            // An index may lag behind: what it lists is what the record says, in this organisation and no other.
            let mut found = assets.into_iter();
            let fits = |asset: &Asset| asset.announced.org == org && filter.admits(asset);
            let taken = found.by_ref().filter(fits).take(room);
            page.assets.extend(taken);
            let is_full = page.assets.len() == limit;
            if is_full && found.any(|asset| fits(&asset)) {
                // More of it fits than there is room: go on after the last that was taken.
                page.last = page.assets.last().map(Place::of);
                return Ok(page);
            }
            page.last = last;
            if is_full || page.last.is_none() {
                return Ok(page);
            }
        }
        Ok(page)
    }

    async fn describe(
        &self,
        id: AssetId,
        seen: u64,
        next: &Description,
        record: &Record,
    ) -> Stored<Change> {
        let mut request = self
            .client
            .update_item()
            .table_name(&self.table)
            .key(PK, text(id.to_string()))
            .update_expression(
                "SET edited_title = :edited_title, metadata = :metadata, #version = :version, folded = :folded",
            )
            .condition_expression(if seen == 0 {
                "attribute_exists(pk) AND #state <> :withdrawn AND attribute_not_exists(deleted_at) AND attribute_not_exists(#version)"
            } else {
                "attribute_exists(pk) AND #state <> :withdrawn AND attribute_not_exists(deleted_at) AND #version = :seen"
            })
            .expression_attribute_names("#version", "version")
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":withdrawn", text(AssetState::Withdrawn.as_str()));
        for (name, value) in attributes(next) {
            request = request.expression_attribute_values(format!(":{name}"), value);
        }
        if seen > 0 {
            request = request.expression_attribute_values(":seen", number(seen));
        }
        let writes = records::update(&request).map(|write| vec![write]);
        let described = self.records.with("library.describe", writes, record);
        described.await
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use aws_sdk_dynamodb::types::AttributeValue;
    use serde_json::{Value, json};
    use vault_domain::asset::NewAsset;
    use vault_domain::member::Actor;
    use vault_domain::time::Timestamp;

    use super::super::assets_record::tests::announced;
    use super::super::assets_record::to_item;
    use super::*;
    use crate::replay::Replay;

    fn wire(value: &AttributeValue) -> Value {
        match value {
            AttributeValue::S(text) => json!({ "S": text }),
            AttributeValue::N(digits) => json!({ "N": digits }),
            AttributeValue::M(entries) => json!({ "M": whole(entries) }),
            other => panic!("{other:?} is not of a new asset"),
        }
    }

    fn whole(item: &HashMap<String, AttributeValue>) -> Value {
        let named = item.iter();
        named
            .map(|(name, value)| (name.clone(), wire(value)))
            .collect()
    }

    fn asset(number: u8, owner: u8) -> NewAsset {
        NewAsset {
            id: AssetId::from_octets([number; 16]),
            owner: Actor::User(vault_domain::id::UserId::from_octets([owner; 16])),
            created_at: Timestamp(u64::from(number)),
            ..announced()
        }
    }

    /// An answer with these assets; more follow after the last of them.
    fn answer(assets: &[NewAsset]) -> String {
        let items: Vec<_> = assets.iter().map(|new| whole(&to_item(new))).collect();
        let last = assets.last().unwrap();
        let key = json!({
            "pk": { "S": last.id.to_string() },
            "org": { "S": last.org.to_string() },
            "created_at": { "N": last.created_at.0.to_string() },
            "shelf": { "S": "x" },
        });
        json!({ "Items": items, "LastEvaluatedKey": key }).to_string()
    }

    /// Uploading ones of the first owner: the index by state, sifted by owner.
    fn filter() -> Filter {
        Filter {
            state: Some(AssetState::Uploading),
            owner: Some(asset(1, 1).owner),
            ..Filter::default()
        }
    }

    async fn listed(answers: &[String], limit: usize) -> (Shelf, Replay) {
        let answers: Vec<_> = answers.iter().map(|text| (200, text.as_str())).collect();
        let replay = Replay::of(&answers);
        let library = DynamoLibrary::new(
            Client::new(&replay.config()),
            "assets",
            DynamoRecords::new(Client::new(&replay.config()), "audit"),
        );
        let org = announced().org;
        let shelf = library.list(org, &filter(), None, limit).await.unwrap();
        (shelf, replay)
    }

    #[tokio::test]
    async fn a_page_looks_at_so_many_records_and_then_says_where_to_go_on() {
        let others = answer(&[asset(9, 2), asset(8, 2)]);
        let (shelf, replay) = listed(&vec![others; 10], 5).await;
        assert_eq!(shelf.assets, []);
        assert_eq!(shelf.last.unwrap().id, asset(8, 2).id);
        assert_eq!(replay.count(), LOOKED_AT / SIFTED);
        for call in 0..replay.count() {
            let body = replay.body(call);
            assert!(body.contains(r#""IndexName":"library-by-state""#));
            assert_eq!(body.contains("ExclusiveStartKey"), call > 0);
        }
    }

    #[tokio::test]
    async fn a_full_page_goes_on_after_the_last_that_it_shows() {
        let mixed = answer(&[asset(9, 1), asset(8, 2), asset(7, 1), asset(6, 1)]);
        let (shelf, replay) = listed(std::slice::from_ref(&mixed), 2).await;
        let ids: Vec<_> = shelf.assets.iter().map(Asset::id).collect();
        assert_eq!(ids, [asset(9, 1).id, asset(7, 1).id]);
        assert_eq!(shelf.last.unwrap().id, asset(7, 1).id, "not 6");
        assert_eq!(replay.count(), 1);
        let (shelf, _) = listed(&[mixed], 3).await;
        assert_eq!(shelf.assets.len(), 3);
        assert_eq!(shelf.last.unwrap().id, asset(6, 1).id);
    }

    #[tokio::test]
    async fn what_an_index_lists_of_another_organisation_is_left_out() {
        let foreign = NewAsset {
            org: OrgId::from_octets([9; 16]),
            ..asset(9, 1)
        };
        let none = r#"{"Items":[]}"#.to_owned();
        let (shelf, _) = listed(&[answer(&[foreign, asset(8, 1)]), none], 5).await;
        assert_eq!(shelf.assets.len(), 1);
        assert_eq!((shelf.assets[0].id(), shelf.last), (asset(8, 1).id, None));
    }
}
