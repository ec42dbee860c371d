//! Titles as they are compared: without regard to case and to the ways in which Unicode writes the same.

use unicode_normalization::UnicodeNormalization as _;

use crate::asset::Title;
use crate::error::Malformed;

/// Octets of a folded title: a sort key of DynamoDB has at most 1,024.
pub(crate) const MAX_FOLDED: usize = 900;

/// A title as titles are compared: NFKC (UAX #15), lower case, cut to 900 octets.
pub fn folded(title: &Title) -> String {
    fold(title.as_str())
}

fn fold(text: &str) -> String {
    let lower: String = text.nfkc().flat_map(char::to_lowercase).nfkc().collect();
    let end = lower.floor_char_boundary(MAX_FOLDED);
    lower[..end].to_owned()
}

/// How a title begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TitlePrefix(String);

impl TitlePrefix {
    /// Parses 1 to 100 characters.
    ///
    /// # Errors
    /// [`Malformed`] for none or more.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let own = fold(text.trim_start());
        if own.is_empty() || text.chars().count() > 100 {
            return Err(Malformed {
                field: "title",
                expected: "the first 1 to 100 characters of a title",
            });
        }
        Ok(Self(own))
    }
    /// As titles are compared.
    pub fn as_str(&self) -> &str {
        &self.0
    }
    /// Does the title begin like this?
    pub fn begins(&self, title: &Title) -> bool {
        folded(title).starts_with(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn title(text: &str) -> Title {
        Title::parse(text).unwrap()
    }

    #[test]
    fn case_and_ways_of_writing_make_no_difference() {
        for (prefix, whole) in [
            ("the", "The Third Man"),
            ("  THE t", "the third man"),
            ("cafe\u{301}", "CAFÉ noir"),
            ("ﬁ", "Film"),
            ("straße", "STRASSE"),
        ] {
            let begins = TitlePrefix::parse(prefix).unwrap().begins(&title(whole));
            // `ß` is not `ss` in lower case: prefixes are not collation.
            assert_eq!(begins, prefix != "straße", "{prefix} {whole}");
        }
    }

    #[test]
    fn what_unicode_writes_long_still_fits_a_sort_key() {
        let long = title(&"\u{fdfa}".repeat(200));
        let own = folded(&long);
        assert!(own.len() <= MAX_FOLDED, "{}", own.len());
        assert_eq!(folded(&long), own);
        let prefix = TitlePrefix::parse(&"\u{fdfa}".repeat(100)).unwrap();
        assert!(prefix.begins(&long));
    }

    #[test]
    fn nothing_and_too_much_is_no_prefix() {
        for bad in ["", "   ", &"x".repeat(101)] {
            assert!(TitlePrefix::parse(bad).is_err(), "{bad:?}");
        }
    }
}
