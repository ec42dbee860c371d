//! Several sounds and subtitles: each comes out as it went in, in step with the pictures.

use std::path::{Path, PathBuf};

use proptest::prelude::*;
use vault_domain::packaging::{Media, Stream};

use crate::drive::{PLAN, Packaged, package, scratch};
use crate::film::{ffmpeg, run};
use crate::films::{TICK, first};
use crate::hostile::survives;
use crate::probe;
use crate::rewrite::bodies;

/// Shown over both ends of a segment, side by side, and with characters that mean something.
const ENGLISH: &str = "1\n00:00:00,500 --> 00:00:02,000\nHello <i>there</i> & you\n\n\
    2\n00:00:05,000 --> 00:00:13,040\nOver two cuts\nin two lines\n\n\
    3\n00:00:13,040 --> 00:00:14,000\nAt once\n\n";
const GERMAN: &str = "1\n00:00:01,000 --> 00:00:19,500\nGr\u{fc}\u{df}e\n\n";

/// Twenty seconds of pictures, three sounds (stereo, 5.1, and mono that comes late and is longer) and two
/// subtitles; `picture` says whether there are pictures.
fn film(dir: &Path, picture: bool, options: &[&str]) -> PathBuf {
    let name = |file: &str| dir.join(file).to_str().expect("a plain path").to_owned();
    let (english, german, out) = (name("en.srt"), name("de.srt"), name("film.mp4"));
    std::fs::write(&english, ENGLISH).expect("written");
    std::fs::write(&german, GERMAN).expect("written");
    let sine = |frequency, rate, seconds| {
        format!("sine=frequency={frequency}:sample_rate={rate}:duration={seconds}")
    };
    let sounds = [
        sine(440, 44_100, 20),
        sine(660, 48_000, 20),
        sine(880, 32_000, 23),
    ];
    let mut args = vec![
        "-f",
        "lavfi",
        "-i",
        "testsrc2=size=192x108:rate=25:duration=20",
    ];
    args.extend([
        "-f", "lavfi", "-i", &sounds[0], "-f", "lavfi", "-i", &sounds[1],
    ]);
    args.extend(["-itsoffset", "0.7", "-f", "lavfi", "-i", &sounds[2]]);
    args.extend(["-i", &english, "-i", &german]);
    let maps: &[&str] = if picture {
        &["0:v", "1:a", "2:a", "3:a", "4:s", "5:s"]
    } else {
        &["1:a", "2:a", "3:a", "4:s", "5:s"]
    };
    args.extend(maps.iter().flat_map(|map| ["-map", map]));
    args.extend(crate::film::H264[..10].iter().copied());
    args.extend([
        "-c:a", "aac", "-ac:a:0", "2", "-ac:a:1", "6", "-ac:a:2", "1", "-c:s", "mov_text",
    ]);
    let languages = ["a:0", "a:1", "s:0", "s:1"].map(|own| format!("-metadata:s:{own}"));
    let told = [
        "language=eng",
        "language=ger",
        "language=eng",
        "language=deu",
    ];
    for (stream, language) in languages.iter().zip(told) {
        args.extend([stream.as_str(), language]);
    }
    args.extend(options);
    args.push(&out);
    ffmpeg(&args);
    dir.join("film.mp4")
}

fn packaged(film: &Path) -> Packaged {
    let film = std::fs::read(film).expect("the film");
    package(&film, PLAN).expect("a film that can be packaged")
}

/// Holds a sound, frame by frame, against the source, and its lag against the pictures'.
fn same_sound(name: &str, film: &Path, packaged: &Packaged, at: usize, stream: Stream) {
    let playlist = packaged.write_stream(stream, &format!("{name}-a{at}"));
    let own = format!("a:{at}");
    let was = probe::coded_sound_of(film, &format!("0:{own}"));
    let is = probe::coded_sound(&playlist);
    assert!(was == is, "{name}: frames of sound {at}");
    let main = packaged.write(&format!("{name}-main"));
    let zero = if has_pictures(film) { "v:0" } else { "a:0" };
    let (zero_was, zero_is) = (first(film, zero), first(&main, zero));
    let (was, is) = (probe::packets(film, &own), probe::packets(&playlist, "a:0"));
    assert_eq!(was.len(), is.len(), "{name}: sound {at}");
    for (frame, (was, is)) in was.iter().zip(&is).enumerate() {
        let drift = (was.show - zero_was) - (is.show - zero_is);
        assert!(
            drift.abs() < TICK,
            "{name}: frame {frame} of sound {at} is off by {drift} s"
        );
    }
}

