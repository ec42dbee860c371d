//! Orders and their JSON: `{"v":1,"kind":"password-reset", …}`.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::credential::Email;
use crate::error::Malformed;
use crate::id::{InvitationId, OrgId, UserId, decode128, encode128};
use crate::time::Timestamp;

/// What a function asks of the one that sends mail. Nothing in it is secret: it names a request, and the consumer
/// makes the token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Wire", try_from = "Wire")]
pub enum MailOrder {
    /// Somebody asked for a new password for an address; whether it is anyone's is the consumer's to find out.
    PasswordReset {
        /// 128 random bits that name the request; the link's token is derived from them.
        request: [u8; 16],
        /// The address as it was given.
        email: Email,
        /// The IP address that asked, for the mail's reader to judge; none when the operator did.
        requested_from: Option<IpAddr>,
    },
    /// An invitation stands in the store and is to be told.
    Invitation {
        /// Into which organisation.
        org: OrgId,
        /// Which.
        invitation: InvitationId,
        /// From 1; a repeated invitation has a link of its own.
        attempt: u32,
    },
    /// A user gave an address that is to be verified.
    VerifyAddress {
        /// Who.
        user: UserId,
        /// Which address.
        email: Email,
        /// 128 random bits that name the request.
        request: [u8; 16],
    },
    /// Something changed in an account that its owner should know of.
    Notice {
        /// Whose.
        user: UserId,
        /// What.
        what: NoticeKind,
        /// When.
        at: Timestamp,
    },
}

/// What an account's owner is told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoticeKind {
    /// The password is another.
    PasswordChanged,
    /// A second factor or passkey was added.
    FactorAdded,
    /// A second factor or passkey was removed.
    FactorRemoved,
    /// A recovery code was used to sign in.
    RecoveryCodeUsed,
    /// A device that was not known signed in.
    NewDevice,
    /// The address of the account is another.
    AddressChanged,
}

impl NoticeKind {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::PasswordChanged,
        Self::FactorAdded,
        Self::FactorRemoved,
        Self::RecoveryCodeUsed,
        Self::NewDevice,
        Self::AddressChanged,
    ];
}

/// The version of this form; another one does not parse.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
struct V1;

impl From<V1> for u8 {
    fn from(_: V1) -> Self {
        1
    }
}

impl TryFrom<u8> for V1 {
    type Error = &'static str;
    fn try_from(version: u8) -> Result<Self, Self::Error> {
        (version == 1).then_some(Self).ok_or("v: expected 1")
    }
}

/// An order as the queue holds it: ids, request ids (26 characters of base 32) and addresses as text.
#[derive(Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
enum Wire {
    PasswordReset {
        v: V1,
        request: String,
        email: String,
        requested_from: Option<IpAddr>,
    },
    Invitation {
        v: V1,
        org: String,
        invitation: String,
        attempt: u32,
    },
    VerifyAddress {
        v: V1,
        user: String,
        email: String,
        request: String,
    },
    Notice {
        v: V1,
        user: String,
        what: NoticeKind,
        at: Timestamp,
    },
}

fn request(text: &str) -> Result<[u8; 16], Malformed> {
    decode128(text).ok_or(Malformed {
        field: "request",
        expected: "26 characters of a-z and 2-7",
    })
}

impl TryFrom<Wire> for MailOrder {
    type Error = Malformed;

    fn try_from(wire: Wire) -> Result<Self, Malformed> {
        Ok(match wire {
            Wire::PasswordReset {
                v: V1,
                request: id,
                email,
                requested_from,
            } => Self::PasswordReset {
                request: request(&id)?,
                email: Email::parse(&email)?,
                requested_from,
            },
            Wire::Invitation {
                v: V1,
                org,
                invitation,
                attempt,
            } => Self::Invitation {
                org: OrgId::parse(&org)?,
                invitation: InvitationId::parse(&invitation)?,
                attempt,
            },
            Wire::VerifyAddress {
                v: V1,
                user,
                email,
                request: id,
            } => Self::VerifyAddress {
                user: UserId::parse(&user)?,
                email: Email::parse(&email)?,
                request: request(&id)?,
            },
            Wire::Notice {
                v: V1,
                user,
                what,
                at,
            } => Self::Notice {
                user: UserId::parse(&user)?,
                what,
                at,
            },
        })
    }
}

impl From<MailOrder> for Wire {
    fn from(order: MailOrder) -> Self {
        match order {
            MailOrder::PasswordReset {
                request,
                email,
                requested_from,
            } => Self::PasswordReset {
                v: V1,
                request: encode128(&request),
                email: email.as_str().to_owned(),
                requested_from,
            },
            MailOrder::Invitation {
                org,
                invitation,
                attempt,
            } => Self::Invitation {
                v: V1,
                org: org.to_string(),
                invitation: invitation.to_string(),
                attempt,
            },
            MailOrder::VerifyAddress {
                user,
                email,
                request,
            } => Self::VerifyAddress {
                v: V1,
                user: user.to_string(),
                email: email.as_str().to_owned(),
                request: encode128(&request),
            },
            MailOrder::Notice { user, what, at } => Self::Notice {
                v: V1,
                user: user.to_string(),
                what,
                at,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn orders() -> Vec<MailOrder> {
        let (user, email) = (
            UserId::from_octets([2; 16]),
            Email::parse("ada@example.org").unwrap(),
        );
        vec![
            MailOrder::PasswordReset {
                request: [1; 16],
                email: email.clone(),
                requested_from: Some([203, 0, 113, 9].into()),
            },
            MailOrder::Invitation {
                org: OrgId::from_octets([1; 16]),
                invitation: InvitationId::from_octets([3; 16]),
                attempt: 1,
            },
            MailOrder::VerifyAddress {
                user,
                email,
                request: [4; 16],
            },
            MailOrder::Notice {
                user,
                what: NoticeKind::RecoveryCodeUsed,
                at: Timestamp(1_795_000_000),
            },
        ]
    }

    #[test]
    fn an_order_has_a_golden_form_and_reads_back_from_it() {
        let lines: Vec<_> = orders()
            .iter()
            .map(|order| serde_json::to_string(order).unwrap())
            .collect();
        insta::assert_snapshot!(lines.join("\n"));
        for (order, line) in orders().into_iter().zip(&lines) {
            assert_eq!(serde_json::from_str::<MailOrder>(line).unwrap(), order);
        }
    }

    #[test]
    fn an_order_of_another_version_kind_or_shape_does_not_parse() {
        let good = serde_json::to_string(&orders()[0]).unwrap();
        for bad in [
            String::new(),
            "{}".to_owned(),
            good.replace("\"v\":1", "\"v\":2"),
            good.replace("\"v\":1,", ""),
            good.replace("password-reset", "password"),
            good.replace("\"v\":1", "\"v\":1,\"token\":\"x\""),
            good.replace("ada@", "ada"),
            good.replace("203.0.113.9", "203.0.113.9\\nhello"),
            good.replace("aeaqcaib", "AEAQCAIB"),
        ] {
            assert_ne!(bad, good);
            assert!(serde_json::from_str::<MailOrder>(&bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_order_keeps_its_address_out_of_logs() {
        let shown = format!("{:?}", orders());
        assert!(!shown.contains("ada"), "{shown}");
    }
}
