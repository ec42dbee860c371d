//! Which records are asked for.

use super::{Event, Link, Record};
use crate::error::Malformed;
use crate::id::AssetId;
use crate::member::Actor;
use crate::time::Timestamp;

/// The latest moment that can be asked for: what has twelve digits sorts as text as it does as a number.
const LATEST: u64 = 999_999_999_999;

/// A span of time: from a moment on, up to another and without that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    from: Timestamp,
    to: Timestamp,
}

impl Span {
    /// All the time there is.
    pub const ALL: Self = Self {
        from: Timestamp(0),
        to: Timestamp(LATEST),
    };

    /// Parses seconds of Unix time; either may be left out.
    ///
    /// # Errors
    /// [`Malformed`] for what is no time, and for an end that is not after the beginning.
    pub fn parse(from: Option<&str>, to: Option<&str>) -> Result<Self, Malformed> {
        let from = from.map(|text| seconds("from", text)).transpose()?;
        let to = to.map(|text| seconds("to", text)).transpose()?;
        let span = Self {
            from: from.unwrap_or(Self::ALL.from),
            to: to.unwrap_or(Self::ALL.to),
        };
        (span.from < span.to).then_some(span).ok_or(Malformed {
            field: "to",
            expected: "a moment after `from`",
        })
    }

    /// From when on.
    pub const fn from(&self) -> Timestamp {
        self.from
    }

    /// Up to when, and without that.
    pub const fn to(&self) -> Timestamp {
        self.to
    }

    /// Is the moment in it?
    pub fn holds(&self, at: Timestamp) -> bool {
        (self.from..self.to).contains(&at)
    }
}

impl Default for Span {
    fn default() -> Self {
        Self::ALL
    }
}

fn seconds(field: &'static str, text: &str) -> Result<Timestamp, Malformed> {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    let time = text.parse().ok().filter(|time| digits && *time <= LATEST);
    time.map(Timestamp).ok_or(Malformed {
        field,
        expected: "seconds of Unix time",
    })
}

/// Which records of an organisation are asked for: those that are all of this.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    /// Of this.
    pub event: Option<Event>,
    /// By them.
    pub actor: Option<Actor>,
    /// With this asset.
    pub asset: Option<AssetId>,
    /// In this time.
    pub span: Span,
}

impl Filter {
    /// Is the record one of those?
    pub fn admits(&self, record: &Record) -> bool {
        self.event.is_none_or(|event| event == record.event)
            && self
                .actor
                .is_none_or(|actor| record.author.actor() == Some(actor))
            && self.asset.is_none_or(|asset| record.asset == Some(asset))
            && self.span.holds(record.at)
    }
}

/// A record that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The record.
    pub record: Record,
    /// Its place in the chain; none for the first minute or so.
    pub link: Option<Link>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_ends_before_its_end_and_after_its_beginning() {
        let span = Span::parse(Some("5"), Some("7")).unwrap();
        let held = [4, 5, 6, 7].map(|at| span.holds(Timestamp(at)));
        assert_eq!(held, [false, true, true, false]);
        assert_eq!(Span::parse(None, None), Ok(Span::ALL));
        assert!(Span::parse(Some("7"), None).is_ok_and(|span| !span.holds(Timestamp(6))));
        for (from, to) in [
            ("7", "7"),
            ("8", "7"),
            ("", "7"),
            ("-1", "7"),
            ("+1", "7"),
            ("1.5", "7"),
            ("1", "1000000000000"),
            ("999999999999", "99999999999999999999"),
        ] {
            assert!(Span::parse(Some(from), Some(to)).is_err(), "{from} {to}");
        }
    }
}
