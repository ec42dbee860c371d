//! S3 `Object Created` → EventBridge → SQS → here: packages what was uploaded. Orders to package a film anew, and to
//! seal subtitles, come to the same queue. Where films wait for a verdict about malware, GuardDuty → EventBridge → a queue of their own → here.
//!
//! Each message is answered for itself (`batchItemFailures`): one bad film never blocks another.

pub mod event;

use vault_boot::batch::{self, Message};
use vault_boot::event::{BoxFuture, Invocation, Outcome};
use vault_boot::wiring::process_upload::Deps;
use vault_domain::packaging::PackagingOrder;
use vault_domain::usecase::judge_source;
use vault_domain::usecase::process_upload::{self, Command};
use vault_domain::usecase::seal_subtitles;

use event::{Told, told};

/// Seconds before Lambda's own deadline at which a run ends by itself and says so.
const MARGIN_SECONDS: u64 = 10;

/// Handles a batch.
pub fn handle(deps: &Deps, invocation: Invocation) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let messages = batch::messages(invocation.payload.clone())?;
        let mut all = Vec::with_capacity(messages.len());
        for message in &messages {
            all.push(done(deps, message, &invocation).await);
        }
        batch::answer(&messages, all)
    })
}

/// May this message be deleted?
async fn done(deps: &Deps, message: &Message, invocation: &Invocation) -> bool {
    let request_id = invocation.request_id.as_str();
    let Some(told) = told(message, deps.verdicts.as_deref()) else {
        // Not what the rules send: the dead-letter queue keeps it for a person to look at.
        tracing::error!(
            request_id,
            message = message.id,
            "neither an Object Created event nor an order nor a verdict"
        );
        return false;
    };
    let film = match &told {
        Told::Order(order) => Some((order.org, order.asset)),
        Told::Object(object) => object.source(&deps.bucket),
        Told::Verdict(verdict) => verdict.object.source(&deps.bucket),
    };
    let Some((org, asset)) = film else {
        // Files of variants lie beside sources, and the rule sends whatever comes there.
        tracing::debug!(request_id, message = message.id, "no source");
        return true;
    };
    let deadline =
        vault_domain::time::Timestamp(invocation.deadline.0.saturating_sub(MARGIN_SECONDS));
    let last_try = message.receive_count() >= deps.max_receive_count;
    let command = Command {
        org,
        asset,
        deadline,
        last_try,
        request: request_id.to_owned(),
    };
    let outcome = match told {
        Told::Verdict(verdict) => {
            tracing::info!(request_id, asset = %asset, verdict = verdict.finding.as_str(), "scanned");
            let command = judge_source::Command {
                delivery: command,
                about: verdict.about,
                finding: verdict.finding,
            };
            judge_source::run(&deps.process, command).await
        }
        Told::Order(PackagingOrder {
            text: Some(text), ..
        }) => {
            let command = seal_subtitles::Command {
                org,
                asset,
                text,
                deadline,
                last_try,
            };
            seal_subtitles::run(&deps.sealing(), command).await
        }
        Told::Order(_) | Told::Object(_) => process_upload::run(&deps.process, command).await,
    };
    match outcome {
        Ok(outcome) => {
            tracing::info!(request_id, asset = %asset, outcome = ?outcome, "processed");
            true
        }
        Err(error) => {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            tracing::error!(request_id, asset = %asset, error = %error, cause, "to be repeated");
            false
        }
    }
}
