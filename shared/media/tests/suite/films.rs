//! Real films through the packager: what a player decodes is what the source holds, frame by frame
//! and tick by tick.

use std::path::Path;

use vault_domain::packaging::VideoRange;

use crate::drive::{PLAN, Packaged, clip_path, package, scratch};
use crate::film::{H264, SOURCE, Source, make};
use crate::probe;
use crate::rewrite::{bodies, word};

/// Seconds that rounding to 90 kHz twice, and to microseconds in the tools' output, may cost.
pub(crate) const TICK: f64 = 3.0 / 90_000.0;

/// Packages a film and holds every frame and time against the source.
pub(crate) fn faithful(name: &str, film: &Path) -> Packaged {
    let source = std::fs::read(film).expect("the film");
    let packaged = package(&source, PLAN).expect("a film that can be packaged");
    let playlist = packaged.write(&format!("{name}-hls"));
    let has = |stream| !probe::told(film, stream, "stream=codec_name").is_empty();
    let (video, audio) = (has("v:0"), has("a:0"));
    if video {
        same_frames(
            "pictures",
            &probe::decoded(film, "0:v:0"),
            &probe::decoded(&playlist, "0:v:0"),
        );
        same_times(name, film, &playlist, "v:0");
    }
    if audio {
        same_frames(
            "sound",
            &probe::coded_sound(film),
            &probe::coded_sound(&playlist),
        );
        same_times(name, film, &playlist, "a:0");
    }
    if video && audio {
        let lag = |input: &Path| first(input, "a:0") - first(input, "v:0");
        let (was, is) = (lag(film), lag(&playlist));
        assert!(
            (was - is).abs() < TICK,
            "{name}: sound lags by {is} s instead of {was} s"
        );
    }
    crate::ts::read(&packaged.plain());
    let length: f64 = probe::told(film, "", "format=duration")
        .parse()
        .expect("a duration");
    let off = (packaged.seconds() - length).abs();
    assert!(
        off < 0.002,
        "{name}: {} s instead of {length} s",
        packaged.seconds()
    );
    packaged
}

fn same_frames(what: &str, was: &[String], is: &[String]) {
    assert!(!was.is_empty(), "the source has {what}");
    assert_eq!(was.len(), is.len(), "number of {what}");
    let differing = was.iter().zip(is).position(|(was, is)| was != is);
    assert_eq!(differing, None, "first frame of {what} that differs");
}

pub(crate) fn first(input: &Path, stream: &str) -> f64 {
    let times = probe::packets(input, stream);
    times
        .iter()
        .map(|packet| packet.show)
        .fold(f64::INFINITY, f64::min)
}

fn same_times(name: &str, film: &Path, playlist: &Path, stream: &str) {
    let (was, is) = (
        probe::packets(film, stream),
        probe::packets(playlist, stream),
    );
    assert_eq!(was.len(), is.len(), "{name}: frames of {stream}");
    let (zero_was, zero_is) = (first(film, stream), first(playlist, stream));
    for (at, (was, is)) in was.iter().zip(&is).enumerate() {
        let drift = (was.show - zero_was) - (is.show - zero_is);
        assert!(
            drift.abs() < TICK,
            "{name}: frame {at} of {stream} drifts by {drift} s"
        );
        assert!(
            is.decode <= is.show && is.decode >= 0.0,
            "{name}: frame {at} of {stream}"
        );
    }
}

#[test]
fn the_clip_comes_out_as_it_went_in() {
    let packaged = faithful("clip", &clip_path());
    assert_eq!(packaged.told.codecs, ["avc1.4d401f", "mp4a.40.2"]);
    assert_eq!(packaged.told.resolution, (1280, 720));
    assert!((packaged.told.frame_rate - 25.0).abs() < 1e-9);
    assert_eq!(packaged.told.segments.len(), 1);
}

