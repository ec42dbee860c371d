//! How messages are signed (Standard Webhooks, "Signature scheme"): HMAC-SHA256 over `id.timestamp.payload`.

use data_encoding::BASE64;

use crate::id::DeliveryId;
use crate::secret::{SecretBytes, SecretText};
use crate::time::Timestamp;

/// What a secret's text begins with.
pub const WEBHOOK_SECRET_PREFIX: &str = "whsec_";
/// What a symmetric signature begins with.
pub const SIGNATURE_VERSION: &str = "v1";

/// Names a secret: the version of the stack's own secret from which it is derived, and random octets. It is stored, and
/// worth nothing without the former.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningKey {
    /// A version of the stack's secret.
    pub version: String,
    /// 128 random bits.
    pub nonce: [u8; 16],
}

/// The secret of an endpoint: 32 octets.
#[derive(Debug)]
pub struct WebhookSecret(SecretBytes);

impl WebhookSecret {
    /// Takes ownership of the octets.
    pub fn new(octets: [u8; 32]) -> Self {
        Self(SecretBytes::new(octets.to_vec()))
    }
    /// The octets, for whoever signs.
    pub fn expose(&self) -> &[u8] {
        self.0.expose()
    }
    /// `whsec_` and base64, as it is told once.
    pub fn text(&self) -> SecretText {
        let text = BASE64.encode(self.expose());
        SecretText::new(format!("{WEBHOOK_SECRET_PREFIX}{text}"))
    }
}

/// What a signature is over.
pub fn signed_content(id: &str, at: Timestamp, payload: &str) -> String {
    format!("{id}.{}.{payload}", at.0)
}

/// A message as it is sent: its headers and its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// `webhook-id`: the same at every try.
    pub id: DeliveryId,
    /// `webhook-timestamp`: of this try.
    pub at: Timestamp,
    /// `webhook-signature`: one a secret, with a space between them.
    pub signature: String,
    /// The body.
    pub payload: String,
}

impl Signed {
    /// With these MACs over its [`signed_content`], the active secret's first.
    pub fn of(id: DeliveryId, at: Timestamp, payload: String, macs: &[[u8; 32]]) -> Self {
        let one = |mac: &[u8; 32]| format!("{SIGNATURE_VERSION},{}", BASE64.encode(mac));
        let signatures: Vec<_> = macs.iter().map(one).collect();
        Self {
            id,
            at,
            signature: signatures.join(" "),
            payload,
        }
    }
}
