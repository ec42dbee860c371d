//! Files that are refused: the code is stable, the sentence names what was found.

use vault_domain::packaging::PackagePlan;

use crate::drive::{PLAN, clip, package, scratch};
use crate::film::{H264, SOURCE, Source, ffmpeg, make};
use crate::rewrite::{bodies, renamed, set_word, with_word, word};

fn refused(film: &[u8]) -> (&'static str, String) {
    match package(film, PLAN) {
        Ok(_) => ("packaged", String::new()),
        Err(fault) => {
            assert!(
                fault.reason.ends_with('.') && fault.reason.len() > 30,
                "{}",
                fault.reason
            );
            (fault.code, fault.reason)
        }
    }
}

const SHORT: Source = Source {
    seconds: 1,
    ..SOURCE
};

fn made(name: &str, file: &str, args: &[&str]) -> (&'static str, String) {
    let path = make(&scratch(name), file, SHORT, args);
    refused(&std::fs::read(path).expect("the film"))
}

#[test]
fn the_container_is_told_from_its_bytes() {
    let playlist = b"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nfile:///etc/passwd\n";
    let (code, reason) = refused(playlist);
    assert!(code == "not_a_film" && reason.contains("a playlist"));
    assert_eq!(refused(b"#!/bin/sh\nrm -rf /\n").0, "not_a_film");
    assert_eq!(refused(b"").0, "not_a_film");
    assert_eq!(refused(&vec![0; 100_000]).0, "not_a_film");
    let (code, reason) = made("webm", "film.webm", &["-c:v", "libvpx", "-c:a", "libopus"]);
    assert!(
        code == "unsupported_container" && reason.contains("WebM"),
        "{reason}"
    );
}

#[test]
fn other_codecs_are_refused_by_name() {
    let cases: [(&str, &[&str], &str); 6] = [
        (
            "vp9",
            &["-c:v", "libvpx-vp9", "-deadline", "realtime", "-c:a", "aac"],
            "picture is VP9",
        ),
        (
            "mpeg4",
            &["-c:v", "mpeg4", "-c:a", "aac"],
            "picture is MPEG-4 Part 2",
        ),
        (
            "mp3",
            &[
                "-c:v",
                "libx264",
                "-preset",
                "ultrafast",
                "-c:a",
                "libmp3lame",
            ],
            "sound is MP3",
        ),
        (
            "opus",
            &["-c:v", "libx264", "-preset", "ultrafast", "-c:a", "libopus"],
            "sound is Opus",
        ),
        (
            "ac3",
            &["-c:v", "libx264", "-preset", "ultrafast", "-c:a", "ac3"],
            "sound is Dolby Digital",
        ),
        (
            "flac",
            &[
                "-c:v",
                "libx264",
                "-preset",
                "ultrafast",
                "-c:a",
                "flac",
                "-strict",
                "-2",
            ],
            "sound is FLAC",
        ),
    ];
    for (name, args, found) in cases {
        let (code, reason) = made(&format!("codec-{name}"), "film.mp4", args);
        assert!(
            code == "unsupported_codec" && reason.contains(found),
            "{name}: {reason}"
        );
        assert!(
            reason.contains("H.264 or HEVC") && reason.contains("AAC"),
            "{reason}"
        );
    }
    let pcm = [
        "-c:v",
        "libx264",
        "-preset",
        "ultrafast",
        "-c:a",
        "pcm_s16le",
    ];
    let (code, reason) = made("codec-pcm", "film.mov", &pcm);
    assert!(
        code == "unsupported_codec" && reason.contains("PCM"),
        "{reason}"
    );
}

#[test]
fn protected_and_turned_films_are_refused() {
    let secret = "00112233445566778899aabbccddeeff";
    let scheme = [
        "-encryption_scheme",
        "cenc-aes-ctr",
        "-encryption_key",
        secret,
    ];
    let protected = [H264, &scheme, &["-encryption_kid", secret]].concat();
    assert_eq!(
        made("protected", "film.mp4", &protected).0,
        "protected_film"
    );
    let mut turned = clip();
    let tkhd = bodies(&turned, *b"tkhd").remove(0);
    let matrix = [0_u32, 0x1_0000, 0, 0xffff_0000, 0];
    for (at, cell) in matrix.into_iter().enumerate() {
        set_word(&mut turned, tkhd.start + 40 + at * 4, cell);
    }
    assert_eq!(refused(&turned).0, "turned_film_not_supported");
}

