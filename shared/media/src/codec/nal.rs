//! Access units: from length-prefixed NAL units (ISO/IEC 14496-15) to a byte stream (Annex B).

use vault_domain::packaging::VideoRange;

use crate::fault::{Outcome, damaged};

pub(crate) const START_CODE: [u8; 4] = [0, 0, 0, 1];

/// Parameter sets larger than this together are refused: they are repeated at every key frame.
const MAX_PARAMETERS: usize = 64 << 10;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    H264,
    Hevc,
}

/// What one picture track needs.
#[derive(Debug)]
pub(crate) struct VideoCodec {
    pub(crate) family: Family,
    /// RFC 6381.
    pub(crate) name: String,
    pub(crate) resolution: (u32, u32),
    /// Where the film tells it.
    pub(crate) range: Option<VideoRange>,
    /// Octets of a NAL unit's length: 1, 2 or 4.
    pub(crate) length_size: usize,
    /// The out-of-band parameter sets as a byte stream.
    pub(crate) parameters: Vec<u8>,
}

/// What lies in one access unit.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Unit {
    /// Octets as a byte stream, without what is inserted.
    pub(crate) octets: usize,
    pub(crate) has_delimiter: bool,
    pub(crate) has_parameters: bool,
    /// A picture from which decoding can start.
    pub(crate) is_entry: bool,
}

impl VideoCodec {
    /// The access unit delimiter (ISO/IEC 14496-10 §7.3.2.4, 23008-2 §7.3.2.5): any slice type.
    pub(crate) fn delimiter(&self) -> &'static [u8] {
        match self.family {
            Family::H264 => &[0, 0, 0, 1, 0x09, 0xf0],
            Family::Hevc => &[0, 0, 0, 1, 0x46, 0x01, 0x50],
        }
    }

    /// Looks through one access unit without copying it.
    pub(crate) fn survey(&self, sample: &[u8]) -> Outcome<Unit> {
        let mut unit = Unit::default();
        let mut first = true;
        let mut sps = false;
        let mut pps = false;
        for nal in self.nals(sample) {
            let nal = nal?;
            unit.octets += START_CODE.len() + nal.len();
            let octet = nal.first().copied().unwrap_or_default();
            match (self.family, self.kind(octet)) {
                (Family::H264, 9) | (Family::Hevc, 35) => unit.has_delimiter |= first,
                (Family::H264, 7) | (Family::Hevc, 33) => sps = true,
                (Family::H264, 8) | (Family::Hevc, 34) => pps = true,
                (Family::H264, 5) | (Family::Hevc, 16..=23) => unit.is_entry = true,
                _ => {}
            }
            first = false;
        }
        unit.has_parameters = sps && pps;
        Ok(unit)
    }

    fn kind(&self, octet: u8) -> u8 {
        match self.family {
            Family::H264 => octet & 0x1f,
            Family::Hevc => (octet >> 1) & 0x3f,
        }
    }

    /// The NAL units of a sample; empty ones are left out.
    pub(crate) fn nals<'s>(&self, sample: &'s [u8]) -> Nals<'s> {
        Nals {
            rest: sample,
            length_size: self.length_size,
        }
    }
}

/// An iterator over length-prefixed NAL units.
pub(crate) struct Nals<'s> {
    rest: &'s [u8],
    length_size: usize,
}

impl<'s> Iterator for Nals<'s> {
    type Item = Outcome<&'s [u8]>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let Some((prefix, rest)) = self.rest.split_at_checked(self.length_size) else {
                let padding = self.rest.iter().all(|&octet| octet == 0);
                self.rest = &[];
                return (!padding).then(|| Err(broken()));
            };
            let len = prefix
                .iter()
                .fold(0_usize, |len, &octet| (len << 8) | usize::from(octet));
            let Some((nal, rest)) = rest.split_at_checked(len) else {
                self.rest = &[];
                return Some(Err(broken()));
            };
            self.rest = rest;
            if !nal.is_empty() {
                return Some(Ok(nal));
            }
        }
    }
}

fn broken() -> vault_domain::packaging::PackageFault {
    damaged("one of its pictures is cut off or overwritten")
}

/// Appends parameter sets to a byte stream, within the bound on all of them.
pub(crate) fn append<'a>(
    stream: &mut Vec<u8>,
    sets: impl Iterator<Item = &'a [u8]>,
) -> Outcome<()> {
    for set in sets.filter(|set| !set.is_empty()) {
        stream.extend_from_slice(&START_CODE);
        stream.extend_from_slice(set);
        if stream.len() > MAX_PARAMETERS {
            return Err(damaged(
                "the data that its decoder needs first is far too large",
            ));
        }
    }
    Ok(())
}

/// A length size that can occur: 1, 2 or 4.
pub(crate) fn length_size(octet: u8) -> Outcome<usize> {
    match octet & 3 {
        2 => Err(damaged("its picture states a length that cannot be")),
        size => Ok(usize::from(size) + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codec(family: Family, length_size: usize) -> VideoCodec {
        let (name, parameters) = (String::new(), vec![]);
        VideoCodec {
            family,
            name,
            range: None,
            resolution: (0, 0),
            length_size,
            parameters,
        }
    }

    #[test]
    fn nal_units_are_found_under_every_length_size() {
        for (size, prefix) in [(1, &[3][..]), (2, &[0, 3]), (4, &[0, 0, 0, 3])] {
            let sample = [prefix, &[0x65, 1, 2], &vec![0; size], prefix, &[0x41, 3, 4]].concat();
            let unit = codec(Family::H264, size).survey(&sample).expect("sound");
            assert_eq!((unit.octets, unit.is_entry), (14, true));
        }
    }

    #[test]
    fn a_length_beyond_the_sample_is_a_fault() {
        assert!(codec(Family::H264, 4).survey(&[0, 0, 0, 9, 0x65]).is_err());
        assert!(
            codec(Family::H264, 4)
                .survey(&[0xff, 0xff, 0xff, 0xff, 0x65])
                .is_err()
        );
        assert!(codec(Family::H264, 4).survey(&[0, 0, 1]).is_err());
        assert!(codec(Family::H264, 4).survey(&[0, 0]).is_ok(), "padding");
    }

    #[test]
    fn delimiters_and_parameter_sets_are_seen() {
        let h264 = codec(Family::H264, 1).survey(&[1, 0x09, 1, 0x67, 1, 0x68, 1, 0x65]);
        let hevc = codec(Family::Hevc, 1).survey(&[1, 35 << 1, 1, 33 << 1, 1, 34 << 1, 1, 21 << 1]);
        for unit in [h264.expect("sound"), hevc.expect("sound")] {
            assert!(unit.has_delimiter && unit.has_parameters && unit.is_entry);
        }
        let late = codec(Family::H264, 1)
            .survey(&[1, 0x65, 1, 0x09])
            .expect("sound");
        assert!(
            !late.has_delimiter,
            "a delimiter stands first or not at all"
        );
    }
}
