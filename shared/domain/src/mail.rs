//! Mail: what a function asks for, what is sent, and the two ports on the way.
//!
//! A [`MailOrder`] goes through a queue and holds no secret. Its consumer decides whether there is anything to
//! send, makes the one-time token, and has a [`Message`] written by one of the templates. Orders are delivered at
//! least once: the same order must give the same link, so that a second copy of a mail is no second secret.

mod link;
mod order;
mod template;

use async_trait::async_trait;

use crate::credential::Email;
use crate::ports::{StoreError, Stored};
use crate::secret::SecretText;

pub use link::Links;
pub use order::{MailOrder, NoticeKind};
pub use template::{Invited, invitation, notice, password_reset, verify_address};

/// Seconds that the link of a password reset works, as its mail says.
pub const RESET_SECONDS: u64 = 30 * 60;
/// Seconds that an invitation stands, as its mail says.
pub const INVITATION_SECONDS: u64 = 7 * 86_400;
/// Seconds that the link which verifies an address works, as its mail says.
pub const VERIFY_SECONDS: u64 = 86_400;

/// Most characters of a subject; a line of a header has at most 998 octets (RFC 5322 §2.1.1).
const MAX_SUBJECT: usize = 120;

/// A mail in plain text. Its text may hold a one-time link, so it is a secret.
#[derive(Debug)]
pub struct Message {
    to: Email,
    subject: String,
    text: SecretText,
}

impl Message {
    /// A mail; of the subject only what may stand in a header (RFC 5322 §2.2) is taken.
    pub fn new(to: Email, subject: &str, text: String) -> Self {
        Self {
            to,
            subject: template::one_line(subject, MAX_SUBJECT),
            text: SecretText::new(text),
        }
    }
    /// Whom it goes to.
    pub const fn to(&self) -> &Email {
        &self.to
    }
    /// One line of at most 120 characters without controls.
    pub fn subject(&self) -> &str {
        &self.subject
    }
    /// The text, for the one place that sends it.
    pub fn text(&self) -> &str {
        self.text.expose()
    }
}

/// The queue to the function that sends mail.
#[async_trait]
pub trait MailQueue: Send + Sync {
    /// Leaves an order; it is delivered at least once, in any order. Repeating is fine.
    async fn order(&self, order: &MailOrder) -> Stored<()>;
}

/// What became of a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sent {
    /// It is on its way.
    Sent,
    /// This address is refused, and would be again: why, without the address.
    Rejected(String),
}

/// The service that sends mail.
#[async_trait]
pub trait MailSender: Send + Sync {
    /// Sends one mail. A repetition after an error may send it twice.
    ///
    /// # Errors
    /// [`StoreError`] when it may go out later: the service is busy, paused, or not set up for our sender.
    async fn send(&self, message: &Message) -> Result<Sent, StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_keeps_its_text_and_its_address_out_of_logs() {
        let to = Email::parse("ada@example.org").unwrap();
        let message = Message::new(
            to,
            "Hello",
            "https://app.example.org/#/reset?token=x".into(),
        );
        let shown = format!("{message:?}");
        assert!(shown.contains("Hello"), "{shown}");
        assert!(
            !shown.contains("token") && !shown.contains("ada"),
            "{shown}"
        );
    }

    #[test]
    fn a_subject_is_one_line_of_bounded_length() {
        let to = Email::parse("ada@example.org").unwrap();
        let subject = format!("a\r\nBcc: eve@example.org\u{2028}\0{}", "x".repeat(500));
        let message = Message::new(to, &subject, String::new());
        assert!(message.subject().starts_with("a Bcc: eve@example.org x"));
        assert_eq!(message.subject().chars().count(), MAX_SUBJECT);
        assert!(!message.subject().chars().any(char::is_control));
    }
}
