//! What packaging asks of its engine: a sans-IO machine that turns a film into encrypted HLS segments.
//!
//! The use case drives it: it answers reads with bytes of the source, hands over a content key and
//! IV before each segment, and stores each segment as it comes. So memory does not grow with the film.

use serde::{Deserialize, Serialize};

use crate::secret::ContentKey;

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
        /// The segment about to be written, from 0.
        segment: u32,
        /// The key period that it belongs to, from 0: segments of one period share a content key.
        period: u32,
    },
    /// One whole encrypted MPEG-TS segment, to be stored before the film is done.
    Segment(Segment),
    /// The film is packaged.
    Done(Presentation),
}

/// One encrypted segment and its place in the presentation.
#[derive(Debug)]
pub struct Segment {
    /// Number from 0.
    pub number: u32,
    /// AES-128-CBC ciphertext with PKCS#7 padding of a whole MPEG-TS segment.
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
}

/// Makes packagers.
pub trait PackagerFactory: Send + Sync {
    /// A packager for a source of `size` bytes.
    fn start(&self, size: u64, plan: PackagePlan) -> Box<dyn Packaging>;
}

/// A packaged film: what the playlists need, and nothing secret.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Presentation {
    /// RFC 6381 strings, for example `avc1.64001f` and `mp4a.40.2`.
    pub codecs: Vec<String>,
    /// Width and height in pixels as coded for display.
    pub resolution: (u32, u32),
    /// Frames per second.
    pub frame_rate: f64,
    /// Highest bit rate of any segment, bits per second of ciphertext (RFC 8216 BANDWIDTH).
    pub peak_bandwidth: u64,
    /// Bits per second over the whole presentation (RFC 8216 AVERAGE-BANDWIDTH).
    pub average_bandwidth: u64,
    /// In order of presentation.
    pub segments: Vec<SegmentInfo>,
}

impl Presentation {
    /// How long it is, in seconds; one that has begun is whole.
    pub fn seconds(&self) -> u64 {
        let ticks = self.segments.iter().map(|segment| segment.ticks);
        ticks
            .fold(0, u64::saturating_add)
            .div_ceil(TICKS_PER_SECOND)
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

impl PackageFault {
    /// A fault with its stable code and a sentence for a person.
    pub fn new(code: &'static str, reason: impl Into<String>) -> Self {
        Self {
            code,
            reason: reason.into(),
        }
    }
}
