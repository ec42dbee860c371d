//! The modes of delivery: each lets its player through to the last segment, under the same authorization.

use vault_tests::api::refused;
use vault_tests::films::{LONG, MANIFOLD, SHORT};
use vault_tests::modes::SHARED;
use vault_tests::view::{View, is_transport_stream};
use vault_tests::{Request, cloud, people};

#[test]
fn a_film_plays_to_its_end_in_every_mode() {
    let owner = people::owner();
    let asset = owner.ready(LONG);
    let clear: Vec<_> = owner
        .view(&asset)
        .segments
        .iter()
        .map(vault_tests::view::Segment::opened)
        .collect();
    assert!(clear.iter().all(|octets| is_transport_stream(octets)));
    for mode in SHARED {
        let view = owner.carried(&asset, mode);
        let segments = view.segments();
        let keys: std::collections::BTreeSet<_> = segments.iter().map(|own| &own.key).collect();
        assert_eq!(keys.len(), 3, "{mode}: three periods");
        let opened: Vec<_> = segments
            .iter()
            .map(|own| own.opened_by(|url| view.fetch(url)))
            .collect();
        assert_eq!(opened, clear, "{mode}");
    }
}

#[test]
fn sounds_and_subtitles_are_chosen_in_every_mode() {
    let owner = people::owner();
    let asset = owner.ready(MANIFOLD);
    for mode in SHARED {
        let view = owner.carried(&asset, mode);
        let master = view.listed(&view.playlist);
        let uris: Vec<_> = master.split("URI=\"").skip(1).collect();
        assert!(uris.len() >= 3, "{master}");
        for uri in uris {
            let uri = uri.split('"').next().unwrap();
            let listed = view.listed(&vault_tests::view::resolved(&view.playlist, uri));
            assert!(listed.contains("#EXT-X-KEY"), "{mode} {uri}");
        }
    }
}

#[test]
fn one_view_is_the_same_in_every_mode_under_one_name() {
    let owner = people::owner();
    let asset = owner.ready(SHORT);
    let token = owner.api.media_token(&owner.access, &asset);
    let path = format!("/v1/assets/{asset}/playback");
    let open = |mode: &str| {
        let request = Request::new("POST", &vault_tests::api::url(&path));
        let request = request.bearer(&token).header("idempotency-key", "one-view");
        let body = format!(r#"{{"mode":"{mode}"}}"#);
        vault_tests::Http::default()
            .send(&request.body("application/json", body))
            .expect(201)
    };
    let ids: Vec<_> = ["urls", "cookies", "query", "path"]
        .map(|mode| open(mode).field("playback_id"))
        .into();
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    let unknown = owner.api.open_as(&token, &asset, "header");
    refused(&unknown, 400, "malformed");
}

#[test]
fn a_browser_of_the_page_gets_its_cookies_from_the_media_host() {
    let owner = people::owner();
    let asset = owner.ready(SHORT);
    let view = owner.carried(&asset, "cookies");
    let url = view.cookies_url.clone().expect("where to get them");
    assert!(url.starts_with(&cloud().media_url), "{url}");
    let ask = || Request::new("POST", &url).header("origin", &cloud().page_url);
    let reply = vault_tests::Http::default().send(&ask().body("application/json", "{}"));
    let reply = reply.expect(200);
    assert_eq!(
        reply.header("access-control-allow-origin"),
        Some(&*cloud().page_url)
    );
    assert_eq!(
        reply.header("access-control-allow-credentials"),
        Some("true")
    );
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    let set: Vec<_> = reply
        .headers("set-cookie")
        .into_iter()
        .map(|line| {
            let (pair, rest) = line.split_once(';').expect("attributes");
            let (name, value) = pair.split_once('=').expect("a pair");
            for attribute in [" Secure", " HttpOnly", " SameSite=None", " Partitioned"] {
                assert!(rest.split(';').any(|own| own == attribute), "{attribute}");
            }
            assert!(!rest.contains("Domain"), "of one host");
            let path = rest
                .split(';')
                .find_map(|own| own.strip_prefix(" Path="))
                .expect("a path");
            [name, value, path].map(str::to_owned)
        })
        .collect();
    assert_eq!(set, view.cookies);
}

#[test]
fn a_shared_playlist_is_the_same_for_everyone_and_kept_by_the_distribution_alone() {
    let owner = people::owner();
    let asset = owner.ready(SHORT);
    let (one, two) = (
        owner.carried(&asset, "cookies"),
        owner.carried(&asset, "cookies"),
    );
    let first = one.fetch(&one.playlist).expect(200);
    assert_eq!(first.header("x-cache"), Some("Miss from cloudfront"));
    assert_eq!(first.header("cache-control"), Some("public, max-age=60"));
    let again = two.fetch(&two.playlist).expect(200);
    assert_eq!(again.header("x-cache"), Some("Hit from cloudfront"));
    assert_eq!(again.text(), first.text());
}

#[test]
fn no_key_leaves_in_any_mode_once_the_film_is_withdrawn() {
    let owner = people::owner();
    let asset = owner.ready(SHORT);
    let open: Vec<_> = SHARED.map(|mode| owner.carried(&asset, mode)).into();
    let keys: Vec<_> = open
        .iter()
        .map(|view| view.segments()[0].key.clone())
        .collect();
    let videos: Vec<_> = open
        .iter()
        .map(vault_tests::modes::Carried::video)
        .collect();
    owner.api.withdraw(&owner.access, &asset).expect(200);
    for ((view, key), video) in open.iter().zip(&keys).zip(&videos) {
        refused(&view.fetch(key), 403, "asset_withdrawn");
        // Its invalidation emptied the cache.
        refused(&view.fetch(video), 403, "asset_withdrawn");
    }
}

#[test]
fn views_of_the_api_and_of_the_distribution_have_the_same_segments() {
    let owner = people::owner();
    let asset = owner.ready(SHORT);
    let token = owner.api.media_token(&owner.access, &asset);
    let urls = View::read(
        &owner
            .api
            .open_as(&token, &asset, "urls")
            .expect(201)
            .field("playlist_url"),
    );
    let path = |url: &str| url.split('?').next().unwrap().to_owned();
    for mode in ["cookies", "query"] {
        let view = owner.carried(&asset, mode);
        let own: Vec<_> = view.segments().iter().map(|own| path(&own.url)).collect();
        let theirs: Vec<_> = urls.segments.iter().map(|own| path(&own.url)).collect();
        assert_eq!(own.len(), theirs.len());
        // In `query` the playlist lies one folder deeper and its segments do not.
        assert_eq!(own, theirs, "{mode}");
    }
}
