//! Once an hour: wrapped content keys that are under an old master key are brought under the current one, as far as the time
//! allows. When there is nothing to do it is one read.

use serde_json::json;
use vault_boot::event::{BoxFuture, Invocation, Outcome};
use vault_domain::usecase::rewrap_keys::{Deps, run};

/// Handles an invocation; the event says nothing. What it tells is the report of what remains.
pub fn handle(deps: &Deps, invocation: Invocation) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let request_id = &invocation.request_id;
        let pass = run(deps, invocation.deadline).await?;
        let (master, since) = deps.wrap.current();
        let (seen, rewrapped) = (pass.seen, pass.rewrapped);
        let (unreadable, finished) = (pass.unreadable, pass.finished);
        let settled = pass.proves(master, since);
        tracing::info!(
            request_id,
            master,
            seen,
            rewrapped,
            unreadable,
            finished,
            settled,
            "rewrapped"
        );
        if unreadable > 0 {
            tracing::warn!(request_id, unreadable, "keys that no master key opens");
        }
        Ok(json!({
            "master": master,
            "seen": seen,
            "rewrapped": rewrapped,
            "unreadable": unreadable,
            "finished": finished,
            "settled": settled,
        }))
    })
}
