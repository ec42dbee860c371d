//! The peaks of a sound, as players draw a waveform from.

use serde::Serialize;

/// Samples a second that peaks are made of: of one channel, 16 bits with their sign, the lesser octet first.
pub const PEAKS_RATE: u32 = 8_000;
/// Points at most, however long the sound is.
const MOST_POINTS: usize = 4_000;
/// Samples that one point stands for at least: 8 ms.
const LEAST_SAMPLES: u32 = 64;

/// Peaks as they are read, sample for sample: no more of them than fit, each standing for more samples the longer it goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peaks {
    points: Vec<(i16, i16)>,
    /// Samples that a point stands for.
    each: u32,
    /// The point that is being made, and how many samples it has.
    open: (i16, i16),
    held: u32,
    /// The lesser octet of a sample whose other one is still to come.
    odd: Option<u8>,
}

impl Default for Peaks {
    fn default() -> Self {
        Self {
            points: Vec::new(),
            each: LEAST_SAMPLES,
            open: EMPTY,
            held: 0,
            odd: None,
        }
    }
}

const EMPTY: (i16, i16) = (i16::MAX, i16::MIN);

fn joined(one: (i16, i16), other: (i16, i16)) -> (i16, i16) {
    (one.0.min(other.0), one.1.max(other.1))
}

/// audiowaveform's data format, version 2 (<https://github.com/bbc/audiowaveform/blob/master/doc/DataFormat.md>), as JSON:
/// what peaks.js and others read.
#[derive(Serialize)]
struct Wire {
    version: u8,
    channels: u8,
    sample_rate: u32,
    samples_per_pixel: u32,
    bits: u8,
    /// Points, each of them two numbers of `data`: the least and the greatest.
    length: usize,
    data: Vec<i8>,
}

impl Peaks {
    /// Takes octets of sound, cut anywhere.
    pub fn push(&mut self, octets: &[u8]) {
        let mut octets = octets.iter().copied();
        while let Some(first) = self.odd.take().or_else(|| octets.next()) {
            let Some(second) = octets.next() else {
                self.odd = Some(first);
                return;
            };
            self.sample(i16::from_le_bytes([first, second]));
        }
    }

    fn sample(&mut self, sample: i16) {
        self.open = joined(self.open, (sample, sample));
        self.held += 1;
        if self.held < self.each {
            return;
        }
        self.points.push(std::mem::replace(&mut self.open, EMPTY));
        self.held = 0;
        if self.points.len() >= MOST_POINTS {
            // Two points become one.
            let pairs = self.points.chunks(2);
            self.points = pairs
                .map(|pair| pair.iter().copied().fold(EMPTY, joined))
                .collect();
            self.each = self.each.saturating_mul(2);
        }
    }

    /// Was there no sound?
    pub const fn is_empty(&self) -> bool {
        self.points.is_empty() && self.held == 0
    }

    /// The file that is delivered.
    pub fn json(&self) -> Vec<u8> {
        let open = (self.held > 0).then_some(self.open);
        let points = self.points.iter().copied().chain(open);
        let length = self.points.len() + usize::from(open.is_some());
        let data = points.flat_map(|(least, greatest)| [eighth(least), eighth(greatest)]);
        let wire = Wire {
            version: 2,
            channels: 1,
            sample_rate: PEAKS_RATE,
            samples_per_pixel: self.each,
            bits: 8,
            length,
            data: data.collect(),
        };
        // Numbers alone: it cannot fail.
        serde_json::to_vec(&wire).unwrap_or_default()
    }
}

/// The greater octet, which is what 8 bits keep of 16.
const fn eighth(sample: i16) -> i8 {
    sample.to_be_bytes()[0].cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn octets(samples: &[i16]) -> Vec<u8> {
        samples
            .iter()
            .flat_map(|sample| sample.to_le_bytes())
            .collect()
    }

    fn read(peaks: &Peaks) -> serde_json::Value {
        serde_json::from_slice(&peaks.json()).unwrap()
    }

    #[test]
    fn a_point_is_the_least_and_the_greatest_of_its_samples() {
        let mut samples = vec![0; 64];
        (samples[3], samples[9]) = (-32_768, 32_767);
        samples.extend([256, -256]);
        let mut peaks = Peaks::default();
        assert!(peaks.is_empty());
        peaks.push(&octets(&samples));
        let told = read(&peaks);
        assert_eq!(told["data"], serde_json::json!([-128, 127, -1, 1]));
        assert_eq!(
            (told["version"].as_u64(), told["length"].as_u64()),
            (Some(2), Some(2))
        );
        assert_eq!(
            (told["bits"].as_u64(), told["channels"].as_u64()),
            (Some(8), Some(1))
        );
        assert_eq!(told["samples_per_pixel"], 64);
        assert_eq!(told["sample_rate"], 8_000);
    }

    #[test]
    fn octets_may_be_cut_anywhere() {
        let samples: Vec<i16> = (0..500).map(|at| at * 37 - 9_000).collect();
        let all = octets(&samples);
        let mut whole = Peaks::default();
        whole.push(&all);
        for size in [1, 3, 7, 64, 999] {
            let mut pieces = Peaks::default();
            for piece in all.chunks(size) {
                pieces.push(piece);
            }
            assert_eq!(pieces, whole, "{size}");
        }
        let mut odd = whole.clone();
        odd.push(&[1]);
        assert_eq!(odd.json(), whole.json(), "half a sample is none");
    }

    #[test]
    fn points_are_bounded_however_long_the_sound_is_and_none_is_lost() {
        let mut peaks = Peaks::default();
        let quiet = octets(&[0; 8_000]);
        for second in 0..600 {
            if second == 431 {
                peaks.push(&octets(&[30_000]));
            }
            peaks.push(&quiet);
        }
        let told = read(&peaks);
        let data = told["data"].as_array().unwrap();
        assert!(
            data.len() <= 2 * MOST_POINTS && data.len() >= MOST_POINTS,
            "{}",
            data.len()
        );
        assert_eq!(told["length"].as_u64(), Some(data.len() as u64 / 2));
        let each = told["samples_per_pixel"].as_u64().unwrap();
        let loud = data.iter().position(|value| value == 117).unwrap() as u64 / 2;
        assert_eq!(loud, 431 * 8_000 / each);
    }
}