#[test]
fn b_frames_and_an_index_at_either_end_give_the_same_segments() {
    let dir = scratch("bframes");
    let end = make(&dir, "end.mp4", SOURCE, H264);
    let fast = dir.join("fast.mp4");
    let (from, to) = (end.to_str().expect("plain"), fast.to_str().expect("plain"));
    crate::film::ffmpeg(&["-i", from, "-c", "copy", "-movflags", "+faststart", to]);
    let at_end = faithful("bframes-end", &end);
    let at_front = faithful("bframes-fast", &fast);
    assert_eq!(at_end.segments, at_front.segments);
    assert_eq!(at_end.told, at_front.told);
    let ticks: Vec<u64> = at_end.told.segments.iter().map(|s| s.ticks).collect();
    assert_eq!(
        ticks[..3],
        [540_000; 3],
        "cut at the key frames of 6, 12 and 18 s"
    );
    assert_eq!(ticks.len(), 4);
}

#[test]
fn negative_composition_offsets_are_made_decodable() {
    let dir = scratch("negative");
    let args = [H264, &["-movflags", "negative_cts_offsets"]].concat();
    faithful("negative", &make(&dir, "film.mp4", SOURCE, &args));
}

#[test]
fn hevc_is_taken_under_both_its_names() {
    let dir = scratch("hevc");
    for tag in ["hvc1", "hev1"] {
        let x265 = "log-level=none:keyint=50:open-gop=0";
        let args = [
            "-c:v",
            "libx265",
            "-preset",
            "ultrafast",
            "-tag:v",
            tag,
            "-x265-params",
            x265,
        ];
        let source = Source {
            seconds: 8,
            ..SOURCE
        };
        let film = make(
            &dir,
            &format!("{tag}.mp4"),
            source,
            &[&args[..], &["-c:a", "aac"]].concat(),
        );
        let packaged = faithful(tag, &film);
        assert!(
            packaged.told.codecs[0].starts_with("hvc1.1.6.L"),
            "{:?}",
            packaged.told.codecs
        );
        assert_eq!(packaged.told.resolution, (192, 108));
    }
}

#[test]
fn open_groups_of_hevc_pictures_survive_the_cut() {
    let dir = scratch("opengop");
    let x265 = "log-level=none:keyint=50:open-gop=1:bframes=4";
    let args = [
        "-c:v",
        "libx265",
        "-preset",
        "ultrafast",
        "-x265-params",
        x265,
        "-an",
    ];
    faithful("opengop", &make(&dir, "film.mp4", SOURCE, &args));
}

#[test]
fn sound_alone_is_cut_at_its_frames() {
    let dir = scratch("sound");
    let source = Source {
        picture: false,
        ..SOURCE
    };
    let packaged = faithful("sound", &make(&dir, "film.m4a", source, &["-c:a", "aac"]));
    assert_eq!(packaged.told.codecs, ["mp4a.40.2"]);
    assert_eq!(
        (packaged.told.resolution, packaged.told.segments.len()),
        ((0, 0), 4)
    );
}

#[test]
fn pictures_alone_are_taken() {
    let dir = scratch("silent");
    let source = Source {
        sound: false,
        ..SOURCE
    };
    let packaged = faithful("silent", &make(&dir, "film.mp4", source, &H264[..10]));
    assert_eq!(packaged.told.codecs.len(), 1);
    let lengths: u64 = packaged.told.segments.iter().map(|s| s.ticks).sum();
    assert_eq!(lengths, 20 * 90_000);
}

#[test]
fn ntsc_rates_stay_exact() {
    let dir = scratch("ntsc");
    let source = Source {
        rate: "30000/1001",
        ..SOURCE
    };
    let packaged = faithful("ntsc", &make(&dir, "film.mp4", source, H264));
    assert!((packaged.told.frame_rate - 30_000.0 / 1001.0).abs() < 1e-9);
}

#[test]
fn late_sound_and_late_pictures_stay_in_step() {
    let dir = scratch("late");
    let film = make(
        &dir,
        "even.mp4",
        Source {
            seconds: 10,
            ..SOURCE
        },
        H264,
    );
    let even = film.to_str().expect("plain");
    for (name, maps) in [("sound", ["0:v", "1:a"]), ("picture", ["1:v", "0:a"])] {
        let late = dir.join(format!("{name}.mp4"));
        let to = late.to_str().expect("plain");
        let [first, second] = maps;
        crate::film::ffmpeg(&[
            "-i",
            even,
            "-itsoffset",
            "0.7",
            "-i",
            even,
            "-map",
            first,
            "-map",
            second,
            "-c",
            "copy",
            to,
        ]);
        faithful(&format!("late-{name}"), &late);
    }
}

