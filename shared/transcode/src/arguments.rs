//! What ffmpeg is told (<https://ffmpeg.org/ffmpeg.html>, <https://ffmpeg.org/ffmpeg-protocols.html>).

use vault_domain::conversion::{Encoding, KeyFrames};
use vault_domain::preview::{Board, PEAKS_RATE, PreviewPlan};

use crate::scratch::{OUTCOME, POSTER, SHEETS, SOURCE};

/// Containers that are read. None of them names other files, or (MOV) not unless it is allowed to; playlists and scripts
/// are not among them.
const FORMATS: &str = "mov,matroska,webm,avi,mpegts,mpeg,flv,asf,ogg,wav,mp3,flac,mxf";
/// Pictures of more pixels are refused before room is made for them: 8192 × 8192.
const MAX_PIXELS: &str = "67108864";

/// Ticks of 90 kHz in a millisecond.
const EARLY: i64 = 90;

fn texts(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// How the source is opened.
fn source() -> Vec<String> {
    let mut words = texts(&["-nostdin", "-hide_banner", "-v", "error", "-y"]);
    words.extend(texts(&[
        "-protocol_whitelist",
        "file",
        "-format_whitelist",
        FORMATS,
    ]));
    words.extend(texts(&["-max_pixels", MAX_PIXELS, "-i", SOURCE]));
    words
}

/// Tells the streams, and reads no more than it takes to know them.
pub(crate) fn probe() -> Vec<String> {
    let mut words = source();
    words.extend(texts(&["-map", "0:V?", "-map", "0:a?", "-map", "0:s?"]));
    words.extend(texts(&[
        "-c",
        "copy",
        "-t",
        "0",
        "-f",
        "framehash",
        "pipe:1",
    ]));
    words
}

/// Reads every packet, decodes none, and tells how far it came (<https://ffmpeg.org/ffmpeg.html>, `-progress`): at its first
/// packet, and at the end.
pub(crate) fn measure() -> Vec<String> {
    let mut words = source();
    words.extend(texts(&["-map", "0:V?", "-map", "0:a?", "-c", "copy"]));
    words.extend(texts(&["-stats_period", "86400", "-progress", "pipe:1"]));
    words.extend(texts(&["-f", "null", "/dev/null"]));
    words
}

/// Encodes the film.
pub(crate) fn encode(encoding: &Encoding) -> Vec<String> {
    let mut words = source();
    // A damaged film fails, rather than being played with holes.
    words.insert(0, "-xerror".to_owned());
    if encoding.as_uploaded {
        words.push("-copyts".to_owned());
    }
    let of = &encoding.source;
    if of.pictures.is_some() {
        words.extend(texts(&[
            "-map", "0:V:0", "-c:v", "libx264", "-preset", "veryfast",
        ]));
        words.extend(texts(&[
            "-crf",
            "21",
            "-profile:v",
            "high",
            "-pix_fmt",
            "yuv420p",
        ]));
        if let Some(most) = encoding.most_kilobits {
            // A player reads a second or two ahead, and so long a rate may be exceeded.
            words.extend(["-maxrate".to_owned(), format!("{most}k")]);
            words.extend(["-bufsize".to_owned(), format!("{}k", 2 * most)]);
        }
        if let Some(forced) = forced(&encoding.key_frames) {
            words.extend(["-force_key_frames".to_owned(), forced]);
        }
        words.extend(["-vf".to_owned(), pictures(encoding.lines)]);
        words.extend(texts(&["-fps_mode", "vfr"]));
        if encoding.as_uploaded {
            // The clock of the source: pictures come when the film's own come. Those of a film that was converted stand
            // where the encoder's own clock puts them, as they did then.
            words.extend(texts(&["-enc_time_base", "-1"]));
        }
    }
    for (at, sound) in of.sounds.iter().enumerate() {
        words.extend(["-map".to_owned(), format!("0:a:{at}")]);
        if encoding.copies_sound {
            continue;
        }
        words.extend([format!("-ac:a:{at}"), sound.channels.to_string()]);
        words.extend([format!("-ar:a:{at}"), sound.rate.to_string()]);
        let kilobits = 64 * u32::from(sound.channels) + 32;
        words.extend([format!("-b:a:{at}"), format!("{kilobits}k")]);
    }
    if encoding.copies_sound {
        words.extend(texts(&["-c:a", "copy"]));
    } else if !of.sounds.is_empty() {
        // Gaps are filled with silence, so that sound and pictures stay together.
        words.extend(texts(&["-c:a", "aac", "-af", "aresample=async=1"]));
    }
    for at in &of.texts {
        words.extend(["-map".to_owned(), format!("0:s:{at}")]);
    }
    if !of.texts.is_empty() {
        words.extend(texts(&["-c:s", "mov_text"]));
    }
    words.extend(texts(&[
        "-map_chapters",
        "-1",
        "-dn",
        "-max_muxing_queue_size",
        "4096",
    ]));
    words.extend(texts(&["-f", "mp4", OUTCOME]));
    words
}

/// A picture of a storyboard is so large at most.
const TILE: (&str, &str) = ("160", "90");
/// The poster is so large at most, and no larger than the film.
const LARGE: (&str, &str) = ("min(1280\\,iw)", "min(720\\,ih)");

/// Makes a poster and a storyboard as files, and pours the first sound out as samples, reading the source once.
pub(crate) fn preview(plan: &PreviewPlan) -> Vec<String> {
    let mut words = source();
    if let Some(board) = &plan.pictures {
        if plan.key_frames {
            // Of the decoder (<https://ffmpeg.org/ffmpeg-codecs.html>, "skip_frame").
            words.splice(0..0, texts(&["-skip_frame", "nokey"]));
        }
        words.extend(["-filter_complex".to_owned(), pictured(board)]);
        let jpeg = ["-c:v", "mjpeg", "-pix_fmt", "yuvj420p", "-f", "image2"];
        words.extend(texts(&["-map", "[poster]", "-frames:v", "1", "-q:v", "4"]));
        words.extend(texts(&jpeg));
        words.extend(texts(&["-update", "1", POSTER]));
        // So that a sheet of noise is no larger than a sheet may be.
        words.extend(texts(&["-map", "[board]", "-q:v", "8", "-frames:v"]));
        words.push(board.sheets().to_string());
        words.extend(texts(&jpeg));
        words.extend(texts(&["-start_number", "0", SHEETS]));
    }
    if plan.sound {
        // Samples tell no time: silence stands for what is missing before them and between them.
        let timed = "aresample=async=1:first_pts=0";
        words.extend(texts(&["-map", "0:a:0", "-af", timed]));
        words.extend(texts(&["-ac", "1", "-ar"]));
        words.push(PEAKS_RATE.to_string());
        words.extend(texts(&["-c:a", "pcm_s16le", "-f", "s16le", "pipe:1"]));
    }
    words
}

/// The pictures of a film, at equal times and twice (<https://ffmpeg.org/ffmpeg-filters.html>): `fps` takes for each time the
/// last picture before the middle of it, `thumbnail` of some the one that is most like all of them, and so no black one among
/// others. What a film lacks before its first picture that one fills (`start_time`: sheets count pictures, whenever they come),
/// what it lacks at its end its last (`tpad`), so that a sheet (`tile`) is whole.
fn pictured(board: &Board) -> String {
    let (apart, candidates) = board.candidates();
    let Board {
        interval_ms,
        pictures,
        columns,
        rows,
        ..
    } = board;
    let (poster, tile) = (within(LARGE), within(TILE));
    format!(
        "[0:V:0]split=2[a][b];\
         [a]fps=1000/{apart}:start_time=0:eof_action=pass,{poster},thumbnail=n={candidates}[poster];\
         [b]fps=1000/{interval_ms}:start_time=0:eof_action=pass,{tile},tpad=stop_mode=clone:stop={pictures},\
         tile=layout={columns}x{rows}[board]"
    )
}

/// Square pixels, as many as fit.
fn within((width, height): (&str, &str)) -> String {
    format!(
        "scale=w='trunc(iw*sar/2)*2':h='trunc(ih/2)*2',setsar=1,\
         scale=w='{width}':h='{height}':force_original_aspect_ratio=decrease:force_divisible_by=2"
    )
}

/// Where key frames are forced: the first picture at or behind each time is one.
fn forced(key_frames: &KeyFrames) -> Option<String> {
    match key_frames {
        KeyFrames::Every(milliseconds) => {
            let seconds = f64::from(*milliseconds) / 1000.0;
            Some(format!("expr:gte(t,n_forced*{seconds})"))
        }
        KeyFrames::At(ticks) => {
            // A millisecond early, so that rounding never makes it the next picture.
            let times = ticks.iter().map(|ticks| (ticks - EARLY).max(0) * 100 / 9);
            let times =
                times.map(|micros| format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000));
            let times: Vec<_> = times.collect();
            (!times.is_empty()).then(|| times.join(","))
        }
    }
}

