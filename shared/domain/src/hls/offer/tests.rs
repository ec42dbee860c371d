use crate::asset::Title;
use crate::hls::tests::{ladder, manifest, manifold};
use crate::hls::{MASTER_PLAYLIST, PlaylistName, master};
use crate::id::TextId;
use crate::language::Language;
use crate::packaging::{Rates, Stream};
use crate::subtitles::{Brought, Kind, Subtitles, Which};
use crate::time::Timestamp;
use crate::token::Digest;

fn which(language: &str, kind: Kind) -> Which {
    let language = Language::parse(language).unwrap();
    Which { language, kind }
}

fn listed(all: &[(&str, Kind, Option<&str>, bool)]) -> Subtitles {
    let mut subtitles = Subtitles::default();
    for (number, (language, kind, name, default)) in (1_u8..).zip(all) {
        let text = Brought {
            id: TextId::from_octets([number; 16]),
            digest: Digest([0; 32]),
            cues: 1,
            name: name.map(|name| Title::parse(name).unwrap()),
            default: *default,
            at: Timestamp(1),
        };
        let rates = Rates {
            peak: 1_000 * u64::from(number),
            average: 10,
        };
        subtitles = subtitles.brought(&which(language, *kind), &text).unwrap();
        subtitles = subtitles.settled(text.id, rates, text.at).unwrap();
    }
    subtitles
}

#[test]
fn what_was_brought_is_told_beside_what_the_film_has_and_in_the_place_of_the_same() {
    let subtitles = listed(&[
        ("de", Kind::Subtitles, None, false),
        ("en", Kind::Captions, None, true),
        ("pt-BR", Kind::Forced, None, false),
        ("sv", Kind::Subtitles, Some("\"Svenska\",URI=#EXT"), false),
        ("da", Kind::Subtitles, Some("German"), false),
    ]);
    let manifold = manifold();
    insta::assert_snapshot!(master(&manifold.presentation, &ladder(), &subtitles));
}

#[test]
fn a_film_without_any_of_its_own_gets_a_group_of_them() {
    let subtitles = listed(&[("de", Kind::Subtitles, None, false)]);
    insta::assert_snapshot!(master(&manifest().presentation, &[], &subtitles));
}

/// hls.js reads `{$name}` wherever it stands, and a view's query defines its own signature as a variable.
#[test]
fn a_name_is_no_variable() {
    let name = "{$Signature} {{$x}}";
    let subtitles = listed(&[("de", Kind::Subtitles, Some(name), false)]);
    let text = master(&manifest().presentation, &[], &subtitles);
    assert!(text.contains("NAME=\"{ $Signature} {{ $x}}\""), "{text}");
    assert!(!text.contains("{$"), "{text}");
}

#[test]
fn what_waits_or_failed_is_not_told_of() {
    let text = Brought {
        id: TextId::from_octets([1; 16]),
        digest: Digest([0; 32]),
        cues: 1,
        name: None,
        default: true,
        at: Timestamp(1),
    };
    let waiting = Subtitles::default()
        .brought(&which("de", Kind::Subtitles), &text)
        .unwrap();
    let without = master(&manifest().presentation, &[], &Subtitles::default());
    assert_eq!(master(&manifest().presentation, &[], &waiting), without);
}

#[test]
fn the_playlist_of_a_text_has_its_name_and_no_other() {
    let id = TextId::from_octets([7; 16]);
    let name = format!("subtitles-{}.m3u8", id.code());
    assert_eq!(PlaylistName::parse(&name), Some(PlaylistName::Text(id)));
    assert_eq!(PlaylistName::Text(id).stream(), Some(Stream::Text(id)));
    for other in [
        name.to_uppercase(),
        name.replace("subtitles", "audio"),
        name.replace(".m3u8", "a.m3u8"),
        format!("subtitles-{id}.m3u8"),
    ] {
        assert_eq!(PlaylistName::parse(&other), None, "{other}");
    }
    assert_eq!(
        PlaylistName::parse(MASTER_PLAYLIST),
        Some(PlaylistName::Master)
    );
}
