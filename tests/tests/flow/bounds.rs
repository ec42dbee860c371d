//! What bounds a media token, through the real functions: when, where, on which page and device, and how many at once.

use serde_json::{Value, json};
use vault_tests::api::{Api, refused, refused_token, url};
use vault_tests::films::SHORT;
use vault_tests::http::Reply;
use vault_tests::together::together;
use vault_tests::view::{View, granted};
use vault_tests::{Request, people};

const PAGE: &str = "https://app.example.org";

fn bounded(owner: &people::Person, asset: &str, bounds: &[(&str, &str)]) -> String {
    let views = [("max_views", "1000"), ("lifetime", "3600")];
    let fields = [&views, bounds].concat();
    let minted = owner.api.exchange(&owner.access, asset, &fields);
    minted.expect(200).field("access_token")
}

/// Opens a view as a page would.
fn open(api: Api, token: &str, asset: &str, page: Option<&str>, wish: &Value) -> Reply {
    let request = Request::new("POST", &url(&format!("/v1/assets/{asset}/playback")));
    let request = request
        .bearer(token)
        .body("application/json", wish.to_string());
    api.http.send(&match page {
        Some(page) => request.header("origin", page),
        None => request,
    })
}

fn told(owner: &people::Person, token: &str) -> Value {
    let request = Request::new("POST", &url("/v1/token/introspect")).bearer(&owner.access);
    let request = request.body(
        "application/x-www-form-urlencoded",
        format!("token={token}"),
    );
    owner.api.http.send(&request).expect(200).json()
}

#[test]
fn what_a_token_is_bounded_by_is_told_to_its_organisation() {
    let owner = people::owner();
    let asset = owner.ready(SHORT);
    let bounds = [
        ("first_play_seconds", "600"),
        ("networks", "127.0.0.0/8 2001:db8::/32"),
        ("allowed_origins", PAGE),
        ("one_device", "true"),
        ("max_streams", "2"),
        ("viewer", "user-7"),
        ("not_before", "1700000000"),
    ];
    let token = bounded(&owner, &asset, &bounds);
    let active = told(&owner, &token);
    for (member, value) in [
        ("active", json!(true)),
        ("scope", json!("play")),
        ("asset_id", json!(asset)),
        ("nbf", json!(1_700_000_000)),
        ("max_views", json!(1_000)),
        ("views", json!(0)),
        ("first_play_seconds", json!(600)),
        ("networks", json!(["127.0.0.0/8", "2001:db8::/32"])),
        ("allowed_origins", json!([PAGE])),
        ("one_device", json!(true)),
        ("max_streams", json!(2)),
        ("viewer", json!("user-7")),
    ] {
        assert_eq!(active[member], value, "{member}: {active}");
    }
    let other = people::owner();
    assert_eq!(told(&other, &token), json!({ "active": false }));
}

#[test]
fn bounds_that_are_none_are_refused_with_what_would_be_right() {
    let owner = people::owner();
    let asset = owner.send(&SHORT.octets()).0;
    for field in [
        ("not_before", "tomorrow"),
        ("not_before", "4102444800"),
        ("first_play_seconds", "59"),
        ("networks", "127.0.0.1/8"),
        ("allowed_origins", "*"),
        ("allowed_origins", "https://app.example.org/"),
        ("one_device", "yes"),
        ("max_streams", "0"),
        ("max_streams", "101"),
        ("viewer", "two words"),
        ("countries", "DE"),
    ] {
        let reply = owner.api.exchange(&owner.access, &asset, &[field]);
        refused_token(&reply, "invalid_request", "malformed");
        let told = reply.field("error_description");
        assert!(
            told.starts_with(&format!("{}: expected", field.0)),
            "{told}"
        );
    }
    let download = [("scope", "download"), ("max_streams", "1")];
    let reply = owner.api.exchange(&owner.access, &asset, &download);
    refused_token(&reply, "invalid_request", "malformed");
}

