//! Mail by SES: its first API, whose `SendEmail` takes subject and text apart and writes the headers itself.

use async_trait::async_trait;
use aws_sdk_ses::Client;
use aws_sdk_ses::error::{BuildError, ProvideErrorMetadata as _, SdkError};
use aws_sdk_ses::operation::send_email::SendEmailError;
use aws_sdk_ses::types::{Body, Content, Destination, Message as SesMessage};
use vault_domain::credential::Email;
use vault_domain::mail::{MailSender, Message, Sent};
use vault_domain::ports::StoreError;

const OPERATION: &str = "mail.send";

/// Mail from one address, which SES has verified by itself or by its domain.
#[derive(Debug, Clone)]
pub struct SesMailSender {
    client: Client,
    from: Email,
}

impl SesMailSender {
    /// Mail from this address.
    pub fn new(client: Client, from: Email) -> Self {
        Self { client, from }
    }

    /// Will SES never take this recipient? Only what is known to be final is: whatever else may be ours to repair
    /// (an unverified sender, a paused account), and the queue keeps the order meanwhile.
    ///
    /// Source: Amazon SES Developer Guide, "Amazon SES email sending errors".
    fn is_final(&self, error: &SendEmailError) -> Option<&'static str> {
        let said = error.message().unwrap_or_default().to_lowercase();
        let from = self.from.as_str();
        let domain = from.rsplit_once('@').map_or(from, |(_, domain)| domain);
        match error.code() {
            Some("InvalidParameterValue") if !said.contains(from) => {
                Some("SES does not take this form of address")
            }
            Some("MessageRejected") if said.contains("blacklisted") => {
                Some("SES has this address on its block list")
            }
            Some("MessageRejected")
                if said.contains("not verified") && !names(&said, from, domain) =>
            {
                Some("SES does not know this address, and the account is in the sandbox")
            }
            _ => None,
        }
    }
}

/// Is the sender among the identities that failed, as `ada@example.org` or `example.org`?
fn names(said: &str, from: &str, domain: &str) -> bool {
    let mut words = said.split([' ', ',', '<', '>', '"']);
    words.any(|word| word == from || word == domain)
}

/// What SES refused, by its code alone: its message can name the recipient.
#[derive(Debug, thiserror::Error)]
#[error("SES answered {0}")]
struct Refused(String);

fn failed(error: SdkError<SendEmailError>) -> StoreError {
    let code = error.as_service_error().map(|error| match error.code() {
        Some(code) => Refused(code.to_owned()),
        None => Refused("an error without a code".to_owned()),
    });
    match code {
        Some(refused) => StoreError::new(OPERATION, refused),
        None => StoreError::new(OPERATION, error),
    }
}

fn text(data: &str) -> Result<Content, BuildError> {
    Content::builder().data(data).charset("UTF-8").build()
}

fn message(message: &Message) -> Result<SesMessage, BuildError> {
    let body = Body::builder().text(text(message.text())?).build();
    let subject = text(message.subject())?;
    Ok(SesMessage::builder().subject(subject).body(body).build())
}

