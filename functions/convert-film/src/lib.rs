//! Queue → here: converts films that cannot be packaged as they were uploaded, with ffmpeg, and packages them.
//!
//! Each message is answered for itself (`batchItemFailures`): one bad film never blocks another.

mod event;

use serde_json::json;
use vault_boot::event::{BoxFuture, Invocation, Outcome};
use vault_boot::wiring::convert_film::Deps;
use vault_domain::conversion::ConversionOrder;
use vault_domain::time::Timestamp;
use vault_domain::usecase::convert_film::{Command, run};

use event::{Message, Messages};

/// Seconds before Lambda's own deadline at which a run ends by itself and says so.
const MARGIN_SECONDS: u64 = 10;

/// Handles a batch.
pub fn handle(deps: &Deps, invocation: Invocation) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let batch: Messages = serde_json::from_value(invocation.payload.clone())?;
        let mut failures = Vec::new();
        for message in batch.records {
            if !done(deps, &message, &invocation).await {
                failures.push(json!({ "itemIdentifier": message.id }));
            }
        }
        Ok(json!({ "batchItemFailures": failures }))
    })
}

/// May this message be deleted?
async fn done(deps: &Deps, message: &Message, invocation: &Invocation) -> bool {
    let request_id = invocation.request_id.as_str();
    let Some(ConversionOrder::Film { org, asset }) = message.order() else {
        // Nobody of ours writes such: the dead-letter queue keeps it for a person to look at.
        tracing::error!(
            request_id,
            message = message.id,
            "not an order of a conversion"
        );
        return false;
    };
    let command = Command {
        org,
        asset,
        deadline: Timestamp(invocation.deadline.0.saturating_sub(MARGIN_SECONDS)),
        last_try: message.receive_count() >= deps.max_receive_count,
        request: request_id.to_owned(),
    };
    match run(&deps.convert, command).await {
        Ok(outcome) => {
            tracing::info!(request_id, asset = %asset, outcome = ?outcome, "converted");
            true
        }
        Err(error) => {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            tracing::error!(request_id, asset = %asset, error = %error, cause, "to be repeated");
            false
        }
    }
}