/// Square pixels, no interlacing, an even number of them, and no more than so many lines on the shorter side.
fn pictures(lines: u32) -> String {
    let short = format!("trunc(min({lines}\\,SHORT)/2)*2");
    let (by_height, by_width) = (short.replace("SHORT", "ih"), short.replace("SHORT", "iw"));
    format!(
        "bwdif=mode=send_frame:deint=interlaced,scale=w='trunc(iw*sar/2)*2':h='trunc(ih/2)*2',setsar=1,\
         scale=w='if(gt(iw\\,ih)\\,-2\\,{by_width})':h='if(gt(iw\\,ih)\\,{by_height}\\,-2)',setsar=1"
    )
}

#[cfg(test)]
mod tests {
    use vault_domain::conversion::{Probe, Sound};

    use super::*;

    #[test]
    fn only_files_are_opened_and_only_of_containers_that_name_no_others() {
        let encoding = Encoding::whole(
            &Probe {
                pictures: Some((64, 48)),
                sounds: vec![Sound {
                    channels: 2,
                    rate: 48_000,
                }],
                texts: vec![1],
            },
            6_000,
        );
        let whole = encode(&encoding.unwrap());
        for words in [&probe(), &measure(), &whole] {
            let after = |name: &str| {
                words
                    .iter()
                    .skip_while(|word| *word != name)
                    .nth(1)
                    .map(String::as_str)
            };
            assert_eq!(after("-protocol_whitelist"), Some("file"));
            let formats = after("-format_whitelist").unwrap();
            for foreign in [
                "hls", "concat", "dash", "image2", "lavfi", "tee", "sdp", "rtsp",
            ] {
                assert!(
                    !formats.split(',').any(|format| format == foreign),
                    "{foreign}"
                );
            }
            let opened = words.iter().position(|word| word == "-i").unwrap();
            assert!(
                words
                    .iter()
                    .position(|word| word == "-protocol_whitelist")
                    .unwrap()
                    < opened
            );
        }
        assert!(whole.contains(&"-xerror".to_owned()) && whole.contains(&"0:s:1".to_owned()));
    }

