//! The chains as they are exported.

use std::collections::HashMap;

use async_trait::async_trait;
use aws_sdk_dynamodb::operation::query::QueryOutput;
use aws_sdk_dynamodb::types::AttributeValue;
use vault_domain::audit::{Link, Sealed};
use vault_domain::id::OrgId;
use vault_domain::ports::{AuditExports, Change, Exported, MAX_EXPORTED, StoreError, Stored};

use super::audit::{DynamoAudit, key};
use super::audit_chain::{ORGS, seal_key};
use super::audit_record::{from_item, link_of};
use super::reads::{Wanted, batch};
use super::record::{Corrupt, Fields, Item, SK, number, octets, text};
use super::{read, unmet_update};

const EXPORT: &str = "export";
const SEALED: &str = "audit_exports.sealed";
/// Organisations of one call.
const LISTED: i32 = 100;
/// Most keys of one call (`BatchGetItem`).
const BATCH: usize = 100;

/// Records that got their places together.
struct Roll {
    last: u64,
    keys: Vec<String>,
}

fn roll(item: &Item) -> Result<(u64, Roll), Corrupt> {
    let fields = Fields(item);
    let first = |text: &str| text.strip_prefix("seal#")?.parse().ok();
    let roll = Roll {
        last: fields.number("last")?,
        keys: fields.texts("records", |text| Some(text.to_owned()))?,
    };
    Ok((fields.parsed(SK, first)?, roll))
}

fn exported(item: &Item) -> Result<Exported, Corrupt> {
    let fields = Fields(item);
    let to = fields.optional("exported", |fields, name| {
        Ok(Link {
            sequence: fields.number(name)?,
            hash: fields.octets("exported_hash")?,
        })
    })?;
    let until = fields.optional("until", Fields::number)?;
    Ok(Exported { to, until })
}

impl DynamoAudit {
    /// Keys of the records that follow this one, as they got their places, up to [`MAX_EXPORTED`].
    async fn keys(&self, org: OrgId, after: u64) -> Stored<Vec<String>> {
        let (mut keys, mut end, mut start) = (Vec::new(), after, None);
        loop {
            let output = self.rolls(org, after, start).await?;
            for item in output.items() {
                let (first, roll) = roll(item).map_err(|c| StoreError::new(SEALED, c))?;
                if first != end + 1 || roll.last != end + roll.keys.len() as u64 {
                    return Err(StoreError::new(SEALED, "the chain has a gap"));
                }
                if keys.len() + roll.keys.len() > MAX_EXPORTED {
                    return Ok(keys);
                }
                keys.extend(roll.keys);
                end = roll.last;
            }
            start = output.last_evaluated_key.filter(|key| !key.is_empty());
            if start.is_none() {
                return Ok(keys);
            }
        }
    }

    async fn rolls(&self, org: OrgId, after: u64, start: Option<Item>) -> Stored<QueryOutput> {
        let sent = self.client.query().table_name(&self.table);
        let sent = sent
            .consistent_read(true)
            .key_condition_expression("pk = :org AND sk BETWEEN :from AND :to")
            .expression_attribute_values(":org", text(org.to_string()))
            .expression_attribute_values(":from", text(seal_key(after + 1)))
            .expression_attribute_values(":to", text("seal#~"))
            .set_exclusive_start_key(start)
            .send()
            .await;
        sent.map_err(|error| StoreError::new(SEALED, error))
    }

    /// The records of these keys, in their order; the first is of this number.
    async fn records(&self, org: OrgId, first: u64, keys: &[String]) -> Stored<Vec<Sealed>> {
        let wanted = keys
            .iter()
            .map(|sk| Wanted::at(&self.table, key(org.to_string(), sk)));
        let found = batch(&self.client, SEALED, wanted).await?;
        let by_key: HashMap<_, _> = found
            .all(&self.table)
            .filter_map(|item| Some((item.get(SK)?.as_s().ok()?.as_str(), item)))
            .collect();
        let record = |(sequence, key): (u64, &String)| {
            let item = by_key.get(key.as_str());
            let item = item.ok_or_else(|| gone(sequence))?;
            let corrupt = |corrupt: Corrupt| StoreError::new(SEALED, corrupt);
            let link = link_of(item).map_err(corrupt)?;
            let link = link.filter(|link| link.sequence == sequence);
            Ok(Sealed {
                record: from_item(item).map_err(corrupt)?,
                link: link.ok_or_else(|| gone(sequence))?,
            })
        };
        (first..).zip(keys).map(record).collect()
    }
}

fn gone(sequence: u64) -> StoreError {
    StoreError::new(SEALED, format!("record {sequence} is not there"))
}

#[async_trait]
impl AuditExports for DynamoAudit {
    async fn organisations(&self, after: Option<OrgId>) -> Stored<(Vec<OrgId>, Option<OrgId>)> {
        const OPERATION: &str = "audit_exports.organisations";
        let sent = self.client.query().table_name(&self.table);
        let sent = sent
            .key_condition_expression("pk = :orgs")
            .expression_attribute_values(":orgs", text(ORGS))
            .set_exclusive_start_key(after.map(|org| key(ORGS, org.to_string())))
            .limit(LISTED)
            .send()
            .await;
        let output = sent.map_err(|error| StoreError::new(OPERATION, error))?;
        let org = |item: &Item| Fields(item).parsed(SK, |text| OrgId::parse(text).ok());
        let corrupt = |corrupt: Corrupt| StoreError::new(OPERATION, corrupt);
        let orgs: Result<Vec<_>, _> = output.items().iter().map(org).collect();
        let last = output.last_evaluated_key.filter(|key| !key.is_empty());
        let last = last.as_ref().map(org).transpose();
        Ok((orgs.map_err(corrupt)?, last.map_err(corrupt)?))
    }

