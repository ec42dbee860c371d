//! Metadata: few, small, typed, and of names that need no quoting anywhere.

use std::collections::BTreeMap;

use crate::error::Malformed;
use crate::text::is_unfit;

/// Most entries of an asset.
pub const MAX_ENTRIES: usize = 32;
/// Octets of all names and texts of an asset together. Each can become four in a reply (a quotation mark, in JSON within
/// the JSON of Lambda): a hundred assets stay below the 6 MB that Lambda lets a function answer.
const MAX_OCTETS: usize = 8 * 1024;
/// Characters of a text.
const MAX_TEXT: usize = 500;
/// Integers that every JSON parser reads exactly (RFC 8259 §6): ±(2⁵³ − 1).
const MAX_INTEGER: i64 = (1 << 53) - 1;

/// The name of an entry: `[a-z][a-z0-9_]*`, at most 40 characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct MetadataKey(String);

impl MetadataKey {
    /// Parses a name.
    ///
    /// # Errors
    /// [`Malformed`] for anything else.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let begins = text.starts_with(|c: char| c.is_ascii_lowercase());
        let is_plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        if begins && text.len() <= 40 && text.bytes().all(is_plain) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Malformed {
                field: "metadata",
                expected: "names of 1 to 40 lower-case letters, digits and _, a letter first",
            })
        }
    }
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The value of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MetadataValue {
    /// At most 500 characters; no control characters but line breaks and tabs, and no marks that turn the direction of
    /// writing.
    Text(String),
    /// An integer of at most 53 bits.
    Integer(i64),
    /// Yes or no.
    Flag(bool),
}

impl MetadataValue {
    /// A text.
    ///
    /// # Errors
    /// [`Malformed`] when it is too long or holds control characters.
    pub fn text(text: &str) -> Result<Self, Malformed> {
        let is_unfit = |c| is_unfit(c) && !matches!(c, '\n' | '\t');
        if text.chars().count() <= MAX_TEXT && !text.chars().any(is_unfit) {
            Ok(Self::Text(text.to_owned()))
        } else {
            Err(Malformed {
                field: "metadata",
                expected: "texts of at most 500 characters without control characters",
            })
        }
    }

    /// An integer.
    ///
    /// # Errors
    /// [`Malformed`] beyond ±(2⁵³ − 1).
    pub fn integer(number: i64) -> Result<Self, Malformed> {
        if (-MAX_INTEGER..=MAX_INTEGER).contains(&number) {
            Ok(Self::Integer(number))
        } else {
            Err(Malformed {
                field: "metadata",
                expected: "integers from -(2^53 - 1) to 2^53 - 1",
            })
        }
    }
}

/// What is said of an asset beside its title: at most [`MAX_ENTRIES`] entries.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Metadata(BTreeMap<MetadataKey, MetadataValue>);

impl Metadata {
    /// Nothing.
    pub const fn none() -> Self {
        Self(BTreeMap::new())
    }

    /// Of these entries.
    ///
    /// # Errors
    /// [`Malformed`] if they are too many.
    pub fn of(
        entries: impl IntoIterator<Item = (MetadataKey, MetadataValue)>,
    ) -> Result<Self, Malformed> {
        let entries: BTreeMap<_, _> = entries.into_iter().collect();
        let octets = |(key, value): (&MetadataKey, &MetadataValue)| match value {
            MetadataValue::Text(text) => key.0.len() + text.len(),
            MetadataValue::Integer(_) | MetadataValue::Flag(_) => key.0.len(),
        };
        let fits = entries.iter().map(octets).sum::<usize>() <= MAX_OCTETS;
        if fits && entries.len() <= MAX_ENTRIES {
            Ok(Self(entries))
        } else {
            Err(Malformed {
                field: "metadata",
                expected: "at most 32 entries, with names and texts of 8 KiB in all",
            })
        }
    }

    /// These entries, with some set and some taken away.
    ///
    /// # Errors
    /// [`Malformed`] if they would be too many.
    pub fn patched(
        &self,
        changes: &[(MetadataKey, Option<MetadataValue>)],
    ) -> Result<Self, Malformed> {
        let mut entries = self.0.clone();
        for (key, value) in changes {
            match value {
                Some(value) => entries.insert(key.clone(), value.clone()),
                None => entries.remove(key),
            };
        }
        Self::of(entries)
    }

    /// Each entry, in the order of the names.
    pub fn iter(&self) -> impl Iterator<Item = (&MetadataKey, &MetadataValue)> {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_values_are_small_and_plain() {
        for fit in ["a", "season_2", &"x".repeat(40)] {
            assert!(MetadataKey::parse(fit).is_ok(), "{fit}");
        }
        for unfit in [
            "",
            "A",
            "2nd",
            "_a",
            "a-b",
            "a.b",
            "é",
            "$a",
            &"x".repeat(41),
        ] {
            assert!(MetadataKey::parse(unfit).is_err(), "{unfit}");
        }
        assert!(MetadataValue::text(&"é".repeat(500)).is_ok());
        assert!(MetadataValue::text("two\nlines").is_ok());
        for unfit in [&"é".repeat(501), "a\u{0}", "a\u{1b}[2J", "a\u{202e}b"] {
            assert!(MetadataValue::text(unfit).is_err());
        }
        assert!(MetadataValue::integer(MAX_INTEGER).is_ok());
        for unfit in [MAX_INTEGER + 1, -MAX_INTEGER - 1, i64::MIN] {
            assert!(MetadataValue::integer(unfit).is_err());
        }
    }

    #[test]
    fn there_are_never_more_entries_than_the_limit() {
        let entry = |n: usize| {
            let key = MetadataKey::parse(&format!("k{n}")).unwrap();
            (key, MetadataValue::Flag(true))
        };
        let full = Metadata::of((0..MAX_ENTRIES).map(entry)).unwrap();
        assert!(Metadata::of((0..=MAX_ENTRIES).map(entry)).is_err());
        let more = |n| {
            let (key, value) = entry(n);
            (key, Some(value))
        };
        assert!(full.patched(&[more(MAX_ENTRIES)]).is_err());
        let gone = (entry(0).0, None);
        assert!(
            full.patched(&[more(MAX_ENTRIES), gone]).is_ok(),
            "one for one"
        );
        let long = |n: usize| {
            let text = MetadataValue::text(&"é".repeat(500)).unwrap();
            (MetadataKey::parse(&format!("k{n}")).unwrap(), text)
        };
        assert!(Metadata::of((0..8).map(long)).is_ok());
        assert!(Metadata::of((0..9).map(long)).is_err(), "9 KB");
    }
}
