//! Deleting a film: nothing of it is given out; it comes back as it was; at its end nothing is left that decrypts.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};
use vault_domain::credential::Role;
use vault_tests::api::{JSON, quoted, refused, url};
use vault_tests::films::SHORT;
use vault_tests::view::granted;
use vault_tests::{Http, Person, Reply, Request, cloud, people, sdk, unique};

/// The tables of the stack: its outputs have a name of each.
fn tables() -> impl Iterator<Item = (&'static str, &'static str)> {
    let outputs = cloud().stack_outputs.iter();
    outputs
        .filter(|(name, _)| name.ends_with("Table"))
        .map(|(name, table)| (name.as_str(), table.as_str()))
}

fn asked(by: &Person, method: &str, path: &str, body: Option<&Value>) -> Reply {
    let request = Request::new(method, &url(path)).bearer(&by.access);
    by.api.http.send(&match body {
        Some(body) => request.body(JSON, body.to_string()),
        None => request,
    })
}

fn delete(by: &Person, asset: &str) -> Reply {
    asked(by, "DELETE", &format!("/v1/assets/{asset}"), None)
}

fn restore(by: &Person, asset: &str) -> Reply {
    asked(by, "POST", &format!("/v1/assets/{asset}/restore"), None)
}

fn rules(by: &Person, rules: &Value) -> Reply {
    asked(by, "PUT", "/v1/organisation/retention", Some(rules))
}

/// Runs the function that the clock runs, to its end.
fn swept() {
    for _ in 0..20 {
        let told = sdk::invoke("SweepAssetsFunction", &json!({})).expect(200);
        let failed = told.header("x-amz-function-error");
        assert!(failed.is_none(), "{}", told.text());
        if told.json()["finished"] == true {
            return;
        }
    }
    panic!("the sweep does not end");
}

fn ids(by: &Person, filter: &str) -> Vec<String> {
    let path = format!("/v1/assets?{filter}");
    let page = by.api.get(&path, &by.access).expect(200).json();
    let assets = page["assets"].as_array().cloned().unwrap_or_default();
    let ids = assets.iter().filter_map(|asset| asset["asset_id"].as_str());
    ids.map(str::to_owned).collect()
}

#[test]
fn a_deleted_film_gives_nothing_out_and_comes_back_as_it_was() {
    let owner = people::owner();
    let viewer = people::colleague(&owner, Role::Viewer);
    let asset = owner.ready(SHORT);
    let path = format!("/v1/assets/{asset}");
    let token = owner
        .api
        .exchange(&owner.access, &asset, &[("max_views", "9")])
        .expect(200)
        .field("access_token");
    let view = owner.view(&asset);
    granted(&Http::default().get(view.keys()[0]));
    let before = owner.api.get(&path, &owner.access).expect(200).json();

    let told = delete(&owner, &asset).expect(200).json();
    assert_eq!(
        (&told["asset_id"], &told["state"]),
        (&json!(asset), &json!("ready"))
    );
    let [at, end] = ["deleted_at", "erase_at"].map(|name| told[name].as_u64().expect("a time"));
    assert_eq!(end - at, 30 * 86_400);
    assert_eq!(
        delete(&owner, &asset).expect(200).json(),
        told,
        "again is the same"
    );
    for url in [view.keys()[0], &view.playlist, &view.video] {
        refused(&Http::default().get(url), 404, "not_found");
    }
    refused(&owner.api.open(&token, &asset), 404, "not_found");
    refused(&owner.api.status(&owner.access, &asset), 404, "not_found");
    refused(&owner.api.withdraw(&owner.access, &asset), 404, "not_found");
    assert_eq!(ids(&owner, ""), [""; 0]);
    assert_eq!(ids(&owner, "deleted=true"), std::slice::from_ref(&asset));
    assert_eq!(ids(&viewer, "deleted=true"), [""; 0]);
    let shown = owner.api.get(&path, &owner.access).expect(200).json();
    assert_eq!(shown["erase_at"], told["erase_at"]);
    refused(&viewer.api.get(&path, &viewer.access), 404, "not_found");

    restore(&owner, &asset).expect(200);
    restore(&owner, &asset).expect(200);
    let after = owner.api.get(&path, &owner.access).expect(200).json();
    assert_eq!(after, before);
    refused(&Http::default().get(view.keys()[0]), 401, "invalid_token");
    owner.view(&asset).segments[0].opened();
}