fn has_pictures(film: &Path) -> bool {
    !probe::told(film, "v:0", "stream=codec_name").is_empty()
}

/// Start, end and text of each cue of a WebVTT file, in milliseconds.
fn cues(file: &str) -> Vec<(u64, u64, String)> {
    let time = |text: &str| {
        let (clock, millis) = text.trim().split_once('.').expect("a time");
        let seconds = clock.split(':').fold(0, |sum, part| {
            sum * 60 + part.parse::<u64>().expect("digits")
        });
        seconds * 1000 + millis.parse::<u64>().expect("digits")
    };
    let blocks = file.split("\n\n").filter(|block| block.contains(" --> "));
    blocks
        .map(|block| {
            let (times, text) = block.trim().split_once('\n').expect("a text");
            let (start, end) = times.split_once("-->").expect("two times");
            (time(start), time(end), text.to_owned())
        })
        .collect()
}

/// The cues of a stream; each segment has those that are shown in it, and no other.
fn subtitles(packaged: &Packaged, stream: Stream) -> Vec<(u64, u64, String)> {
    let told = packaged.told.segments_of(stream).expect("subtitles");
    let (mut all, mut begin) = (Vec::new(), 0);
    let segments = packaged.opened(stream);
    let texts: Vec<String> = segments
        .into_iter()
        .map(|text| String::from_utf8(text).expect("UTF-8"))
        .collect();
    let listed: Vec<_> = texts.iter().flat_map(|text| cues(text)).collect();
    for (text, info) in texts.iter().zip(told) {
        assert!(
            text.starts_with("WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:"),
            "{text}"
        );
        let end = begin + info.ticks / 90;
        let own = cues(text);
        for cue in &listed {
            let shown = cue.0 < end && cue.1 > begin;
            assert_eq!(own.contains(cue), shown, "{cue:?} in {begin} to {end}");
        }
        all.extend(own.into_iter().filter(|cue| cue.0 >= begin || begin == 0));
        begin = end;
    }
    all
}

#[test]
fn three_sounds_and_two_subtitles_come_out_as_they_went_in() {
    let kinds: [(&str, &[&str]); 3] = [
        ("sounds", &[]),
        ("sounds-front", &["-movflags", "+faststart"]),
        (
            "sounds-fragments",
            &["-movflags", "frag_keyframe+empty_moov"],
        ),
    ];
    for (name, options) in kinds {
        let film = film(&scratch(name), true, options);
        let packaged = packaged(&film);
        let told = &packaged.told;
        let offered: Vec<_> = told
            .renditions
            .iter()
            .map(|own| (own.stream, own.media, own.language.as_deref()))
            .collect();
        let sound = |channels| Media::Audio { channels };
        let text = Media::Subtitles { forced: false };
        assert_eq!(
            offered,
            [
                (Stream::Audio(1), sound(2), Some("en")),
                (Stream::Audio(2), sound(6), Some("de")),
                (Stream::Audio(3), sound(1), None),
                (Stream::Subtitles(1), text, Some("en")),
                (Stream::Subtitles(2), text, Some("de")),
            ],
            "{name}"
        );
        let pictures = probe::decoded(&film, "0:v:0");
        let main = packaged.write(&format!("{name}-main"));
        assert!(
            pictures == probe::decoded(&main, "0:v:0"),
            "{name}: pictures"
        );
        let stream = probe::told(&main, "a:0", "stream=codec_name");
        assert_eq!(stream, "", "the sounds are streams of their own");
        for (at, stream) in [1, 2, 3].map(Stream::Audio).into_iter().enumerate() {
            same_sound(name, &film, &packaged, at, stream);
        }
        for (at, stream) in [1, 2].map(Stream::Subtitles).into_iter().enumerate() {
            let input = film.to_str().expect("plain");
            let map = format!("0:s:{at}");
            let source = run("ffmpeg", &["-i", input, "-map", &map, "-f", "webvtt", "-"]);
            let wanted: Vec<_> = cues(&source)
                .into_iter()
                .map(|(start, end, text)| (start, end, plain(&text)))
                .collect();
            let found = subtitles(&packaged, stream);
            if name == "sounds-fragments" {
                // ffmpeg writes fragments without what ends a text, and reads none back.
                let begun = |cues: &[(u64, u64, String)]| -> Vec<_> {
                    cues.iter().map(|cue| (cue.0, cue.2.clone())).collect()
                };
                assert_eq!(begun(&found), begun(&wanted), "{name}: subtitles {at}");
                continue;
            }
            assert_eq!(found, wanted, "{name}: subtitles {at}");
        }
        let aligned = |own: &[_]| own.len() >= told.segments.len() - 1;
        assert!(told.streams().all(|(_, own)| aligned(own)), "{name}");
        let seconds: u64 = told.seconds();
        assert_eq!(seconds, 24, "{name}: as long as the longest sound");
        rates(name, &packaged);
    }
}

