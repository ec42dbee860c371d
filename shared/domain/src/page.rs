//! Pages of lists, and cursors: where to go on in one.

use crate::error::Malformed;
use crate::ports::Hashing;

/// Most entries of a page.
pub const MAX_PAGE: u32 = 100;

/// How many entries a page may have: 1 to 100, and 100 unless something is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageSize(u32);

impl PageSize {
    /// Parses a count.
    ///
    /// # Errors
    /// [`Malformed`] outside 1 to 100.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let count = text.parse().ok().filter(|c| (1..=MAX_PAGE).contains(c));
        count.map(Self).ok_or(Malformed {
            field: "limit",
            expected: "1 to 100",
        })
    }
    /// The count.
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl Default for PageSize {
    fn default() -> Self {
        Self(MAX_PAGE)
    }
}

/// Octets of a cursor's check.
const CHECK: usize = 16;

/// What is wrong with a cursor that is none of this list.
pub(crate) const BAD_CURSOR: Malformed = Malformed {
    field: "cursor",
    expected: "the `cursor` of an earlier page of this list",
};

/// The cursor after a place: a check over the list and the place, and the place, in base64url. `list` is all that tells
/// one list from another: its kind, whose it is, what it leaves out. A cursor is no secret and grants nothing: whatever
/// it says, the list is that of the caller's organisation.
pub(crate) fn cursor(hashing: &dyn Hashing, list: &[&str], place: &[u8]) -> String {
    let mut octets = check(hashing, list, place).to_vec();
    octets.extend_from_slice(place);
    data_encoding::BASE64URL_NOPAD.encode(&octets)
}

/// Reads the place out of a cursor of this list, which has at most so many octets.
pub(crate) fn place(
    hashing: &dyn Hashing,
    list: &[&str],
    text: &str,
    most: usize,
) -> Result<Vec<u8>, Malformed> {
    let fits = text.len() <= (CHECK + most).div_ceil(3) * 4;
    let octets = data_encoding::BASE64URL_NOPAD.decode(text.as_bytes());
    let octets = octets.ok().filter(|_| fits).ok_or(BAD_CURSOR)?;
    let (own, place) = octets.split_at_checked(CHECK).ok_or(BAD_CURSOR)?;
    if own == check(hashing, list, place) {
        Ok(place.to_vec())
    } else {
        Err(BAD_CURSOR)
    }
}

fn check(hashing: &dyn Hashing, list: &[&str], place: &[u8]) -> [u8; CHECK] {
    let mut input = b"cursor\0".to_vec();
    for field in list {
        input.extend_from_slice(&(field.len() as u64).to_be_bytes());
        input.extend_from_slice(field.as_bytes());
    }
    input.extend_from_slice(place);
    let digest = hashing.sha256(&input).0;
    std::array::from_fn(|octet| digest[octet])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_1_to_100_entries() {
        assert_eq!(PageSize::parse("1").map(PageSize::get), Ok(1));
        assert_eq!(PageSize::parse("100").map(PageSize::get), Ok(100));
        for bad in ["", "0", "101", "-1", "1.5", "99999999999999999999", "ten"] {
            assert!(PageSize::parse(bad).is_err(), "{bad}");
        }
    }
}
