//! Once a minute: every record that waits gets its place in the chain of its organisation.

use serde_json::json;
use vault_boot::event::{BoxFuture, Invocation, Outcome};
use vault_domain::usecase::seal_audit::{Deps, run};

/// Handles an invocation; the event says nothing.
pub fn handle(deps: &Deps, invocation: Invocation) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let request_id = &invocation.request_id;
        let run = match run(deps, invocation.deadline).await {
            Ok(run) => run,
            Err(error) => {
                let cause = std::error::Error::source(&error).map(ToString::to_string);
                tracing::error!(request_id, error = %error, cause, "not all could be sealed");
                return Err(error.into());
            }
        };
        let (records, finished) = (run.records, run.finished);
        tracing::info!(request_id, records, finished, "sealed");
        Ok(json!({ "records": records, "finished": finished }))
    })
}