#[async_trait]
impl MailSender for SesMailSender {
    /// A try that the SDK repeats may send twice.
    async fn send(&self, mail: &Message) -> Result<Sent, StoreError> {
        let to = Destination::builder().to_addresses(mail.to().as_str());
        let request = self.client.send_email().source(self.from.as_str());
        let request = request
            .destination(to.build())
            .message(message(mail).map_err(|error| StoreError::new(OPERATION, error))?);
        let Err(error) = request.send().await else {
            return Ok(Sent::Sent);
        };
        match error.as_service_error().and_then(|e| self.is_final(e)) {
            Some(why) => Ok(Sent::Rejected(why.to_owned())),
            None => Err(failed(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replay::Replay;

    const SENT: &str = "<SendEmailResponse><SendEmailResult><MessageId>m</MessageId></SendEmailResult></SendEmailResponse>";
    const LINK: &str = "https://app.example.org/#/reset?token=rvl_hush";

    fn sender(replay: &Replay) -> SesMailSender {
        let from = Email::parse("no-reply@example.org").unwrap();
        SesMailSender::new(Client::new(&replay.config()), from)
    }

    fn mail() -> Message {
        let to = Email::parse("ada@example.net").unwrap();
        Message::new(to, "Grüße & more", format!("Open:\n\n{LINK}\n"))
    }

    async fn answered(code: &str, said: &str) -> Result<Sent, StoreError> {
        let body = format!(
            "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{said}</Message></Error></ErrorResponse>"
        );
        let replay = Replay::of(&[(400, &body)]);
        sender(&replay).send(&mail()).await
    }

    #[tokio::test]
    async fn a_mail_goes_out_with_its_parts_apart() {
        let replay = Replay::of(&[(200, SENT)]);
        assert_eq!(sender(&replay).send(&mail()).await.unwrap(), Sent::Sent);
        assert_eq!(replay.count(), 1);
        assert_eq!(
            replay.body(0).split('&').collect::<Vec<_>>(),
            [
                "Action=SendEmail",
                "Version=2010-12-01",
                "Source=no-reply%40example.org",
                "Destination.ToAddresses.member.1=ada%40example.net",
                "Message.Subject.Data=Gr%C3%BC%C3%9Fe%20%26%20more",
                "Message.Subject.Charset=UTF-8",
                "Message.Body.Text.Data=Open%3A%0A%0Ahttps%3A%2F%2Fapp.example.org%2F%23%2Freset%3Ftoken%3Drvl_hush%0A",
                "Message.Body.Text.Charset=UTF-8",
            ]
        );
    }

    #[tokio::test]
    async fn a_recipient_that_is_refused_for_good_is_rejected_without_being_named() {
        for (code, said) in [
            ("MessageRejected", "Address blacklisted."),
            (
                "MessageRejected",
                "Email address is not verified. The following identities failed the check in region EU-CENTRAL-1: ada@example.net",
            ),
            ("InvalidParameterValue", "Missing final '@domain'"),
        ] {
            let Ok(Sent::Rejected(why)) = answered(code, said).await else {
                panic!("{code}: {said}");
            };
            assert!(!why.contains('@'), "{why}");
        }
    }

    #[tokio::test]
    async fn what_an_operator_or_time_can_repair_is_a_store_error() {
        for (code, said) in [
            (
                "MessageRejected",
                "Email address not verified no-reply@example.org",
            ),
            (
                "MessageRejected",
                "Email address is not verified. The following identities failed the check in region EU-CENTRAL-1: ada@example.net, no-reply@example.org",
            ),
            (
                "MessageRejected",
                "Email address is not verified. The following identities failed the check in region EU-CENTRAL-1: example.org",
            ),
            ("MessageRejected", "Sending suspended for this account."),
            ("MessageRejected", "ada@example.net and no more is said"),
            ("MailFromDomainNotVerifiedException", "x"),
            ("AccountSendingPausedException", "x"),
            ("Throttling", "Maximum sending rate exceeded."),
            (
                "AccessDenied",
                "User is not authorized to perform ses:SendEmail on ada@example.net",
            ),
        ] {
            let error = answered(code, said).await.unwrap_err();
            let told = format!("{error:?}");
            assert!(told.contains(code), "{told}");
            assert!(!told.contains("ada@"), "{told}");
        }
    }

    #[tokio::test]
    async fn neither_the_link_nor_the_recipient_is_in_a_debug_form() {
        let replay = Replay::of(&[]);
        let sender = sender(&replay);
        let error = sender.send(&mail()).await.unwrap_err();
        let shown = format!("{sender:?}{error:?}{:?}", mail());
        for hidden in ["rvl_hush", "ada@", "no-reply@"] {
            assert!(!shown.contains(hidden), "{shown}");
        }
    }
}
