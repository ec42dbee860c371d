//! The record of what was done: written, chained by the clock's function, listed, exported, proven.

use serde_json::{Value, json};
use vault_aws::dynamodb::DynamoRecords;
use vault_crypto::entropy::Sha256;
use vault_domain::audit::{Record, verify};
use vault_domain::id::OrgId;
use vault_domain::ports::Records;
use vault_testkit::Sample;
use vault_testkit::contract::audit_record;
use vault_tests::api::{refused, url};
use vault_tests::{Http, Reply, Request, cloud, people, sdk, seed};

/// Writes so many records of an organisation.
fn written(org: &str, count: u64) -> Vec<Record> {
    let table = cloud().output("AuditTable");
    let notes = DynamoRecords::new(sdk::sdk().dynamodb(), table);
    let (sample, org) = (Sample::new(seed()), OrgId::parse(org).expect("an id"));
    let records: Vec<_> = (0..count).map(|n| audit_record(&sample, org, n)).collect();
    for record in &records {
        sdk::block_on(notes.note(record)).expect("a record");
    }
    records
}

fn listed(access: &str, query: &str) -> Reply {
    let path = url(&format!("/v1/audit?{query}"));
    Http::default().send(&Request::new("GET", &path).bearer(access))
}

fn records(reply: &Reply) -> Vec<Value> {
    let body = reply.json();
    body["records"].as_array().expect("records").clone()
}

/// Seals whatever waits; the function that the clock runs may be first.
fn sealed(access: &str, ids: &[String]) -> Vec<Value> {
    for _ in 0..10 {
        sdk::invoke("SealAuditFunction", &json!({})).expect(200);
        let all = records(&listed(access, "limit=100").expect(200));
        let own = |record: &&Value| ids.iter().any(|id| record["record_id"] == **id);
        let own: Vec<_> = all.iter().filter(own).cloned().collect();
        if own.len() == ids.len() && own.iter().all(|record| record["hash"].is_string()) {
            return own;
        }
    }
    panic!("records do not get their places");
}

#[test]
fn what_was_done_is_chained_listed_and_exported_and_proves_itself() {
    let owner = people::owner();
    let ids: Vec<_> = written(&owner.organisation, 5)
        .iter()
        .map(|record| record.id.to_string())
        .collect();
    let own = sealed(&owner.access, &ids);
    let sequences: Vec<_> = own
        .iter()
        .map(|r| r["sequence"].as_u64().unwrap())
        .collect();
    assert!(
        sequences.is_sorted_by(|a, b| a > b),
        "the latest first: {sequences:?}"
    );

    let exported = sdk::invoke("ExportAuditFunction", &json!({})).expect(200);
    assert!(exported.json()["exports"].is_u64(), "{}", exported.text());
    let prefix = format!("audit/{}/", owner.organisation);
    let keys = sdk::objects("AuditBucket", &prefix);
    assert!(!keys.is_empty());
    let newest = own[0]["hash"].as_str().unwrap();
    let anchor = verify::Anchor::parse(&format!("{}:{newest}", sequences[0])).unwrap();
    let mut files: Vec<_> = keys.iter().map(|key| checked(key, anchor)).collect();
    files.sort_by_key(|file| file.first);
    assert!(files.iter().all(|file| file.faults.is_empty()), "{files:?}");
    let files: Vec<_> = files.iter().collect();
    let (_, faults) = verify::join(&Sha256, &files, None, &[anchor]);
    assert_eq!(faults, []);
}

fn checked(key: &str, anchor: verify::Anchor) -> verify::Checked {
    let bucket = cloud().output("AuditBucket");
    let sent = sdk::sdk().s3().get_object().bucket(bucket).key(key).send();
    let found = sdk::block_on(sent).expect("an export");
    let octets = sdk::block_on(found.body.collect()).expect("its octets");
    verify::check(&Sha256, &octets.to_vec(), &[anchor]).expect("an export")
}

#[test]
fn filters_and_pages_show_what_they_name() {
    let owner = people::owner();
    let all = written(&owner.organisation, 6);
    let from = all[0].at.0;
    let span = format!("from={from}&to={}", from + 6);
    let shown = |query: &str| {
        let reply = listed(&owner.access, &format!("{span}&{query}")).expect(200);
        let ids = records(&reply).into_iter();
        ids.map(|r| r["record_id"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let latest: Vec<_> = all.iter().rev().map(|r| r.id.to_string()).collect();
    assert_eq!(shown("limit=100"), latest);
    let asset = all[1].asset.expect("an asset");
    assert_eq!(shown(&format!("asset={asset}")), [all[1].id.to_string()]);
    let actor = all[2].author.actor().expect("an actor");
    assert_eq!(shown(&format!("actor={actor}")), [all[2].id.to_string()]);
    let first = listed(&owner.access, &format!("{span}&limit=4")).expect(200);
    assert_eq!(records(&first).len(), 4);
    let cursor = first.field("cursor");
    assert_eq!(shown(&format!("limit=4&cursor={cursor}")), latest[4..]);
    let foreign = listed(&owner.access, &format!("limit=4&cursor={cursor}"));
    refused(&foreign, 400, "malformed");
    for bad in [
        "event=x",
        "actor=x",
        "asset=x",
        "from=x",
        "from=2&to=2",
        "limit=0",
    ] {
        refused(&listed(&owner.access, bad), 400, "malformed");
    }
    let neighbour = people::owner();
    let theirs = records(&listed(&neighbour.access, &span).expect(200));
    assert!(
        theirs
            .iter()
            .all(|r| r["organisation_id"] == *neighbour.organisation)
    );
}
