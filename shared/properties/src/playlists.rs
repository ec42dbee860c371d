//! Any package as playlists: no line that is none, no segment that is lost, none longer than what the list says.

use arbitrary::Arbitrary;
use vault_domain::asset::Title;
use vault_domain::hls::styles::{Style, master, media};
use vault_domain::id::{AssetId, KeyId, TextId};
use vault_domain::ladder::{Coded, Variant, VariantId, VariantState};
use vault_domain::language::{self, Language};
use vault_domain::packaging::{
    Iv, Media, Presentation, Rates, Rendition, SegmentInfo, Stream, TICKS_PER_SECOND, VideoRange,
};
use vault_domain::ports::Manifest;
use vault_domain::subtitles::{Brought, Kind, Subtitles, Which};
use vault_domain::time::Timestamp;
use vault_domain::token::Digest;

use crate::film::well_formed;

/// A package, by numbers and texts of whatever kind that a packager lets through.
#[derive(Debug, Arbitrary)]
pub struct Given {
    size: (u16, u16),
    millirate: u16,
    rates: (u64, u64),
    main: Vec<Cut>,
    sounds: Vec<(u8, String, Vec<Cut>)>,
    texts: Vec<(bool, String, Vec<Cut>)>,
    variants: Vec<(u16, u8, u64, bool)>,
    range: u8,
    keys: u8,
}

/// A segment.
#[derive(Debug, Clone, Copy, Arbitrary)]
struct Cut {
    ticks: u32,
    bytes: u32,
    period: u8,
    iv: u128,
}

impl Cut {
    fn segment(&self) -> SegmentInfo {
        SegmentInfo {
            ticks: u64::from(self.ticks),
            bytes: u64::from(self.bytes),
            period: u32::from(self.period),
            iv: Iv(self.iv.to_be_bytes()),
        }
    }
}

fn segments(cuts: &[Cut]) -> Vec<SegmentInfo> {
    cuts.iter().map(Cut::segment).collect()
}

impl Given {
    fn manifest(&self) -> Manifest {
        let sounds = (1..=16)
            .zip(&self.sounds)
            .map(|(at, (channels, tag, cuts))| Rendition {
                stream: Stream::Audio(at),
                media: Media::Audio {
                    channels: *channels,
                },
                language: language::of_tag(tag),
                segments: segments(cuts),
            });
        let texts = (1..=32)
            .zip(&self.texts)
            .map(|(at, (forced, tag, cuts))| Rendition {
                stream: Stream::Subtitles(at),
                media: Media::Subtitles { forced: *forced },
                language: language::of_tag(tag),
                segments: segments(cuts),
            });
        let keys = (0..self.keys).map(|at| KeyId::from_octets([at; 16]).to_string());
        Manifest {
            presentation: Presentation {
                codecs: vec!["avc1.64001f".to_owned(), "mp4a.40.2".to_owned()],
                resolution: (self.size.0.into(), self.size.1.into()),
                frame_rate: f64::from(self.millirate) / 1000.0,
                peak_bandwidth: self.rates.0,
                average_bandwidth: self.rates.1,
                segments: segments(&self.main),
                timing: None,
                video_range: match self.range {
                    0 => Some(VideoRange::Sdr),
                    1 => Some(VideoRange::Hlg),
                    2 => Some(VideoRange::Pq),
                    _ => None,
                },
                renditions: sounds.chain(texts).collect(),
            },
            keys: keys.collect(),
            converted: false,
            variant: None,
        }
    }

