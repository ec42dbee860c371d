//! `mail`: what the local cloud has sent, the newest last.
//!
//! LocalStack sends nothing on: it keeps every mail of its SES and shows them at `/_aws/ses`.

use std::io::Write as _;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

use crate::cloud::{Instance, Outputs};
use crate::context::Context;
use crate::progress::say;

/// The reply of `/_aws/ses`, in the order of sending.
#[derive(Deserialize)]
struct Kept {
    messages: Vec<Mail>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Mail {
    /// In UTC, without saying so.
    timestamp: String,
    source: String,
    destination: Destination,
    #[serde(default)]
    subject: String,
    body: Option<Body>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Destination {
    #[serde(default)]
    to_addresses: Vec<String>,
}

#[derive(Deserialize)]
struct Body {
    text_part: Option<String>,
}

/// Prints the mails of the cloud that is up, those to one address alone if it is given.
pub(crate) fn run(context: &Context, to: Option<&str>) -> Result<()> {
    let instance = Instance::main(context);
    if !instance.is_running() {
        bail!("the local cloud is not up: cargo xtask up");
    }
    let outputs = Outputs::read(&instance)?;
    let mails = kept(&outputs.aws_endpoint_url)?;
    let wanted = mails
        .iter()
        .filter(|mail| to.is_none_or(|to| mail.is_to(to)));
    let letters: Vec<String> = wanted.map(Mail::letter).collect();
    if letters.is_empty() {
        say("No mail was sent.");
        return Ok(());
    }
    write!(std::io::stdout(), "{}", letters.join("\n"))?;
    Ok(())
}

/// Every mail that was sent since the cloud came up.
fn kept(endpoint: &str) -> Result<Vec<Mail>> {
    let agent = crate::aws::agent(Duration::from_secs(10));
    let mut response = agent
        .get(format!("{endpoint}/_aws/ses"))
        .call()
        .context("the local cloud does not answer")?;
    let status = response.status();
    // The page is there from the first call to SES on.
    if status.as_u16() == 404 {
        return Ok(Vec::new());
    }
    let text = response.body_mut().read_to_string()?;
    if !status.is_success() {
        bail!("/_aws/ses: {status}: {text}");
    }
    let kept: Kept = serde_json::from_str(&text).context("/_aws/ses is of another form")?;
    Ok(kept.messages)
}

impl Mail {
    fn is_to(&self, address: &str) -> bool {
        let mut to = self.destination.to_addresses.iter();
        to.any(|to| to.eq_ignore_ascii_case(address))
    }

    fn letter(&self) -> String {
        let text = self.body.as_ref().and_then(|body| body.text_part.as_ref());
        format!(
            "Date: {} UTC\nFrom: {}\nTo: {}\nSubject: {}\n\n{}\n",
            self.timestamp.replace('T', " "),
            self.source,
            self.destination.to_addresses.join(", "),
            self.subject,
            text.map_or("", |text| text.trim_end()),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_mail_reads_as_a_letter() {
        let text = r#"{"messages":[{"Id":"x-1","Region":"us-east-1","Destination":{"ToAddresses":["ada@example.org"]},
            "Source":"no-reply@demo.example","Subject":"Set a new password",
            "Body":{"text_part":"Hello\n\nhttps://x\n","html_part":null},"Timestamp":"2026-11-22T08:00:00"}]}"#;
        let kept: Kept = serde_json::from_str(text).unwrap();
        let mail = &kept.messages[0];
        assert!(mail.is_to("Ada@example.org") && !mail.is_to("eve@example.org"));
        assert_eq!(
            mail.letter(),
            "Date: 2026-11-22 08:00:00 UTC\nFrom: no-reply@demo.example\nTo: ada@example.org\n\
             Subject: Set a new password\n\nHello\n\nhttps://x\n"
        );
    }
}
