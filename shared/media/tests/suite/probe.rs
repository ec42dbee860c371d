//! What ffmpeg and ffprobe see in a source and in what came out of it.

use std::path::Path;

use crate::film::run;

/// Hashes of all decoded frames, in order of presentation.
pub(crate) fn decoded(input: &Path, stream: &str) -> Vec<String> {
    framemd5(input, stream, &["-fps_mode", "passthrough"])
}

/// Hashes of the coded frames of the first sound, without transport headers.
pub(crate) fn coded_sound(input: &Path) -> Vec<String> {
    coded_sound_of(input, "0:a:0")
}

/// The same of any sound.
pub(crate) fn coded_sound_of(input: &Path, stream: &str) -> Vec<String> {
    let adts = input.extension().is_some_and(|kind| kind == "m3u8");
    let strip: &[&str] = if adts {
        &["-bsf:a", "aac_adtstoasc"]
    } else {
        &[]
    };
    framemd5(input, stream, &[&["-c", "copy"], strip].concat())
}

fn framemd5(input: &Path, stream: &str, args: &[&str]) -> Vec<String> {
    let name = input.to_str().expect("a plain path");
    let mut all = opening(input);
    all.extend(["-i", name, "-map", stream]);
    all.extend(args);
    all.extend(["-f", "framemd5", "-"]);
    let text = run("ffmpeg", &all);
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    // Stream, times, duration, size, hash; more columns where a frame carries side data.
    lines
        .map(|line| line.split(',').nth(5).unwrap_or_default().trim().to_owned())
        .collect()
}

fn opening(input: &Path) -> Vec<&'static str> {
    let playlist = input.extension().is_some_and(|kind| kind == "m3u8");
    if playlist {
        vec!["-allowed_extensions", "ALL"]
    } else {
        vec![]
    }
}

/// One coded frame's times in seconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Packet {
    pub(crate) show: f64,
    pub(crate) decode: f64,
}

/// The times of all coded frames of a stream (`v:0`, `a:0`), in decoding order.
pub(crate) fn packets(input: &Path, stream: &str) -> Vec<Packet> {
    let name = input.to_str().expect("a plain path");
    let mut all = opening(input);
    let entries = "packet=pts_time,dts_time";
    all.extend([
        "-select_streams",
        stream,
        "-show_entries",
        entries,
        "-of",
        "csv=p=0",
        name,
    ]);
    let text = run("ffprobe", &all);
    let lines = text.lines().filter(|line| !line.is_empty());
    let packets = lines.map(|line| {
        let mut fields = line
            .split(',')
            .map(|field| field.parse().unwrap_or(f64::NAN));
        let mut next = || fields.next().unwrap_or(f64::NAN);
        Packet {
            show: next(),
            decode: next(),
        }
    });
    packets.collect()
}

/// One value that ffprobe tells of a stream or of the format.
pub(crate) fn told(input: &Path, stream: &str, entry: &str) -> String {
    let name = input.to_str().expect("a plain path");
    let mut all = opening(input);
    if !stream.is_empty() {
        all.extend(["-select_streams", stream]);
    }
    all.extend(["-show_entries", entry, "-of", "default=nk=1:nw=1", name]);
    run("ffprobe", &all)
        .lines()
        .next()
        .unwrap_or_default()
        .to_owned()
}
