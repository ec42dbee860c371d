//! The places of streams that play at once: one record for the views of a token, or of a viewer, beside the views themselves.
//! Whoever changes who has a place counts its version on, so that nobody gives away what was renewed a moment ago.

use std::collections::{BTreeMap, HashMap};

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem, Update};
use vault_domain::bounds::{Lease, Places};
use vault_domain::id::PlaybackId;
use vault_domain::ports::{Change, Leases, Stored};
use vault_domain::token::Digest;

use super::playback_record::LEASE_UNTIL;
use super::record::{Corrupt, Fields, Item, PK, item, number, text, time};
use super::transact::{Request, change};
use super::{TTL, TTL_SLACK, get, read};

const LEASES: &str = "leases";
const VERSION: &str = "version";

/// The key of a record of places.
fn pk(of: Digest) -> String {
    format!("streams#{}", of.hex())
}

/// Who has the places, as it was read.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) places: Places,
    /// None if there is no record yet.
    version: Option<u64>,
}

fn to_item(of: Digest, places: &Places, version: u64, until: &Lease) -> Item {
    let leases = places
        .0
        .iter()
        .map(|(id, until)| (id.to_string(), time(*until)));
    item([
        (PK, text(pk(of))),
        (LEASES, AttributeValue::M(leases.collect())),
        (VERSION, number(version)),
        (TTL, time(until.until.plus(TTL_SLACK))),
    ])
}

fn from_item(item: &Item) -> Result<Seen, Corrupt> {
    let leases: &HashMap<_, _> = match item.get(LEASES) {
        Some(AttributeValue::M(leases)) => leases,
        _ => return Err(Corrupt(LEASES)),
    };
    let mut places = BTreeMap::new();
    for id in leases.keys() {
        let view = PlaybackId::parse(id).map_err(|_| Corrupt(LEASES))?;
        let Some(AttributeValue::N(until)) = leases.get(id) else {
            return Err(Corrupt(LEASES));
        };
        let until = until.parse().map_err(|_| Corrupt(LEASES))?;
        places.insert(view, vault_domain::time::Timestamp(until));
    }
    Ok(Seen {
        places: Places(places),
        version: Some(Fields(item).number(VERSION)?),
    })
}

/// The places, by a consistent read.
pub(super) async fn seen(client: &Client, table: &str, of: Digest) -> Stored<Seen> {
    const OPERATION: &str = "leases.seen";
    let item = get(client, table, OPERATION, pk(of)).await?;
    Ok(read(OPERATION, item.as_ref(), from_item)?.unwrap_or_default())
}

/// Puts the next places in the place of those that were seen, unless they changed since.
pub(super) fn put(
    table: &str,
    lease: &Lease,
    seen: &Seen,
    next: &Places,
) -> Result<TransactWriteItem, BuildError> {
    let version = seen.version.unwrap_or_default() + 1;
    let put = Put::builder()
        .table_name(table)
        .set_item(Some(to_item(lease.of, next, version, lease)));
    let put = match seen.version {
        None => put.condition_expression("attribute_not_exists(pk)"),
        Some(version) => put
            .condition_expression("version = :seen")
            .expression_attribute_values(":seen", number(version)),
    };
    Ok(TransactWriteItem::builder().put(put.build()?).build())
}

/// Takes a view's place away from it, if there is a record of places.
pub(super) fn remove(
    table: &str,
    view: PlaybackId,
    of: Digest,
) -> Result<TransactWriteItem, BuildError> {
    let update = Update::builder()
        .table_name(table)
        .key(PK, text(pk(of)))
        .update_expression("SET version = version + :one REMOVE leases.#view")
        .condition_expression("attribute_exists(pk)")
        .expression_attribute_names("#view", view.to_string())
        .expression_attribute_values(":one", number(1_u64))
        .build()?;
    Ok(TransactWriteItem::builder().update(update).build())
}

/// The places of streams, for renewals.
#[derive(Debug, Clone)]
pub struct DynamoLeases {
    client: Client,
    table: String,
}

