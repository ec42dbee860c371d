//! The queue of mail orders, and the service that sends mail.

use std::collections::BTreeSet;

use async_trait::async_trait;
use vault_domain::credential::Email;
use vault_domain::mail::{MailOrder, MailQueue, MailSender, Message, Sent};
use vault_domain::ports::{StoreError, Stored};

use super::{FakeCloud, State};

/// A mail as it lies in somebody's mailbox: here its text may be read, copied and printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// Whose mailbox.
    pub to: Email,
    /// The subject.
    pub subject: String,
    /// The text, with its link.
    pub text: String,
}

impl Mail {
    /// What is behind `token=` in its link, if it has one.
    pub fn token(&self) -> Option<&str> {
        let link = self.text.lines().find(|line| line.contains("/#/"))?;
        link.split_once("token=").map(|(_, token)| token)
    }
}

impl State {
    /// The mails that lie in a mailbox, the newest last.
    pub fn mailbox(&self, email: &str) -> Vec<&Mail> {
        let mails = self.sent.iter();
        mails.filter(|mail| mail.to.as_str() == email).collect()
    }

    pub(super) fn mail_orders_shape(&self) -> Vec<String> {
        let lines: BTreeSet<String> = self.mail_orders.iter().map(order_line).collect();
        lines.into_iter().collect()
    }

    pub(super) fn sent_shape(&self) -> Vec<String> {
        let line = |mail: &Mail| format!("{} to {}", mail.subject, mail.to.as_str());
        let lines: BTreeSet<String> = self.sent.iter().map(line).collect();
        lines.into_iter().collect()
    }
}

/// An order without the names that are random.
fn order_line(order: &MailOrder) -> String {
    match order {
        MailOrder::PasswordReset { email, .. } => format!("password reset for {}", email.as_str()),
        MailOrder::Invitation { org, attempt, .. } => format!("invitation {attempt} to {org}"),
        MailOrder::VerifyAddress { email, .. } => format!("verification of {}", email.as_str()),
        MailOrder::Notice { user, what, .. } => format!("{what:?} to {user}"),
    }
}

/// The parts of an order in which a secret could be.
pub(super) fn octets(order: &MailOrder) -> Vec<u8> {
    let text = order_line(order).into_bytes();
    match order {
        MailOrder::PasswordReset { request, .. } | MailOrder::VerifyAddress { request, .. } => {
            [text, request.to_vec()].concat()
        }
        MailOrder::Invitation { invitation, .. } => [text, invitation.octets().to_vec()].concat(),
        MailOrder::Notice { .. } => text,
    }
}

#[async_trait]
impl MailQueue for FakeCloud {
    async fn order(&self, order: &MailOrder) -> Stored<()> {
        self.call("mail_queue.order", |s| {
            s.mail_orders.push(order.clone());
            Ok(())
        })
        .await
    }
}

#[async_trait]
impl MailSender for FakeCloud {
    async fn send(&self, message: &Message) -> Result<Sent, StoreError> {
        self.call("mail.send", |s| {
            if s.undeliverable.contains(message.to().as_str()) {
                return Ok(Sent::Rejected("a golden refusal".to_owned()));
            }
            s.sent.push(Mail {
                to: message.to().clone(),
                subject: message.subject().to_owned(),
                text: message.text().to_owned(),
            });
            Ok(Sent::Sent)
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use vault_domain::mail::{Links, NoticeKind, notice, verify_address};
    use vault_domain::secret::SecretText;
    use vault_domain::time::Timestamp;

    use super::*;
    use crate::builders::{OWNER, email};
    use crate::fault::{Fault, Mode};
    use crate::kit::Kit;

    fn verification(to: &str) -> Message {
        let links = Links::parse("https://app.example.org").unwrap();
        verify_address(&email(to), &links, &SecretText::new("rvl_1".into()))
    }

    #[tokio::test]
    async fn a_mailbox_holds_what_was_sent_to_it() {
        let kit = Kit::new(1);
        kit.cloud
            .with(|s| s.undeliverable.insert("gone@example.org".to_owned()));
        for to in ["ada@example.org", "gone@example.org"] {
            let sent = kit.cloud.send(&verification(to)).await.unwrap();
            assert_eq!(sent == Sent::Sent, to == "ada@example.org");
        }
        let state = kit.cloud.snapshot();
        assert_eq!(state.mailbox("ada@example.org")[0].token(), Some("rvl_1"));
        assert!(state.mailbox("gone@example.org").is_empty());
    }

    #[tokio::test]
    async fn a_second_copy_is_no_other_shape_and_another_mail_is() {
        let kit = Kit::new(1);
        let order = MailOrder::Notice {
            user: OWNER,
            what: NoticeKind::NewDevice,
            at: Timestamp(1),
        };
        let fail_after = Fault {
            call: 1,
            mode: Mode::FailAfter,
        };
        kit.faults.arm(vec![fail_after]);
        kit.cloud.order(&order).await.unwrap_err();
        let mail = verification("ada@example.org");
        kit.cloud.send(&mail).await.unwrap();
        let once = kit.cloud.snapshot().shape();
        kit.cloud.order(&order).await.unwrap();
        kit.cloud.send(&mail).await.unwrap();
        assert_eq!(kit.cloud.snapshot().mail_orders.len(), 2);
        assert_eq!(kit.cloud.snapshot().shape(), once, "at least once");

        let links = Links::parse("https://app.example.org").unwrap();
        let other = notice(mail.to(), &links, NoticeKind::NewDevice, Timestamp(1));
        kit.cloud.send(&other).await.unwrap();
        assert_ne!(kit.cloud.snapshot().shape(), once);
    }
}
