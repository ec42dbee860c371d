//! From nothing to a picture: sign in, upload, package, mint, authorize, play.

use vault_tests::films::{LARGE, LONG, SHORT};
use vault_tests::view::{View, is_transport_stream};
use vault_tests::{people, sdk};

#[test]
fn a_film_goes_from_sign_in_to_clear_segments() {
    let owner = people::owner();
    let asset = owner.ready(LONG);
    let view = owner.view(&asset);
    assert!(
        view.segments.len() >= 10,
        "{} segments",
        view.segments.len()
    );
    let seconds: f64 = view.segments.iter().map(|segment| segment.seconds).sum();
    assert!((60.0..62.0).contains(&seconds), "{seconds} s");
    assert_eq!(
        view.keys().len(),
        view.segments.len().div_ceil(5),
        "a new key every five segments"
    );
    for segment in &view.segments {
        assert!(is_transport_stream(&segment.opened()), "{}", segment.url);
    }
    let mut ivs: Vec<_> = view.segments.iter().map(|segment| segment.iv).collect();
    ivs.sort_unstable();
    ivs.dedup();
    assert_eq!(
        ivs.len(),
        view.segments.len(),
        "every segment has an IV of its own"
    );
}

#[test]
fn what_lies_in_the_bucket_and_in_caches_is_noise() {
    let owner = people::owner();
    let asset = owner.ready(SHORT);
    let view = owner.view(&asset);
    for segment in &view.segments {
        let stored = owner.api.http.get(&segment.url).expect(200);
        assert_eq!(stored.body.len() % 16, 0, "whole blocks of AES");
        let synced = stored
            .body
            .chunks(188)
            .filter(|packet| packet[0] == 0x47)
            .count();
        assert!(
            synced * 8 < stored.body.len() / 188 + 8,
            "{synced} packets in the clear"
        );
    }
}

#[test]
fn a_film_in_parts_is_packaged_like_any_other() {
    let owner = people::owner();
    let octets = LARGE.octets();
    assert!(
        octets.len() > 16 << 20,
        "three parts: {} octets",
        octets.len()
    );
    let (asset, parts) = owner.send(&octets);
    assert_eq!(
        parts["parts"].as_array().unwrap().len(),
        octets.len().div_ceil(8 << 20)
    );
    // Without naming the parts: S3's own list serves.
    owner.finish(&asset);
    let status = owner.settled(&asset);
    assert_eq!(
        (&status["state"], &status["size"]),
        (&"ready".into(), &octets.len().into())
    );
    let view = owner.view(&asset);
    assert!(is_transport_stream(&view.segments[0].opened()));
}

#[test]
fn every_view_has_its_own_ticket_and_signature_and_the_same_segments() {
    let owner = people::owner();
    let asset = owner.ready(SHORT);
    let (one, other) = (owner.view(&asset), owner.view(&asset));
    assert_ne!(one.ticket(), other.ticket());
    let bare = |view: &View| -> Vec<String> {
        view.segments
            .iter()
            .map(|s| s.url.split('?').next().unwrap().to_owned())
            .collect()
    };
    assert_eq!(bare(&one), bare(&other));
    let queries: std::collections::BTreeSet<_> = one
        .segments
        .iter()
        .map(|segment| segment.url.split_once('?').unwrap().1)
        .collect();
    assert_eq!(queries.len(), 1, "one signature serves the whole view");
}

#[test]
fn a_segment_needs_the_signature_of_its_own_package() {
    let owner = people::owner();
    let (mine, another) = (owner.ready(SHORT), owner.ready(SHORT));
    let (mine, another) = (owner.view(&mine), owner.view(&another));
    let (bare, query) = mine.segments[0].url.split_once('?').unwrap();
    let (_, foreign) = another.segments[0].url.split_once('?').unwrap();
    let http = owner.api.http;
    assert_eq!(http.get(bare).shown(), "403 MissingKey");
    assert_eq!(
        http.get(&format!("{bare}?{foreign}")).shown(),
        "403 AccessDenied"
    );
    let at = query.find("Signature=").unwrap() + 30;
    let other = if query.as_bytes()[at] == b'A' {
        "B"
    } else {
        "A"
    };
    let tampered = format!("{}{other}{}", &query[..at], &query[at + 1..]);
    assert_eq!(
        http.get(&format!("{bare}?{tampered}")).shown(),
        "403 AccessDenied"
    );
    let folder = bare.rsplit_once('/').unwrap().0;
    assert_eq!(
        http.get(&format!("{folder}/99999.ts?{query}")).shown(),
        "403 AccessDenied"
    );
}

#[test]
fn a_package_is_its_segments_and_its_keys_and_a_manifest_that_no_signature_opens() {
    let owner = people::owner();
    let asset = owner.ready(SHORT);
    let view = owner.view(&asset);
    assert_eq!(
        sdk::objects("MediaBucket", &format!("media/{asset}/")).len(),
        view.segments.len()
    );
    assert_eq!(sdk::count_under("KeysTable", &asset), view.keys().len());
    let manifests = sdk::objects("MediaBucket", &format!("manifests/{asset}/"));
    assert_eq!(manifests.len(), 1, "{manifests:?}");
    let (_, query) = view.segments[0].url.split_once('?').unwrap();
    let reply = owner.api.http.get(&format!(
        "{}/{}?{query}",
        vault_tests::cloud().media_url,
        manifests[0]
    ));
    assert_eq!(reply.status, 404, "not under the distribution's behaviour");
}
