//! Queue → here: converts films that cannot be packaged as they were uploaded, with ffmpeg, and packages them; codes the
//! variants of films that play, and makes their previews.
//!
//! Each message is answered for itself (`batchItemFailures`): one bad film never blocks another.

use vault_boot::batch::{self, Message};
use vault_boot::event::{BoxFuture, Invocation, Outcome as Answer};
use vault_boot::wiring::convert_film::Deps;
use vault_domain::conversion::ConversionOrder;
use vault_domain::time::Timestamp;
use vault_domain::usecase::convert_film::{self, Outcome};
use vault_domain::usecase::{code_variant, make_previews, plan_ladder};

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
    let Ok(order) = serde_json::from_str::<ConversionOrder>(&message.body) else {
        // Nobody of ours writes such: the dead-letter queue keeps it for a person to look at.
        tracing::error!(
            request_id,
            message = message.id,
            "not an order of a conversion"
        );
        return false;
    };
    let deadline = Timestamp(invocation.deadline.0.saturating_sub(MARGIN_SECONDS));
    let last_try = message.receive_count() >= deps.max_receive_count;
    let (asset, lines, ended) = match order {
        ConversionOrder::Film { org, asset } => {
            let command = convert_film::Command {
                org,
                asset,
                deadline,
                last_try,
                request: request_id.to_owned(),
            };
            (asset, None, convert_film::run(&deps.convert, command).await)
        }
        ConversionOrder::Ladder { org, asset } => {
            let command = plan_ladder::Command { org, asset };
            (asset, None, plan_ladder::run(&deps.convert, command).await)
        }
        ConversionOrder::Previews { org, asset } => {
            let command = make_previews::Command {
                org,
                asset,
                deadline,
                last_try,
            };
            (
                asset,
                None,
                make_previews::run(&deps.convert, command).await,
            )
        }
        ConversionOrder::Variant {
            org,
            asset,
            package,
            lines,
        } => {
            let command = code_variant::Command {
                org,
                asset,
                package,
                lines,
                deadline,
                last_try,
            };
            let ended = code_variant::run(&deps.convert, command).await;
            (asset, Some(lines), ended)
        }
    };
    match ended {
        Ok(Outcome::Failed) => {
            let complaint = deps.convert.workshop.complaint();
            tracing::warn!(request_id, asset = %asset, lines, complaint, "the film could not be converted");
            true
        }
        Ok(outcome) => {
            tracing::info!(request_id, asset = %asset, lines, outcome = ?outcome, "converted");
            true
        }
        Err(error) => {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            tracing::error!(request_id, asset = %asset, lines, error = %error, cause, "to be repeated");
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
