//! Every quarter of an hour: what is due is erased, what is older than its organisation keeps it is deleted, and uploads
//! that nobody brought to an end are over.

use serde_json::json;
use vault_boot::event::{BoxFuture, Invocation, Outcome};
use vault_domain::usecase::sweep_assets::{Command, Deps, run};

/// Handles an invocation; the event says nothing. What is not finished comes with the next one.
pub fn handle(deps: &Deps, invocation: Invocation) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let command = Command {
            deadline: invocation.deadline,
            request: invocation.request_id,
        };
        let request_id = &command.request;
        let run = match run(deps, &command).await {
            Ok(run) => run,
            Err(error) => {
                let cause = std::error::Error::source(&error).map(ToString::to_string);
                tracing::error!(request_id, error = %error, cause, "not all could be swept");
                return Err(error.into());
            }
        };
        let (erased, deleted, finished) = (run.erased, run.deleted, run.finished);
        let (abandoned, unheard) = (run.abandoned, run.unheard);
        tracing::info!(
            request_id, erased, deleted, abandoned, unheard, finished, "swept"
        );
        Ok(
            json!({ "erased": erased, "deleted": deleted, "abandoned": abandoned, "unheard": unheard, "finished": finished }),
        )
    })
}
