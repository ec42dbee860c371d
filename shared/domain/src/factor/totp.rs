//! Codes of an authenticator app: secret, code, time step, and the rule that no step is accepted twice.

use subtle::{Choice, ConditionallySelectable as _, ConstantTimeEq as _};
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::{Sealed, Spend, Totp};
use crate::error::Malformed;
use crate::id::SessionId;
use crate::ports::{Entropy, Stored};
use crate::secret::SecretText;
use crate::time::Timestamp;

/// Octets of a secret: the 160 bits that RFC 4226 §4 (R6) recommends.
pub const SECRET_OCTETS: usize = 20;
/// Seconds of a time step (RFC 6238 §5.2).
pub const STEP_SECONDS: u64 = 30;
/// Digits of a code.
pub const DIGITS: usize = 6;

/// What an authenticator app and the service share.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct TotpSecret([u8; SECRET_OCTETS]);

impl TotpSecret {
    /// A fresh secret.
    ///
    /// # Errors
    /// The source of randomness failed.
    pub fn random(entropy: &dyn Entropy) -> Stored<Self> {
        let mut secret = Self([0; SECRET_OCTETS]);
        entropy.fill(&mut secret.0)?;
        Ok(secret)
    }
    /// Takes ownership of the 20 octets.
    pub fn new(octets: [u8; SECRET_OCTETS]) -> Self {
        Self(octets)
    }
    /// The octets, for the MAC and the cipher.
    pub fn expose(&self) -> &[u8; SECRET_OCTETS] {
        &self.0
    }
    /// 32 characters of upper-case base 32 (RFC 4648 §6), to be typed where no camera is.
    pub fn base32(&self) -> SecretText {
        SecretText::new(data_encoding::BASE32_NOPAD.encode(&self.0))
    }
}

impl std::fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TotpSecret(redacted)")
    }
}

/// Six digits, presented or computed.
#[derive(Debug)]
pub struct TotpCode(SecretText);

impl TotpCode {
    /// Parses six ASCII digits, as people type them: `123 456` is fine.
    ///
    /// # Errors
    /// [`Malformed`] for anything else.
    pub fn parse(text: String) -> Result<Self, Malformed> {
        let typed = SecretText::new(text);
        let mut digits = String::with_capacity(typed.expose().len());
        digits.extend(typed.expose().chars().filter(|c| *c != ' '));
        let code = Self(SecretText::new(digits));
        if code.expose().len() == DIGITS && code.expose().bytes().all(|b| b.is_ascii_digit()) {
            Ok(code)
        } else {
            Err(Malformed {
                field: "code",
                expected: "6 digits",
            })
        }
    }
    /// The last six decimal digits of a truncated MAC (RFC 4226 §5.3, step 3).
    pub fn from_number(number: u32) -> Self {
        Self(SecretText::new(format!("{:06}", number % 1_000_000)))
    }
    /// The digits.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

/// A time step: Unix time in units of 30 s.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Step(pub u64);

impl Step {
    /// The step of a moment.
    pub const fn at(now: Timestamp) -> Self {
        Self(now.0 / STEP_SECONDS)
    }
    /// The steps whose codes are accepted during this one, in ascending order: for clocks that differ and
    /// codes that took their time, one step either way and no more (RFC 6238 §5.2).
    pub const fn window(self) -> [Self; 3] {
        let Self(step) = self;
        [
            Self(step.saturating_sub(1)),
            self,
            Self(step.saturating_add(1)),
        ]
    }
}

/// The newest step of the window that a code belongs to; whether that step is still to be had is
/// [`TotpState::spend`]'s to say. Every candidate is compared, each in constant time.
///
/// `candidates` are the steps of [`Step::window`] in its order, each with its code.
pub fn matching_step(code: &TotpCode, candidates: &[(Step, TotpCode); 3]) -> Option<Step> {
    let mut newest = 0;
    let mut found = Choice::from(0);
    for (step, candidate) in candidates {
        let same = candidate
            .expose()
            .as_bytes()
            .ct_eq(code.expose().as_bytes());
        newest.conditional_assign(&step.0, same);
        found |= same;
    }
    bool::from(found).then_some(Step(newest))
}

/// Computes the codes around `now` and finds the presented one among them.
///
/// # Errors
/// The port failed.
pub fn find_step(
    totp: &dyn Totp,
    secret: &TotpSecret,
    code: &TotpCode,
    now: Timestamp,
) -> Stored<Option<Step>> {
    let [before, this, after] = Step::at(now).window();
    let candidates = [
        (before, totp.code(secret, before)?),
        (this, totp.code(secret, this)?),
        (after, totp.code(secret, after)?),
    ];
    Ok(matching_step(code, &candidates))
}

/// An authenticator app as stored with its user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TotpState {
    /// The secret.
    pub sealed: Sealed,
    /// Has a code of it been seen? Until then it is no second factor.
    pub confirmed: bool,
    /// The newest step that was accepted.
    pub last_step: Option<Step>,
    /// The session that it was accepted for.
    pub last_session: Option<SessionId>,
    /// When it was confirmed.
    pub confirmed_at: Option<Timestamp>,
}

impl TotpState {
    /// A new secret, before its first code.
    pub const fn pending(sealed: Sealed) -> Self {
        Self {
            sealed,
            confirmed: false,
            last_step: None,
            last_session: None,
            confirmed_at: None,
        }
    }

    /// Takes the first code, which is used up by it as by a sign-in. Confirmed before, it only knows its own
    /// repetition.
    pub fn confirm(&mut self, step: Step, session: SessionId, now: Timestamp) -> Spend {
        if !self.confirmed {
            self.confirmed = true;
            self.confirmed_at = Some(now);
            return self.take(step, session);
        }
        if self.is_last(step, session) {
            Spend::Again
        } else {
            Spend::Refused
        }
    }

    /// Uses up a step: neither it nor an older one is accepted after it (RFC 6238 §5.2: a code is accepted
    /// once), except that the session that used it may repeat its request.
    pub fn spend(&mut self, step: Step, session: SessionId) -> Spend {
        if self.confirmed {
            self.take(step, session)
        } else {
            Spend::Refused
        }
    }

    fn take(&mut self, step: Step, session: SessionId) -> Spend {
        if self.is_last(step, session) {
            return Spend::Again;
        }
        if self.last_step.is_some_and(|last| step <= last) {
            return Spend::Refused;
        }
        self.last_step = Some(step);
        self.last_session = Some(session);
        Spend::Spent
    }

    fn is_last(&self, step: Step, session: SessionId) -> bool {
        self.last_step == Some(step) && self.last_session == Some(session)
    }
}

#[cfg(test)]
#[path = "totp_tests.rs"]
mod tests;
