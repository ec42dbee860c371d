//! What packaging asks of its engine: a sans-IO machine that turns a film into encrypted HLS segments.
//!
//! The use case drives it: it answers reads with bytes of the source, hands over a content key and
//! IV before each segment, and stores each segment as it comes. So memory does not grow with the film.

use serde::{Deserialize, Serialize};

use crate::id::TextId;
use crate::ladder::VariantId;
use crate::secret::ContentKey;

mod order;
mod rates;

pub use order::PackagingOrder;
pub use rates::Rates;

/// 90 kHz ticks, the clock of MPEG-TS (ISO/IEC 13818-1).
pub const TICKS_PER_SECOND: u64 = 90_000;

/// How a film is to be cut and keyed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PackagePlan {
    /// Wished segment length in milliseconds; a segment ends at the first key frame at or after it.
    pub segment_ms: u32,
    /// Segments that share one content key.
    pub segments_per_key: u32,
}

/// The IV of one segment: 16 random octets, unique under its key (RFC 8216 §4.3.2.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Iv(pub [u8; 16]);

/// One of a package's streams; the segments of each are numbered from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stream {
    /// The pictures, and the sound if there is one; of sound alone the first.
    Main,
    /// A sound of several, by its number from 1.
    Audio(u8),
    /// Subtitles, by their number from 1.
    Subtitles(u8),
    /// The main stream coded anew: one of the [ladder](crate::ladder).
    Variant(VariantId),
    /// Subtitles that were brought beside the film.
    Text(TextId),
}

/// What the machine needs or yields next.
#[derive(Debug)]
pub enum Step {
    /// Answer with [`Packaging::source`]: the bytes of the source at `offset`, exactly `len` of them.
    Read {
        /// First byte wanted.
        offset: u64,
        /// How many; never beyond the end of the source.
        len: usize,
    },
    /// Answer with [`Packaging::begin_segment`].
    NeedKey {
        /// The stream of the segment about to be written.
        stream: Stream,
        /// Its number, from 0.
        segment: u32,
        /// The key period that it belongs to, from 0: segments of one period share a content key, those of all
        /// streams. It never goes back.
        period: u32,
    },
    /// One whole encrypted segment, MPEG-TS or of subtitles WebVTT, to be stored before the film is done.
    Segment(Segment),
    /// The film is packaged.
    Done(Presentation),
}

/// One encrypted segment and its place in the presentation.
#[derive(Debug)]
pub struct Segment {
    /// Of which stream.
    pub stream: Stream,
    /// Number from 0.
    pub number: u32,
    /// AES-128-CBC ciphertext with PKCS#7 padding of a whole segment.
    pub ciphertext: Vec<u8>,
}

/// A sans-IO packager of one film.
pub trait Packaging: Send {
    /// What is needed next.
    ///
    /// # Errors
    /// [`PackageFault`]: the film cannot be packaged, and repeating it would not help.
    fn step(&mut self) -> Result<Step, PackageFault>;
    /// Answers [`Step::Read`]. A slice shorter or longer than asked is a fault at the next step.
    fn source(&mut self, bytes: &[u8]);
    /// Answers [`Step::NeedKey`].
    fn begin_segment(&mut self, key: &ContentKey, iv: Iv);
    /// How much of a film it is, by its index: told from the first [`Step::NeedKey`] on, before any of its samples is read.
    fn extent(&self) -> Option<Extent>;
}

/// How much of a film it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// Seconds that it lasts; one that has begun is whole.
    pub seconds: u64,
    /// Width and height in pixels; nothing of sound alone.
    pub resolution: (u32, u32),
}

/// Makes packagers.
pub trait PackagerFactory: Send + Sync {
    /// A packager for a source of `size` bytes.
    fn start(&self, size: u64, plan: PackagePlan) -> Box<dyn Packaging>;
    /// A packager for a source of `size` bytes that is a variant of a film: it is cut where the film is, to the same clock.
    fn follow(&self, size: u64, guide: Guide) -> Box<dyn Packaging>;
    /// Where the clock of MPEG-TS stands at the beginning of a film, in 90 kHz ticks.
    fn zero(&self, timing: Timing) -> u64;
    /// A segment of text, sealed as those of films are.
    ///
    /// # Errors
    /// The cipher refused the key.
    fn seal(&self, segment: Vec<u8>, key: &ContentKey, iv: Iv) -> Result<Vec<u8>, PackageFault>;
}

/// Where a film's streams stand on the clock of MPEG-TS, in 90 kHz ticks of the film.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timing {
    /// When the very first sample is decoded: what the time stamps of all streams are counted from.
    pub first: i64,
    /// Where the first segment begins.
    pub start: i64,
}

/// What a variant of a film is cut by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guide {
    /// The film's.
    pub timing: Timing,
    /// Where each segment ends, in ticks of the film.
    pub ends: Vec<i64>,
    /// The key period of each.
    pub periods: Vec<u32>,
    /// Does the main stream carry a sound beside its pictures? If not, sounds of the variant's file are left out.
    pub sound: bool,
}

impl Guide {
    /// By the main stream of a film; none if its clock was not noted.
    pub fn of(film: &Presentation) -> Option<Self> {
        let timing = film.timing?;
        let mut at = timing.start;
        let ends = film.segments.iter().map(|segment| {
            at = at.saturating_add_unsigned(segment.ticks);
            at
        });
        Some(Self {
            timing,
            ends: ends.collect(),
            periods: film.segments.iter().map(|segment| segment.period).collect(),
            sound: film.has_sound_beside_pictures(),
        })
    }
}

