//! Second factors: the codes of an authenticator app (TOTP, RFC 6238), recovery codes, and the ports that
//! compute, seal and draw them.

mod otpauth;
mod recovery;
mod set;
mod totp;

use crate::id::UserId;
use crate::ports::Stored;
use crate::secret::SecretText;

pub use otpauth::{Issuer, otpauth_uri};
pub use recovery::{RECOVERY_CODES, RecoveryCode, RecoveryCodes, UsedCode};
pub use set::{FactorChange, FactorSet, Method};
pub use totp::{
    DIGITS, SECRET_OCTETS, STEP_SECONDS, Step, TotpCode, TotpSecret, TotpState, find_step,
    matching_step,
};

/// What became of a code that was presented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spend {
    /// It is used up now.
    Spent,
    /// This very session used it up before: a repeated request, whose answer is the same.
    Again,
    /// It was used up before, or there is no such code.
    Refused,
}

/// A sealed [`TotpSecret`] as stored: it opens for one user alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// Version of the key that it is sealed under.
    pub key_version: String,
    /// 12 octets, unique under that key.
    pub nonce: [u8; 12],
    /// Ciphertext and tag.
    pub octets: Vec<u8>,
}

/// Computes the codes of an authenticator app.
pub trait Totp: Send + Sync {
    /// The code of a time step: HOTP (RFC 4226 §5.3) with the step as counter (RFC 6238 §4.2).
    ///
    /// # Errors
    /// The code could not be computed.
    fn code(&self, secret: &TotpSecret, step: Step) -> Stored<TotpCode>;
}

/// Seals the secrets of second factors, the user's id as associated data.
pub trait Sealing: Send + Sync {
    /// Seals under the current key; `nonce` is 12 fresh random octets.
    ///
    /// # Errors
    /// The cipher failed.
    fn seal(&self, secret: &TotpSecret, user: UserId, nonce: [u8; 12]) -> Stored<Sealed>;
    /// Opens what was sealed for this user.
    ///
    /// # Errors
    /// The key's version is not known, or the record was changed or is another user's.
    fn open(&self, sealed: &Sealed, user: UserId) -> Stored<TotpSecret>;
}

/// Draws QR codes (ISO/IEC 18004).
pub trait QrCodes: Send + Sync {
    /// An SVG picture of the text, dark on white with a quiet zone; as secret as the text.
    ///
    /// # Errors
    /// The text is longer than a QR code holds.
    fn svg(&self, text: &SecretText) -> Stored<SecretText>;
}
