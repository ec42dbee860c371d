//! Pages of lists.

use crate::error::Malformed;

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