impl DynamoLeases {
    /// In this table of playback sessions.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self {
            client,
            table: table.into(),
        }
    }

    fn renewed(&self, view: PlaybackId, lease: &Lease) -> Result<TransactWriteItem, BuildError> {
        let update = Update::builder()
            .table_name(&self.table)
            .key(PK, text(pk(lease.of)))
            .update_expression(
                "SET leases.#view = :until, version = version + :one, expires_at = :removed",
            )
            .condition_expression("attribute_exists(leases.#view)")
            .expression_attribute_names("#view", view.to_string())
            .expression_attribute_values(":until", time(lease.until))
            .expression_attribute_values(":one", number(1_u64))
            .expression_attribute_values(":removed", time(lease.until.plus(TTL_SLACK)))
            .build()?;
        Ok(TransactWriteItem::builder().update(update).build())
    }

    /// The view says itself until when its place is safe: so most of its keys need no other record.
    fn noted(&self, view: PlaybackId, lease: &Lease) -> Result<TransactWriteItem, BuildError> {
        let update = Update::builder()
            .table_name(&self.table)
            .key(PK, text(view.to_string()))
            .update_expression("SET #until = :until")
            // Whoever ends a view takes its place away with it: the other write asks for that.
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_names("#until", LEASE_UNTIL)
            .expression_attribute_values(":until", time(lease.until))
            .build()?;
        Ok(TransactWriteItem::builder().update(update).build())
    }
}

#[async_trait]
impl Leases for DynamoLeases {
    async fn renew(&self, view: PlaybackId, lease: &Lease) -> Stored<Change> {
        let request = Request {
            client: &self.client,
            operation: "leases.renew",
            salt: *view.octets(),
        };
        let writes = || Ok(vec![self.renewed(view, lease)?, self.noted(view, lease)?]);
        change(&request, writes()).await
    }
}

#[cfg(test)]
mod tests {
    use vault_domain::bounds::MaxStreams;
    use vault_domain::time::Timestamp;

    use super::*;
    use crate::replay::{Replay, cancelled};

    fn lease() -> Lease {
        Lease {
            of: Digest([1; 32]),
            most: MaxStreams::parse(2).unwrap(),
            seconds: 90,
            until: Timestamp(190),
        }
    }

    #[test]
    fn places_read_back_and_broken_ones_are_corrupt() {
        let view = PlaybackId::from_octets([2; 16]);
        let places = Places(BTreeMap::from([(view, Timestamp(7))]));
        let written = to_item(lease().of, &places, 3, &lease());
        let version = Some(3);
        let seen = Seen { places, version };
        assert_eq!(from_item(&written), Ok(seen));
        let bad = |id: &str, until| AttributeValue::M(HashMap::from([(id.to_owned(), until)]));
        for (name, broken) in [
            (LEASES, bad("plb_x", time(Timestamp(7)))),
            (LEASES, bad(&view.to_string(), text("7"))),
            (LEASES, text("")),
            (VERSION, text("3")),
        ] {
            let mut item = written.clone();
            item.insert(name.to_owned(), broken);
            assert_eq!(from_item(&item), Err(Corrupt(name)));
        }
    }

    #[tokio::test]
    async fn a_renewal_is_one_call_and_a_place_that_is_gone_refuses_it() {
        let gone = cancelled(&["ConditionalCheckFailed", "None"]);
        let collided = cancelled(&["TransactionConflict", "None"]);
        for (answers, wanted) in [
            (vec![(200, "{}")], Change::Applied),
            (vec![(400, gone.as_str())], Change::NotApplied),
            (vec![(400, collided.as_str()), (200, "{}")], Change::Applied),
        ] {
            let replay = Replay::of(&answers);
            let leases = DynamoLeases::new(Client::new(&replay.config()), "p");
            let renewed = leases
                .renew(PlaybackId::from_octets([2; 16]), &lease())
                .await;
            assert_eq!((renewed.unwrap(), replay.count()), (wanted, answers.len()));
        }
    }
}
