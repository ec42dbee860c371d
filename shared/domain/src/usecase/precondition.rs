//! What a change rests on.

use crate::error::{Malformed, Refusal};

/// What a change rests on (RFC 9110 §13.1.1).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum IfMatch {
    /// `*`, or nothing was said: whatever is there.
    #[default]
    Any,
    /// One of these strong tags.
    OneOf(Vec<String>),
}

impl IfMatch {
    /// Reads the field: `*`, or a list of entity tags, of which weak ones never match (§8.8.3.2).
    ///
    /// # Errors
    /// [`Malformed`] if it is neither.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let malformed = Malformed {
            field: "If-Match",
            expected: "the ETag of what is changed as you got it, in its quotes",
        };
        let mut rest = text.trim();
        if rest == "*" {
            return Ok(Self::Any);
        }
        let mut strong = Vec::new();
        loop {
            let weak = rest.strip_prefix("W/");
            let quoted = weak.unwrap_or(rest).strip_prefix('"').ok_or(malformed)?;
            let (tag, after) = quoted.split_once('"').ok_or(malformed)?;
            if weak.is_none() {
                strong.push(tag.to_owned());
            }
            rest = after.trim_start();
            if rest.is_empty() {
                return Ok(Self::OneOf(strong));
            }
            rest = rest.strip_prefix(',').ok_or(malformed)?.trim_start();
        }
    }

    /// Does it rest on what has this tag?
    pub(super) fn holds(&self, tag: &str) -> Result<(), Refusal> {
        match self {
            Self::OneOf(tags) if !tags.iter().any(|known| known == tag) => {
                Err(Refusal::PreconditionFailed)
            }
            Self::Any | Self::OneOf(_) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_reads_as_the_rfc_says() {
        let tags = |tags: &[&str]| {
            let tags = tags.iter().map(|&tag| tag.to_owned());
            Ok(IfMatch::OneOf(tags.collect()))
        };
        assert_eq!(IfMatch::parse(" * "), Ok(IfMatch::Any));
        assert_eq!(IfMatch::parse(r#""a""#), tags(&["a"]));
        assert_eq!(IfMatch::parse(r#""a" ,"b,c", W/"d""#), tags(&["a", "b,c"]));
        assert_eq!(IfMatch::parse(r#"W/"a""#), tags(&[]));
        for bad in ["", "a", "\"a", "\"a\" \"b\"", "\"a\",", "w/\"a\"", "**"] {
            assert!(IfMatch::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn weak_tags_and_others_hold_for_nothing() {
        assert!(IfMatch::Any.holds("a").is_ok());
        for (text, holds) in [
            (r#""b", "a""#, true),
            (r#"W/"a""#, false),
            (r#""A""#, false),
        ] {
            let held = IfMatch::parse(text).unwrap().holds("a");
            assert_eq!(held.is_ok(), holds, "{text}");
        }
    }
}
