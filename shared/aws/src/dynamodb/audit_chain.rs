//! The chains: what waits for its place, and the transaction that gives it.

use async_trait::async_trait;
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use aws_sdk_dynamodb::types::{TransactWriteItem, Update};
use vault_domain::audit::{Link, Place, Record};
use vault_domain::id::OrgId;
use vault_domain::ports::{AuditChain, Change, StoreError, Stored, Waiting};

use super::audit::{DynamoAudit, key};
use super::audit_record::{PENDING, from_item, place_of, sort_key_of};
use super::read;
use super::reads::{Wanted, batch};
use super::record::{Corrupt, Fields, Item, PK, flag, number, octets, text, texts_of};
use super::transact::{Request, change};

/// Places of one page of what waits.
const WAITING: i32 = 1_000;
const SEAL: &str = "audit_chain.seal";
const HEAD: &str = "head";
/// The partition that lists the organisations.
pub(super) const ORGS: &str = "orgs";

/// The sort key of which records got their places together, from this one on.
pub(super) fn seal_key(first: u64) -> String {
    format!("seal#{first:012}")
}

/// The organisation and the place that a key of the index names.
fn indexed(key: &Item) -> Result<(OrgId, Place), Corrupt> {
    let org = Fields(key).parsed(PK, |text| OrgId::parse(text).ok())?;
    Ok((org, place_of(key)?))
}

#[async_trait]
impl AuditChain for DynamoAudit {
    async fn waiting(&self, part: u8, after: Option<(OrgId, Place)>) -> Stored<Waiting> {
        const OPERATION: &str = "audit_chain.waiting";
        let start = after.map(|(org, place)| {
            let mut start = key(org.to_string(), sort_key_of(&place));
            start.insert(PENDING.to_owned(), text(part.to_string()));
            start
        });
        let sent = self.client.query().table_name(&self.table);
        let sent = sent
            .index_name("pending")
            .key_condition_expression("#pending = :part")
            .expression_attribute_names("#pending", PENDING)
            .expression_attribute_values(":part", text(part.to_string()))
            .set_exclusive_start_key(start)
            .limit(WAITING)
            .send()
            .await;
        let output = sent.map_err(|error| StoreError::new(OPERATION, error))?;
        let corrupt = |corrupt: Corrupt| StoreError::new(OPERATION, corrupt);
        let places = output.items.unwrap_or_default();
        let places: Result<Vec<_>, _> = places.iter().map(indexed).collect();
        let last = output.last_evaluated_key.filter(|key| !key.is_empty());
        let last = last.as_ref().map(indexed).transpose();
        Ok(Waiting {
            places: places.map_err(corrupt)?,
            last: last.map_err(corrupt)?,
        })
    }

    async fn unsealed(&self, org: OrgId, places: &[Place]) -> Stored<Vec<Record>> {
        const OPERATION: &str = "audit_chain.unsealed";
        if places.is_empty() {
            return Ok(Vec::new());
        }
        let wanted = places.iter().map(|place| {
            let key = key(org.to_string(), sort_key_of(place));
            Wanted::at(&self.table, key)
        });
        let found = batch(&self.client, OPERATION, wanted).await?;
        // The index may lag behind: what waits is what the record says.
        let waits = found
            .all(&self.table)
            .filter(|item| Fields(item).has(PENDING));
        let records: Result<Vec<_>, _> = waits.map(from_item).collect();
        records.map_err(|corrupt| StoreError::new(OPERATION, corrupt))
    }

    async fn head(&self, org: OrgId) -> Stored<Option<Link>> {
        const OPERATION: &str = "audit_chain.head";
        let sent = self.client.get_item().table_name(&self.table);
        let sent = sent.set_key(Some(key(org.to_string(), HEAD)));
        let sent = sent.consistent_read(true).send().await;
        let output = sent.map_err(|error| StoreError::new(OPERATION, error))?;
        read(OPERATION, output.item.as_ref(), |item| {
            let fields = Fields(item);
            Ok(Link {
                sequence: fields.number("sealed")?,
                hash: fields.octets("hash")?,
            })
        })
    }

    async fn seal(
        &self,
        org: OrgId,
        seen: Option<&Link>,
        links: &[(Place, Link)],
    ) -> Stored<Change> {
        let Some(((_, first), (_, last))) = links.first().zip(links.last()) else {
            return Ok(Change::NotApplied);
        };
        let writes = || {
            let mut writes = vec![
                self.head_moves(org, seen, last)?,
                self.roll(org, first, last, links)?,
            ];
            if seen.is_none() {
                writes.push(self.listed(org)?);
            }
            for (place, link) in links {
                writes.push(self.sealed(org, place, link)?);
            }
            Ok::<_, BuildError>(writes)
        };
        let request = Request {
            client: &self.client,
            operation: SEAL,
            salt: *org.octets(),
        };
        change(&request, writes()).await
    }
}

/// The writes of a seal.
impl DynamoAudit {
    fn update(&self, key: Item, update: UpdateBuilder) -> Result<TransactWriteItem, BuildError> {
        let update = update.table_name(&self.table).set_key(Some(key)).build()?;
        Ok(TransactWriteItem::builder().update(update).build())
    }

