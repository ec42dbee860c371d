//! The library: lists, one asset, and changes that do not overwrite each other.

use serde_json::{Value, json};
use vault_domain::credential::Role;
use vault_tests::api::{refused, url};
use vault_tests::films::SHORT;
use vault_tests::upload::announcement;
use vault_tests::{Person, Reply, Request, people};

fn edit(by: &Person, asset: &str, tag: Option<&str>, change: &Value) -> Reply {
    let request = Request::new("PATCH", &url(&format!("/v1/assets/{asset}")));
    let request = request
        .bearer(&by.access)
        .body("application/merge-patch+json", change.to_string());
    by.api.http.send(&match tag {
        Some(tag) => request.header("if-match", tag),
        None => request,
    })
}

fn shown(by: &Person, asset: &str) -> Reply {
    by.api.get(&format!("/v1/assets/{asset}"), &by.access)
}

/// Ids and titles of a whole list, two a page.
fn listed(by: &Person, filter: &str) -> Vec<(String, String)> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    for _ in 0..20 {
        let path = format!("/v1/assets?limit=2{filter}{cursor}");
        let page = by.api.get(&path, &by.access).expect(200).json();
        let text = |asset: &Value, name: &str| asset[name].as_str().unwrap_or_default().to_owned();
        let assets = page["assets"].as_array().cloned().unwrap_or_default();
        all.extend(
            assets
                .iter()
                .map(|asset| (text(asset, "asset_id"), text(asset, "title"))),
        );
        let Some(next) = page["cursor"].as_str() else {
            return all;
        };
        cursor = format!("&cursor={next}");
    }
    panic!("the list does not end");
}

fn announced(by: &Person, title: &str) -> String {
    let mut wish = announcement(1_000);
    wish["title"] = json!(title);
    by.announce(&wish).asset_id
}

#[test]
fn a_library_is_listed_by_state_uploader_and_title() {
    let owner = people::owner();
    let editor = people::colleague(&owner, Role::Editor);
    let viewer = people::colleague(&owner, Role::Viewer);
    let film = owner.ready(SHORT);
    let mut theirs = ["Étude one", "etude two", "Zeta"].map(|title| announced(&editor, title));
    theirs.sort();
    let ids = |filter: &str| {
        let listed = listed(&viewer, filter);
        let mut ids: Vec<_> = listed.into_iter().map(|(id, _)| id).collect();
        ids.sort();
        ids
    };
    assert_eq!(ids("").len(), 4);
    assert_eq!(ids("&state=ready"), std::slice::from_ref(&film));
    assert_eq!(ids("&state=uploading"), theirs);
    assert_eq!(ids(&format!("&owner={}", editor.user)), theirs);
    assert_eq!(ids(&format!("&owner={}&state=ready", editor.user)), [""; 0]);
    let titles: Vec<_> = listed(&viewer, "&title=%C3%89TU");
    assert_eq!(titles.len(), 1);
    assert_eq!(titles[0].1, "Étude one");
    owner.api.withdraw(&owner.access, &film).expect(200);
    assert_eq!(ids("&state=withdrawn"), [film]);
    let stranger = people::owner();
    assert_eq!(listed(&stranger, ""), []);
    for bad in [
        "state=gone",
        "owner=me",
        "title=",
        "limit=0",
        "limit=101",
        "cursor=x",
    ] {
        let path = format!("/v1/assets?{bad}");
        refused(&viewer.api.get(&path, &viewer.access), 400, "malformed");
    }
}

#[test]
fn a_change_needs_the_tag_of_what_was_seen() {
    let owner = people::owner();
    let asset = announced(&owner, "A first title");
    let before = shown(&owner, &asset).expect(200);
    let tag = before.header("etag").expect("a tag").to_owned();
    assert_eq!(before.field("etag"), tag);
    let change = json!({
        "title": "A second title",
        "metadata": { "season": 2, "note": "two\nlines", "public": false },
    });
    refused(
        &edit(&owner, &asset, None, &change),
        428,
        "precondition_required",
    );
    let after = edit(&owner, &asset, Some(&tag), &change).expect(200);
    assert_eq!(after.json()["metadata"], change["metadata"]);
    let next = after.header("etag").expect("a tag").to_owned();
    assert_ne!(next, tag);
    // The same again, after an answer that was lost; then another, by someone who saw no more than the first.
    let again = edit(&owner, &asset, Some(&tag), &change).expect(200);
    assert_eq!(again.header("etag"), Some(next.as_str()));
    let late = json!({ "title": "A third title" });
    refused(
        &edit(&owner, &asset, Some(&tag), &late),
        412,
        "precondition_failed",
    );
    let less = json!({ "metadata": { "note": null } });
    let less = edit(&owner, &asset, Some(&next), &less).expect(200).json();
    assert_eq!(less["metadata"], json!({ "season": 2, "public": false }));
    let none = edit(&owner, &asset, Some("*"), &json!({ "metadata": null }));
    assert_eq!(none.expect(200).json()["metadata"], json!({}));
    assert_eq!(
        shown(&owner, &asset).expect(200).field("title"),
        "A second title"
    );
    assert_eq!(listed(&owner, "&title=a%20sec").len(), 1);
    assert_eq!(listed(&owner, "&title=a%20first"), []);
}

