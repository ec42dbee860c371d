//! Sequence parameter sets: the size of the picture as it is shown.

use crate::bits::{Bits, unescape};

/// Larger pictures than this are taken for damage.
const MAX_SIDE: i64 = 16_384;

/// Width and height of an H.264 picture after cropping (ISO/IEC 14496-10 §7.3.2.1.1).
pub(crate) fn h264(nal: &[u8]) -> Option<(u32, u32)> {
    let plain = unescape(nal.get(..nal.len().min(1024))?);
    let mut bits = Bits::new(&plain);
    bits.skip(8)?;
    let profile = bits.take(8)?;
    bits.skip(16)?;
    bits.unsigned()?;
    let mut chroma = 1;
    let mut planes = false;
    if matches!(
        profile,
        100 | 110 | 122 | 244 | 44 | 83 | 86 | 118 | 128 | 138 | 139 | 134 | 135
    ) {
        chroma = bits.unsigned()?;
        if chroma == 3 {
            planes = bits.flag()?;
        }
        bits.unsigned()?;
        bits.unsigned()?;
        bits.skip(1)?;
        if bits.flag()? {
            scaling_lists(&mut bits, if chroma == 3 { 12 } else { 8 })?;
        }
    }
    bits.unsigned()?;
    order_count(&mut bits)?;
    bits.unsigned()?;
    bits.skip(1)?;
    let width = (i64::from(bits.unsigned()?) + 1) * 16;
    let map_units = i64::from(bits.unsigned()?) + 1;
    let frames_only = bits.flag()?;
    let fields = if frames_only { 1 } else { 2 };
    if !frames_only {
        bits.skip(1)?;
    }
    bits.skip(1)?;
    let height = map_units * 16 * fields;
    let chroma = if planes { 0 } else { chroma };
    let (across, down) = subsampling(chroma);
    crop(&mut bits, (width, height), (across, down * fields))
}

/// Width and height of an HEVC picture after cropping (ISO/IEC 23008-2 §7.3.2.2.1).
pub(crate) fn hevc(nal: &[u8]) -> Option<(u32, u32)> {
    let plain = unescape(nal.get(..nal.len().min(1024))?);
    let mut bits = Bits::new(&plain);
    bits.skip(16 + 4)?;
    let sub_layers = bits.take(3)?;
    bits.skip(1)?;
    profile_tier_level(&mut bits, sub_layers)?;
    bits.unsigned()?;
    let mut chroma = bits.unsigned()?;
    if chroma == 3 && bits.flag()? {
        chroma = 0;
    }
    let size = (i64::from(bits.unsigned()?), i64::from(bits.unsigned()?));
    crop(&mut bits, size, subsampling(chroma))
}

/// The largest of several, by its longer side: a film may have sets for other sizes beside the one it begins with.
pub(crate) fn largest(sizes: impl Iterator<Item = (u32, u32)>) -> Option<(u32, u32)> {
    sizes.max_by_key(|(width, height)| (*width.max(height), *width.min(height)))
}

/// Luma samples to a chroma sample, across and down.
fn subsampling(chroma: u32) -> (i64, i64) {
    match chroma {
        1 => (2, 2),
        2 => (2, 1),
        _ => (1, 1),
    }
}

fn crop(bits: &mut Bits<'_>, size: (i64, i64), unit: (i64, i64)) -> Option<(u32, u32)> {
    let (mut width, mut height) = size;
    if bits.flag()? {
        let mut edge = || bits.unsigned().map(i64::from);
        let (left, right, top, bottom) = (edge()?, edge()?, edge()?, edge()?);
        width -= (left + right) * unit.0;
        height -= (top + bottom) * unit.1;
    }
    let fits = |side: i64| {
        u32::try_from(side)
            .ok()
            .filter(|_| (1..=MAX_SIDE).contains(&side))
    };
    Some((fits(width)?, fits(height)?))
}

fn scaling_lists(bits: &mut Bits<'_>, count: u32) -> Option<()> {
    for list in 0..count {
        if !bits.flag()? {
            continue;
        }
        let (mut last, mut next) = (8_i64, 8_i64);
        for _ in 0..(if list < 6 { 16 } else { 64 }) {
            if next != 0 {
                next = (last + bits.signed()?).rem_euclid(256);
            }
            last = if next == 0 { last } else { next };
        }
    }
    Some(())
}

fn order_count(bits: &mut Bits<'_>) -> Option<()> {
    match bits.unsigned()? {
        0 => bits.unsigned().map(|_| ()),
        1 => {
            bits.skip(1)?;
            bits.signed()?;
            bits.signed()?;
            let cycle = bits.unsigned()?;
            (0..cycle.min(256)).try_for_each(|_| bits.signed().map(|_| ()))
        }
        _ => Some(()),
    }
}

fn profile_tier_level(bits: &mut Bits<'_>, sub_layers: u32) -> Option<()> {
    bits.skip(96)?;
    let mut present = Vec::new();
    for _ in 0..sub_layers {
        present.push((bits.flag()?, bits.flag()?));
    }
    if sub_layers > 0 {
        bits.skip(2 * (8 - sub_layers))?;
    }
    for (profile, level) in present {
        bits.skip(if profile { 88 } else { 0 })?;
        bits.skip(if level { 8 } else { 0 })?;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cropped_h264_picture_is_measured() {
        // x264, High, 1920x1080 (coded 1088, cropped by 8).
        let sps = [
            0x67, 0x64, 0x00, 0x28, 0xac, 0xd9, 0x40, 0x78, 0x02, 0x27, 0xe5, 0xc0, 0x44, 0x00,
            0x00, 0x03, 0x00, 0x04, 0x00, 0x00, 0x03, 0x00, 0xf0, 0x3c, 0x60, 0xc6, 0x58,
        ];
        assert_eq!(h264(&sps), Some((1920, 1080)));
        for end in 0..10 {
            assert_eq!(h264(&sps[..end]), None);
        }
    }
}