#[test]
fn a_film_cut_short_anywhere_is_refused() {
    let dir = scratch("short");
    let whole = make(
        &dir,
        "film.mp4",
        SHORT,
        &[H264, &["-movflags", "+faststart"]].concat(),
    );
    let whole = std::fs::read(whole).expect("the film");
    for end in [40, 500, whole.len() / 2, whole.len() - 1] {
        assert_eq!(
            refused(&whole[..end]).0,
            "film_cut_short",
            "cut to {end} of {}",
            whole.len()
        );
    }
    let clip = clip();
    assert_eq!(refused(&clip[..clip.len() - 100]).0, "film_cut_short");
}

#[test]
fn lies_of_the_index_are_refused() {
    let clip = clip();
    let lies: [([u8; 4], usize, u32, &str); 13] = [
        (*b"stsz", 8, 0x8000_0000, "damaged_film"),
        (*b"stsz", 4, 0xffff_ffff, "film_cut_short"),
        (*b"stsz", 12, 0xffff_ffff, "film_cut_short"),
        (*b"stsz", 12, 65 << 20, "film_cut_short"),
        (*b"stco", 4, 0xffff_ffff, "damaged_film"),
        (*b"stco", 8, 0xffff_fff0, "film_cut_short"),
        (*b"stts", 4, 0x7fff_ffff, "damaged_film"),
        (*b"stts", 8, 3, "damaged_film"),
        (*b"stts", 12, 0xffff_ffff, "film_too_long"),
        (*b"stsc", 8, 0, "damaged_film"),
        (*b"stsc", 12, 0, "damaged_film"),
        (*b"mdhd", 12, 0, "damaged_film"),
        (*b"mvhd", 12, 0, "damaged_film"),
    ];
    for (kind, at, value, code) in lies {
        let (found, reason) = refused(&with_word(&clip, kind, at, value));
        assert_eq!(
            found,
            code,
            "{} at {at}: {reason}",
            String::from_utf8_lossy(&kind)
        );
    }
}

#[test]
fn a_film_without_key_frames_is_refused() {
    assert_eq!(
        refused(&with_word(&clip(), *b"stss", 4, 0)).0,
        "no_key_frames"
    );
    let path = make(
        &scratch("nokeys"),
        "film.mp4",
        Source {
            seconds: 5,
            ..SOURCE
        },
        H264,
    );
    let film = renamed(&std::fs::read(path).expect("the film"), *b"stss", *b"free");
    let plan = PackagePlan {
        segment_ms: 1000,
        ..PLAN
    };
    let fault = package(&film, plan)
        .map(|_| ())
        .expect_err("no key frame at 1 s");
    assert_eq!(fault.code, "no_key_frames");
    let plan = PackagePlan {
        segment_ms: 2000,
        ..PLAN
    };
    assert!(
        package(&film, plan).is_ok(),
        "there is a key frame every 2 s"
    );
}

#[test]
fn a_film_that_changes_its_format_is_refused() {
    let path = make(
        &scratch("joined"),
        "film.mp4",
        Source {
            seconds: 5,
            ..SOURCE
        },
        H264,
    );
    let mut film = std::fs::read(path).expect("the film");
    let tables = bodies(&film, *b"stsc");
    let table = tables.iter().find(|table| word(&film, table.start + 4) > 1);
    let second = table.expect("chunks in several runs").start + 8 + 12 + 8;
    set_word(&mut film, second, 2);
    assert_eq!(refused(&film).0, "changing_format_not_supported");
}

#[test]
fn media_in_other_files_is_refused() {
    let clip = clip();
    let url = bodies(&clip, *b"url ").remove(0);
    let mut film = clip.clone();
    set_word(&mut film, url.start, 0);
    assert_eq!(refused(&film).0, "media_elsewhere");
}

#[test]
fn a_cover_picture_is_not_a_film_and_sound_alone_is() {
    let dir = scratch("cover");
    let still = make(&dir, "still.jpg", SHORT, &["-frames:v", "1", "-map", "0:v"]);
    let sound = make(
        &dir,
        "sound.m4a",
        Source {
            picture: false,
            ..SHORT
        },
        &["-c:a", "aac"],
    );
    let both = dir.join("both.mov");
    let names = [&still, &sound, &both].map(|path| path.to_str().expect("plain"));
    ffmpeg(&["-i", names[0], "-i", names[1], "-c", "copy", names[2]]);
    let packaged = package(&std::fs::read(&both).expect("the film"), PLAN).expect("sound");
    assert_eq!(packaged.told.codecs, ["mp4a.40.2"]);
}
