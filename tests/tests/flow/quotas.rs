//! Quotas: set by the operator, held when many announce at once, told to admins, given back.

use std::sync::Barrier;

use serde_json::{Value, json};
use vault_domain::credential::Role;
use vault_tests::api::{JSON, refused, url};
use vault_tests::films::SHORT;
use vault_tests::upload::announcement;
use vault_tests::{Person, Reply, Request, people, sdk};

fn invoked(wish: &Value) -> Reply {
    sdk::invoke("SetQuotaFunction", wish)
}

fn set(of: &Person, quota: &Value) -> Value {
    let mut wish = quota.clone();
    wish["organisation_id"] = json!(of.organisation);
    let told = invoked(&wish).expect(200);
    let failed = told.header("x-amz-function-error");
    assert!(failed.is_none(), "{}", told.text());
    told.json()
}

fn usage(by: &Person) -> Value {
    let told = by.api.get("/v1/organisation/usage", &by.access);
    told.expect(200).json()
}

fn used(by: &Person, of: &str) -> u64 {
    usage(by)[of]["used"].as_u64().expect("a number")
}

fn announce(by: &Person, octets: usize) -> Reply {
    let wish = announcement(octets);
    by.api.post("/v1/uploads", Some(&by.access), &wish)
}

#[test]
fn an_upload_over_a_quota_is_refused_with_what_it_is_and_counts_for_nothing() {
    let owner = people::owner();
    set(&owner, &json!({ "max_bytes": 1_500, "max_uploads": 9 }));
    announce(&owner, 1_000).expect(201);
    let reply = announce(&owner, 501);
    refused(&reply, 409, "quota_exceeded");
    let detail = reply.json()["detail"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    assert_eq!(
        detail,
        "the organisation's quota of bytes is 1500: 1000 are used, and this needs 501 more"
    );
    let told = usage(&owner);
    assert_eq!(told["bytes"], json!({ "used": 1_000, "limit": 1_500 }));
    assert_eq!(told["uploads"], json!({ "used": 1, "limit": 9 }));
    assert_eq!(told["assets"]["used"], 1);
    announce(&owner, 500).expect(201);
    for role in [Role::Editor, Role::Viewer] {
        let other = people::colleague(&owner, role);
        let shown = other.api.get("/v1/organisation/usage", &other.access);
        refused(&shown, 403, "forbidden");
    }
    let admin = people::colleague(&owner, Role::Admin);
    assert_eq!(used(&admin, "bytes"), 1_500);
}

#[test]
fn of_many_announcements_at_once_as_many_are_taken_as_there_is_room_for() {
    const ROOM: usize = 5;
    let owner = people::owner();
    set(&owner, &json!({ "max_uploads": ROOM }));
    let start = Barrier::new(20);
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let runners: Vec<_> = (0..20)
            .map(|_| {
                scope.spawn(|| {
                    start.wait();
                    announce(&owner, 1_000).status
                })
            })
            .collect();
        let runners = runners.into_iter();
        runners
            .map(|runner| runner.join().expect("a reply"))
            .collect()
    });
    let taken = statuses.iter().filter(|status| **status == 201).count();
    assert_eq!(taken, ROOM, "{statuses:?}");
    let full = statuses.iter().filter(|status| **status == 409).count();
    assert_eq!(full, 20 - ROOM, "{statuses:?}");
    assert_eq!(used(&owner, "uploads"), 5);
    assert_eq!(used(&owner, "bytes"), 5_000);
}

#[test]
fn what_a_film_counts_for_is_given_back_step_by_step() {
    let owner = people::owner();
    let octets = SHORT.octets();
    let (asset, parts) = owner.send(&octets);
    let size = octets.len() as u64;
    let path = format!("/v1/uploads/{asset}/finalize");
    owner
        .api
        .post(&path, Some(&owner.access), &parts)
        .expect(202);
    assert_eq!(used(&owner, "uploads"), 0, "it arrived");
    let status = owner.settled(&asset);
    assert_eq!(status["state"], "ready", "{status}");
    assert!(used(&owner, "minutes") > 0);
    owner.api.withdraw(&owner.access, &asset).expect(200);
    assert_eq!(used(&owner, "bytes"), size, "what is withdrawn takes room");
    let send = |method: &str, path: &str, body: Option<Value>| {
        let request = Request::new(method, &url(path)).bearer(&owner.access);
        owner.api.http.send(&match body {
            Some(body) => request.body(JSON, body.to_string()),
            None => request,
        })
    };
    let rules = json!({ "recovery_days": 0 });
    send("PUT", "/v1/organisation/retention", Some(rules)).expect(200);
    send("DELETE", &format!("/v1/assets/{asset}"), None).expect(200);
    for _ in 0..20 {
        let swept = sdk::invoke("SweepAssetsFunction", &json!({})).expect(200);
        if swept.json()["finished"] == true {
            break;
        }
    }
    for of in ["assets", "bytes", "minutes", "uploads"] {
        assert_eq!(used(&owner, of), 0, "{of}");
    }
}

