//! Queue → here: converts films that cannot be packaged as they were uploaded, with ffmpeg, and packages them.
//!
//! Each message is answered for itself (`batchItemFailures`): one bad film never blocks another.

use vault_boot::batch::{self, Message};
use vault_boot::event::{BoxFuture, Invocation, Outcome as Answer};
use vault_boot::wiring::convert_film::Deps;
use vault_domain::conversion::ConversionOrder;
use vault_domain::time::Timestamp;
use vault_domain::usecase::convert_film::{Command, Outcome, run};

/// Seconds before Lambda's own deadline at which a run ends by itself and says so.
const MARGIN_SECONDS: u64 = 10;

/// Handles a batch.
pub fn handle(deps: &Deps, invocation: Invocation) -> BoxFuture<'_, Answer> {
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
    let Ok(ConversionOrder::Film { org, asset }) = serde_json::from_str(&message.body) else {
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
        Ok(Outcome::Failed) => {
            let complaint = deps.convert.workshop.complaint();
            tracing::warn!(request_id, asset = %asset, complaint, "the film could not be converted");
            true
        }
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

#[cfg(test)]
mod tests {
    use vault_domain::id::{AssetId, OrgId};

    use super::*;

    #[test]
    fn the_sample_event_holds_an_order() {
        let text = include_str!("../../../events/convert-film.json");
        let messages = batch::messages(serde_json::from_str(text).unwrap()).unwrap();
        let order = ConversionOrder::Film {
            org: OrgId::from_octets([1; 16]),
            asset: AssetId::from_octets([2; 16]),
        };
        let body = &messages[0].body;
        assert_eq!(
            serde_json::from_str::<ConversionOrder>(body).unwrap(),
            order
        );
        assert_eq!(messages[0].receive_count(), 2);
    }
}
