//! Paths and queries that try to be others.

use vault_tests::api::{refused, url};
use vault_tests::films::SHORT;
use vault_tests::view::granted;
use vault_tests::{Http, Request, people};

const ASSET: &str = "ast_aaaaaaaaaaaaaaaaaaaaaaaaaa";
const KEY: &str = "key_aaaaaaaaaaaaaaaaaaaaaaaaaa";

#[test]
fn a_key_id_that_climbs_out_is_no_key_id() {
    let owner = people::owner();
    let view = owner.view(&owner.ready(SHORT));
    let (bare, query) = view.keys()[0].split_once('?').unwrap();
    let folder = bare.rsplit_once('/').unwrap().0;
    for id in [
        "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "..",
        "%2e%2e",
        "%2E%2E%5C",
        "..%00",
        "%00",
        "%ff%fe",
        "key_AAAAAAAAAAAAAAAAAAAAAAAAAA",
        "key_aaaaaaaaaaaaaaaaaaaaaaaaaa%00",
        "key_%2e%2e%2faaaaaaaaaaaaaaaaaaaaaaa",
        ASSET,
    ] {
        refused(
            &owner.api.http.get(&format!("{folder}/{id}?{query}")),
            400,
            "malformed",
        );
    }
    // Slashes that are slashes make it another path, which is no route.
    for path in ["../../../../etc/passwd", "../../login", "x/y", ""] {
        let reply = owner.api.http.get(&format!("{folder}/{path}?{query}"));
        assert_eq!(reply.shown(), "404 Not Found", "{path}");
    }
}

#[test]
fn an_asset_id_that_climbs_out_is_no_asset_id() {
    let owner = people::owner();
    for id in [
        "%2e%2e",
        "ast_%2e%2e%2f",
        "ast_x",
        "%00",
        "usr_aaaaaaaaaaaaaaaaaaaaaaaaaa",
        "ast_aaaaaaaaaaaaaaaaaaaaaaaaa7",
    ] {
        refused(&owner.api.status(&owner.access, id), 400, "malformed");
        refused(&owner.api.finalize(&owner.access, id), 400, "malformed");
        refused(&owner.api.withdraw(&owner.access, id), 400, "malformed");
        let http = owner.api.http;
        refused(
            &http.get(&url(&format!("/v1/keys/{id}/{KEY}"))),
            400,
            "malformed",
        );
    }
}

#[test]
fn a_playlist_of_another_name_is_none() {
    let owner = people::owner();
    let view = owner.view(&owner.ready(SHORT));
    let folder = view.playlist.rsplit_once('/').unwrap().0;
    for name in [
        "..%2fmaster.m3u8",
        "MASTER.M3U8",
        "master.m3u8%00",
        "manifest.json",
        "%2e%2e",
    ] {
        refused(
            &owner.api.http.get(&format!("{folder}/{name}")),
            404,
            "not_found",
        );
    }
    for ticket in ["x", "%2e%2e%2f", "%00", &"A".repeat(5_000)] {
        let reply = owner
            .api
            .http
            .get(&url(&format!("/v1/playback/{ticket}/master.m3u8")));
        refused(&reply, 401, "invalid_token");
    }
}

#[test]
fn a_signed_segment_url_does_not_climb_out_of_its_package() {
    let owner = people::owner();
    let view = owner.view(&owner.ready(SHORT));
    let (bare, query) = view.segments[0].url.split_once('?').unwrap();
    let folder = bare.rsplit_once('/').unwrap().0;
    for path in [
        "../00000.ts",
        "%2e%2e/%2e%2e/%2e%2e/manifests/x.json",
        "..%2f..%2f..%2fmanifests",
        "./00000.ts",
        "\\..\\x",
        "%00",
    ] {
        let reply = owner.api.http.get(&format!("{folder}/{path}?{query}"));
        assert_eq!(reply.shown(), "403 AccessDenied", "{path}");
    }
    let long = format!("{folder}/{}?{query}", "x".repeat(9_000));
    assert_eq!(owner.api.http.get(&long).status, 414);
}

#[test]
fn a_head_larger_than_the_gateway_takes_is_refused_by_it() {
    let request =
        Request::new("GET", &url(&format!("/v1/uploads/{ASSET}"))).bearer(&"x".repeat(12_000));
    assert_eq!(
        Http::default().send(&request).shown(),
        "431 Request Header Fields Too Large"
    );
}

#[test]
fn of_two_tickets_the_first_counts() {
    let owner = people::owner();
    let view = owner.view(&owner.ready(SHORT));
    let (bare, _) = view.keys()[0].split_once('?').unwrap();
    let ticket = view.ticket();
    let first = owner
        .api
        .http
        .get(&format!("{bare}?token=x&token={ticket}"));
    refused(&first, 401, "invalid_token");
    granted(
        &owner
            .api
            .http
            .get(&format!("{bare}?token={ticket}&token=x")),
    );
}