#[test]
fn quicktime_films_are_read() {
    let dir = scratch("quicktime");
    let packaged = faithful("quicktime", &make(&dir, "film.mov", SOURCE, H264));
    assert_eq!(packaged.told.codecs[1], "mp4a.40.2");
}

#[test]
fn sound_that_outlasts_the_pictures_is_cut_on() {
    let dir = scratch("longsound");
    let source = Source {
        seconds: 30,
        ..SOURCE
    };
    let args = [H264, &["-filter:v", "trim=duration=4"]].concat();
    let packaged = faithful("longsound", &make(&dir, "film.mp4", source, &args));
    assert!(
        packaged.told.segments.len() >= 5,
        "{:?}",
        packaged.told.segments.len()
    );
}

/// A cut in the middle of a group of pictures starts at the key frame before it, and the sound
/// keeps its distance as the edit lists state it.
#[test]
fn a_trimmed_film_keeps_its_lag() {
    let dir = scratch("trimmed");
    let whole = make(&dir, "whole.mp4", SOURCE, H264);
    let trimmed = dir.join("film.mp4");
    let names = [&whole, &trimmed].map(|path| path.to_str().expect("plain"));
    crate::film::ffmpeg(&[
        "-ss", "3.3", "-i", names[0], "-t", "9", "-c", "copy", names[1],
    ]);
    let film = std::fs::read(&trimmed).expect("the film");
    let from = |track: usize| {
        let list = bodies(&film, *b"elst").remove(track);
        f64::from(word(&film, list.start + 12))
    };
    let (video, audio) = (from(0) / 12_800.0, from(1) / 44_100.0);
    assert!(
        video > 1.0 && audio > 1.0,
        "both tracks begin before what is shown"
    );
    let packaged = package(&film, PLAN).expect("packaged");
    let playlist = packaged.write("trimmed-hls");
    let lag = first(&playlist, "a:0") - first(&playlist, "v:0");
    let key_shown = 0.08 - video;
    assert!(
        (lag - (-audio - key_shown)).abs() < TICK,
        "sound lags by {lag} s"
    );
    assert!(
        (packaged.seconds() - (9.14 - key_shown)).abs() < 0.15,
        "{}",
        packaged.seconds()
    );
}

/// The rate of a film whose pictures come unevenly is the most that begin in a second.
#[test]
fn a_varying_rate_is_told_as_the_most_pictures_of_a_second() {
    let dir = scratch("vfr");
    let vary = "select='lt(t,7)+not(mod(n,3))'";
    let args = [H264, &["-vf", vary, "-fps_mode", "vfr"]].concat();
    let film = make(&dir, "film.mp4", SOURCE, &args);
    let packaged = faithful("vfr", &film);
    let mut seconds = std::collections::BTreeMap::new();
    for packet in probe::packets(&film, "v:0") {
        // From the first picture on that is decoded, as they are counted.
        let second = (packet.decode + 1e-4).floor();
        *seconds.entry(second.to_string()).or_insert(0_u32) += 1;
    }
    let most = seconds.values().max().copied().expect("pictures");
    let told = packaged.told.frame_rate;
    assert!((told - f64::from(most)).abs() <= 1.0, "{told}, not {most}");
    let average = probe::told(&film, "v:0", "stream=avg_frame_rate");
    assert_ne!(average, "25/1", "it varies");
    assert!((24.0..=26.0).contains(&told), "{told}");
}

