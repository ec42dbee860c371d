//! Tokens of one-time links: HMAC-SHA256 (RFC 2104) of the request. They are found again by their digest, so nothing
//! is ever checked against the secret: a new version of it changes the links to come and no other.

use aws_lc_rs::hmac;
use vault_domain::link::{LinkRequest, LinkToken};
use vault_domain::ports::LinkTokens;

use crate::keyring::{KeyFault, Keyring};

/// Makes tokens under the current version of a secret.
pub struct LinkMac(hmac::Key);

impl LinkMac {
    /// Tokens under a versioned secret.
    ///
    /// # Errors
    /// [`KeyFault`]
    pub fn new(ring: &Keyring) -> Result<Self, KeyFault> {
        let mut keys = ring.derive("one-time link")?;
        let current = keys.remove(ring.current()).ok_or(KeyFault::NoCurrent)?;
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, current.expose())))
    }
}

impl LinkTokens for LinkMac {
    fn token(&self, request: &LinkRequest) -> LinkToken {
        let tag = hmac::sign(&self.0, &request.octets());
        let mut octets = [0; 32];
        // HMAC-SHA256 gives 32 octets.
        for (octet, of_tag) in octets.iter_mut().zip(tag.as_ref()) {
            *octet = *of_tag;
        }
        LinkToken::of(&octets)
    }
}

#[cfg(test)]
mod tests {
    use vault_domain::id::InvitationId;
    use vault_domain::secret::SecretText;

    use super::*;

    fn mac(secret: &str) -> LinkMac {
        let text = format!(r#"{{"current":"1","1":"{}"}}"#, secret.repeat(64));
        LinkMac::new(&Keyring::parse(&SecretText::new(text)).unwrap()).unwrap()
    }

    fn text(mac: &LinkMac, request: LinkRequest) -> String {
        mac.token(&request).secret().expose().to_owned()
    }

    #[test]
    fn a_request_has_one_token_under_a_secret_and_no_other_request_has_it() {
        let (a, b) = (mac("a"), mac("b"));
        let reset = LinkRequest::Reset([1; 16]);
        assert_eq!(text(&a, reset), text(&mac("a"), reset));
        let id = InvitationId::from_octets([1; 16]);
        for other in [
            text(&b, reset),
            text(&a, LinkRequest::Reset([2; 16])),
            text(&a, LinkRequest::Verify([1; 16])),
            text(&a, LinkRequest::Invitation(id, 1)),
        ] {
            assert_ne!(text(&a, reset), other);
            assert!(LinkToken::parse(&other).is_ok());
        }
    }
}
