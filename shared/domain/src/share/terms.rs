//! The terms of a share, each parsed into what cannot be wrong.

use crate::error::Malformed;
use crate::network::{Network, Networks};
use crate::password::{MAX_PASSWORD_OCTETS, Password};

/// Most networks of one share.
pub const MAX_SHARE_NETWORKS: usize = 16;
/// Characters that the password of a share has at least. It is fewer than an account's: it guards one film, beside a
/// link that nobody can guess, and guesses at it are counted.
const MIN_SHARE_PASSWORD: usize = 8;

/// How many views a share may open: 1 to 100,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MaxViews(u32);

impl MaxViews {
    /// Parses a count.
    ///
    /// # Errors
    /// [`Malformed`] outside 1 to 100,000.
    pub fn parse(count: u64) -> Result<Self, Malformed> {
        let count = u32::try_from(count).ok();
        let within = count.filter(|count| (1..=100_000).contains(count));
        within.map(Self).ok_or(Malformed {
            field: "max_views",
            expected: "1 to 100000",
        })
    }
    /// The count.
    pub const fn count(self) -> u32 {
        self.0
    }
}

/// For how long after its first view a share opens others: a minute to 30 days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FirstPlay(u64);

impl FirstPlay {
    /// Parses seconds.
    ///
    /// # Errors
    /// [`Malformed`] outside 60 to 2,592,000.
    pub fn parse(seconds: u64) -> Result<Self, Malformed> {
        if (60..=2_592_000).contains(&seconds) {
            Ok(Self(seconds))
        } else {
            Err(Malformed {
                field: "first_play_seconds",
                expected: "60 to 2592000 seconds (30 days)",
            })
        }
    }
    /// The seconds.
    pub const fn seconds(self) -> u64 {
        self.0
    }
}

/// A password that a share may have: at least 8 characters.
#[derive(Debug)]
pub struct SharePassword(Password);

impl SharePassword {
    /// Parses a password, in the one spelling in which it is hashed.
    ///
    /// # Errors
    /// [`Malformed`] when it is too short, too long for bcrypt, or holds a control character.
    pub fn parse(text: String) -> Result<Self, Malformed> {
        const { assert!(MAX_PASSWORD_OCTETS == 72 && MIN_SHARE_PASSWORD == 8) };
        let malformed = Malformed {
            field: "password",
            expected: "8 characters to 72 octets of UTF-8 without control characters",
        };
        let password = Password::parse(text).map_err(|_| malformed)?;
        if password.expose().chars().count() < MIN_SHARE_PASSWORD {
            return Err(malformed);
        }
        Ok(Self(password))
    }
    /// The password, for the hasher.
    pub const fn password(&self) -> &Password {
        &self.0
    }
}

/// Parses the networks of a share: 16 at most; none stands for everywhere.
///
/// # Errors
/// [`Malformed`] for anything that is no network, or too many.
pub fn networks<T: AsRef<str>>(texts: &[T]) -> Result<Networks, Malformed> {
    let malformed = Malformed {
        field: "networks",
        expected: "at most 16 networks such as 203.0.113.0/24 or 2001:db8::/32, no bit set behind the prefix",
    };
    if texts.len() > MAX_SHARE_NETWORKS {
        return Err(malformed);
    }
    let parsed = texts.iter().map(|text| Network::parse(text.as_ref()));
    let parsed: Vec<_> = parsed.collect::<Result<_, _>>().map_err(|_| malformed)?;
    Networks::of(parsed).map_err(|_| malformed)
}
