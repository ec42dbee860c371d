use super::*;
use crate::hls::MAX_SEGMENTS;
use crate::hls::tests::{ladder, manifest, manifold};

const ASSET: AssetId = AssetId::from_octets([4; 16]);

fn both(style: Style) -> String {
    let manifest = manifold();
    let media = |stream| media((&manifest, stream), style, ASSET).unwrap();
    [
        master(
            style,
            &manifest.presentation,
            &ladder(),
            &Subtitles::default(),
        ),
        media(Stream::Main),
        media(Stream::Subtitles(2)),
    ]
    .join("---\n")
}

#[test]
fn relative_playlists_name_no_host_and_hold_no_credential() {
    let text = both(Style::Relative);
    insta::assert_snapshot!(text);
    assert!(!text.contains("://") && !text.contains('?') && !text.contains("\n/"));
}

#[test]
fn playlists_of_the_query_repeat_it_by_variables() {
    insta::assert_snapshot!(both(Style::Query));
}

#[test]
fn every_url_of_the_query_style_carries_what_its_place_asks_for() {
    for line in both(Style::Query).lines() {
        let url = match line.split_once("URI=\"") {
            Some((_, rest)) => rest.split_once('"').unwrap().0,
            None if line.starts_with('#') || line == "---" => continue,
            None => line,
        };
        let (path, query) = url.split_once('?').unwrap();
        let key = path.contains("/keys/");
        assert_eq!(
            query.contains("{$token}"),
            key || path.contains(".m3u8"),
            "{line}"
        );
        assert_eq!(query.contains("{$Signature}"), !key, "{line}");
    }
}

#[test]
fn the_longest_film_fits_into_a_reply_in_either_style() {
    let mut manifest = manifest();
    let segment = manifest.presentation.segments[0];
    manifest.presentation.segments = vec![segment; MAX_SEGMENTS as usize];
    for style in [Style::Relative, Style::Query] {
        let text = media((&manifest, Stream::Main), style, ASSET).unwrap();
        let reply = serde_json::to_string(&text).unwrap();
        assert!(reply.len() < 6_000_000, "{}", reply.len());
    }
}

#[test]
fn a_stream_that_is_not_there_has_no_playlist() {
    assert_eq!(
        media((&manifest(), Stream::Audio(1)), Style::Relative, ASSET),
        None
    );
}
