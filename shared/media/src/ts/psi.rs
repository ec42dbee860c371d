//! Program tables (ISO/IEC 13818-1 §2.4.4): one program, at the beginning of every segment.

use crate::codec::nal::Family;
use crate::ts::packet::{BODY, Stream};

pub(crate) const PMT_PID: u16 = 0x1000;
pub(crate) const VIDEO_PID: u16 = 0x100;
pub(crate) const AUDIO_PID: u16 = 0x101;

/// The program association section.
pub(crate) fn association() -> Vec<u8> {
    let [high, low] = PMT_PID.to_be_bytes();
    section(0x00, &[0, 1, 0xe0 | high, low])
}

/// The program map section of one picture, one sound, or both.
pub(crate) fn map(video: Option<Family>, audio: bool) -> Vec<u8> {
    let clock = if video.is_some() {
        VIDEO_PID
    } else {
        AUDIO_PID
    };
    let [high, low] = clock.to_be_bytes();
    let mut body = vec![0xe0 | high, low, 0xf0, 0];
    match video {
        Some(Family::H264) => stream(&mut body, 0x1b, VIDEO_PID, &[]),
        Some(Family::Hevc) => stream(&mut body, 0x24, VIDEO_PID, b"\x05\x04HEVC"),
        None => {}
    }
    if audio {
        stream(&mut body, 0x0f, AUDIO_PID, &[]);
    }
    section(0x02, &body)
}

fn stream(body: &mut Vec<u8>, kind: u8, pid: u16, descriptors: &[u8]) {
    let [high, low] = pid.to_be_bytes();
    let len = u8::try_from(descriptors.len()).unwrap_or(0);
    body.extend_from_slice(&[kind, 0xe0 | high, low, 0xf0, len]);
    body.extend_from_slice(descriptors);
}

/// A section of number 1, version 0, the only one of its table, with its checksum.
fn section(table: u8, body: &[u8]) -> Vec<u8> {
    let len = u8::try_from(5 + body.len() + 4).unwrap_or(0);
    let mut out = vec![table, 0xb0, len, 0, 1, 0xc1, 0, 0];
    out.extend_from_slice(body);
    let sum = checksum(&out);
    out.extend_from_slice(&sum.to_be_bytes());
    out
}

/// One packet with a section in it.
pub(crate) fn write(out: &mut Vec<u8>, stream: &mut Stream, section: &[u8]) {
    out.extend_from_slice(&stream.header(true, 0x10));
    let end = out.len() + BODY;
    out.push(0);
    out.extend_from_slice(section);
    out.resize(end, 0xff);
}

/// CRC-32 of annex A: not reflected, all ones at first.
fn checksum(octets: &[u8]) -> u32 {
    octets.iter().fold(u32::MAX, |sum, &octet| {
        (0..8).fold(sum ^ (u32::from(octet) << 24), |sum, _| {
            (sum << 1) ^ if sum >> 31 == 1 { 0x04c1_1db7 } else { 0 }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_that_of_mpeg() {
        assert_eq!(checksum(b"123456789"), 0x0376_e6e7);
    }

    #[test]
    fn a_section_with_its_checksum_sums_to_nothing() {
        for table in [
            association(),
            map(Some(Family::H264), true),
            map(Some(Family::Hevc), false),
            map(None, true),
        ] {
            assert_eq!(checksum(&table), 0);
            assert_eq!(usize::from(table[2]) + 3, table.len());
        }
    }

    #[test]
    fn the_clock_rides_on_the_picture_or_else_on_the_sound() {
        assert_eq!(map(Some(Family::H264), true)[8..10], [0xe1, 0x00]);
        assert_eq!(map(None, true)[8..10], [0xe1, 0x01]);
    }
}