/// What ffmpeg writes of a text, without its styles and as it is escaped here.
fn plain(text: &str) -> String {
    let bare = text.replace("<i>", "").replace("</i>", "");
    bare.replace('&', "&amp;").trim().to_owned()
}

/// The rates that are told hold what is in the segments, by the words of RFC 8216.
fn rates(name: &str, packaged: &Packaged) {
    let rate = |bytes: u64, ticks: u64| (bytes * 8 * 90_000).div_ceil(ticks);
    let mut sums = std::collections::BTreeMap::new();
    for (stream, own) in packaged.told.streams() {
        let (bytes, ticks) = own
            .iter()
            .fold((0, 0), |sum, info| (sum.0 + info.bytes, sum.1 + info.ticks));
        let kind = match stream {
            Stream::Main | Stream::Variant(_) | Stream::Text(_) => 0,
            Stream::Audio(_) => 1,
            Stream::Subtitles(_) => 2,
        };
        let most = sums.entry(kind).or_insert(0);
        *most = rate(bytes, ticks).max(*most);
    }
    let average: u64 = sums.values().sum();
    assert_eq!(packaged.told.average_bandwidth, average, "{name}");
    assert!(packaged.told.peak_bandwidth >= average, "{name}");
}

#[test]
fn several_sounds_without_pictures_are_led_by_the_first() {
    let film = film(&scratch("choir"), false, &[]);
    let packaged = packaged(&film);
    let streams: Vec<_> = packaged
        .told
        .renditions
        .iter()
        .map(|own| own.stream)
        .collect();
    assert_eq!(
        streams,
        [
            Stream::Main,
            Stream::Audio(2),
            Stream::Audio(3),
            Stream::Subtitles(1),
            Stream::Subtitles(2)
        ]
    );
    assert_eq!(
        (packaged.told.resolution, &packaged.told.codecs[..]),
        ((0, 0), &["mp4a.40.2".to_owned()][..])
    );
    for (at, stream) in [Stream::Main, Stream::Audio(2), Stream::Audio(3)]
        .into_iter()
        .enumerate()
    {
        same_sound("choir", &film, &packaged, at, stream);
    }
}

/// `X-TIMESTAMP-MAP` names the time stamp that the pictures of the film's beginning have.
#[test]
fn subtitles_are_timed_on_the_clock_of_the_pictures() {
    let film = film(&scratch("clock"), true, &[]);
    let packaged = packaged(&film);
    let stream = crate::ts::read(&packaged.plain());
    let pictures = stream.iter().filter(|pes| pes.pid == 0x100);
    let zero = pictures.map(|pes| pes.show).min().expect("pictures");
    for text in packaged.opened(Stream::Subtitles(1)) {
        let text = String::from_utf8(text).expect("UTF-8");
        let map = format!("X-TIMESTAMP-MAP=MPEGTS:{zero},LOCAL:00:00:00.000\n");
        assert_eq!(text.lines().nth(1), Some(map.trim_end()));
    }
    let sounds = crate::ts::read_sound(&packaged.opened(Stream::Audio(1)));
    let first = sounds.first().expect("frames");
    // The priming of the encoder, 1024 frames of 44.1 kHz, precedes the picture.
    assert_eq!(zero - first.show, 2090);
}

