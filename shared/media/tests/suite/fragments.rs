//! Fragmented MP4: whole films come out as they went in, cut and broken ones give a reason.

use std::path::{Path, PathBuf};

use proptest::prelude::*;

use crate::drive::{PLAN, package, scratch};
use crate::film::{H264, SOURCE, Source, ffmpeg, make};
use crate::films::{faithful, first};
use crate::hostile::survives;
use crate::rewrite::{bodies, set_word};

/// A film of that source in fragments, as these options of ffmpeg's muxer write it.
fn fragmented(dir: &Path, source: Source, options: &[&str]) -> PathBuf {
    let whole = make(dir, "whole.mp4", source, H264);
    let out = dir.join("film.mp4");
    let [from, to] = [&whole, &out].map(|path| path.to_str().expect("a plain path"));
    ffmpeg(&[&["-i", from, "-c", "copy"], options, &[to]].concat());
    let film = std::fs::read(&out).expect("the film");
    assert!(!bodies(&film, *b"moof").is_empty(), "{options:?}");
    out
}

#[test]
fn fragments_of_every_kind_come_out_as_they_went_in() {
    let cases: [(&str, &[&str]); 6] = [
        ("key", &["-movflags", "frag_keyframe+empty_moov"]),
        (
            "based",
            &["-movflags", "frag_keyframe+empty_moov+default_base_moof"],
        ),
        (
            "unbased",
            &["-movflags", "frag_keyframe+empty_moov+omit_tfhd_offset"],
        ),
        ("half", &["-movflags", "frag_keyframe"]),
        (
            "short",
            &[
                "-movflags",
                "empty_moov+default_base_moof",
                "-frag_duration",
                "300000",
            ],
        ),
        ("frames", &["-movflags", "frag_every_frame+empty_moov"]),
    ];
    for (name, options) in cases {
        let dir = scratch(&format!("fragments-{name}"));
        let film = fragmented(&dir, SOURCE, options);
        let packaged = faithful(&format!("fragments-{name}"), &film);
        assert_eq!(packaged.told.codecs.len(), 2, "{name}");
        assert_eq!(packaged.told.segments.len(), 4, "{name}");
        assert!((packaged.told.frame_rate - 25.0).abs() < 0.01, "{name}");
        let size = std::fs::read(&film).expect("the film").len() as u64;
        assert!(
            packaged.read_bytes < 5 * size,
            "{name}: {}",
            packaged.read_bytes
        );
    }
}

/// ffprobe takes the negative shifts of such fragments for a delay; the standard and the edit list do not.
#[test]
fn negative_shifts_in_fragments_are_no_delay() {
    let dir = scratch("fragments-negative");
    let cases = [
        (
            "frag_keyframe+delay_moov+negative_cts_offsets",
            -1024.0 / 44_100.0,
        ),
        ("cmaf+dash+global_sidx", 0.0),
    ];
    for (flags, expected) in cases {
        let film = fragmented(&dir, SOURCE, &["-movflags", flags]);
        let film = std::fs::read(film).expect("the film");
        let packaged = package(&film, PLAN).expect("a film");
        let playlist = packaged.write("fragments-negative-hls");
        let lag: f64 = first(&playlist, "a:0") - first(&playlist, "v:0");
        assert!((lag - expected).abs() < 0.0001, "{flags}: {lag}");
        let film = dir.join("film.mp4");
        let pictures = crate::probe::decoded(&film, "0:v:0");
        assert!(
            pictures == crate::probe::decoded(&playlist, "0:v:0"),
            "{flags}"
        );
    }
}

#[test]
fn pictures_alone_sound_alone_and_a_varying_rate_are_taken_in_fragments() {
    let options: &[&str] = &[
        "-movflags",
        "frag_keyframe+empty_moov",
        "-frag_duration",
        "1000000",
    ];
    let silent = Source {
        sound: false,
        ..SOURCE
    };
    let dir = scratch("fragments-silent");
    let film = make(&dir, "film.mp4", silent, &[&H264[..10], options].concat());
    faithful("fragments-silent", &film);
    let dark = Source {
        picture: false,
        ..SOURCE
    };
    let dir = scratch("fragments-sound");
    let film = make(
        &dir,
        "film.mp4",
        dark,
        &[&["-c:a", "aac"], options].concat(),
    );
    faithful("fragments-sound", &film);
    let dir = scratch("fragments-vfr");
    let vary = [
        "-vf",
        "select='not(eq(mod(n,7),3))*not(eq(mod(n,11),5))'",
        "-fps_mode",
        "vfr",
    ];
    let film = make(&dir, "film.mp4", SOURCE, &[H264, &vary, options].concat());
    faithful("fragments-vfr", &film);
}

