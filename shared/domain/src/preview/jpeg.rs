//! As much of JPEG as it takes to know that a picture is one, and how large: what a program wrote that read an upload is
//! trusted as little as the upload.

/// Octets of a picture at most, a poster or a sheet: with base64 below what a function may reply (6 MB).
pub const MAX_PICTURE_OCTETS: usize = 1_000_000;
/// Pixels of a side at most.
const MAX_SIDE: u16 = 4_096;

/// Width and height of a JPEG picture (ITU-T T.81 §B.1.1, §B.2.2): from its start marker over whole segments to the header of
/// its frame, with an end marker at its end. `None` for anything else.
pub(super) fn size(octets: &[u8]) -> Option<(u16, u16)> {
    if octets.len() > MAX_PICTURE_OCTETS || !octets.ends_with(&[0xFF, 0xD9]) {
        return None;
    }
    let mut rest = octets.strip_prefix(&[0xFF, 0xD8])?;
    loop {
        let [0xFF, marker, high, low, ..] = *rest else {
            return None;
        };
        let length = usize::from(u16::from_be_bytes([high, low]));
        let segment = rest.get(4..2 + length)?;
        match marker {
            // Frames: baseline, extended and progressive.
            0xC0..=0xC2 => return frame(segment),
            // Tables, application data and comments.
            0xC4 | 0xDB | 0xDD | 0xE0..=0xEF | 0xFE => rest = rest.get(2 + length..)?,
            _ => return None,
        }
    }
}

/// Sample precision, lines, samples a line, components.
fn frame(segment: &[u8]) -> Option<(u16, u16)> {
    let [8, high, low, left, right, 1 | 3, ..] = *segment else {
        return None;
    };
    let (lines, columns) = (
        u16::from_be_bytes([high, low]),
        u16::from_be_bytes([left, right]),
    );
    let fits = |side: u16| (1..=MAX_SIDE).contains(&side);
    (fits(lines) && fits(columns)).then_some((columns, lines))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// The least that is taken for a picture of this size.
    pub(crate) fn picture((width, height): (u16, u16)) -> Vec<u8> {
        let mut octets = vec![0xFF, 0xD8, 0xFF, 0xE0, 0, 4, 1, 2, 0xFF, 0xC0, 0, 9, 8];
        octets.extend(height.to_be_bytes());
        octets.extend(width.to_be_bytes());
        octets.extend([3, 0, 0xFF, 0xD9]);
        octets
    }

    #[test]
    fn a_picture_tells_its_size_and_what_is_none_is_not_taken_for_one() {
        let good = picture((160, 90));
        assert_eq!(size(&good), Some((160, 90)));
        for cut in 0..good.len() {
            assert_eq!(size(&good[..cut]), None, "{cut}");
        }
        for (at, octet) in [
            (0, 0),
            (1, 0),
            (3, 0xD9),
            (5, 200),
            (9, 0xD8),
            (12, 12),
            (17, 2),
        ] {
            let mut bad = good.clone();
            bad[at] = octet;
            assert_eq!(size(&bad), None, "{at}");
        }
        assert_eq!(size(&picture((0, 90))), None);
        assert_eq!(size(&picture((160, 4_097))), None);
        let mut large = picture((160, 90));
        large.splice(19..19, std::iter::repeat_n(0, MAX_PICTURE_OCTETS));
        assert_eq!(size(&large), None);
    }
}