    async fn exported(&self, org: OrgId) -> Stored<Exported> {
        const OPERATION: &str = "audit_exports.exported";
        let sent = self.client.get_item().table_name(&self.table);
        let sent = sent.set_key(Some(key(org.to_string(), EXPORT)));
        let sent = sent.consistent_read(true).send().await;
        let output = sent.map_err(|error| StoreError::new(OPERATION, error))?;
        Ok(read(OPERATION, output.item.as_ref(), exported)?.unwrap_or_default())
    }

    async fn sealed(&self, org: OrgId, after: u64) -> Stored<Vec<Sealed>> {
        let keys = self.keys(org, after).await?;
        let mut records = Vec::with_capacity(keys.len());
        for some in keys.chunks(BATCH) {
            let first = after + 1 + records.len() as u64;
            records.extend(self.records(org, first, some).await?);
        }
        Ok(records)
    }

    async fn begin(&self, org: OrgId, seen: u64, until: u64) -> Stored<Change> {
        const OPERATION: &str = "audit_exports.begin";
        let request = self.client.update_item().table_name(&self.table);
        let request = request
            .set_key(Some(key(org.to_string(), EXPORT)))
            .update_expression("SET #until = :until")
            .expression_attribute_names("#until", "until")
            .expression_attribute_names("#exported", "exported")
            .expression_attribute_values(":until", number(until));
        let request = if seen == 0 {
            request.condition_expression(
                "attribute_not_exists(#until) AND attribute_not_exists(#exported)",
            )
        } else {
            request
                .condition_expression("attribute_not_exists(#until) AND #exported = :seen")
                .expression_attribute_values(":seen", number(seen))
        };
        match request.send().await {
            Ok(_) => Ok(Change::Applied),
            Err(error) => not_applied(OPERATION, unmet_update(error)),
        }
    }

    async fn end(&self, org: OrgId, to: &Link) -> Stored<Change> {
        const OPERATION: &str = "audit_exports.end";
        let request = self.client.update_item().table_name(&self.table);
        let sent = request
            .set_key(Some(key(org.to_string(), EXPORT)))
            .update_expression("SET #exported = :to, #hash = :hash REMOVE #until")
            .condition_expression("#until = :to")
            .expression_attribute_names("#until", "until")
            .expression_attribute_names("#exported", "exported")
            .expression_attribute_names("#hash", "exported_hash")
            .expression_attribute_values(":to", number(to.sequence))
            .expression_attribute_values(":hash", octets(&to.hash))
            .send()
            .await;
        match sent {
            Ok(_) => Ok(Change::Applied),
            Err(error) => not_applied(OPERATION, unmet_update(error)),
        }
    }
}

/// Another was first, or our own try whose answer was lost: whoever asked looks again.
fn not_applied<E: std::error::Error + Send + Sync + 'static>(
    operation: &'static str,
    unmet: Result<Option<HashMap<String, AttributeValue>>, Box<E>>,
) -> Stored<Change> {
    unmet
        .map(|_| Change::NotApplied)
        .map_err(|error| StoreError::new(operation, error))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::replay::Replay;

    fn org() -> OrgId {
        OrgId::from_octets([2; 16])
    }

    fn rolls(spans: &[(u64, u64)]) -> String {
        let roll = |(first, last): &(u64, u64)| {
            let keys = (*first..=*last).map(|n| json!({ "S": format!("{n:012}#rec_x") }));
            json!({
                "pk": { "S": org().to_string() }, "sk": { "S": seal_key(*first) },
                "last": { "N": last.to_string() }, "records": { "L": keys.collect::<Vec<_>>() },
            })
        };
        json!({ "Items": spans.iter().map(roll).collect::<Vec<_>>() }).to_string()
    }

    async fn sealed(answers: &[&str]) -> Stored<Vec<Sealed>> {
        let answers: Vec<_> = answers.iter().map(|text| (200, *text)).collect();
        let replay = Replay::of(&answers);
        let client = aws_sdk_dynamodb::Client::new(&replay.config());
        DynamoAudit::new(client, "audit").sealed(org(), 4).await
    }

    #[tokio::test]
    async fn what_is_missing_is_an_error_and_never_left_out() {
        let nothing = sealed(&[r#"{"Items":[]}"#]).await.unwrap();
        assert_eq!(nothing, []);
        let gap = sealed(&[&rolls(&[(6, 7)])]).await.unwrap_err();
        assert_eq!(gap.source.to_string(), "the chain has a gap");
        let between = sealed(&[&rolls(&[(5, 5), (7, 7)])]).await.unwrap_err();
        assert_eq!(between.source.to_string(), "the chain has a gap");
        let none = json!({ "Responses": { "audit": [] } }).to_string();
        let gone = sealed(&[&rolls(&[(5, 6)]), &none]).await.unwrap_err();
        assert_eq!(gone.source.to_string(), "record 5 is not there");
    }
}
