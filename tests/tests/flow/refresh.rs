//! A view that is refreshed, through the real functions.

use serde_json::{Value, json};
use vault_tests::api::{refused, url};
use vault_tests::films::SHORT;
use vault_tests::people::Person;
use vault_tests::together::together;
use vault_tests::view::{View, granted};
use vault_tests::{Http, Reply, Request, people, wait};

fn send(by: &Person, method: &str, path: &str, body: &Value) -> Reply {
    let request = Request::new(method, &url(path)).bearer(&by.access);
    Http::default().send(&request.body("application/json", body.to_string()))
}

fn refresh(at: &str, body: &Value) -> Reply {
    let request = Request::new("POST", at);
    Http::default().send(&request.body("application/json", body.to_string()))
}

fn in_seconds(seconds: u64) -> u64 {
    wait::epoch() + seconds
}

/// A view by a share that ends soon, so that it is time to refresh it at once; where the share is, and the reply that opened
/// the view.
fn by_a_share(owner: &Person, asset: &str, seconds: u64) -> (String, Reply) {
    let shares = format!("/v1/assets/{asset}/shares");
    let body = json!({ "name": "For a night", "expires_at": in_seconds(seconds) });
    let made = send(owner, "POST", &shares, &body).expect(201);
    let link = made.field("link");
    let (_, token) = link.split_once("token=").expect("a link");
    let trade = Request::new("POST", &url("/v1/shares/exchange"));
    let body = json!({ "token": token }).to_string();
    let traded = Http::default().send(&trade.body("application/json", body));
    let token = traded.expect(201).field("media_token");
    let opened = owner.api.open(&token, asset).expect(201);
    (format!("{shares}/{}", made.field("share_id")), opened)
}

#[test]
fn a_view_lives_longer_by_refreshes_and_its_first_urls_as_long_as_they_were_to() {
    let owner = people::owner();
    let asset = owner.ready(SHORT);
    let (share, opened) = by_a_share(&owner, &asset, 600);
    let at = opened.field("refresh_url");
    let first = View::read(&opened.field("playlist_url"));
    let same = refresh(&at, &json!({})).expect(200).json();
    assert_eq!(
        same["expires_at"],
        opened.json()["expires_at"],
        "the share's end"
    );

    let later = json!({ "expires_at": in_seconds(1_200) });
    send(&owner, "PATCH", &share, &later).expect(200);
    let told = together(8, |_| refresh(&at, &json!({})).expect(200).json());
    let longer = &told[0];
    assert!(
        told.iter()
            .all(|t| t["playlist_url"] == longer["playlist_url"])
    );
    assert_eq!(longer["expires_at"], later["expires_at"]);
    assert_eq!(longer["playback_id"], opened.json()["playback_id"]);
    assert_ne!(longer["playlist_url"], opened.json()["playlist_url"]);
    assert_eq!(opened.header("cache-control"), Some("no-store"));

    let second = View::read(longer["playlist_url"].as_str().expect("a URL"));
    second.segments[0].opened();
    first.segments[0].opened();
    assert_ne!(first.segments[0].url, second.segments[0].url);
    let again = View::read(&first.playlist);
    assert_eq!(
        again.segments[0].url, first.segments[0].url,
        "as it was told"
    );
    // What a player needs that has the old playlist.
    let query = longer["segment_query"].as_str().expect("a query");
    let (path, _) = first.segments[0].url.split_once('?').expect("a signature");
    Http::default().get(&format!("{path}?{query}")).expect(200);
    assert_eq!(second.segments[0].url, format!("{path}?{query}"));

    let audit = url("/v1/audit?event=view.refreshed");
    let audit = Request::new("GET", &audit).bearer(&owner.access);
    let audit = Http::default().send(&audit).expect(200).json();
    let records = audit["records"].as_array().expect("records");
    assert_eq!(records.len(), 1, "once, however many asked");

    send(&owner, "POST", &format!("{share}/revoke"), &json!({})).expect(200);
    assert_eq!(refresh(&at, &json!({})).status, 403);
    refused(&Http::default().get(second.keys()[0]), 401, "invalid_token");
}

#[test]
fn each_mode_is_told_what_it_needs_after_a_refresh() {
    let owner = people::owner();
    let asset = owner.ready(SHORT);
    let (share, opened) = by_a_share(&owner, &asset, 600);
    let at = opened.field("refresh_url");
    let later = json!({ "expires_at": in_seconds(1_200) });
    send(&owner, "PATCH", &share, &later).expect(200);
    for mode in ["urls", "query", "path", "cookies"] {
        let told = refresh(&at, &json!({ "mode": mode })).expect(200).json();
        assert_eq!(
            (&told["mode"], &told["expires_at"]),
            (&json!(mode), &later["expires_at"])
        );
        assert_eq!(told["segment_query"].is_string(), mode == "urls", "{mode}");
        assert_eq!(told["cookies_url"].is_string(), mode == "cookies", "{mode}");
        if mode != "cookies" {
            let playlist = told["playlist_url"].as_str().expect("a URL");
            Http::default().get(playlist).expect(200);
        }
    }
}

#[test]
fn a_ticket_refreshes_nothing_and_what_refreshes_gets_no_key_and_ends_the_view() {
    let owner = people::owner();
    let asset = owner.ready(SHORT);
    let (_, opened) = by_a_share(&owner, &asset, 600);
    let at = opened.field("refresh_url");
    let playlist = opened.field("playlist_url");
    let ticket = playlist.split('/').nth_back(1).expect("a ticket");
    let token = at.split('/').nth_back(1).expect("a token");
    let by_ticket = refresh(&at.replace(token, ticket), &json!({}));
    refused(&by_ticket, 401, "invalid_token");
    let view = View::read(&playlist);
    granted(&Http::default().get(view.keys()[0]));
    for taken in [&view.keys()[0].to_owned(), &playlist] {
        let reply = Http::default().get(&taken.replace(ticket, token));
        refused(&reply, 401, "invalid_token");
    }
    let end = Request::new("POST", &url(&format!("/v1/playback/{token}/end")));
    Http::default().send(&end).expect(200);
    refused(&Http::default().get(view.keys()[0]), 401, "invalid_token");
}