    #[test]
    fn previews_are_made_of_what_there_is_and_of_key_frames_alone_where_that_is_planned() {
        let of = |length_ms: Option<u64>, key_frames, sound| {
            let pictures = length_ms.map(Board::of);
            let plan = PreviewPlan {
                pictures,
                key_frames,
                sound,
            };
            preview(&plan).join(" ")
        };
        let clip = of(Some(5_000), false, true);
        assert!(clip.contains("fps=1000/1000:start_time=0:") && clip.contains("layout=5x1[board]"));
        assert!(clip.contains("-protocol_whitelist file") && clip.ends_with("pipe:1"));
        assert!(!clip.contains("nokey"));
        let long = of(Some(36_000_000), true, false);
        assert!(long.starts_with("-skip_frame nokey ") && long.contains("-frames:v 10 "));
        assert!(long.contains("layout=10x10[board]") && !long.contains("pipe:1"));
        let sound = of(None, false, true);
        assert!(!sound.contains("image2") && sound.contains("first_pts=0 -ac 1 -ar 8000"));
    }

    #[test]
    fn sound_is_copied_for_the_streams_and_coded_anew_for_a_file_alone() {
        let of = |copies_sound| Encoding {
            source: Probe {
                pictures: Some((64, 48)),
                sounds: vec![
                    Sound {
                        channels: 2,
                        rate: 48_000,
                    };
                    2
                ],
                texts: Vec::new(),
            },
            lines: 360,
            most_kilobits: Some(365),
            key_frames: KeyFrames::At(vec![90_000]),
            as_uploaded: true,
            copies_sound,
        };
        let [copied, anew] = [true, false].map(|copies| encode(&of(copies)).join(" "));
        assert!(copied.contains("-c:a copy") && !copied.contains("-b:a"));
        assert!(anew.contains("-c:a aac") && anew.contains("-map 0:a:1 -ac:a:1 2"));
        assert!(copied.contains("-copyts") && anew.contains("-copyts"));
    }
}
