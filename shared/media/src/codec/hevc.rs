//! HEVC: the decoder configuration record (ISO/IEC 14496-15 §8.3.3.1, annex E for the name).

use std::fmt::Write as _;

use crate::bytes::Bytes;
use crate::codec::nal::{Family, VideoCodec, append, length_size};
use crate::codec::sps;
use crate::fault::{Outcome, damaged};

/// Reads `hvcC`; `size` is what the sample entry states, used where no parameter set does.
pub(crate) fn parse(record: &[u8], size: (u16, u16)) -> Outcome<VideoCodec> {
    let short = || damaged("the data that its picture decoder needs first is cut off");
    let mut bytes = Bytes::new(record);
    let head = bytes.take(22).ok_or_else(short)?;
    let mut fields = Bytes::new(head);
    if fields.u8() != Some(1) {
        return Err(damaged(
            "the data that its picture decoder needs first is of no known version",
        ));
    }
    let name = name(&mut fields).ok_or_else(short)?;
    let lengths = head.last().copied().ok_or_else(short)?;
    let arrays = arrays(&mut bytes).ok_or_else(short)?;
    let of = |kind| {
        arrays
            .iter()
            .filter(move |(k, _)| *k == kind)
            .map(|(_, set)| *set)
    };
    let mut parameters = Vec::new();
    append(&mut parameters, of(32).chain(of(33)).chain(of(34)))?;
    let stated = (u32::from(size.0), u32::from(size.1));
    Ok(VideoCodec {
        family: Family::Hevc,
        name,
        resolution: sps::largest(of(33).filter_map(sps::hevc)).unwrap_or(stated),
        range: None,
        length_size: length_size(lengths)?,
        parameters,
    })
}

/// `hvc1.<space><profile>.<compatibility>.<tier><level>.<constraints>`
fn name(fields: &mut Bytes<'_>) -> Option<String> {
    let profile = fields.u8()?;
    let compatibility = fields.u32()?.reverse_bits();
    let constraints = fields.take(6)?;
    let level = fields.u8()?;
    let space = match profile >> 6 {
        0 => "",
        1 => "A",
        2 => "B",
        _ => "C",
    };
    let tier = if profile & 0x20 == 0 { 'L' } else { 'H' };
    let mut name = format!(
        "hvc1.{space}{}.{compatibility:X}.{tier}{level}",
        profile & 0x1f
    );
    let used = constraints
        .iter()
        .rposition(|&octet| octet != 0)
        .map_or(0, |last| last + 1);
    for octet in constraints.iter().take(used) {
        write!(name, ".{octet:X}").ok()?;
    }
    Some(name)
}

fn arrays<'a>(bytes: &mut Bytes<'a>) -> Option<Vec<(u8, &'a [u8])>> {
    let mut sets = Vec::new();
    for _ in 0..bytes.u8()? {
        let kind = bytes.u8()? & 0x3f;
        for _ in 0..bytes.u16()? {
            sets.push((kind, bytes.counted()?));
        }
    }
    Some(sets)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Vec<u8> {
        let mut record = vec![1, 0x01, 0x60, 0, 0, 0, 0x90, 0, 0, 0, 0, 0, 93];
        record.extend_from_slice(&[0xf0, 0, 0xfc, 0xfd, 0xf8, 0xf8, 0, 0, 0x0f]);
        record.extend_from_slice(&[3, 0x22, 0, 1, 0, 1, 0x44, 0x20, 0, 1, 0, 1, 0x40]);
        record.extend_from_slice(&[0x21, 0, 1, 0, 1, 0x42]);
        record
    }

    #[test]
    fn a_record_gives_name_lengths_and_ordered_parameter_sets() {
        let codec = parse(&record(), (640, 360)).expect("sound");
        assert_eq!(codec.name, "hvc1.1.6.L93.90");
        assert_eq!(codec.length_size, 4);
        let ordered = [0, 0, 0, 1, 0x40, 0, 0, 0, 1, 0x42, 0, 0, 0, 1, 0x44];
        assert_eq!(codec.parameters, ordered, "VPS, SPS, PPS");
    }

    #[test]
    fn a_record_cut_anywhere_is_a_fault() {
        let record = record();
        for end in 0..record.len() {
            assert!(parse(&record[..end], (0, 0)).is_err(), "{end}");
        }
    }
}