    /// Some that were brought, of the same languages.
    fn subtitles(&self) -> Subtitles {
        let mut all = Subtitles::default();
        for (number, (forced, tag, cuts)) in (0_u8..).zip(&self.texts) {
            let Ok(language) = Language::parse(tag) else {
                continue;
            };
            let kind = Kind::ALL[usize::from(*forced) + cuts.len() % 2];
            let text = Brought {
                id: TextId::from_octets([number; 16]),
                digest: Digest([number; 32]),
                cues: 1,
                name: Title::parse(tag).ok().filter(|_| number % 3 == 0),
                default: number % 2 == 0,
                at: Timestamp(1),
            };
            let rates = Rates {
                peak: self.rates.0 >> 8,
                average: self.rates.1 >> 8,
            };
            let which = Which { language, kind };
            let brought = all.brought(&which, &text);
            all = brought.unwrap_or(all);
            all = all.settled(text.id, rates, text.at).unwrap_or(all);
        }
        all
    }

    fn ladder(&self) -> Vec<Variant> {
        let variant = |(lines, attempt, rate, ready): &(u16, u8, u64, bool)| Variant {
            id: VariantId {
                lines: 1 + lines % 9_999,
                attempt: *attempt,
            },
            state: if *ready {
                VariantState::Ready(Coded {
                    codec: "avc1.64001e".to_owned(),
                    resolution: (self.size.0.into(), u32::from(*lines)),
                    millirate: u32::from(self.millirate),
                    peak_bandwidth: *rate,
                    average_bandwidth: rate / 2,
                    octets: None,
                })
            } else {
                VariantState::Waiting
            },
        };
        self.variants.iter().map(variant).collect()
    }
}

/// Both styles of its playlists.
///
/// # Panics
/// It is not so.
pub fn holds(given: &Given) {
    let (manifest, ladder) = (given.manifest(), given.ladder());
    let ready = given.variants.iter().filter(|variant| variant.3).count();
    for style in [Style::Relative, Style::Query] {
        let list = master(style, &manifest.presentation, &ladder, &given.subtitles());
        if style == Style::Relative {
            well_formed(&list);
        }
        let streams = list.matches("#EXT-X-STREAM-INF:").count();
        assert_eq!(streams, 1 + ready, "the film and each variant, once");
        for (stream, segments) in manifest.presentation.streams() {
            let text = media((&manifest, stream), style, AssetId::from_octets([1; 16]));
            whole(&text.expect("its own stream"), segments, given.keys);
        }
    }
}

/// Every segment is there, in its order, with its key, and is no longer than the list says (RFC 8216 §4.3.3.1).
fn whole(list: &str, segments: &[SegmentInfo], keys: u8) {
    assert!(list.starts_with("#EXTM3U\n") && list.ends_with("#EXT-X-ENDLIST\n"));
    let lines = || list.lines();
    let target = lines().find_map(|line| line.strip_prefix("#EXT-X-TARGETDURATION:"));
    let target: u64 = target
        .and_then(|target| target.parse().ok())
        .expect("a target");
    let told = lines().filter_map(|line| line.strip_prefix("#EXTINF:"));
    let told: Vec<f64> = told
        .map(|line| line.trim_end_matches(',').parse().expect("seconds"))
        .collect();
    assert_eq!(told.len(), segments.len());
    for (told, segment) in told.iter().zip(segments) {
        assert!((segment.ticks + TICKS_PER_SECOND / 2) / TICKS_PER_SECOND <= target);
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        let seconds = segment.ticks as f64 / TICKS_PER_SECOND as f64;
        assert!((told - seconds).abs() < 0.001, "{told} {seconds}");
    }
    let named = lines().filter(|line| !line.starts_with('#')).count();
    assert_eq!(named, segments.len(), "a URI for each");
    let keyed = segments
        .iter()
        .filter(|segment| segment.period < u32::from(keys));
    assert_eq!(
        list.matches("#EXT-X-KEY:METHOD=AES-128,URI=\"").count(),
        keyed.count()
    );
    for (line, segment) in lines().filter(|line| line.starts_with("#EXT-X-KEY")).zip(
        segments
            .iter()
            .filter(|segment| segment.period < u32::from(keys)),
    ) {
        let iv = u128::from_be_bytes(segment.iv.0);
        assert!(line.ends_with(&format!("\",IV=0x{iv:032x}")), "{line}");
    }
}