#[test]
fn what_is_no_change_says_what_would_be_one() {
    let owner = people::owner();
    let asset = announced(&owner, "A title");
    let many: serde_json::Map<_, _> = (0..33).map(|n| (format!("k{n}"), json!(n))).collect();
    for bad in [
        json!([]),
        json!({ "state": "ready" }),
        json!({ "title": "" }),
        json!({ "title": "a\u{202e}b" }),
        json!({ "title": 1 }),
        json!({ "title": null }),
        json!({ "metadata": { "A": 1 } }),
        json!({ "metadata": { "a": 1.5 } }),
        json!({ "metadata": { "a": 9_007_199_254_740_992_i64 } }),
        json!({ "metadata": { "a": [1] } }),
        json!({ "metadata": { "a": { "b": 1 } } }),
        json!({ "metadata": { "a": "x".repeat(501) } }),
        json!({ "metadata": many }),
    ] {
        refused(&edit(&owner, &asset, Some("*"), &bad), 400, "malformed");
    }
    let huge = json!({ "title": "x".repeat(300_000) });
    refused(&edit(&owner, &asset, Some("*"), &huge), 413, "too_large");
    for tag in ["x", "\"x"] {
        let change = json!({ "title": "Another" });
        refused(&edit(&owner, &asset, Some(tag), &change), 400, "malformed");
    }
    assert_eq!(shown(&owner, &asset).field("title"), "A title");
}

#[test]
fn nobody_else_changes_or_sees_it_and_who_is_out_is_out_at_once() {
    let owner = people::owner();
    let asset = announced(&owner, "A title");
    let change = json!({ "title": "Mine now" });
    for (role, status) in [(Role::Viewer, 403), (Role::Editor, 403), (Role::Admin, 200)] {
        let colleague = people::colleague(&owner, role);
        let reply = edit(&colleague, &asset, Some("*"), &change);
        assert_eq!(reply.status, status, "{role:?}");
        shown(&colleague, &asset).expect(200);
    }
    let stranger = people::owner();
    refused(
        &edit(&stranger, &asset, Some("*"), &change),
        404,
        "not_found",
    );
    refused(&shown(&stranger, &asset), 404, "not_found");
    let admin = people::colleague(&owner, Role::Admin);
    let path = format!("/v1/organisation/members/{}/disable", admin.user);
    owner.api.post_nothing(&path, &owner.access).expect(200);
    refused(&shown(&admin, &asset), 401, "invalid_token");
    refused(
        &edit(&admin, &asset, Some("*"), &change),
        401,
        "invalid_token",
    );
}

#[test]
fn of_a_hundred_changes_that_rest_on_the_same_one_is_made() {
    let owner = people::owner();
    let asset = announced(&owner, "A title");
    let tag = shown(&owner, &asset).field("etag");
    let replies = vault_tests::together::together(100, |number| {
        let change = json!({ "metadata": { "by": number } });
        edit(&owner, &asset, Some(&tag), &change).shown()
    });
    let made = replies.iter().filter(|reply| *reply == "200").count();
    let late = replies.iter().filter(|r| *r == "412 precondition_failed");
    assert_eq!((made, late.count()), (1, 99), "{replies:?}");
}

#[test]
fn a_page_of_the_largest_descriptions_is_answered() {
    let owner = people::owner();
    // The worst that one octet becomes: a quotation mark, in JSON within the JSON of Lambda.
    let text = "\"".repeat(500);
    let metadata: serde_json::Map<_, _> = (0..16).map(|n| (format!("k{n}"), json!(text))).collect();
    let first = announced(&owner, &"\"".repeat(200));
    let change = json!({ "metadata": metadata });
    edit(&owner, &first, Some("*"), &change).expect(200);
    vault_tests::together::together(4, |_| {
        for _ in 0..25 {
            let asset = announced(&owner, &"\"".repeat(200));
            edit(&owner, &asset, Some("*"), &change).expect(200);
        }
    });
    let page = owner.api.get("/v1/assets", &owner.access).expect(200);
    let page = page.json();
    assert_eq!(page["assets"].as_array().map(Vec::len), Some(100));
    assert!(page["cursor"].is_string());
}

#[test]
fn what_a_filter_says_is_text_and_never_a_part_of_the_query() {
    let owner = people::owner();
    let odd = "#state = :x OR begins_with";
    let (named, other) = (announced(&owner, odd), announced(&owner, "Rushes"));
    let found = |title: &str| -> Vec<String> {
        let all = listed(&owner, &format!("&title={title}"));
        all.into_iter().map(|(id, _)| id).collect()
    };
    assert_eq!(found("%23state%20%3D%20%3Ax"), [named]);
    assert_eq!(found("rush"), [other]);
    for injected in [
        "%3Atitle",
        "%23folded",
        "%25",
        "*",
        "r%22%20OR%20%221%22%3D%221",
        "r%27%3B--",
        "%7B%22S%22%3A%22r%22%7D",
        "attribute_exists(pk)",
        "r%00",
        "r%5C",
    ] {
        assert_eq!(found(injected), [""; 0], "{injected}");
    }
    for filter in [
        "state=ready%20OR%20true",
        "owner=usr_%23",
        "collection=%3Ac",
        "limit=2%3B",
        "deleted=%3Atrue",
    ] {
        let path = format!("/v1/assets?{filter}");
        refused(&owner.api.get(&path, &owner.access), 400, "malformed");
    }
}
