//! Access: what is restricted, granted, taken away; and what of it is on record.

use serde_json::{Value, json};
use vault_domain::credential::Role;
use vault_tests::api::{refused, refused_token, url};
use vault_tests::films::SHORT;
use vault_tests::people::Person;
use vault_tests::upload::announcement;
use vault_tests::view::View;
use vault_tests::{Http, Reply, Request, people};

fn send(by: &Person, method: &str, path: &str, body: &Value) -> Reply {
    let request = Request::new(method, &url(path)).bearer(&by.access);
    let request = if method == "GET" || method == "DELETE" {
        request
    } else {
        request.body("application/json", body.to_string())
    };
    Http::default().send(&request)
}

fn access(asset: &str, principal: &str) -> String {
    format!("/v1/assets/{asset}/access{principal}")
}

fn restricted(owner: &Person, asset: &str) {
    let body = json!({ "visibility": "restricted" });
    let told = send(owner, "PATCH", &access(asset, ""), &body).expect(200);
    assert_eq!(told.json()["visibility"], "restricted");
}

fn events(owner: &Person, query: &str) -> Vec<Value> {
    let path = format!("/v1/audit?{query}");
    let told = send(owner, "GET", &path, &Value::Null).expect(200).json();
    told["records"].as_array().expect("records").clone()
}

#[test]
fn what_is_restricted_is_there_for_those_to_whom_it_is_granted_and_on_record() {
    let owner = people::owner();
    let viewer = people::colleague(&owner, Role::Viewer);
    let asset = owner.ready(SHORT);
    restricted(&owner, &asset);
    let show = || send(&viewer, "GET", &format!("/v1/assets/{asset}"), &Value::Null);
    refused(&show(), 404, "not_found");
    let hidden = viewer.api.exchange(&viewer.access, &asset, &[]);
    refused_token(&hidden, "invalid_target", "not_found");

    let theirs = access(&asset, &format!("/{}", viewer.user));
    let granted = send(&owner, "PUT", &theirs, &json!({ "access": "view" })).expect(200);
    assert_eq!(granted.json()["entries"][0]["access"], "view");
    show().expect(200);
    let token = viewer.api.media_token(&viewer.access, &asset);
    let opened = viewer.api.open(&token, &asset).expect(201);
    let view = View::read(&opened.field("playlist_url"));
    view.segments[0].opened();
    let another = viewer.api.media_token(&viewer.access, &asset);

    send(&owner, "DELETE", &theirs, &Value::Null).expect(200);
    let key = Http::default().get(&view.segments[0].key);
    assert_eq!(key.status, 401, "at the next key");
    refused(&viewer.api.open(&another, &asset), 404, "not_found");

    let all = events(&owner, &format!("asset={asset}"));
    let named = |event: &str| all.iter().filter(|r| r["event"] == event).count();
    let wanted = [
        ("asset.announced", 1),
        ("asset.uploaded", 1),
        ("asset.ready", 1),
        ("asset.access_changed", 3),
        ("token.minted", 2),
        ("view.opened", 1),
        ("access.denied", 3),
    ];
    for (event, count) in wanted {
        assert_eq!(named(event), count, "{event}: {all:?}");
    }
    let view = all
        .iter()
        .find(|r| r["event"] == "view.opened")
        .expect("one");
    let policy = format!("granted-view {} on {asset}", viewer.user);
    assert_eq!(view["policies"], json!([policy]));
    assert!(
        view["author"]
            .as_str()
            .expect("an author")
            .starts_with(&viewer.user)
    );
    assert!(view["address"].is_string() && view["request_id"] != "");
}

#[test]
fn a_group_sees_what_is_in_a_collection_until_it_is_removed() {
    let owner = people::owner();
    let viewer = people::colleague(&owner, Role::Viewer);
    let asset = owner.ready(SHORT);
    let new = json!({ "name": "Rushes", "visibility": "restricted" });
    let made = send(&owner, "POST", "/v1/collections", &new).expect(201);
    let collection = made.field("collection_id");
    let into = json!({ "collection": collection });
    send(&owner, "PATCH", &access(&asset, ""), &into).expect(200);
    let show = || send(&viewer, "GET", &format!("/v1/assets/{asset}"), &Value::Null);
    refused(&show(), 404, "not_found");

    let made = send(&owner, "POST", "/v1/groups", &json!({ "name": "Guests" })).expect(201);
    let group = made.field("group_id");
    let place = format!("/v1/groups/{group}/members/{}", viewer.user);
    send(&owner, "PUT", &place, &json!({})).expect(200);
    let entry = format!("/v1/collections/{collection}/access/{group}");
    send(&owner, "PUT", &entry, &json!({ "access": "view" })).expect(200);
    show().expect(200);
    let listed = send(&viewer, "GET", "/v1/assets", &Value::Null)
        .expect(200)
        .json();
    assert_eq!(listed["assets"][0]["asset_id"], asset.as_str());
    let members = format!("/v1/groups/{group}/members");
    let members = send(&owner, "GET", &members, &Value::Null)
        .expect(200)
        .json();
    assert_eq!(members["user_ids"], json!([viewer.user]));
    refused(
        &send(&viewer, "GET", "/v1/groups", &Value::Null),
        403,
        "forbidden",
    );

    send(
        &owner,
        "DELETE",
        &format!("/v1/groups/{group}"),
        &Value::Null,
    )
    .expect(200);
    refused(&show(), 404, "not_found");
    let path = format!("/v1/collections/{collection}");
    send(&owner, "DELETE", &path, &Value::Null).expect(200);
    refused(&show(), 404, "not_found");
    send(&owner, "GET", &format!("/v1/assets/{asset}"), &Value::Null).expect(200);
}

