//! What a source is, read from the head of ffmpeg's `framehash` format (<https://ffmpeg.org/ffmpeg-formats.html#framehash>):
//! lines of `#name stream: value`, made for programs to read.

use vault_domain::conversion::{Probe, Sound};

/// Subtitles that are text, by ffmpeg's names.
const TEXTS: [&str; 6] = ["subrip", "ass", "ssa", "webvtt", "mov_text", "text"];
const RATES: [u32; 3] = [32_000, 44_100, 48_000];

/// What is told of one stream.
#[derive(Default)]
struct Told<'a> {
    number: &'a str,
    kind: &'a str,
    codec: &'a str,
    dimensions: &'a str,
    rate: &'a str,
    layout: &'a str,
}

/// None if it tells of no stream.
pub(crate) fn read(head: &str) -> Option<Probe> {
    let mut streams: Vec<Told<'_>> = Vec::new();
    for line in head.lines() {
        let Some((name, rest)) = line.strip_prefix('#').and_then(|line| line.split_once(' '))
        else {
            continue;
        };
        let Some((number, value)) = rest.split_once(": ") else {
            continue;
        };
        if streams.last().is_none_or(|last| last.number != number) {
            streams.push(Told {
                number,
                ..Told::default()
            });
        }
        if let Some(stream) = streams.last_mut() {
            match name {
                "media_type" => stream.kind = value,
                "codec_id" => stream.codec = value,
                "dimensions" => stream.dimensions = value,
                "sample_rate" => stream.rate = value,
                "channel_layout_name" => stream.layout = value,
                _ => {}
            }
        }
    }
    let mut probe = Probe::default();
    let mut texts = 0_u8;
    for stream in &streams {
        match stream.kind {
            "video" if probe.pictures.is_none() => probe.pictures = dimensions(stream.dimensions),
            "audio" => probe.sounds.push(sound(stream)),
            "subtitle" => {
                if TEXTS.contains(&stream.codec) {
                    probe.texts.push(texts);
                }
                texts = texts.saturating_add(1);
            }
            _ => {}
        }
    }
    (!streams.is_empty()).then_some(probe)
}

/// How many seconds were read, one that has begun being whole, by the last report of `-progress`. None if nothing was.
pub(crate) fn seconds(reports: &str) -> Option<u64> {
    let lines = reports.lines();
    let mut times = lines.filter_map(|line| line.strip_prefix("out_time_us="));
    let micros: u64 = times.next_back()?.trim().parse().ok()?;
    Some(micros.div_ceil(1_000_000))
}

fn dimensions(text: &str) -> Option<(u32, u32)> {
    let (width, height) = text.split_once('x')?;
    let size = (width.parse().ok()?, height.parse().ok()?);
    (size.0 > 0 && size.1 > 0).then_some(size)
}

/// Mono stays mono; what surrounds becomes 5.1, and all else stereo.
fn sound(stream: &Told<'_>) -> Sound {
    let channels = match stream.layout {
        "mono" => 1,
        layout
            if ["5.1", "6.", "7.", "hexa", "octa"]
                .iter()
                .any(|wide| layout.starts_with(wide)) =>
        {
            6
        }
        _ => 2,
    };
    let rate = stream.rate.parse().ok();
    Sound {
        channels,
        rate: rate.filter(|rate| RATES.contains(rate)).unwrap_or(48_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "#format: frame checksums\n#version: 2\n#hash: SHA256\n#extradata 1,  19, 2170\n\
        #software: Lavf63.1.102\n#tb 0: 1/1000\n#media_type 0: video\n#codec_id 0: vp9\n#dimensions 0: 320x240\n#sar 0: 1/1\n\
        #tb 1: 1/1000\n#media_type 1: audio\n#codec_id 1: opus\n#sample_rate 1: 48000\n#channel_layout_name 1: mono\n\
        #tb 2: 1/1000\n#media_type 2: audio\n#codec_id 2: dts\n#sample_rate 2: 96000\n#channel_layout_name 2: 5.1(side)\n\
        #tb 3: 1/1000\n#media_type 3: subtitle\n#codec_id 3: hdmv_pgs_subtitle\n\
        #tb 4: 1/1000\n#media_type 4: subtitle\n#codec_id 4: subrip\n#stream#, dts, pts, duration, size, hash\n1, -7, -7, 20, 307, 4e\n";

    #[test]
    fn streams_are_read_from_the_head() {
        let probe = read(HEAD).unwrap();
        assert_eq!(probe.pictures, Some((320, 240)));
        let sound = |channels, rate| Sound { channels, rate };
        assert_eq!(probe.sounds, [sound(1, 48_000), sound(6, 48_000)]);
        assert_eq!(probe.texts, [1], "subtitles that are pictures are left out");
    }

    #[test]
    fn the_last_report_tells_how_long_it_is() {
        let reports = "out_time_us=21333\nout_time=00:00:00.021333\nprogress=continue\n\
            out_time_us=5312000\nprogress=end\n";
        assert_eq!(seconds(reports), Some(6));
        for nothing in [
            "",
            "out_time_us=N/A\n",
            "out_time_us=-7\n",
            "out_time_ms=9\n",
        ] {
            assert_eq!(seconds(nothing), None, "{nothing:?}");
        }
    }

    #[test]
    fn nothing_is_no_film() {
        assert_eq!(read(""), None);
        assert_eq!(read("#format: frame checksums\n#stream#, dts\n"), None);
        assert_eq!(
            read("#dimensions 0: 0x0\n#media_type 0: video\n")
                .unwrap()
                .pictures,
            None
        );
    }
}