#[test]
fn a_held_film_is_not_deleted_and_a_film_that_is_deleted_is_held() {
    let owner = people::owner();
    let asset = owner.ready(SHORT);
    let hold = format!("/v1/assets/{asset}/legal-hold");
    let reason = json!({ "reason": "Case 24-117" });
    let told = asked(&owner, "PUT", &hold, Some(&reason))
        .expect(200)
        .json();
    assert_eq!(told["legal_hold"]["reason"], reason["reason"]);
    refused(&delete(&owner, &asset), 409, "legal_hold");
    asked(&owner, "DELETE", &hold, None).expect(200);
    rules(&owner, &json!({ "recovery_days": 0 })).expect(200);
    delete(&owner, &asset).expect(200);
    asked(&owner, "PUT", &hold, Some(&reason)).expect(200);
    swept();
    assert!(
        sdk::count_under("KeysTable", &asset) > 0,
        "what is held stays"
    );
    restore(&owner, &asset).expect(200);
    owner.view(&asset).segments[0].opened();
}

/// Keys of all versions and delete markers in a bucket that name the asset.
fn versions(bucket: &str, asset: &str) -> Vec<String> {
    let (mut found, mut marker, mut version) = (Vec::new(), None, None);
    loop {
        let list = sdk::sdk().s3().list_object_versions();
        let list = list.bucket(cloud().output(bucket));
        let list = list.set_key_marker(marker).set_version_id_marker(version);
        let page = sdk::block_on(list.send()).expect("a listing");
        let kept = page.versions().iter().filter_map(|version| version.key());
        let marks = page
            .delete_markers()
            .iter()
            .filter_map(|marker| marker.key());
        let own = kept.chain(marks).filter(|key| key.contains(asset));
        found.extend(own.map(str::to_owned));
        if page.is_truncated() != Some(true) {
            return found;
        }
        marker = page.next_key_marker().map(str::to_owned);
        version = page.next_version_id_marker().map(str::to_owned);
    }
}

type Item = std::collections::HashMap<String, AttributeValue>;

/// Every record of every table that names this, by table.
fn naming(text: &str) -> BTreeMap<&'static str, Vec<Item>> {
    let mut found: BTreeMap<_, Vec<_>> = BTreeMap::new();
    assert!(tables().count() > 13, "not all tables are in the outputs");
    for (name, table) in tables() {
        let mut start = None;
        loop {
            let scan = sdk::sdk().dynamodb().scan().consistent_read(true);
            let scan = scan.table_name(table);
            let sent = scan.set_exclusive_start_key(start).send();
            let page = sdk::block_on(sent).expect("a scan");
            let items = page.items.unwrap_or_default();
            let own = items
                .into_iter()
                .filter(|item| format!("{item:?}").contains(text));
            let own: Vec<_> = own.collect();
            if !own.is_empty() {
                found.entry(name).or_default().extend(own);
            }
            start = page.last_evaluated_key.filter(|key| !key.is_empty());
            if start.is_none() {
                break;
            }
        }
    }
    found
}

