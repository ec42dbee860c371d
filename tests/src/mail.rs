//! The mails of the local cloud. Every test has addresses of its own, so nothing is ever cleared. Delivery is at least
//! once: a test never counts mails, it compares links.

use std::time::Duration;

use serde_json::Value;

use crate::cloud::cloud;
use crate::http::Http;
use crate::{queue, wait};

/// Texts of the mails to an address so far, the newest last.
pub fn mailbox(address: &str) -> Vec<String> {
    let url = format!("{}/_aws/ses", cloud().aws_endpoint_url);
    let kept = Http::default().get(&url).expect(200).json();
    let mails = kept["messages"].as_array().cloned().unwrap_or_default();
    let to = |mail: &Value| mail["Destination"]["ToAddresses"][0].as_str() == Some(address);
    let text = |mail: Value| mail["Body"]["text_part"].as_str().map(str::to_owned);
    mails.into_iter().filter(to).filter_map(text).collect()
}

/// The mail of this number to an address, from 0, once it is there.
pub fn mail(address: &str, number: usize) -> String {
    let limit = Duration::from_secs(30);
    wait::until("a mail", limit, || mailbox(address).into_iter().nth(number))
}

/// The one-time token of a link to this page of the front end (`reset`, `invitation`, `verify`) in a mail to an
/// address, once there is one that is not among `known`.
pub fn token(address: &str, page: &str, known: &[&str]) -> String {
    let mark = format!("/#/{page}?token=");
    wait::until("a link", Duration::from_secs(30), || {
        let mails = mailbox(address).into_iter().rev();
        let mut tokens = mails.filter_map(|text| {
            let line = text.lines().find(|line| line.contains(&mark))?;
            line.split_once(&mark)
                .map(|(_, token)| token.trim().to_owned())
        });
        tokens.find(|token| !known.contains(&token.as_str()))
    })
}

/// Waits until every order that was given before is fulfilled.
pub fn settled() {
    wait::until("an empty queue of mail", Duration::from_secs(30), || {
        (queue::under_way_in("MailQueueUrl") == 0).then_some(())
    });
}
