//! H.264: the decoder configuration record (ISO/IEC 14496-15 §5.3.3.1).

use crate::bytes::Bytes;
use crate::codec::nal::{Family, VideoCodec, append, length_size};
use crate::codec::sps;
use crate::fault::{Outcome, damaged};

/// Reads `avcC`; `size` is what the sample entry states, used where no parameter set does.
pub(crate) fn parse(record: &[u8], size: (u16, u16)) -> Outcome<VideoCodec> {
    let short = || damaged("the data that its picture decoder needs first is cut off");
    let mut bytes = Bytes::new(record);
    let head = bytes.take(6).ok_or_else(short)?;
    let &[1, profile, compatibility, level, lengths, sps_count] = head else {
        return Err(damaged(
            "the data that its picture decoder needs first is of no known version",
        ));
    };
    let sets = read_sets(&mut bytes, sps_count & 31).ok_or_else(short)?;
    let pps_count = bytes.u8().ok_or_else(short)?;
    let more = read_sets(&mut bytes, pps_count).ok_or_else(short)?;
    let mut parameters = Vec::new();
    append(&mut parameters, sets.iter().chain(&more).copied())?;
    let stated = (u32::from(size.0), u32::from(size.1));
    Ok(VideoCodec {
        family: Family::H264,
        name: format!("avc1.{profile:02x}{compatibility:02x}{level:02x}"),
        resolution: sps::largest(sets.iter().filter_map(|set| sps::h264(set))).unwrap_or(stated),
        range: None,
        length_size: length_size(lengths)?,
        parameters,
    })
}

fn read_sets<'a>(bytes: &mut Bytes<'a>, count: u8) -> Option<Vec<&'a [u8]>> {
    (0..count).map(|_| bytes.counted()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_gives_name_lengths_and_parameter_sets() {
        let record = [1, 0x64, 0, 0x1f, 0xff, 0xe1, 0, 2, 0x67, 9, 1, 0, 1, 0x68];
        let codec = parse(&record, (640, 360)).expect("sound");
        assert_eq!(codec.name, "avc1.64001f");
        assert_eq!(codec.length_size, 4);
        assert_eq!(codec.resolution, (640, 360));
        assert_eq!(codec.parameters, [0, 0, 0, 1, 0x67, 9, 0, 0, 0, 1, 0x68]);
    }

    #[test]
    fn a_record_cut_anywhere_is_a_fault_or_lacks_sets() {
        let record = [1, 0x64, 0, 0x1f, 0xff, 0xe1, 0, 2, 0x67, 9, 1, 0, 1, 0x68];
        for end in 0..record.len() {
            assert!(parse(&record[..end], (0, 0)).is_err(), "{end}");
        }
        assert!(
            parse(&[2, 0x64, 0, 0x1f, 0xff, 0xe0, 0], (0, 0)).is_err(),
            "version"
        );
        assert!(
            parse(&[1, 0x64, 0, 0x1f, 0xfe, 0xe0, 0], (0, 0)).is_err(),
            "lengths of 3"
        );
        assert!(
            parse(&[1, 0x64, 0, 0x1f, 0xff, 0xe0, 0], (0, 0)).is_ok(),
            "sets in band"
        );
    }
}
