//! One-time links: whoever opens one has read a mail to its address. Once and before its end it changes one thing.
//!
//! The token is not random: it is derived from the request that asked for the link, so that an order of mail that
//! comes twice sends the same link twice. Only its digest is stored.

use crate::credential::Email;
use crate::error::Malformed;
use crate::id::{InvitationId, OrgId, UserId};
use crate::secret::SecretText;
use crate::time::Timestamp;

/// Prefix of the tokens of one-time links, so that secret scanners know one when they see it.
pub const LINK_TOKEN_PREFIX: &str = "rvl_";

/// The token of a one-time link: 256 bits that nobody can guess or make.
#[derive(Debug)]
pub struct LinkToken(SecretText);

impl LinkToken {
    /// The token of these 256 bits.
    pub fn of(octets: &[u8; 32]) -> Self {
        let text = data_encoding::BASE64URL_NOPAD.encode(octets);
        Self(SecretText::new(format!("{LINK_TOKEN_PREFIX}{text}")))
    }
    /// Parses the prefix and 43 characters of base64url.
    ///
    /// # Errors
    /// [`Malformed`] for anything else.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let octets = text
            .strip_prefix(LINK_TOKEN_PREFIX)
            .and_then(|rest| data_encoding::BASE64URL_NOPAD.decode(rest.as_bytes()).ok());
        if octets.is_some_and(|octets| octets.len() == 32) {
            Ok(Self(SecretText::new(text.to_owned())))
        } else {
            Err(Malformed {
                field: "token",
                expected: "`rvl_` and 43 base64url characters",
            })
        }
    }
    /// The token, for the link in the mail and for the digest.
    pub const fn secret(&self) -> &SecretText {
        &self.0
    }
}

/// What a token is derived from: the request for a link. It is no secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkRequest {
    /// For a new password; 128 random bits.
    Reset([u8; 16]),
    /// An invitation is told for this time, from 1.
    Invitation(InvitationId, u32),
    /// For the verification of an address; 128 random bits.
    Verify([u8; 16]),
}

impl LinkRequest {
    /// Octets that no other request has.
    pub fn octets(&self) -> Vec<u8> {
        match self {
            Self::Reset(request) => [&b"reset"[..], request].concat(),
            Self::Invitation(id, attempt) => {
                [&b"invitation"[..], id.octets(), &attempt.to_be_bytes()].concat()
            }
            Self::Verify(request) => [&b"verify"[..], request].concat(),
        }
    }
}

/// What a link is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purpose {
    /// A new password, as long as the user has this address. A newer one voids it.
    Reset {
        /// Whose.
        user: UserId,
        /// Where it went.
        email: Email,
    },
    /// An invitation, as long as it stands and was not told again. Address and role are the invitation's.
    Invitation {
        /// Into which organisation.
        org: OrgId,
        /// Which.
        invitation: InvitationId,
        /// Told for which time.
        attempt: u32,
    },
    /// To show that an address is its user's, as long as it is theirs.
    Verify {
        /// Whose.
        user: UserId,
        /// Which.
        email: Email,
    },
}

/// A link as stored, by the digest of its token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// What for.
    pub purpose: Purpose,
    /// When it ends.
    pub expires_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_reads_back_and_anything_else_is_refused() {
        let token = LinkToken::of(&[7; 32]);
        let text = token.secret().expose();
        assert_eq!(LinkToken::parse(text).unwrap().secret().expose(), text);
        assert!(!format!("{token:?}").contains(&text[4..]));
        let long = format!("{text}A");
        for bad in [
            "",
            "rvl_",
            "rvl_AA",
            &text[4..],
            &long,
            &text.replace("rvl_", "rvm_"),
        ] {
            assert!(LinkToken::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn no_two_requests_have_the_same_octets() {
        let id = InvitationId::from_octets([1; 16]);
        let requests = [
            LinkRequest::Reset([1; 16]),
            LinkRequest::Reset([2; 16]),
            LinkRequest::Verify([1; 16]),
            LinkRequest::Invitation(id, 1),
            LinkRequest::Invitation(id, 2),
        ];
        let all: std::collections::BTreeSet<_> = requests.iter().map(LinkRequest::octets).collect();
        assert_eq!(all.len(), requests.len());
    }
}
