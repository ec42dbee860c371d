//! A bit reader with Exp-Golomb codes (ISO/IEC 14496-10 §9.1), for parameter sets and AAC headers.

pub(crate) struct Bits<'a> {
    octets: &'a [u8],
    at: usize,
}

impl<'a> Bits<'a> {
    pub(crate) fn new(octets: &'a [u8]) -> Self {
        Self { octets, at: 0 }
    }

    pub(crate) fn bit(&mut self) -> Option<u32> {
        let octet = self.octets.get(self.at / 8)?;
        let bit = (octet >> (7 - self.at % 8)) & 1;
        self.at += 1;
        Some(u32::from(bit))
    }

    /// Up to 32 bits, the first read the most significant.
    pub(crate) fn take(&mut self, count: u32) -> Option<u32> {
        let mut value = 0_u32;
        for _ in 0..count {
            value = (value << 1) | self.bit()?;
        }
        Some(value)
    }

    pub(crate) fn flag(&mut self) -> Option<bool> {
        self.bit().map(|bit| bit == 1)
    }

    pub(crate) fn skip(&mut self, count: u32) -> Option<()> {
        for _ in 0..count {
            self.bit()?;
        }
        Some(())
    }

    /// `ue(v)`.
    pub(crate) fn unsigned(&mut self) -> Option<u32> {
        let mut zeros = 0;
        while self.bit()? == 0 {
            zeros += 1;
            if zeros > 31 {
                return None;
            }
        }
        let tail = self.take(zeros)?;
        ((1_u32 << zeros) - 1).checked_add(tail)
    }

    /// `se(v)`.
    pub(crate) fn signed(&mut self) -> Option<i64> {
        let code = i64::from(self.unsigned()?);
        Some(if code % 2 == 0 {
            -(code / 2)
        } else {
            code / 2 + 1
        })
    }
}

/// A NAL unit's payload without its emulation prevention octets (ISO/IEC 14496-10 §7.4.1).
pub(crate) fn unescape(nal: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(nal.len());
    let mut zeros = 0;
    for &octet in nal {
        if zeros >= 2 && octet == 3 {
            zeros = 0;
            continue;
        }
        zeros = if octet == 0 { zeros + 1 } else { 0 };
        plain.push(octet);
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_golomb_codes_read_as_the_standard_lists_them() {
        // 1 | 010 | 011 | 00100 | 1... → 0, 1, 2, 3, 0
        let mut bits = Bits::new(&[0b1010_0110, 0b0100_1000]);
        let codes: Vec<_> = (0..5).filter_map(|_| bits.unsigned()).collect();
        assert_eq!(codes, [0, 1, 2, 3, 0]);
    }

    #[test]
    fn a_code_that_never_ends_is_refused() {
        assert_eq!(Bits::new(&[0; 64]).unsigned(), None);
        assert_eq!(Bits::new(&[]).unsigned(), None);
    }

    #[test]
    fn emulation_prevention_is_taken_out() {
        assert_eq!(unescape(&[1, 0, 0, 3, 1, 0, 0, 3]), [1, 0, 0, 1, 0, 0]);
    }
}
