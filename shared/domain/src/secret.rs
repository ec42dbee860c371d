//! Secrets as opaque types: no `Debug` of the content, no `Serialize`, no `Clone`; wiped when dropped.

use zeroize::{Zeroize, ZeroizeOnDrop};

/// Bytes of a key or token that must never be printed.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct SecretBytes(Vec<u8>);

impl SecretBytes {
    /// Takes ownership of secret octets.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
    /// The octets, for the one place that uses them.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

/// A text that grants access: a password-reset link, a bearer token, a signed URL.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct SecretText(String);

impl SecretText {
    /// Takes ownership of a secret text.
    pub fn new(text: String) -> Self {
        Self(text)
    }
    /// The text, for the one place that uses it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// A content key: 16 raw octets of AES-128 (RFC 8216 §4.3.2.4).
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct ContentKey([u8; 16]);

impl ContentKey {
    /// Takes ownership of the 16 octets.
    pub fn new(octets: [u8; 16]) -> Self {
        Self(octets)
    }
    /// The octets, for the cipher and the key reply.
    pub fn expose(&self) -> &[u8; 16] {
        &self.0
    }
}

macro_rules! redacted {
    ($($name:ident),+) => {$(
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(redacted)"))
            }
        }
    )+};
}
redacted!(SecretBytes, SecretText, ContentKey);
