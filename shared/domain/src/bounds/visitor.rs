//! Where a request comes from, as far as bounds ask.

use std::net::IpAddr;

use crate::error::Malformed;
use crate::secret::SecretText;

/// Where a request comes from: the address as the API saw it, the page by what its browser says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Visitor {
    /// The address: never by a header, and never that of the distribution, by which many come.
    pub address: Option<IpAddr>,
    /// `Origin`. Browsers let no page write it (Fetch standard, "forbidden request-header"); whoever writes their own
    /// requests writes what they like.
    pub origin: Option<String>,
}

/// What a device made up once and keeps: 256 random bits. Only its digest is stored.
#[derive(Debug)]
pub struct DeviceSecret(SecretText);

impl DeviceSecret {
    /// Parses 43 characters of base64url.
    ///
    /// # Errors
    /// [`Malformed`] for anything else.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let octets = data_encoding::BASE64URL_NOPAD.decode(text.as_bytes());
        if octets.is_ok_and(|octets| octets.len() == 32) {
            Ok(Self(SecretText::new(text.to_owned())))
        } else {
            Err(Malformed {
                field: "device",
                expected: "256 random bits as 43 base64url characters, kept by the device",
            })
        }
    }

    /// The secret, for its digest.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}
