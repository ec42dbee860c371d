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