/// Whoever manages a space manages what is in it, and takes nothing out of another one.
#[test]
fn a_space_is_managed_by_those_to_whom_it_was_given() {
    let owner = people::owner();
    let [producer, viewer] =
        [Role::Editor, Role::Viewer].map(|role| people::colleague(&owner, role));
    let asset = owner.ready(SHORT);
    let closed = json!({ "name": "Newsroom", "visibility": "restricted" });
    let space = send(&owner, "POST", "/v1/spaces", &closed).expect(201);
    let space = space.field("space_id");
    let new = json!({ "name": "Rushes", "space": space });
    refused(
        &send(&producer, "POST", "/v1/collections", &new),
        404,
        "not_found",
    );
    let entry = |who: &str| format!("/v1/spaces/{space}/access/{who}");
    let manage = json!({ "access": "manage" });
    send(&owner, "PUT", &entry(&producer.user), &manage).expect(200);
    let made = send(&producer, "POST", "/v1/collections", &new).expect(201);
    let collection = made.field("collection_id");
    assert_eq!(made.json()["space"], space.as_str());

    let into = json!({ "collection": collection });
    send(&owner, "PATCH", &access(&asset, ""), &into).expect(200);
    let show = || send(&viewer, "GET", &format!("/v1/assets/{asset}"), &Value::Null);
    refused(&show(), 404, "not_found");
    send(
        &producer,
        "PUT",
        &entry(&viewer.user),
        &json!({ "access": "view" }),
    )
    .expect(200);
    show().expect(200);
    let listed = send(
        &viewer,
        "GET",
        &format!("/v1/collections?space={space}"),
        &Value::Null,
    );
    let listed = listed.expect(200).json();
    assert_eq!(
        listed["collections"][0]["collection_id"],
        collection.as_str()
    );
    let one = format!("/v1/collections/{collection}");
    let out = json!({ "space": null });
    refused(&send(&viewer, "PATCH", &one, &out), 403, "forbidden");

    let path = format!("/v1/spaces/{space}");
    refused(
        &send(&producer, "DELETE", &path, &Value::Null),
        403,
        "forbidden",
    );
    send(&owner, "DELETE", &path, &Value::Null).expect(200);
    refused(&show(), 404, "not_found");
    refused(&send(&producer, "PATCH", &one, &out), 404, "not_found");
    let back = send(&owner, "PATCH", &one, &out).expect(200).json();
    assert_eq!(back["space"], Value::Null);
    show().expect(200);
    let removed = events(&owner, "event=space.deleted");
    assert_eq!(removed[0]["target"], space.as_str());
}

#[test]
fn another_organisation_finds_neither_list_nor_collection_nor_group() {
    let (owner, other) = (people::owner(), people::owner());
    let asset = owner.ready(SHORT);
    let named = json!({ "name": "Rushes" });
    let collection = send(&owner, "POST", "/v1/collections", &named).expect(201);
    let collection = collection.field("collection_id");
    let group = send(&owner, "POST", "/v1/groups", &named)
        .expect(201)
        .field("group_id");
    let grant = json!({ "access": "view" });
    for (method, path, body) in [
        ("GET", access(&asset, ""), &Value::Null),
        ("PUT", access(&asset, &format!("/{}", other.user)), &grant),
        ("GET", format!("/v1/collections/{collection}"), &Value::Null),
        (
            "PUT",
            format!("/v1/collections/{collection}/access/{}", other.user),
            &grant,
        ),
        ("GET", format!("/v1/groups/{group}"), &Value::Null),
        (
            "PUT",
            format!("/v1/groups/{group}/members/{}", other.user),
            &Value::Null,
        ),
    ] {
        refused(&send(&other, method, &path, body), 404, "not_found");
    }
    let theirs = json!({ "collection": collection });
    let own = other.ready(SHORT);
    refused(
        &send(&other, "PATCH", &access(&own, ""), &theirs),
        404,
        "not_found",
    );
    assert_eq!(events(&owner, "event=access.denied"), Vec::<Value>::new());
}

#[test]
fn who_sees_what_and_names_change_only_as_they_were_seen() {
    let owner = people::owner();
    let asset = owner.announce(&announcement(1_000)).asset_id;
    let new = json!({ "name": "Rushes" });
    let made = |kind: &str, field: &str| {
        let made = send(&owner, "POST", &format!("/v1/{kind}"), &new).expect(201);
        assert!(made.header("etag").is_some(), "{kind}");
        format!("/v1/{kind}/{}", made.field(field))
    };
    let name = |name: &str| json!({ "name": name });
    let to = |visibility: &str| json!({ "visibility": visibility });
    let changes = [
        (access(&asset, ""), to("restricted"), to("organisation")),
        (
            made("collections", "collection_id"),
            name("Mine"),
            name("Theirs"),
        ),
        (made("spaces", "space_id"), name("Mine"), name("Theirs")),
        (made("groups", "group_id"), name("Mine"), name("Theirs")),
    ];
    for (path, mine, theirs) in changes {
        let change = |tag: &str, body: &Value| {
            let request = Request::new("PATCH", &url(&path)).bearer(&owner.access);
            let request = request.body("application/merge-patch+json", body.to_string());
            Http::default().send(&request.header("if-match", tag))
        };
        let seen = send(&owner, "GET", &path, &Value::Null).expect(200);
        let seen = seen.header("etag").expect("an entity tag");
        let now = change(seen, &mine).expect(200);
        let now = now.header("etag").expect("an entity tag");
        refused(&change(seen, &theirs), 412, "precondition_failed");
        change(seen, &mine).expect(200);
        refused(&change("v1", &theirs), 400, "malformed");
        change(now, &theirs).expect(200);
        change("*", &mine).expect(200);
    }
}