/// A packaged film: what the playlists need, and nothing secret.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Presentation {
    /// RFC 6381 strings of all that is seen and heard, for example `avc1.64001f` and `mp4a.40.2`.
    pub codecs: Vec<String>,
    /// Width and height in pixels as coded for display.
    pub resolution: (u32, u32),
    /// Frames per second; where they vary, the most in any second.
    pub frame_rate: f64,
    /// The peak segment bit rate, bits per second of ciphertext (RFC 8216 §4.1, BANDWIDTH): the main stream's with
    /// that of the largest sound and the largest subtitles.
    pub peak_bandwidth: u64,
    /// Bits per second over the whole presentation (RFC 8216 AVERAGE-BANDWIDTH), of the same streams.
    pub average_bandwidth: u64,
    /// The segments of the main stream, in order of presentation.
    pub segments: Vec<SegmentInfo>,
    /// Its clock; not noted of packages of before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timing: Option<Timing>,
    /// The dynamic range of the pictures, where the film tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub video_range: Option<VideoRange>,
    /// Sounds to choose from, where there are several, and subtitles. Packages of before have none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub renditions: Vec<Rendition>,
}

/// How bright pictures may be (`VIDEO-RANGE` of draft-pantos-hls-rfc8216bis).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VideoRange {
    /// Standard.
    Sdr,
    /// Hybrid log-gamma.
    Hlg,
    /// Perceptual quantizer.
    Pq,
}

/// A sound or subtitles to choose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rendition {
    /// Its stream; [`Stream::Main`] is the sound that the main stream carries.
    pub stream: Stream,
    /// What it is.
    pub media: Media,
    /// BCP 47, where the film tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Its segments in order of presentation; none of the main stream.
    pub segments: Vec<SegmentInfo>,
}

impl Rendition {
    /// Is it read, and not heard?
    pub const fn is_text(&self) -> bool {
        matches!(self.media, Media::Subtitles { .. })
    }
}

/// What a rendition is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Media {
    /// Sound.
    Audio {
        /// How many channels are heard.
        channels: u8,
    },
    /// Text over the pictures.
    Subtitles {
        /// Whether all of it is to be shown to everybody.
        forced: bool,
    },
}

impl Presentation {
    /// How much of a film it is.
    pub fn extent(&self) -> Extent {
        Extent {
            seconds: self.seconds(),
            resolution: self.resolution,
        }
    }

    /// How long it is, in seconds; one that has begun is whole.
    pub fn seconds(&self) -> u64 {
        let ticks = |segments: &[SegmentInfo]| {
            let each = segments.iter().map(|segment| segment.ticks);
            each.fold(0, u64::saturating_add)
        };
        let longest = self.streams().map(|(_, segments)| ticks(segments)).max();
        longest.unwrap_or(0).div_ceil(TICKS_PER_SECOND)
    }

    /// Does the main stream carry a sound beside its pictures? Where there are several, each is a stream of its own.
    pub fn has_sound_beside_pictures(&self) -> bool {
        let mut renditions = self.renditions.iter();
        let several = renditions.any(|own| matches!(own.media, Media::Audio { .. }));
        self.resolution != (0, 0) && self.codecs.len() > 1 && !several
    }

    /// All streams with their segments.
    pub fn streams(&self) -> impl Iterator<Item = (Stream, &[SegmentInfo])> {
        let others = self.renditions.iter();
        let others = others.filter(|rendition| rendition.stream != Stream::Main);
        let others = others.map(|rendition| (rendition.stream, &rendition.segments[..]));
        std::iter::once((Stream::Main, &self.segments[..])).chain(others)
    }

    /// The segments of a stream, if there is that stream.
    pub fn segments_of(&self, stream: Stream) -> Option<&[SegmentInfo]> {
        let mut streams = self.streams();
        streams.find_map(|(own, segments)| (own == stream).then_some(segments))
    }
}

/// What a playlist says of one segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SegmentInfo {
    /// Length in 90 kHz ticks.
    pub ticks: u64,
    /// Octets of ciphertext.
    pub bytes: u64,
    /// Which key period it belongs to, from 0.
    pub period: u32,
    /// Its IV.
    pub iv: Iv,
}

/// Why a film cannot be packaged, in words for the person who uploaded it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct PackageFault {
    /// A stable code, for example `unsupported_codec`.
    pub code: &'static str,
    /// A sentence that says what was found and what would be right.
    pub reason: String,
}

/// Codes of faults of sound films that cannot be packaged as they are, and can once their pictures and sounds are coded
/// anew.
const CONVERTIBLE: [&str; 12] = [
    "unsupported_container",
    "unsupported_codec",
    "turned_film_not_supported",
    "edits_not_supported",
    "changing_format_not_supported",
    "channel_layout_not_supported",
    "no_key_frames",
    "key_frames_too_far_apart",
    "index_compressed",
    "index_too_large",
    "fragment_too_large",
    "too_many_tracks",
];

impl PackageFault {
    /// Can the film be packaged once it is converted?
    pub fn is_convertible(&self) -> bool {
        CONVERTIBLE.contains(&self.code)
    }
    /// A fault with its stable code and a sentence for a person.
    pub fn new(code: &'static str, reason: impl Into<String>) -> Self {
        Self {
            code,
            reason: reason.into(),
        }
    }
}
