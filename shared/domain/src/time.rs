//! Time as the domain knows it: whole seconds of Unix time.

use serde::{Deserialize, Serialize};

/// Seconds since 1970-01-01T00:00:00Z (RFC 7519 `NumericDate` without fractions).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub struct Timestamp(pub u64);

impl Timestamp {
    /// This moment and `seconds` more.
    #[must_use]
    pub const fn plus(self, seconds: u64) -> Self {
        Self(self.0.saturating_add(seconds))
    }
    /// `2026-11-22T07:50:00Z` (ISO 8601, RFC 3339; proleptic Gregorian calendar).
    pub fn iso8601(self) -> String {
        let (year, month, date) = self.date();
        let seconds = self.0 % 86_400;
        let (hours, minutes) = (seconds / 3_600, seconds / 60 % 60);
        format!(
            "{year:04}-{month:02}-{date:02}T{hours:02}:{minutes:02}:{:02}Z",
            seconds % 60
        )
    }
    /// Year, month and day of the month, in UTC.
    pub(crate) const fn date(self) -> (u64, u64, u64) {
        // Years begin in March, so that the leap day is a year's last; an era is 400 years of 146,097 days.
        let days = (self.0 / 86_400).saturating_add(719_468);
        let (era, day) = (days / 146_097, days % 146_097);
        let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
        let day = day - (365 * year + year / 4 - year / 100);
        let month = (5 * day + 2) / 153;
        let date = day - (153 * month + 2) / 5 + 1;
        let (month, next) = if month < 10 {
            (month + 3, 0)
        } else {
            (month - 9, 1)
        };
        (era * 400 + year + next, month, date)
    }
    /// Seconds from `earlier` to this moment; 0 if it lies ahead.
    pub const fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// A length of time in seconds with a lower and upper bound, parsed once at the edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetime(u64);

impl Lifetime {
    /// A lifetime within `range` seconds.
    ///
    /// # Errors
    /// [`crate::error::Malformed`] outside the range.
    pub fn parse(
        seconds: u64,
        range: std::ops::RangeInclusive<u64>,
        expected: &'static str,
    ) -> Result<Self, crate::error::Malformed> {
        if range.contains(&seconds) {
            Ok(Self(seconds))
        } else {
            Err(crate::error::Malformed {
                field: "lifetime",
                expected,
            })
        }
    }
    /// The seconds.
    pub const fn seconds(self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_told_in_iso_8601() {
        for (at, told) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_614_265_330, "2021-02-25T15:02:10Z"),
            (4_107_542_399, "2100-02-28T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(Timestamp(at).iso8601(), told);
        }
    }
}