#[test]
fn at_the_end_of_a_film_nothing_is_stored_that_decrypts() {
    let owner = people::owner();
    let (asset, kept) = (owner.ready(SHORT), owner.ready(SHORT));
    let secret = format!("Unreleased {}", unique());
    let edit = Request::new("PATCH", &url(&format!("/v1/assets/{asset}")))
        .bearer(&owner.access)
        .header("if-match", "*")
        .body(
            "application/merge-patch+json",
            json!({ "title": secret, "metadata": { "note": secret } }).to_string(),
        );
    owner.api.http.send(&edit).expect(200);
    let view = owner.view(&asset);
    let segment = view.segments[0].clone();
    let saved = Http::default().get(&segment.url).expect(200).body;
    assert!(!segment.opened().is_empty() && !saved.is_empty());
    let shares = format!("/v1/assets/{asset}/shares");
    let told = asked(
        &owner,
        "POST",
        &shares,
        Some(&json!({ "name": "For review" })),
    );
    let link = told.expect(201).field("link");
    let (_, token) = link.split_once("token=").expect("a link");
    assert!(!naming(&secret).is_empty() && !versions("UploadsBucket", &asset).is_empty());
    assert!(naming(&asset).contains_key("SharesTable"));
    assert_eq!(owner.previewed(&asset)["stage"], "ready");

    rules(&owner, &json!({ "recovery_days": 0 })).expect(200);
    delete(&owner, &asset).expect(200);
    swept();

    for bucket in ["UploadsBucket", "MediaBucket", "AuditBucket"] {
        assert_eq!(versions(bucket, &asset), [""; 0], "{bucket}");
    }
    assert_eq!(naming(&secret), BTreeMap::new(), "what was said of it");
    let left = naming(&asset);
    // Tokens and views name it until they run out; they open nothing.
    let tables: Vec<_> = left.keys().copied().collect();
    let may = [
        "AssetsTable",
        "AuditTable",
        "GrantsTable",
        "PlaybackTable",
        "RetentionTable",
    ];
    assert!(tables.iter().all(|table| may.contains(table)), "{tables:?}");
    let stone = &left["AssetsTable"];
    let mut names: Vec<_> = stone.iter().flat_map(|item| item.keys()).collect();
    names.sort();
    assert_eq!(
        names,
        ["announced_at", "deleted_at", "erased_at", "org", "pk"]
    );
    let events = left["AuditTable"]
        .iter()
        .filter_map(|item| item["event"].as_s().ok());
    let erased = events.filter(|event| *event == "asset.erased").count();
    assert_eq!(erased, 1, "and that is on record");

    refused(&Http::default().get(&segment.key), 404, "not_found");
    let fetched = Http::default().get(&segment.url);
    assert!(matches!(fetched.status, 403 | 404), "{}", fetched.status);
    refused(&restore(&owner, &asset), 404, "not_found");
    refused(&delete(&owner, &asset), 404, "not_found");
    let exchange = Request::new("POST", &url("/v1/shares/exchange"));
    let exchange = exchange.body(JSON, json!({ "token": token }).to_string());
    refused(&Http::default().send(&exchange), 400, "invalid_link");
    assert_eq!(ids(&owner, "deleted=true"), [""; 0]);
    owner.view(&kept).segments[0].opened();
    swept();
    owner.view(&kept).segments[0].opened();
}

#[test]
fn owners_alone_set_rules_and_they_are_bounded() {
    let owner = people::owner();
    let admin = people::colleague(&owner, Role::Admin);
    let path = "/v1/organisation/retention";
    let shown = owner.api.get(path, &owner.access).expect(200).json();
    assert_eq!(
        shown,
        json!({ "recovery_days": 30, "delete_after_days": null, "failed_after_days": null, "withdrawn_after_days": null })
    );
    refused(&admin.api.get(path, &admin.access), 403, "forbidden");
    refused(
        &rules(&admin, &json!({ "recovery_days": 1 })),
        403,
        "forbidden",
    );
    for bad in [
        json!({ "recovery_days": 366 }),
        json!({ "recovery_days": 1, "delete_after_days": 0 }),
        json!({ "delete_after_days": 1 }),
    ] {
        refused(&rules(&owner, &bad), 400, "malformed");
    }
    let wish = json!({ "recovery_days": 7, "delete_after_days": 365, "failed_after_days": 30, "withdrawn_after_days": null });
    assert_eq!(rules(&owner, &wish).expect(200).json(), wish);
    assert_eq!(rules(&owner, &wish).expect(200).json(), wish);
    let record = format!("/v1/audit?event={}&limit=10", quoted("retention.changed"));
    let records = owner.api.get(&record, &owner.access).expect(200).json();
    assert_eq!(records["records"].as_array().map(Vec::len), Some(1));
}