#[test]
fn hostile_text_stays_text() {
    let film = film(&scratch("hostile-text"), true, &[]);
    let mut film = std::fs::read(film).expect("the film");
    let wanted = b"Hello there & you";
    let at = film.windows(wanted.len()).position(|own| own == wanted);
    let at = at.expect("the text of a subtitle");
    film[at..at + wanted.len()].copy_from_slice(b"-->\n\nNOTE\0<b>\x1b&\r\n");
    let packaged = package(&film, PLAN).expect("packaged");
    let text = packaged.opened(Stream::Subtitles(1)).remove(0);
    let text = String::from_utf8(text).expect("UTF-8");
    assert!(
        text.contains("\n--&gt;\nNOTE\u{fffd}&lt;b&gt;&amp;\n\n"),
        "{text:?}"
    );
    // A length beyond the sample is damage, not a read beyond it.
    film[at - 2..at].copy_from_slice(&[0xff, 0xff]);
    let fault = package(&film, PLAN).map(drop).expect_err("cut off");
    assert_eq!(fault.code, "damaged_film");
}

#[test]
fn a_sound_without_letters_of_a_language_has_none() {
    let film = film(&scratch("untold"), true, &[]);
    let mut film = std::fs::read(film).expect("the film");
    let mdhd = bodies(&film, *b"mdhd").remove(2);
    crate::rewrite::set_word(&mut film, mdhd.start + 20, 0x7fff_0000);
    let told = package(&film, PLAN).expect("packaged").told;
    let languages: Vec<_> = told
        .renditions
        .iter()
        .map(|own| own.language.as_deref())
        .collect();
    assert_eq!(languages[..3], [Some("en"), None, None]);
}

/// A short film of all kinds of streams.
fn small() -> Vec<u8> {
    static FILM: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
    let make = || {
        let options = [
            "-t",
            "2",
            "-b:v",
            "30k",
            "-b:a",
            "12k",
            "-movflags",
            "+faststart",
        ];
        std::fs::read(film(&scratch("manifold-small"), true, &options)).expect("the film")
    };
    FILM.get_or_init(make).clone()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_changed_film_of_many_streams_is_survived(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        media in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..30),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut film = small();
        let index = bodies(&film, *b"moov").remove(0);
        for (at, value) in changes {
            film[index.start + at.index(index.len())] = value;
        }
        for (at, value) in media {
            let at = index.end + at.index(film.len() - index.end);
            film[at] = value;
        }
        survives(&film);
        film.truncate(cut.index(film.len()));
        survives(&film);
    }
}

#[test]
fn more_text_than_anybody_reads_is_refused_before_it_fills_the_memory() {
    let dir = scratch("verbose");
    let name = |file: &str| dir.join(file).to_str().expect("a plain path").to_owned();
    let (text, out) = (name("many.srt"), name("film.mp4"));
    let long = "words ".repeat(200);
    let cue = |at: u32| {
        let (start, end) = (at * 2, at * 2 + 2);
        let time = |ms: u32| format!("00:00:{:02},{:03}", ms / 1000, ms % 1000);
        format!("{at}\n{} --> {}\n{long}\n\n", time(start), time(end))
    };
    let all: String = (0..2_500).map(cue).collect();
    std::fs::write(&text, all).expect("written");
    let inputs = [
        "-f",
        "lavfi",
        "-i",
        "testsrc2=size=64x36:rate=25:duration=6",
        "-i",
        &text,
    ];
    let codecs = [
        "-c:v",
        "libx264",
        "-preset",
        "ultrafast",
        "-pix_fmt",
        "yuv420p",
        "-c:s",
        "mov_text",
    ];
    ffmpeg(
        &[
            &inputs[..],
            &["-map", "0:v", "-map", "1:s"],
            &codecs,
            &[&out],
        ]
        .concat(),
    );
    let film = std::fs::read(out).expect("the film");
    let fault = package(&film, PLAN).map(drop).expect_err("too much");
    assert!(
        fault.code == "damaged_film" && fault.reason.contains("text"),
        "{}",
        fault.reason
    );
}

#[test]
fn more_sounds_than_anybody_chooses_from_are_refused() {
    let dir = scratch("crowd");
    let out = dir.join("film.mp4");
    let mut args = vec!["-f", "lavfi", "-i", "sine=duration=1"];
    args.extend(["-map", "0:a"].repeat(17));
    args.extend(["-c:a", "aac", out.to_str().expect("plain")]);
    ffmpeg(&args);
    let film = std::fs::read(out).expect("the film");
    let fault = package(&film, PLAN).map(drop).expect_err("too many");
    assert_eq!(fault.code, "too_many_tracks");
}