    fn head_moves(
        &self,
        org: OrgId,
        seen: Option<&Link>,
        last: &Link,
    ) -> Result<TransactWriteItem, BuildError> {
        let update = Update::builder()
            .update_expression("SET #sealed = :sealed, #hash = :hash")
            .expression_attribute_names("#sealed", "sealed")
            .expression_attribute_names("#hash", "hash")
            .expression_attribute_values(":sealed", number(last.sequence))
            .expression_attribute_values(":hash", octets(&last.hash));
        let update = match seen {
            None => update.condition_expression("attribute_not_exists(pk)"),
            Some(seen) => update
                .condition_expression("#sealed = :seen AND #hash = :seen_hash")
                .expression_attribute_values(":seen", number(seen.sequence))
                .expression_attribute_values(":seen_hash", octets(&seen.hash)),
        };
        self.update(key(org.to_string(), HEAD), update)
    }

    /// Which records these are, in their order: exports find them by it, and miss what is not there.
    fn roll(
        &self,
        org: OrgId,
        first: &Link,
        last: &Link,
        links: &[(Place, Link)],
    ) -> Result<TransactWriteItem, BuildError> {
        let keys: Vec<_> = links.iter().map(|(place, _)| sort_key_of(place)).collect();
        let update = Update::builder()
            .update_expression("SET #last = :last, #records = :records")
            .condition_expression("attribute_not_exists(pk)")
            .expression_attribute_names("#last", "last")
            .expression_attribute_names("#records", "records")
            .expression_attribute_values(":last", number(last.sequence))
            .expression_attribute_values(":records", texts_of(&keys));
        self.update(key(org.to_string(), seal_key(first.sequence)), update)
    }

    fn listed(&self, org: OrgId) -> Result<TransactWriteItem, BuildError> {
        let update = Update::builder()
            .update_expression("SET #listed = :listed")
            .expression_attribute_names("#listed", "listed")
            .expression_attribute_values(":listed", flag(true));
        self.update(key(ORGS, org.to_string()), update)
    }

    fn sealed(
        &self,
        org: OrgId,
        place: &Place,
        link: &Link,
    ) -> Result<TransactWriteItem, BuildError> {
        let update = Update::builder()
            .update_expression("SET #sequence = :sequence, #hash = :hash REMOVE #pending")
            .condition_expression("attribute_exists(#pending)")
            .expression_attribute_names("#sequence", "sequence")
            .expression_attribute_names("#hash", "hash")
            .expression_attribute_names("#pending", PENDING)
            .expression_attribute_values(":sequence", number(link.sequence))
            .expression_attribute_values(":hash", octets(&link.hash));
        self.update(key(org.to_string(), sort_key_of(place)), update)
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::Client;
    use vault_domain::audit::part;
    use vault_domain::id::RecordId;
    use vault_domain::ports::MAX_SEALED;
    use vault_domain::time::Timestamp;

    use super::*;
    use crate::replay::{Replay, cancelled};

    fn org() -> OrgId {
        OrgId::from_octets([2; 16])
    }

    fn link(sequence: u64) -> Link {
        let hash = [7; 32];
        Link { sequence, hash }
    }

    fn place(number: u8) -> Place {
        Place {
            at: Timestamp(u64::from(number)),
            id: RecordId::from_octets([number; 16]),
        }
    }

    fn audit(replay: &Replay) -> DynamoAudit {
        DynamoAudit::new(Client::new(&replay.config()), "audit")
    }

    #[tokio::test]
    async fn a_seal_is_one_transaction_that_fits_and_another_that_was_first_is_no_error() {
        let unmet = cancelled(&["ConditionalCheckFailed", "None"]);
        let replay = Replay::of(&[(200, "{}"), (200, "{}"), (400, &unmet)]);
        let audit = audit(&replay);
        let most = u8::try_from(MAX_SEALED).unwrap();
        let links: Vec<_> = (1..=most).map(|n| (place(n), link(n.into()))).collect();
        let first = audit.seal(org(), None, &links).await.unwrap();
        assert_eq!(first, Change::Applied);
        let body: serde_json::Value = serde_json::from_str(&replay.body(0)).unwrap();
        let writes = body["TransactItems"].as_array().unwrap();
        assert_eq!(writes.len(), 100, "as many as DynamoDB takes");
        // Puts and deletions would need rights that the function has not.
        assert!(writes.iter().all(|write| write["Update"].is_object()));
        assert!(replay.body(0).contains("seal#000000000001"));
        let next = [(place(1), link(98))];
        let again = audit.seal(org(), Some(&link(97)), &next).await.unwrap();
        assert_eq!(again, Change::Applied);
        let lost = audit.seal(org(), Some(&link(97)), &next).await.unwrap();
        assert_eq!(lost, Change::NotApplied);
        assert_eq!(replay.count(), 3);
    }

    #[tokio::test]
    async fn what_waits_is_read_from_the_index_page_by_page() {
        let key = |number| {
            let sk = sort_key_of(&place(number));
            let (org, part) = (org().to_string(), part(org()).to_string());
            serde_json::json!({ "pk": { "S": org }, "sk": { "S": sk }, "pending": { "S": part } })
        };
        let page = serde_json::json!({ "Items": [key(1), key(2)], "LastEvaluatedKey": key(2) });
        let replay = Replay::of(&[(200, &page.to_string()), (200, r#"{"Items":[]}"#)]);
        let audit = audit(&replay);
        let first = audit.waiting(part(org()), None).await.unwrap();
        assert_eq!(first.places, [(org(), place(1)), (org(), place(2))]);
        let second = audit.waiting(part(org()), first.last).await.unwrap();
        assert_eq!(second, Waiting::default());
        assert!(replay.body(1).contains(r#""ExclusiveStartKey""#));
        assert!(replay.body(0).contains(r#""IndexName":"pending""#));
    }
}
