//! Packages one local film: `package_file <film> <directory | -> [key hex] [segment ms]`.
//!
//! Writes segments, `key_<period>.bin` and a playlist of each stream, or nothing for `-`; prints a JSON account.
//! Its keys are derived from one given key and no secret: it is a bench and a tool for tests.

use std::error::Error;
use std::fmt::Write as _;
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use vault_domain::packaging::{
    Iv, PackagePlan, PackagerFactory as _, Presentation, SegmentInfo, Step, Stream,
};
use vault_domain::secret::ContentKey;
use vault_media::HlsPackagers;

#[derive(Default)]
struct Account {
    bytes_out: u64,
    writes: u64,
    reads: u64,
    read_bytes: u64,
    presentation: Option<Presentation>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let usage = "usage: package_file <film> <directory | -> [key hex] [segment ms]";
    let (film, target) = (args.next().ok_or(usage)?, args.next().ok_or(usage)?);
    let key = args.next().map_or(Ok(0x0123_4567_89ab_cdef), |hex| {
        u128::from_str_radix(&hex, 16)
    })?;
    let segment_ms = args.next().map_or(Ok(6000), |ms| ms.parse())?;
    let source = File::open(film)?;
    let target = (target != "-").then(|| PathBuf::from(target));
    let plan = PackagePlan {
        segment_ms,
        segments_per_key: 5,
    };
    let account = package(&source, plan, target.as_deref(), key)?;
    let segments = account.presentation.map_or(0, |told| told.segments.len());
    #[expect(clippy::print_stdout, reason = "the account is what this tool is for")]
    {
        println!(
            r#"{{"bytes_in":{},"bytes_out":{},"writes":{},"reads":{},"read_bytes":{},"segments":{segments}}}"#,
            source.metadata()?.len(),
            account.bytes_out,
            account.writes,
            account.reads,
            account.read_bytes,
        );
    }
    Ok(())
}

fn package(
    source: &File,
    plan: PackagePlan,
    target: Option<&Path>,
    key: u128,
) -> Result<Account, Box<dyn Error>> {
    let mut account = Account::default();
    let mut machine = HlsPackagers.start(source.metadata()?.len(), plan);
    let mut buffer = Vec::new();
    loop {
        match machine.step()? {
            Step::Read { offset, len } => {
                if buffer.capacity() > 2 * len {
                    // The index is read in one piece; only its copy in the machine stays.
                    buffer = Vec::new();
                }
                buffer.resize(len, 0);
                source.read_exact_at(&mut buffer, offset)?;
                account.reads += 1;
                account.read_bytes += len as u64;
                machine.source(&buffer);
            }
            Step::NeedKey {
                stream,
                segment,
                period,
            } => {
                let key = key.wrapping_add(u128::from(period)).to_be_bytes();
                if let Some(target) = target {
                    std::fs::write(target.join(format!("key_{period}.bin")), key)?;
                }
                machine.begin_segment(&ContentKey::new(key), iv(stream, segment));
            }
            Step::Segment(segment) => {
                account.bytes_out += segment.ciphertext.len() as u64;
                account.writes += 1;
                if let Some(target) = target {
                    let name = name(segment.stream, segment.number);
                    std::fs::write(target.join(name), &segment.ciphertext)?;
                }
            }
            Step::Done(told) => {
                if let Some(target) = target {
                    for (stream, segments) in told.streams() {
                        let list = match stream {
                            Stream::Main | Stream::Variant(_) | Stream::Text(_) => {
                                "index.m3u8".to_owned()
                            }
                            Stream::Audio(at) => format!("audio-{at}.m3u8"),
                            Stream::Subtitles(at) => format!("subtitles-{at}.m3u8"),
                        };
                        std::fs::write(target.join(list), playlist(stream, segments)?)?;
                    }
                }
                account.presentation = Some(told);
                return Ok(account);
            }
        }
    }
}

fn name(stream: Stream, number: u32) -> String {
    match stream {
        Stream::Main | Stream::Variant(_) | Stream::Text(_) => format!("{number:05}.ts"),
        Stream::Audio(at) => format!("audio-{at}-{number:05}.ts"),
        Stream::Subtitles(at) => format!("subtitles-{at}-{number:05}.vtt"),
    }
}

/// Different for each segment of each stream: they share keys.
fn iv(stream: Stream, segment: u32) -> Iv {
    let stream: u128 = match stream {
        Stream::Main | Stream::Variant(_) | Stream::Text(_) => 0,
        Stream::Audio(at) => 0x100 + u128::from(at),
        Stream::Subtitles(at) => 0x200 + u128::from(at),
    };
    Iv((stream << 32 | u128::from(segment)).to_be_bytes())
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a segment's ticks are far below 2^52"
)]
fn playlist(stream: Stream, segments: &[SegmentInfo]) -> Result<String, std::fmt::Error> {
    let longest = segments
        .iter()
        .map(|s| s.ticks.div_ceil(90_000))
        .max()
        .unwrap_or(1);
    let mut text = format!("#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:{longest}\n");
    text.push_str("#EXT-X-PLAYLIST-TYPE:VOD\n");
    for (number, segment) in (0..).zip(segments) {
        let iv = u128::from_be_bytes(segment.iv.0);
        let period = segment.period;
        writeln!(
            text,
            "#EXT-X-KEY:METHOD=AES-128,URI=\"key_{period}.bin\",IV=0x{iv:032x}"
        )?;
        writeln!(
            text,
            "#EXTINF:{:.6},\n{}",
            segment.ticks as f64 / 90_000.0,
            name(stream, number)
        )?;
    }
    text.push_str("#EXT-X-ENDLIST\n");
    Ok(text)
}
