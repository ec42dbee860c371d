//! A view that is watched from many networks, through the real functions: each client is at an address of its own.

use serde_json::{Value, json};
use vault_tests::api::{quoted, refused, url};
use vault_tests::films::SHORT;
use vault_tests::http::Reply;
use vault_tests::people::Person;
use vault_tests::together::together;
use vault_tests::view::{View, granted};
use vault_tests::{Http, Request, people};

const ROUTE: &str = "/v1/organisation/spread";

fn set(by: &Person, rule: &Value) -> Reply {
    let request = Request::new("PUT", &url(ROUTE)).bearer(&by.access);
    let request = request.body("application/json", rule.to_string());
    by.api.http.send(&request)
}

/// Two returns are let pass, a third is not, however long the test takes.
fn rule(answer: &str) -> Value {
    json!({ "on_spread": answer, "max_networks": 4, "max_returns": 2, "window_seconds": 86_400 })
}

fn signs(owner: &Person) -> Vec<Value> {
    let path = format!("/v1/audit?event={}", quoted("view.spread"));
    let told = owner.api.get(&path, &owner.access).expect(200).json();
    told["records"].as_array().expect("records").clone()
}

fn opened(owner: &Person, asset: &str) -> (Reply, View) {
    let token = owner.api.media_token(&owner.access, asset);
    let reply = owner.api.open(&token, asset).expect(201);
    let view = View::read(&reply.field("playlist_url"));
    (reply, view)
}

#[test]
fn a_rule_is_told_set_and_on_record_and_one_that_flags_a_telephone_is_refused() {
    let owner = people::owner();
    let told = || owner.api.get(ROUTE, &owner.access).expect(200).json();
    let default = json!({ "on_spread": "signal", "max_networks": 4, "max_returns": 5, "window_seconds": 600 });
    assert_eq!(told(), default);
    for _ in 0..2 {
        assert_eq!(
            set(&owner, &rule("revoke")).expect(200).json(),
            rule("revoke")
        );
    }
    assert_eq!(told(), rule("revoke"));
    let mut flags = rule("revoke");
    flags["max_returns"] = json!(0);
    refused(&set(&owner, &flags), 400, "malformed");
    assert_eq!(told(), rule("revoke"));
    let path = format!("/v1/audit?event={}", quoted("spread_rule.changed"));
    let records = owner.api.get(&path, &owner.access).expect(200).json();
    assert_eq!(records["records"].as_array().map(Vec::len), Some(1));
}

#[test]
fn two_addresses_that_watch_one_view_end_it_where_the_organisation_wants_that() {
    let owner = people::owner();
    set(&owner, &rule("revoke")).expect(200);
    let asset = owner.ready(SHORT);
    let (reply, view) = opened(&owner, &asset);
    let places = [owner.api.http, Http::default()];
    let key = |turn: usize| places[turn % 2].get(view.keys()[0]);
    // Home, where it was opened; then away and home again, twice.
    for turn in 0..5 {
        granted(&key(turn));
    }
    refused(&key(5), 403, "watched_elsewhere");
    for turn in 0..2 {
        refused(&key(turn), 403, "watched_elsewhere");
    }
    refused(&owner.api.http.get(&view.video), 403, "watched_elsewhere");
    let records = signs(&owner);
    let [sign] = &records[..] else {
        panic!("one record: {records:?}");
    };
    assert_eq!(sign["author"], "system");
    assert_eq!(sign["asset_id"], asset);
    assert_eq!(sign["details"]["view"], reply.field("playback_id"));
    assert_eq!(sign["details"]["returns"], "3");
    let networks = sign["details"]["networks"].as_str().expect("networks");
    assert_eq!(networks.split(' ').count(), 2, "{networks}");
    let end = Request::new("POST", &reply.field("end_url"));
    owner.api.http.send(&end).expect(200);
    // The film is there for who opens a view of their own.
    let (_, next) = opened(&owner, &asset);
    granted(&owner.api.http.get(next.keys()[0]));
}

#[test]
fn keys_that_are_fetched_at_once_from_two_addresses_are_one_sign_and_play_on() {
    let owner = people::owner();
    set(&owner, &rule("signal")).expect(200);
    let (_, view) = opened(&owner, &owner.ready(SHORT));
    let places = [owner.api.http, Http::default()];
    for _ in 0..12 {
        for reply in together(4, |at| places[at % 2].get(view.keys()[0])) {
            granted(&reply);
        }
    }
    // Of keys that are fetched at once one is written: alone they are seen for certain.
    for turn in 0..8 {
        granted(&places[turn % 2].get(view.keys()[0]));
    }
    assert_eq!(signs(&owner).len(), 1);
}

#[test]
fn a_telephone_that_changes_networks_plays_on_and_is_no_sign() {
    let owner = people::owner();
    set(&owner, &rule("revoke")).expect(200);
    let (_, view) = opened(&owner, &owner.ready(SHORT));
    let (home, away) = (owner.api.http, Http::default());
    for place in [home, home, away, away, away, home, home] {
        granted(&place.get(view.keys()[0]));
    }
    assert_eq!(signs(&owner).len(), 0);
}

#[test]
fn what_comes_through_the_distribution_is_never_a_sign() {
    let owner = people::owner();
    set(&owner, &rule("revoke")).expect(200);
    let asset = owner.ready(SHORT);
    let token = owner.api.media_token(&owner.access, &asset);
    let reply = owner.api.open_as(&token, &asset, "path").expect(201);
    let view = View::read(&reply.field("playlist_url"));
    let places = [owner.api.http, Http::default(), Http::default()];
    for turn in 0..12 {
        granted(&places[turn % 3].get(view.keys()[0]));
    }
    assert_eq!(signs(&owner).len(), 0);
}