/// Many fragments, read a few at a time.
#[test]
fn a_long_film_of_short_fragments_costs_few_reads() {
    let dir = scratch("fragments-long");
    let short = fragmented(&dir, SOURCE, &["-movflags", "frag_keyframe+empty_moov"]);
    let out = dir.join("long.mp4");
    let [from, to] = [&short, &out].map(|path| path.to_str().expect("a plain path"));
    let flags = [
        "-movflags",
        "empty_moov+default_base_moof",
        "-frag_duration",
        "500000",
    ];
    ffmpeg(
        &[
            &["-stream_loop", "29", "-i", from, "-c", "copy"],
            &flags[..],
            &[to],
        ]
        .concat(),
    );
    let film = std::fs::read(&out).expect("the film");
    assert!(bodies(&film, *b"moof").len() > 400);
    let packaged = faithful("fragments-long", &out);
    assert!(packaged.reads < 200, "{} reads", packaged.reads);
    assert!(packaged.read_bytes < 5 * film.len() as u64);
}

fn refused(film: &[u8]) -> (&'static str, String) {
    let fault = package(film, PLAN).map(drop).expect_err("refused");
    (fault.code, fault.reason)
}

#[test]
fn a_film_that_ends_in_a_fragment_is_refused_with_a_reason() {
    let dir = scratch("fragments-cut");
    let film = fragmented(&dir, SOURCE, &["-movflags", "frag_keyframe+empty_moov"]);
    let film = std::fs::read(film).expect("the film");
    let last = bodies(&film, *b"moof").pop().expect("fragments");
    for end in [
        last.start + 20,
        last.end - 1,
        last.end + 4,
        last.end + 12,
        last.end + 600,
    ] {
        let (code, reason) = refused(&film[..end]);
        assert_eq!(code, "film_cut_short", "{end}: {reason}");
        assert!(
            ["fragment", "header", "end of the file"]
                .iter()
                .any(|what| reason.contains(what)),
            "{reason}"
        );
    }
    let first = bodies(&film, *b"moof").remove(0);
    let (code, reason) = refused(&film[first.start - 8..]);
    assert_eq!(code, "not_a_film", "{reason}");
    let headless = [&b"\0\0\0\x08styp"[..], &film[first.start - 8..]].concat();
    let (code, reason) = refused(&headless);
    assert!(
        code == "film_cut_short" && reason.contains("moov"),
        "{reason}"
    );
}

#[test]
fn lies_of_fragments_are_refused() {
    let dir = scratch("fragments-lies");
    let film = fragmented(&dir, SOURCE, &["-movflags", "frag_keyframe+empty_moov"]);
    let film = std::fs::read(film).expect("the film");
    let with = |kind: [u8; 4], at: usize, value: u32| {
        let mut film = film.clone();
        let start = bodies(&film, kind).remove(0).start;
        set_word(&mut film, start + at, value);
        refused(&film)
    };
    let lies: [([u8; 4], usize, u32, &str); 6] = [
        (*b"trun", 4, 0x7fff_ffff, "damaged_film"),
        (*b"trun", 8, 0x7fff_ff00, "film_cut_short"),
        (*b"traf", 0, 0x7fff_ffff, "damaged_film"),
        (*b"tfhd", 0, 0x3f, "damaged_film"),
        (*b"tfdt", 4, 0xffff_ffff, "damaged_film"),
        (*b"tfdt", 8, 0x7fff_ffff, "film_too_long"),
    ];
    for (kind, at, value, code) in lies {
        let (found, reason) = with(kind, at, value);
        let kind = String::from_utf8_lossy(&kind).into_owned();
        assert_eq!(found, code, "{kind} at {at}: {reason}");
    }
    // Samples without rows: of no size without end, or of a size that the file does not have.
    let moof = bodies(&film, *b"moof").remove(0);
    let run = bodies(&film, *b"trun").remove(0);
    assert!(moof.start < run.start && run.end <= moof.end);
    let mut endless = film.clone();
    set_word(&mut endless, run.start, 0x0000_0001);
    set_word(&mut endless, run.start + 4, 0xffff_ffff);
    assert!(["damaged_film", "film_cut_short"].contains(&refused(&endless).0));
}

/// A short fragmented film: few octets, all tables.
fn small() -> Vec<u8> {
    static FILM: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
    let make = || {
        let source = Source {
            seconds: 2,
            ..SOURCE
        };
        let options = [
            "-movflags",
            "empty_moov+default_base_moof",
            "-frag_duration",
            "300000",
        ];
        let film = fragmented(&scratch("fragments-small"), source, &options);
        std::fs::read(film).expect("the film")
    };
    FILM.get_or_init(make).clone()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn changed_fragments_are_survived(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        words in prop::collection::vec(
            (any::<prop::sample::Index>(), prop::sample::select(vec![
                0, 1, 2, 7, 8, 0x301, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0x0001_0000, 1_000_000,
            ])),
            0..3,
        ),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut film = small();
        let indexes: Vec<usize> = bodies(&film, *b"moof")
            .into_iter()
            .chain(bodies(&film, *b"moov"))
            .flatten()
            .collect();
        for (at, value) in changes {
            film[indexes[at.index(indexes.len())]] = value;
        }
        for (at, value) in words {
            set_word(&mut film, indexes[at.index(indexes.len() - 4)], value);
        }
        survives(&film);
        film.truncate(cut.index(film.len()));
        survives(&film);
    }
}