#[test]
fn a_token_of_another_network_or_page_opens_nothing_and_one_of_this_plays() {
    let owner = people::owner();
    let asset = owner.ready(SHORT);
    let away = bounded(&owner, &asset, &[("networks", "198.51.100.0/24")]);
    refused(&owner.api.open(&away, &asset), 403, "outside_network");
    let here = bounded(&owner, &asset, &[("networks", "127.0.0.0/8")]);
    refused(
        &owner.api.open_as(&here, &asset, "cookies"),
        409,
        "conflict",
    );
    let view = owner.api.open(&here, &asset).expect(201);
    View::read(&view.field("playlist_url")).segments[0].opened();
    assert_eq!(
        told(&owner, &here)["views"],
        1,
        "what is refused spends nothing"
    );

    let paged = bounded(&owner, &asset, &[("allowed_origins", PAGE)]);
    for page in [None, Some("https://evil.test")] {
        let reply = open(owner.api, &paged, &asset, page, &json!({}));
        refused(&reply, 403, "other_origin");
    }
    let view = open(owner.api, &paged, &asset, Some(PAGE), &json!({})).expect(201);
    let playlist = view
        .field("playlist_url")
        .replace("master.m3u8", "video.m3u8");
    let get = |url: &str, page: Option<&str>| {
        let request = Request::new("GET", url);
        owner.api.http.send(&match page {
            Some(page) => request.header("origin", page),
            None => request,
        })
    };
    refused(&get(&playlist, None), 403, "other_origin");
    let listed = get(&playlist, Some(PAGE)).expect(200).text();
    let (_, key) = listed.split_once("URI=\"").expect("a key");
    let (key, _) = key.split_once('"').expect("its URL");
    let key = vault_tests::view::resolved(&playlist, key);
    refused(&get(&key, None), 403, "other_origin");
    refused(&get(&key, Some("https://evil.test")), 403, "other_origin");
    granted(&get(&key, Some(PAGE)));
}

#[test]
fn a_token_for_one_device_is_the_firsts() {
    let owner = people::owner();
    let asset = owner.ready(SHORT);
    let token = bounded(&owner, &asset, &[("one_device", "true")]);
    let on = |device: &str| {
        let wish = json!({ "device": device.repeat(43) });
        open(owner.api, &token, &asset, None, &wish)
    };
    refused(&owner.api.open(&token, &asset), 403, "other_device");
    on("A").expect(201);
    refused(&on("Q"), 403, "other_device");
    refused(&owner.api.open(&token, &asset), 403, "other_device");
    on("A").expect(201);
}

#[test]
fn as_many_streams_play_as_may_and_one_that_ends_makes_room() {
    let owner = people::owner();
    let asset = owner.ready(SHORT);
    let token = bounded(&owner, &asset, &[("max_streams", "2")]);
    let replies = together(8, |_| owner.api.open(&token, &asset));
    let (playing, refusals): (Vec<_>, Vec<_>) =
        replies.iter().partition(|reply| reply.status == 201);
    assert_eq!((playing.len(), refusals.len()), (2, 6));
    for reply in refusals {
        refused(reply, 403, "too_many_streams");
    }
    let view = View::read(&playing[0].field("playlist_url"));
    granted(&owner.api.http.get(view.keys()[0]));
    let end = || {
        let request = Request::new("POST", &playing[0].field("end_url"));
        owner.api.http.send(&request).expect(200)
    };
    assert_eq!(end().field("playback_id"), playing[0].field("playback_id"));
    end();
    refused(&owner.api.http.get(view.keys()[0]), 401, "invalid_token");
    owner.api.open(&token, &asset).expect(201);
    refused(&owner.api.open(&token, &asset), 403, "too_many_streams");
    assert_eq!(told(&owner, &token)["views"], 3);
}

#[test]
fn the_streams_of_a_viewer_are_counted_over_their_tokens() {
    let owner = people::owner();
    let (asset, another) = (owner.ready(SHORT), owner.ready(SHORT));
    let of = |asset: &str, viewer: &str| {
        let token = bounded(&owner, asset, &[("max_streams", "1"), ("viewer", viewer)]);
        owner.api.open(&token, asset)
    };
    of(&asset, "user-7").expect(201);
    refused(&of(&another, "user-7"), 403, "too_many_streams");
    of(&another, "user-8").expect(201);
}
