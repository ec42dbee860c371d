//! Text that people give things as a name.

use crate::error::Malformed;

/// Trims, and takes 1 to `most` characters. Control characters are refused, and the marks that turn the direction of
/// writing or part lines (UAX #9, UAX #14): in a list they would let one name pass for another.
///
/// # Errors
/// [`Malformed`], of this field.
pub(crate) fn named(
    text: &str,
    most: usize,
    field: &'static str,
    expected: &'static str,
) -> Result<String, Malformed> {
    let text = text.trim();
    let fits = (1..=most).contains(&text.chars().count());
    if fits && !text.chars().any(is_unfit) {
        Ok(text.to_owned())
    } else {
        Err(Malformed { field, expected })
    }
}

/// What stands in a store: rules that became stricter since do not make a record unreadable.
pub(crate) fn stored(text: &str) -> Option<String> {
    Some(text.to_owned()).filter(|text| !text.is_empty())
}

/// Does a character do more than stand for itself?
pub(crate) fn is_unfit(c: char) -> bool {
    let turns = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    turns || matches!(c, '\u{2028}' | '\u{2029}') || c.is_control()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Option<String> {
        named(text, 5, "name", "a name").ok()
    }

    #[test]
    fn a_name_is_trimmed_bounded_and_reads_as_it_is_written() {
        assert_eq!(parsed(" Ünïç✓ ").as_deref(), Some("Ünïç✓"));
        assert_eq!(parsed("א\u{200f}ב").as_deref(), Some("א\u{200f}ב"));
        for unfit in [
            "",
            "   ",
            "longer",
            "a\u{0}",
            "a\nb",
            "a\u{202e}b",
            "a\u{2066}b",
            "a\u{2028}b",
            "a\u{9f}",
        ] {
            assert_eq!(parsed(unfit), None, "{unfit:?}");
        }
    }
}
