//! Who someone is and how they prove it: addresses, passwords, roles, users.

use serde::{Deserialize, Serialize};

use crate::error::Malformed;
use crate::id::UserId;

pub use crate::password::{MAX_PASSWORD_OCTETS, Password, PasswordHash};

/// An e-mail address, trimmed and in lower case; the name of an account.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Email(String);

impl Email {
    /// Parses `local@domain`, at most 254 octets (RFC 5321 §4.5.3.1.3), without white space or controls.
    ///
    /// # Errors
    /// [`Malformed`] for anything else.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let lower = text.trim().to_lowercase();
        let plain = lower.len() <= 254
            && !lower.chars().any(|c| c.is_whitespace() || c.is_control())
            && lower.split_once('@').is_some_and(|(local, domain)| {
                !local.is_empty() && !domain.is_empty() && !domain.contains('@')
            });
        if plain {
            Ok(Self(lower))
        } else {
            Err(Malformed {
                field: "email",
                expected: "an address such as ada@example.org",
            })
        }
    }
    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Email {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Email(redacted)")
    }
}

/// What a user may do in their organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Everything.
    Owner,
    /// Everything but ownership.
    Admin,
    /// Uploads, and withdraws their own.
    Editor,
    /// Watches.
    Viewer,
}

impl Role {
    /// The role's name as stored and as in tokens.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Editor => "editor",
            Self::Viewer => "viewer",
        }
    }
    /// Reads a role's name.
    ///
    /// # Errors
    /// [`Malformed`] for a name that is none of the four.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        Ok(match text {
            "owner" => Self::Owner,
            "admin" => Self::Admin,
            "editor" => Self::Editor,
            "viewer" => Self::Viewer,
            _ => {
                return Err(Malformed {
                    field: "role",
                    expected: "owner, admin, editor or viewer",
                });
            }
        })
    }
}

/// How a person proves who they are, as stored. What they may do stands elsewhere: [`crate::member`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Who.
    pub id: UserId,
    /// Their address.
    pub email: Email,
    /// Has someone shown that the address is theirs? Until then it opens nothing.
    pub verified: bool,
    /// Their password's hash.
    pub hash: PasswordHash,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_trimmed_and_lowered() {
        assert_eq!(
            Email::parse(" Ada@Example.ORG ").unwrap().as_str(),
            "ada@example.org"
        );
    }

    #[test]
    fn an_address_with_two_ats_spaces_or_controls_is_refused() {
        for bad in [
            "",
            "ada",
            "@x",
            "a@",
            "a@b@c",
            "a b@c",
            "a\0@c",
            "a\r\nbcc: x@y",
        ] {
            assert!(Email::parse(bad).is_err(), "{bad:?}");
        }
    }
}
