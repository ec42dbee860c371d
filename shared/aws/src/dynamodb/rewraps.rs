//! The table of wrapped content keys as a whole, and in it the one record of how far they are brought under the current master key.

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use vault_domain::playback::WrappedKey;
use vault_domain::ports::{Change, KeyPage, Rewraps, StoreError, Stored};
use vault_domain::rotation::{Cursor, Pass};

use super::keys::{from_item, key};
use super::record::{Corrupt, Fields, Item, PK, SK, flag, item, number, octets, text, time};
use super::{read, unmet_update};

/// Partition key of the record; no asset has this id.
const RECORD: &str = "rewrap";
const PASS: &str = "pass";
/// Records of one page: each is rewrapped by a write of its own.
const PAGE: i32 = 200;

/// All wrapped content keys.
#[derive(Debug, Clone)]
pub struct DynamoRewraps {
    client: Client,
    table: String,
}

impl DynamoRewraps {
    /// The keys in this table.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self {
            client,
            table: table.into(),
        }
    }
}

fn place(pk: &str, sk: &str) -> Item {
    item([(PK, text(pk)), (SK, text(sk))])
}

fn to_item(pass: &Pass) -> Item {
    let mut record = place(RECORD, PASS);
    record.extend(item([
        ("current", text(&pass.current)),
        ("begun_at", time(pass.begun_at)),
        ("finished", flag(pass.finished)),
        ("seen", number(pass.seen)),
        ("rewrapped", number(pass.rewrapped)),
        ("unreadable", number(pass.unreadable)),
    ]));
    if let Some(after) = &pass.after {
        let after = [("after_pk", text(&after.pk)), ("after_sk", text(&after.sk))];
        record.extend(item(after));
    }
    record
}

fn to_pass(record: &Item) -> Result<Pass, Corrupt> {
    let fields = Fields(record);
    let after = if fields.has("after_pk") {
        Some(Cursor {
            pk: fields.text("after_pk")?.to_owned(),
            sk: fields.text("after_sk")?.to_owned(),
        })
    } else {
        None
    };
    Ok(Pass {
        current: fields.text("current")?.to_owned(),
        begun_at: fields.time("begun_at")?,
        after,
        finished: fields.flag("finished")?,
        seen: fields.number("seen")?,
        rewrapped: fields.number("rewrapped")?,
        unreadable: fields.number("unreadable")?,
    })
}

fn to_page(records: &[Item], last: Option<&Item>) -> Result<KeyPage, Corrupt> {
    let mut page = KeyPage::default();
    for record in records {
        match from_item(record) {
            Ok(key) => page.keys.push(key),
            Err(_) => page.corrupt += 1,
        }
    }
    if let Some(last) = last.filter(|last| !last.is_empty()) {
        let fields = Fields(last);
        page.next = Some(Cursor {
            pk: fields.text(PK)?.to_owned(),
            sk: fields.text(SK)?.to_owned(),
        });
    }
    Ok(page)
}

#[async_trait]
impl Rewraps for DynamoRewraps {
    async fn pass(&self) -> Stored<Option<Pass>> {
        let request = self.client.get_item().table_name(&self.table);
        let request = request.consistent_read(true);
        let sent = request.set_key(Some(place(RECORD, PASS))).send().await;
        let output = sent.map_err(|error| StoreError::new("rewraps.pass", error))?;
        read("rewraps.pass", output.item.as_ref(), to_pass)
    }

    async fn save(&self, pass: &Pass) -> Stored<()> {
        let request = self.client.put_item().table_name(&self.table);
        let sent = request.set_item(Some(to_item(pass))).send().await;
        sent.map_err(|error| StoreError::new("rewraps.save", error))?;
        Ok(())
    }

    /// The order of a scan is that of the hashes of partition keys: new records may come anywhere, none changes its place.
    async fn page(&self, after: Option<&Cursor>) -> Stored<KeyPage> {
        let from = after.map(|after| place(&after.pk, &after.sk));
        let sent = self
            .client
            .scan()
            .table_name(&self.table)
            .consistent_read(true)
            .limit(PAGE)
            .filter_expression("pk <> :record")
            .expression_attribute_values(":record", text(RECORD))
            .set_exclusive_start_key(from)
            .send()
            .await;
        let output = sent.map_err(|error| StoreError::new("rewraps.page", error))?;
        let records = output.items.unwrap_or_default();
        let page = to_page(&records, output.last_evaluated_key.as_ref());
        page.map_err(|corrupt| StoreError::new("rewraps.page", corrupt))
    }

    async fn replace(&self, before: &WrappedKey, after: &WrappedKey) -> Stored<Change> {
        let values = item([
            (":package", text(before.package.to_string())),
            (":was_master", text(&before.master)),
            (":was_nonce", octets(&before.nonce)),
            (":was_sealed", octets(&before.sealed)),
            (":master", text(&after.master)),
            (":nonce", octets(&after.nonce)),
            (":sealed", octets(&after.sealed)),
        ]);
        let sent = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key(before.asset, before.key)))
            .update_expression("SET #master = :master, nonce = :nonce, sealed = :sealed")
            .condition_expression(
                "#package = :package AND #master = :was_master AND nonce = :was_nonce AND sealed = :was_sealed",
            )
            .expression_attribute_names("#package", "package")
            .expression_attribute_names("#master", "master")
            .set_expression_attribute_values(Some(values))
            .send()
            .await;
        let Err(error) = sent else {
            return Ok(Change::Applied);
        };
        unmet_update(error).map_err(|error| StoreError::new("rewraps.replace", error))?;
        Ok(Change::NotApplied)
    }
}

#[cfg(test)]
mod tests {
    use vault_domain::id::{AssetId, KeyId, PackageId};
    use vault_domain::time::Timestamp;

    use super::super::record::checks::reads_back;
    use super::*;

    fn pass(after: Option<Cursor>) -> Pass {
        Pass {
            current: "2".to_owned(),
            begun_at: Timestamp(5),
            after,
            finished: true,
            seen: 7,
            rewrapped: 3,
            unreadable: 1,
        }
    }

    #[test]
    fn a_pass_reads_back_and_a_broken_one_is_corrupt() {
        let required = [
            "current",
            "begun_at",
            "finished",
            "seen",
            "rewrapped",
            "unreadable",
        ];
        let over = pass(None);
        reads_back(&over, &to_item(&over), to_pass, &required);
        let (pk, sk) = ("ast_x".to_owned(), "key_x".to_owned());
        let under_way = pass(Some(Cursor { pk, sk }));
        assert_eq!(to_pass(&to_item(&under_way)), Ok(under_way));
    }

    #[test]
    fn a_page_tells_records_that_are_no_keys_and_where_the_next_begins() {
        let key = key(AssetId::from_octets([1; 16]), KeyId::from_octets([2; 16]));
        let mut whole = key.clone();
        whole.extend(item([
            ("package", text(PackageId::from_octets([3; 16]).to_string())),
            ("master", text("1")),
            ("nonce", octets(&[4; 12])),
            ("sealed", octets(&[5; 32])),
        ]));
        let page = to_page(&[whole, key.clone()], Some(&key)).unwrap();
        assert_eq!((page.keys.len(), page.corrupt), (1, 1));
        let next = page.next.unwrap();
        assert!(next.pk.starts_with("ast_") && next.sk.starts_with("key_"));
        assert_eq!(to_page(&[], Some(&Item::new())), Ok(KeyPage::default()));
    }
}
