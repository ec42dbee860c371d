//! PES headers (ISO/IEC 13818-1 §2.4.3.6).

/// Most octets of a header that carries both times.
pub(crate) const MOST: usize = 19;

/// A header on the stack.
pub(crate) struct Header {
    octets: [u8; MOST],
    len: usize,
}

impl Header {
    /// The header of `payload` octets; a length that 16 bits cannot state is left open, as video may.
    pub(crate) fn new(id: u8, payload: usize, show: u64, decode: u64) -> Self {
        let both = show != decode;
        let times = if both { 10 } else { 5 };
        let [high, low] = u16::try_from(payload + 3 + times)
            .unwrap_or(0)
            .to_be_bytes();
        let mut octets = [0; MOST];
        let flags = if both { 0xc0 } else { 0x80 };
        let len_of_times = if both { 10 } else { 5 };
        octets[..9].copy_from_slice(&[0, 0, 1, id, high, low, 0x84, flags, len_of_times]);
        octets[9..14].copy_from_slice(&stamp(if both { 3 } else { 2 }, show));
        octets[14..].copy_from_slice(&stamp(1, decode));
        Self {
            octets,
            len: 9 + times,
        }
    }

    pub(crate) fn octets(&self) -> &[u8] {
        self.octets.get(..self.len).unwrap_or_default()
    }
}

/// A time of 33 bits with its prefix and marker bits.
fn stamp(prefix: u8, time: u64) -> [u8; 5] {
    let low = |bits: u64| bits.to_be_bytes()[7];
    [
        (prefix << 4) | (low(time >> 29) & 0x0e) | 1,
        low(time >> 22),
        low(time >> 14) | 1,
        low(time >> 7),
        low(time << 1) | 1,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(stamp: &[u8]) -> u64 {
        let octet = |at: usize| u64::from(stamp[at]);
        (octet(0) >> 1 & 7) << 30
            | octet(1) << 22
            | (octet(2) >> 1) << 15
            | octet(3) << 7
            | octet(4) >> 1
    }

    #[test]
    fn times_come_back_from_their_33_bits() {
        for time in [
            0,
            1,
            126_000,
            0x7fff,
            0x8000,
            0x3fff_ffff,
            0x4000_0000,
            0x1_ffff_ffff,
        ] {
            let stamp = stamp(2, time);
            assert_eq!(read(&stamp), time);
            assert!(
                stamp[0] & 1 == 1 && stamp[2] & 1 == 1 && stamp[4] & 1 == 1,
                "markers"
            );
        }
    }

    #[test]
    fn one_time_is_written_once() {
        assert_eq!(Header::new(0xe0, 100, 9, 9).octets().len(), 14);
        assert_eq!(Header::new(0xe0, 100, 9, 8).octets().len(), 19);
        assert_eq!(Header::new(0xe0, 100, 9, 8).octets()[4..6], [0, 113]);
        assert_eq!(Header::new(0xe0, 70_000, 9, 8).octets()[4..6], [0, 0]);
    }
}
