//! The record of what was done, over its table: lists, and the chains.
//!
//! | sort key | what it is |
//! | --- | --- |
//! | `{time:012}#{id}` | a record; with `pending` until it has `sequence` and `hash` |
//! | `seal#{first:012}` | which records got their places together, up to `last` |
//! | `head` | the last place that was given |
//! | `export` | how far the chain is exported |
//!
//! The partition `orgs` lists the organisations that have a chain.

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use vault_domain::audit::{Entry, Filter, Place};
use vault_domain::id::OrgId;
use vault_domain::ports::{AuditLog, StoreError, Stored, Trail};

use super::audit_record::{from_item, link_of, place_of, sort_key_of};
use super::record::{Corrupt, Item, PK, SK, item, text};

/// Most records that are looked at for one page, whatever the filter leaves of them.
const LOOKED_AT: usize = 1_000;
/// Records of one call where a filter leaves out some of them.
const SIFTED: usize = 250;
const LIST: &str = "audit_log.list";

pub(super) fn key(pk: impl Into<String>, sk: impl Into<String>) -> Item {
    item([(PK, text(pk)), (SK, text(sk))])
}

/// The record of what was done, to look at and to chain.
#[derive(Debug, Clone)]
pub struct DynamoAudit {
    pub(super) client: Client,
    pub(super) table: String,
}

impl DynamoAudit {
    /// The records in this table.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self {
            client,
            table: table.into(),
        }
    }

    /// Records of one call, the latest first, and where it ended if more may follow.
    async fn looked_at(
        &self,
        org: OrgId,
        filter: &Filter,
        after: Option<Place>,
        most: usize,
    ) -> Stored<(Vec<Entry>, Option<Place>)> {
        // What is of a moment sorts behind the moment alone: the span's end is not in it.
        let (from, to) = (filter.span.from().0, filter.span.to().0);
        let start = after.map(|place| key(org.to_string(), sort_key_of(&place)));
        let sent = self.client.query().table_name(&self.table);
        let sent = sent
            .consistent_read(true)
            .key_condition_expression("pk = :org AND sk BETWEEN :from AND :to")
            .expression_attribute_values(":org", text(org.to_string()))
            .expression_attribute_values(":from", text(format!("{from:012}")))
            .expression_attribute_values(":to", text(format!("{to:012}")))
            .scan_index_forward(false)
            .set_exclusive_start_key(start)
            .limit(i32::try_from(most).unwrap_or(i32::MAX))
            .send()
            .await;
        let output = sent.map_err(|error| StoreError::new(LIST, error))?;
        let corrupt = |corrupt: Corrupt| StoreError::new(LIST, corrupt);
        let entries = output.items.unwrap_or_default();
        let entries: Result<Vec<_>, _> = entries.iter().map(entry).collect();
        let last = output.last_evaluated_key.filter(|key| !key.is_empty());
        let last = last.as_ref().map(place_of).transpose();
        Ok((entries.map_err(corrupt)?, last.map_err(corrupt)?))
    }
}

fn entry(item: &Item) -> Result<Entry, Corrupt> {
    Ok(Entry {
        record: from_item(item)?,
        link: link_of(item)?,
    })
}

#[async_trait]
impl AuditLog for DynamoAudit {
    async fn list(
        &self,
        org: OrgId,
        filter: &Filter,
        after: Option<&Place>,
        limit: usize,
    ) -> Stored<Trail> {
        let sifts = filter.event.is_some() || filter.actor.is_some() || filter.asset.is_some();
        let mut page = Trail {
            entries: Vec::new(),
            last: after.copied(),
        };
        let mut budget = LOOKED_AT;
        while budget > 0 {
            let room = limit - page.entries.len();
            let most = if sifts { SIFTED } else { room }.min(budget);
            budget -= most;
            let (entries, last) = self.looked_at(org, filter, page.last, most).await?;
            let mut found = entries.into_iter();
            let fits = |entry: &Entry| filter.admits(&entry.record);
            page.entries.extend(found.by_ref().filter(fits).take(room));
            let is_full = page.entries.len() == limit;
            if is_full && found.any(|entry| fits(&entry)) {
                // More of it fits than there is room: go on after the last that was taken.
                page.last = page.entries.last().map(|entry| Place::of(&entry.record));
                return Ok(page);
            }
            page.last = last;
            if is_full || page.last.is_none() {
                return Ok(page);
            }
        }
        Ok(page)
    }
}

#[cfg(test)]
mod tests {
    use vault_domain::audit::Event;
    use vault_domain::id::RecordId;
    use vault_domain::time::Timestamp;

    use super::*;
    use crate::replay::Replay;

    #[tokio::test]
    async fn a_page_looks_at_so_many_records_and_then_says_where_to_go_on() {
        let org = OrgId::from_octets([2; 16]);
        let last = Place {
            at: Timestamp(9),
            id: RecordId::from_octets([9; 16]),
        };
        let sk = sort_key_of(&last);
        let key = serde_json::json!({ "pk": { "S": org.to_string() }, "sk": { "S": sk } });
        let none = serde_json::json!({ "Items": [], "LastEvaluatedKey": key }).to_string();
        let replay = Replay::of(&vec![(200, none.as_str()); 10]);
        let filter = Filter {
            event: Some(Event::ViewOpened),
            ..Filter::default()
        };
        let audit = DynamoAudit::new(Client::new(&replay.config()), "audit");
        let trail = audit.list(org, &filter, None, 5).await.unwrap();
        assert_eq!((trail.entries, trail.last), (vec![], Some(last)));
        assert_eq!(replay.count(), LOOKED_AT / SIFTED);
    }
}