#[test]
fn an_upload_that_is_deleted_gives_its_place_back_and_needs_one_to_go_on() {
    let owner = people::owner();
    set(&owner, &json!({ "max_uploads": 1 }));
    let first = announce(&owner, 1_000).expect(201).field("asset_id");
    refused(&announce(&owner, 1_000), 409, "quota_exceeded");
    let path = format!("/v1/assets/{first}");
    let request = Request::new("DELETE", &url(&path)).bearer(&owner.access);
    owner.api.http.send(&request).expect(200);
    let second = announce(&owner, 1_000).expect(201).field("asset_id");
    let restore = || {
        let path = format!("{path}/restore");
        owner.api.post_nothing(&path, &owner.access)
    };
    refused(&restore(), 409, "quota_exceeded");
    owner.api.withdraw(&owner.access, &second).expect(200);
    restore().expect(200);
    assert_eq!((used(&owner, "uploads"), used(&owner, "assets")), (1, 2));
}

#[test]
fn a_film_that_there_are_no_minutes_for_fails_and_says_so() {
    let owner = people::owner();
    let (asset, parts) = owner.send(&SHORT.octets());
    set(&owner, &json!({ "max_minutes": 0 }));
    let path = format!("/v1/uploads/{asset}/finalize");
    owner.api.post(&path, Some(&owner.access), &parts);
    let status = owner.settled(&asset);
    assert_eq!(status["state"], "failed", "{status}");
    let reason = status["reason"].as_str().unwrap_or_default();
    assert!(reason.contains("quota of minutes is 0"), "{status}");
    assert_eq!(used(&owner, "minutes"), 0);
    refused(&announce(&owner, 1), 409, "quota_exceeded");
    let told = set(&owner, &json!({ "max_minutes": null }));
    assert_eq!(told["max_minutes"], Value::Null);
    announce(&owner, 1).expect(201);
}

#[test]
fn a_film_that_is_more_than_films_may_be_is_not_announced_or_fails_and_says_so() {
    let owner = people::owner();
    set(&owner, &json!({ "max_film_bytes": 999 }));
    refused(&announce(&owner, 1_000), 409, "film_too_large");
    set(
        &owner,
        &json!({ "max_film_bytes": null, "max_film_long_side": 15 }),
    );
    assert_eq!(usage(&owner)["film"]["max_long_side"], 15);
    let (asset, parts) = owner.send(&SHORT.octets());
    let path = format!("/v1/uploads/{asset}/finalize");
    owner.api.post(&path, Some(&owner.access), &parts);
    let status = owner.settled(&asset);
    assert_eq!(status["state"], "failed", "{status}");
    assert_eq!(status["code"], "pictures_too_large", "{status}");
    assert_eq!(used(&owner, "minutes"), 0);
    assert!(used(&owner, "bytes") > 0, "its source stays");
}

#[test]
fn a_film_that_failed_is_packaged_anew_once_it_may_come_in() {
    let owner = people::owner();
    let (asset, parts) = owner.send(&SHORT.octets());
    set(&owner, &json!({ "max_film_minutes": 0 }));
    let path = format!("/v1/uploads/{asset}/finalize");
    owner.api.post(&path, Some(&owner.access), &parts);
    let status = owner.settled(&asset);
    assert_eq!(status["code"], "film_too_long", "{status}");
    set(&owner, &json!({ "max_film_minutes": null }));
    let path = format!("/v1/assets/{asset}/reprocess");
    let again = || owner.api.post_nothing(&path, &owner.access);
    assert_eq!(again().expect(202).field("state"), "uploaded");
    let status = owner.settled(&asset);
    assert_eq!(status["state"], "ready", "{status}");
    refused(&again(), 409, "wrong_state");
    assert_eq!(used(&owner, "minutes"), 1);
}

#[test]
fn the_operator_is_told_what_would_be_right_and_nobody_elses_quota_changes() {
    let owner = people::owner();
    for wish in [
        json!({}),
        json!({ "organisation_id": owner.organisation, "max_bytes": -1 }),
        json!({ "organisation_id": owner.organisation, "max_bytes": 1.5 }),
        json!({ "organisation_id": owner.organisation, "bytes": 1 }),
        json!({ "organisation_id": "org_aaaaaaaaaaaaaaaaaaaaaaaaaa", "max_bytes": 1 }),
    ] {
        let told = invoked(&wish);
        assert!(told.header("x-amz-function-error").is_some(), "{wish}");
    }
    announce(&owner, 1_000).expect(201);
}
