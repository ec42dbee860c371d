//! What the playlists will say of the film.

use vault_domain::packaging::{Iv, Presentation, SegmentInfo, TICKS_PER_SECOND};

use crate::codec::{AudioCodec, VideoCodec};

/// Keeps account of the segments as they are sealed.
pub(crate) struct Ledger {
    codecs: Vec<String>,
    resolution: (u32, u32),
    frame_rate: f64,
    segments: Vec<SegmentInfo>,
}

impl Ledger {
    pub(crate) fn new(video: Option<(&VideoCodec, f64)>, audio: Option<&AudioCodec>) -> Self {
        let names = [
            video.map(|(codec, _)| &codec.name),
            audio.map(|codec| &codec.name),
        ];
        Self {
            codecs: names.into_iter().flatten().cloned().collect(),
            resolution: video.map_or((0, 0), |(codec, _)| codec.resolution),
            frame_rate: video.map_or(0.0, |(_, rate)| rate),
            segments: Vec::new(),
        }
    }

    /// How many segments there are: the number of the next one.
    pub(crate) fn count(&self) -> u32 {
        u32::try_from(self.segments.len()).unwrap_or(u32::MAX)
    }

    pub(crate) fn add(&mut self, ticks: u64, bytes: u64, period: u32, iv: Iv) {
        self.segments.push(SegmentInfo {
            ticks,
            bytes,
            period,
            iv,
        });
    }

    pub(crate) fn presentation(&mut self) -> Presentation {
        let segments = std::mem::take(&mut self.segments);
        let sum = |of: fn(&SegmentInfo) -> u64| segments.iter().map(of).sum::<u64>();
        Presentation {
            codecs: std::mem::take(&mut self.codecs),
            resolution: self.resolution,
            frame_rate: self.frame_rate,
            peak_bandwidth: segments
                .iter()
                .map(|s| rate(s.bytes, s.ticks))
                .max()
                .unwrap_or(0),
            average_bandwidth: rate(sum(|s| s.bytes), sum(|s| s.ticks)),
            segments,
        }
    }
}

/// Bits a second, rounded up.
fn rate(bytes: u64, ticks: u64) -> u64 {
    let bits = u128::from(bytes) * 8 * u128::from(TICKS_PER_SECOND);
    u64::try_from(bits.div_ceil(u128::from(ticks.max(1)))).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bandwidth_is_bits_of_ciphertext_a_second() {
        let mut ledger = Ledger::new(None, None);
        ledger.add(6 * TICKS_PER_SECOND, 6000, 0, Iv([0; 16]));
        ledger.add(2 * TICKS_PER_SECOND, 4000, 0, Iv([1; 16]));
        let told = ledger.presentation();
        assert_eq!(
            (told.peak_bandwidth, told.average_bandwidth),
            (16_000, 10_000)
        );
    }
}
