//! From how many networks the keys of one view are fetched: the sign that somebody passed it on
//! ([ADR 40](../../../docs/adr/0040-watched-elsewhere.md)).
//!
//! One person's telephone goes from Wi-Fi to the mobile network and back: A, B, A. Two people who watch by one view fetch keys
//! by turns: A, B, A, B, A, B. What counts is therefore how often one *comes back* that was left, and many networks at all,
//! within a window of time. Each rule says from when on that is more than one viewer's.

mod trail;

use std::fmt;

use crate::error::Malformed;

pub use trail::{MAX_STEPS, Next, Sign, Step, Trail};

/// What becomes of a view whose keys go to more networks than one viewer's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnSpread {
    /// Nothing: it is not looked at.
    Off,
    /// It is on record and told to webhooks, and plays on.
    Signal,
    /// It is on record and told to webhooks, and ends.
    Revoke,
}

impl OnSpread {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Off, Self::Signal, Self::Revoke];

    /// The name as stored and as shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Signal => "signal",
            Self::Revoke => "revoke",
        }
    }

    /// Reads the name.
    ///
    /// # Errors
    /// [`Malformed`] for any other text.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let mut all = Self::ALL.into_iter();
        all.find(|answer| answer.as_str() == text).ok_or(Malformed {
            field: "on_spread",
            expected: "off, signal or revoke",
        })
    }
}

/// Most that a rule may let pass: a trail must be able to show one more.
pub const MOST_ALLOWED: u32 = 10;
/// Seconds of a window: a minute to a day.
pub const WINDOWS: std::ops::RangeInclusive<u64> = 60..=86_400;

/// From when on the networks of a view are more than one viewer's, and what becomes of it then. Every organisation has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpreadRule {
    answer: OnSpread,
    max_networks: u32,
    max_returns: u32,
    window: u64,
}

impl Default for SpreadRule {
    /// Told, and nothing else: whether somebody shares is for people to say. The numbers are reasoned about in ADR 40.
    fn default() -> Self {
        Self {
            answer: OnSpread::Signal,
            max_networks: 4,
            max_returns: 5,
            window: 600,
        }
    }
}

impl SpreadRule {
    /// Parses a rule: what is more than `max_networks` networks, or more than `max_returns` returns to one that was left, in
    /// `window` seconds, is a sign.
    ///
    /// # Errors
    /// [`Malformed`]: fewer than 2 networks or 1 return are a telephone that goes out and comes home; more than
    /// [`MOST_ALLOWED`] no trail shows; a window that is none of [`WINDOWS`].
    pub fn parse(
        answer: OnSpread,
        (max_networks, max_returns): (u32, u32),
        window: u64,
    ) -> Result<Self, Malformed> {
        let fault = |field, expected| Err(Malformed { field, expected });
        if !(2..=MOST_ALLOWED).contains(&max_networks) {
            return fault("max_networks", "2 to 10");
        }
        if !(1..=MOST_ALLOWED).contains(&max_returns) {
            return fault("max_returns", "1 to 10: a telephone comes home once");
        }
        if !WINDOWS.contains(&window) {
            return fault("window_seconds", "60 to 86400");
        }
        Ok(Self {
            answer,
            max_networks,
            max_returns,
            window,
        })
    }

    /// What becomes of a view.
    pub const fn answer(&self) -> OnSpread {
        self.answer
    }
    /// Networks that one viewer may have in a window.
    pub const fn max_networks(&self) -> u32 {
        self.max_networks
    }
    /// How often one viewer may come back, in a window.
    pub const fn max_returns(&self) -> u32 {
        self.max_returns
    }
    /// Seconds of the window.
    pub const fn window(&self) -> u64 {
        self.window
    }
}

impl fmt::Display for SpreadRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            answer,
            max_networks,
            max_returns,
            window,
        } = self;
        let answer = answer.as_str();
        write!(
            f,
            "{answer}: {max_networks} networks, {max_returns} returns in {window} s"
        )
    }
}

/// A view that is looked at: by which rule, which it keeps for as long as it lasts, and what was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watch {
    /// The organisation's when the view was opened.
    pub rule: SpreadRule,
    /// Where its keys went.
    pub trail: Trail,
}

impl Watch {
    /// Did it end by its rule?
    pub fn ended(&self) -> bool {
        self.rule.answer == OnSpread::Revoke && self.trail.raised().is_some()
    }
}

#[cfg(test)]
mod tests;
