//! What a stream takes of a connection.

use super::{SegmentInfo, TICKS_PER_SECOND};

/// Bit rates of a stream, of its ciphertext.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rates {
    /// Of RFC 8216 §4.1, `BANDWIDTH`: bits a second.
    pub peak: u64,
    /// `AVERAGE-BANDWIDTH`.
    pub average: u64,
}

impl Rates {
    /// The peak is that of RFC 8216 §4.1: the largest of any segments in a row that last for between half the
    /// target duration and one and a half, so that a short end with a key frame does not count for itself. Of a
    /// film that is shorter it is the average.
    pub fn of(segments: &[SegmentInfo], target: u64) -> Self {
        let average = rate(sum(segments));
        let mut peak = 0;
        for start in 0..segments.len() {
            let (mut bytes, mut ticks) = (0_u64, 0_u64);
            for segment in segments.iter().skip(start) {
                bytes = bytes.saturating_add(segment.bytes);
                ticks = ticks.saturating_add(segment.ticks);
                if ticks.saturating_mul(2) > target.saturating_mul(3) {
                    break;
                }
                if ticks.saturating_mul(2) >= target {
                    peak = peak.max(rate((bytes, ticks)));
                }
            }
        }
        Self {
            peak: peak.max(average),
            average,
        }
    }

    /// The larger of each.
    #[must_use]
    pub fn most(self, other: Self) -> Self {
        Self {
            peak: self.peak.max(other.peak),
            average: self.average.max(other.average),
        }
    }
}

fn sum(segments: &[SegmentInfo]) -> (u64, u64) {
    segments.iter().fold((0, 0), |(bytes, ticks), segment| {
        (
            bytes.saturating_add(segment.bytes),
            ticks.saturating_add(segment.ticks),
        )
    })
}

/// Bits a second, rounded up.
fn rate((bytes, ticks): (u64, u64)) -> u64 {
    let bits = u128::from(bytes) * 8 * u128::from(TICKS_PER_SECOND);
    u64::try_from(bits.div_ceil(u128::from(ticks.max(1)))).unwrap_or(u64::MAX)
}
