//! What was said of malware in sources, on the record of the asset; and waits for it, among what is due.
//!
//! | table | key | what |
//! | --- | --- | --- |
//! | assets | the asset | `scan_result` (`clean`, `threat`), `scan_version`, `scan_etag`: of which object |
//! | retention | the asset and how often it had been reopened | that its wait for a verdict is due to end |

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use vault_domain::asset::{Asset, AssetState, Failure};
use vault_domain::audit::Record;
use vault_domain::deletion::Due;
use vault_domain::ports::{Change, Scans, StoreError, Stored};
use vault_domain::scan::{Scan, SourceVersion};

use super::assets::{DynamoAssets, from_states};
use super::assets_counted::Step;
use super::deletion_record::due_item;
use super::record::{Corrupt, Fields, number, text, time};
use super::records;

const CLEAN: &str = "clean";
const THREAT: &str = "threat";

/// Over the tables of assets and of what is due.
#[derive(Debug, Clone)]
pub struct DynamoScans {
    client: Client,
    assets: DynamoAssets,
    retention: String,
}

impl DynamoScans {
    /// Over these tables; `assets` counts what is used.
    pub fn new(client: Client, assets: DynamoAssets, retention: impl Into<String>) -> Self {
        Self {
            client,
            assets,
            retention: retention.into(),
        }
    }
}

/// Reads what was said last.
pub(super) fn scan(fields: Fields<'_>) -> Result<Option<Scan>, Corrupt> {
    let said = fields.optional("scan_result", |fields, name| {
        fields.parsed(name, |text| match text {
            CLEAN => Some(true),
            THREAT => Some(false),
            _ => None,
        })
    })?;
    let Some(clean) = said else { return Ok(None) };
    let (version, etag) = (fields.text("scan_version")?, fields.text("scan_etag")?);
    let of = SourceVersion::parse(version, etag).map_err(|_| Corrupt("scan_version"))?;
    Ok(Some(Scan { of, clean }))
}

fn judged(request: UpdateItemFluentBuilder, scan: &Scan) -> UpdateItemFluentBuilder {
    let result = if scan.clean { CLEAN } else { THREAT };
    request
        .update_expression(
            "SET scan_result = :result, scan_version = :version, scan_etag = :etag",
        )
        .condition_expression(
            "attribute_exists(#state) AND #state <> :withdrawn AND (attribute_not_exists(scan_result) OR (scan_result <> :threat AND (scan_result <> :result OR scan_version <> :version OR scan_etag <> :etag)))",
        )
        .expression_attribute_values(":withdrawn", text(AssetState::Withdrawn.as_str()))
        .expression_attribute_values(":threat", text(THREAT))
        .expression_attribute_values(":result", text(result))
        .expression_attribute_values(":version", text(scan.of.version()))
        .expression_attribute_values(":etag", text(scan.of.etag()))
}

#[async_trait]
impl Scans for DynamoScans {
    async fn judge(&self, seen: &Asset, scan: &Scan, record: &Record) -> Stored<Change> {
        let request = judged(self.assets.update(seen.id()), scan);
        let writes = records::update(&request).map(|write| vec![write]);
        let records = &self.assets.records;
        records.with("scans.judge", writes, record).await
    }

    async fn wait(&self, due: &Due) -> Stored<Change> {
        let request = self.client.put_item().table_name(&self.retention);
        let sent = request
            .set_item(Some(due_item(due)))
            .condition_expression("attribute_not_exists(pk)")
            .send()
            .await;
        match sent {
            Ok(_) => Ok(Change::Applied),
            Err(error) => {
                let service = error.as_service_error();
                if service.is_some_and(PutItemError::is_conditional_check_failed_exception) {
                    return Ok(Change::NotApplied);
                }
                Err(StoreError::new("scans.wait", error))
            }
        }
    }

    async fn give_up(&self, seen: &Asset, failure: &Failure, record: &Record) -> Stored<Change> {
        let step = |now: &Asset| {
            let same = now.reopened == seen.reopened && now.scan.is_none();
            let times = if seen.reopened == 0 {
                "attribute_not_exists(reopened)"
            } else {
                "reopened = :seen"
            };
            let request = self.assets.transition(seen.id(), AssetState::Failed);
            let from = [
                (":from", AssetState::Uploaded),
                (":begun", AssetState::Processing),
            ];
            let request = from_states(request, &from);
            let request = request.expression_attribute_values(":at", time(record.at));
            let mut request = request.condition_expression(format!(
                "(#state = :from OR (#state = :begun AND (attribute_not_exists(lease_until) OR lease_until <= :at))) AND attribute_not_exists(scan_result) AND {times}"
            ));
            if seen.reopened > 0 {
                request = request.expression_attribute_values(":seen", number(seen.reopened));
            }
            let admits = now.is_in_no_hand(record.at) && same;
            admits.then(|| Step::failed(request, now, failure))
        };
        let assets = &self.assets;
        assets
            .counted("scans.give_up", seen.id(), step, record)
            .await
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::record::{Item, item};
    use super::*;

    /// A verdict, and its attributes.
    pub(in crate::dynamodb) fn some() -> (Scan, Item) {
        let scan = Scan {
            of: SourceVersion::parse("v1", "abc").unwrap(),
            clean: true,
        };
        let attributes = item([
            ("scan_result", text("clean")),
            ("scan_version", text("v1")),
            ("scan_etag", text("abc")),
        ]);
        (scan, attributes)
    }

    #[test]
    fn what_was_said_is_clean_or_a_threat_and_of_an_object() {
        assert_eq!(scan(Fields(&Item::new())), Ok(None));
        let (clean, mut attributes) = some();
        assert_eq!(scan(Fields(&attributes)), Ok(Some(clean.clone())));
        attributes.insert("scan_result".to_owned(), text("threat"));
        let threat = Scan {
            clean: false,
            ..clean
        };
        assert_eq!(scan(Fields(&attributes)), Ok(Some(threat)));
        for (name, broken) in [
            ("scan_result", "unknown"),
            ("scan_version", "null"),
            ("scan_etag", ""),
        ] {
            let mut attributes = some().1;
            attributes.insert(name.to_owned(), text(broken));
            assert!(scan(Fields(&attributes)).is_err(), "{name}");
        }
    }
}