#[test]
fn the_dynamic_range_is_what_the_film_tells() {
    let dir = scratch("range");
    let short = Source {
        seconds: 2,
        ..SOURCE
    };
    let cases = [
        ("smpte2084", Some(VideoRange::Pq)),
        ("arib-std-b67", Some(VideoRange::Hlg)),
        ("bt709", Some(VideoRange::Sdr)),
        ("", None),
    ];
    for (at, (transfer, range)) in cases.into_iter().enumerate() {
        let colours = [
            "-color_primaries",
            "bt2020",
            "-colorspace",
            "bt2020nc",
            "-color_trc",
            transfer,
        ];
        let told: &[&str] = if transfer.is_empty() { &[] } else { &colours };
        let args = [H264, told, &["-movflags", "+write_colr"]].concat();
        let film = make(&dir, &format!("{at}.mp4"), short, &args);
        let film = std::fs::read(film).expect("the film");
        let packaged = package(&film, PLAN).expect("packaged");
        assert_eq!(packaged.told.video_range, range, "{transfer}");
    }
}

#[test]
fn what_is_told_of_a_film_is_what_ffprobe_sees() {
    let dir = scratch("told");
    for (at, (rate, size)) in [("25", "192x108"), ("60000/1001", "170x98"), ("24", "64x36")]
        .into_iter()
        .enumerate()
    {
        let source = Source {
            rate,
            seconds: 7,
            ..SOURCE
        };
        let args = [H264, &["-s", size]].concat();
        let film = make(&dir, &format!("{at}.mp4"), source, &args);
        let packaged = package(&std::fs::read(&film).expect("the film"), PLAN).expect("packaged");
        let told = |entry: &str| probe::told(&film, "v:0", &format!("stream={entry}"));
        let number = |text: String| text.parse::<u32>().expect("a number");
        let resolution = (number(told("width")), number(told("height")));
        assert_eq!(packaged.told.resolution, resolution);
        let average = told("avg_frame_rate");
        let (above, below) = average.split_once('/').expect("a fraction");
        let wanted: f64 = above.parse::<f64>().expect("a") / below.parse::<f64>().expect("b");
        let rates = [packaged.told.frame_rate, wanted].map(|rate| format!("{rate:.3}"));
        assert_eq!(rates[0], rates[1]);
        let level = number(told("level"));
        let name = &packaged.told.codecs[0];
        assert!(
            name.ends_with(&format!("{level:02x}")),
            "{name}: level {level}"
        );
        let length: f64 = probe::told(&film, "", "format=duration")
            .parse()
            .expect("seconds");
        let octets: usize = packaged.segments.iter().map(Vec::len).sum();
        #[expect(clippy::cast_precision_loss, reason = "a short film")]
        let (wanted, told) = (
            octets as f64 * 8.0 / length,
            packaged.told.average_bandwidth as f64,
        );
        assert!(
            (told / wanted - 1.0).abs() < 0.01,
            "{told} bit/s, not {wanted}"
        );
    }
}

#[test]
fn every_segment_can_be_entered() {
    let dir = scratch("entry");
    let film = std::fs::read(make(&dir, "film.mp4", SOURCE, H264)).expect("the film");
    let packaged = package(&film, PLAN).expect("packaged");
    let stream = crate::ts::read(&packaged.plain());
    for segment in 0..packaged.segments.len() {
        let pictures = stream
            .iter()
            .filter(|pes| pes.segment == segment && pes.pid == 0x100);
        let pictures: Vec<_> = pictures.collect();
        let kinds = crate::ts::h264_kinds(&pictures[0].payload);
        assert_eq!(
            kinds[..3],
            [9, 7, 8],
            "delimiter and parameter sets: {kinds:?}"
        );
        assert!(kinds.contains(&5) && pictures[0].entry, "a key frame");
        for picture in pictures {
            let pcr = picture.pcr.expect("the clock rides on every picture");
            assert!(pcr < picture.decode, "the clock is behind decoding");
            assert_eq!(crate::ts::h264_kinds(&picture.payload)[0], 9);
        }
        let sounds = stream
            .iter()
            .filter(|pes| pes.segment == segment && pes.pid == 0x101);
        assert!(sounds.clone().count() > 3);
        assert!(
            sounds.clone().all(|pes| pes.payload[..2] == [0xff, 0xf1]),
            "ADTS"
        );
    }
}
