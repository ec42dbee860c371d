//! Once a day: what was sealed since goes into the archive, where an object lock keeps it.

use serde_json::json;
use vault_boot::event::{BoxFuture, Invocation, Outcome};
use vault_domain::usecase::export_audit::{Deps, run};

/// Handles an invocation; the event says nothing. What is not finished is an error, so that Lambda invokes it again.
pub fn handle(deps: &Deps, invocation: Invocation) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let request_id = &invocation.request_id;
        let run = match run(deps, invocation.deadline).await {
            Ok(run) => run,
            Err(error) => {
                let cause = std::error::Error::source(&error).map(ToString::to_string);
                tracing::error!(request_id, error = %error, cause, "not all could be exported");
                return Err(error.into());
            }
        };
        let exports = run.exports;
        if !run.finished {
            tracing::error!(request_id, exports, "out of time");
            return Err("out of time: what is left comes with the next invocation".into());
        }
        tracing::info!(request_id, exports, "exported");
        Ok(json!({ "exports": exports }))
    })
}
