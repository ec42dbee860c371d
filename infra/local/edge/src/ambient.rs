//! The one place where the edge reads the clock and draws random numbers.

use time::OffsetDateTime;

/// What the edge takes from the outside world; tests replace it.
#[derive(Clone, Copy)]
pub struct Ambient {
    /// The present moment.
    pub now: fn() -> OffsetDateTime,
    /// Sixteen hexadecimal digits that do not repeat.
    pub request_id: fn() -> String,
}

impl Ambient {
    /// The real clock and the real generator.
    pub fn real() -> Self {
        Self {
            now: real_now,
            request_id: real_id,
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one clock of this development tool"
)]
fn real_now() -> OffsetDateTime {
    OffsetDateTime::from(std::time::SystemTime::now())
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one generator of this development tool"
)]
fn real_id() -> String {
    use std::fmt::Write as _;
    let mut random = [0_u8; 8];
    // Ids only tell requests apart in logs: zeroes would be a nuisance, not a weakness.
    let _ = aws_lc_rs::rand::fill(&mut random);
    random
        .iter()
        .fold(String::with_capacity(16), |mut id, byte| {
            let _ = write!(id, "{byte:02X}");
            id
        })
}
