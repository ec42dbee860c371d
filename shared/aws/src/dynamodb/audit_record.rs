//! Records of what was done: partition key the organisation, sort key the time and the record's id.

use std::net::IpAddr;

use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};
use vault_domain::audit::{Author, Details, Event, Link, Place, Record, Source, Verdict};
use vault_domain::id::{AssetId, OrgId, RecordId};
use vault_domain::time::Timestamp;
use vault_domain::token::Device;

use super::record::{Corrupt, Fields, Item, PK, SK, flag, item, put_some, text, texts_of, time};

/// Attribute of records that are not in the chain yet, and key of their index: which part of it they are in.
pub(super) const PENDING: &str = "pending";

/// The sort key of a place: in the order of time, as far as clocks agree.
pub(super) fn sort_key_of(place: &Place) -> String {
    format!("{:012}#{}", place.at.0, place.id)
}

/// The sort key.
pub(super) fn sort_key(record: &Record) -> String {
    sort_key_of(&Place::of(record))
}

/// The place that the sort key of an item or of a key names.
pub(super) fn place_of(item: &Item) -> Result<Place, Corrupt> {
    Fields(item).parsed(SK, |text| {
        let (at, id) = text.split_once('#')?;
        Some(Place {
            at: Timestamp(at.parse().ok()?),
            id: RecordId::parse(id).ok()?,
        })
    })
}

/// The place in the chain, once there is one.
pub(super) fn link_of(item: &Item) -> Result<Option<Link>, Corrupt> {
    Fields(item).optional("sequence", |fields, name| {
        Ok(Link {
            sequence: fields.number(name)?,
            hash: fields.octets("hash")?,
        })
    })
}

/// The part of the index in which a record of the organisation waits for its place in the chain.
fn part(org: OrgId) -> String {
    vault_domain::audit::part(org).to_string()
}

/// A record that has no place in the chain yet.
pub(super) fn to_item(record: &Record) -> Item {
    let details = record.details.iter();
    let details = details.map(|(name, value)| (name.to_owned(), text(value)));
    let mut written = item([
        (PK, text(record.org.to_string())),
        (SK, text(sort_key(record))),
        ("id", text(record.id.to_string())),
        ("at", time(record.at)),
        ("event", text(record.event.as_str())),
        ("author", text(record.author.to_string())),
        ("target", text(&record.target)),
        ("device", text(record.source.device.as_str())),
        ("request", text(&record.source.request)),
        ("details", AttributeValue::M(details.collect())),
        (PENDING, text(part(record.org))),
    ]);
    put_some(
        &mut written,
        "asset",
        record.asset.map(|id| text(id.to_string())),
    );
    let address = record.source.address;
    put_some(
        &mut written,
        "address",
        address.map(|address| text(address.to_string())),
    );
    if let Some(verdict) = &record.verdict {
        written.extend(item([
            ("allowed", flag(verdict.allowed)),
            ("policies", texts_of(&verdict.policies)),
        ]));
    }
    written
}

/// Reads a record, whether it is in the chain or not.
pub(super) fn from_item(item: &Item) -> Result<Record, Corrupt> {
    let fields = Fields(item);
    Ok(Record {
        id: fields.parsed("id", |text| RecordId::parse(text).ok())?,
        org: fields.parsed(PK, |text| OrgId::parse(text).ok())?,
        at: fields.time("at")?,
        event: fields.parsed("event", |text| Event::parse(text).ok())?,
        author: fields.parsed("author", Author::parse)?,
        target: fields.text("target")?.to_owned(),
        asset: fields.optional("asset", |fields, name| {
            fields.parsed(name, |text| AssetId::parse(text).ok())
        })?,
        verdict: fields.optional("allowed", verdict)?,
        source: Source {
            address: fields.optional("address", |fields, name| {
                fields.parsed(name, |text| text.parse::<IpAddr>().ok())
            })?,
            device: Device::of(fields.text("device")?),
            request: fields.text("request")?.to_owned(),
        },
        details: details(fields)?,
    })
}

fn verdict(fields: Fields<'_>, name: &'static str) -> Result<Verdict, Corrupt> {
    Ok(Verdict {
        allowed: fields.flag(name)?,
        policies: fields.texts("policies", |text| Some(text.to_owned()))?,
    })
}

fn details(fields: Fields<'_>) -> Result<Details, Corrupt> {
    let Some(AttributeValue::M(entries)) = fields.0.get("details") else {
        return Err(Corrupt("details"));
    };
    entries
        .iter()
        .try_fold(Details::none(), |details, entry| match entry {
            (name, AttributeValue::S(value)) => Ok(details.with(name, value)),
            _ => Err(Corrupt("details")),
        })
}

/// The write of a record, for the transaction of the effect that it records.
pub(super) fn put(table: &str, record: &Record) -> Result<TransactWriteItem, BuildError> {
    let put = Put::builder()
        .table_name(table)
        .set_item(Some(to_item(record)))
        .condition_expression("attribute_not_exists(pk)")
        .build()?;
    Ok(TransactWriteItem::builder().put(put).build())
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::record::checks::reads_back;
    use super::*;
    use vault_domain::id::{SessionId, UserId};
    use vault_domain::member::Subject;

    pub(in crate::dynamodb) fn record() -> Record {
        Record {
            id: RecordId::from_octets([1; 16]),
            org: OrgId::from_octets([2; 16]),
            at: Timestamp(3),
            event: Event::ViewOpened,
            author: Author::Caller(Subject::Person {
                user: UserId::from_octets([4; 16]),
                session: SessionId::from_octets([5; 16]),
            }),
            target: "plb_x".to_owned(),
            asset: Some(AssetId::from_octets([6; 16])),
            verdict: Some(Verdict {
                allowed: true,
                policies: vec!["member-sees".to_owned()],
            }),
            source: Source {
                address: Some([127, 0, 0, 1].into()),
                device: Device::of("Firefox"),
                request: "r-1".to_owned(),
            },
            details: Details::none().with("views", 2),
        }
    }

    #[test]
    fn a_record_reads_back_and_a_broken_one_is_corrupt() {
        let required = [
            PK, "id", "at", "event", "author", "target", "device", "request", "details",
        ];
        reads_back(&record(), &to_item(&record()), from_item, &required);
        let least = Record {
            asset: None,
            verdict: None,
            author: Author::System,
            source: Source::default(),
            details: Details::none(),
            ..record()
        };
        reads_back(&least, &to_item(&least), from_item, &required);
    }
}
