//! Known devices: what tells a person who has been here before from a stranger who guesses.

use crate::secret::SecretText;
use crate::time::Timestamp;
use crate::token::Digest;

/// What a device token says of itself once its MAC is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeviceClaims {
    /// Digest of the address of the one account that this device has signed in to.
    pub account: Digest,
    /// Which device.
    pub device: [u8; 16],
    /// Since when it is known.
    pub issued_at: Timestamp,
}

/// Makes and checks device tokens. One opens nothing; it only keeps a budget of attempts apart.
pub trait DeviceTokens: Send + Sync {
    /// The token of these claims.
    fn issue(&self, claims: &DeviceClaims) -> SecretText;
    /// The claims of a genuine token.
    fn open(&self, token: &str) -> Option<DeviceClaims>;
}
