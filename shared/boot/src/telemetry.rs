//! Logs: one JSON object a line on standard output, which Lambda hands to `CloudWatch`.

use tracing_subscriber::EnvFilter;

/// Starts logging at a level: `error`, `warn`, `info` or `debug`. Only our own crates log below `warn`: an
/// SDK's debug lines can hold whole requests.
pub(crate) fn start(level: &str) {
    let level = match level {
        "error" | "warn" | "debug" => level,
        _ => "info",
    };
    let ours = [
        "vault_http",
        "vault_boot",
        "process_upload",
        "bootstrap_owner",
    ];
    let filter = ours.iter().fold("warn".to_owned(), |all, name| {
        format!("{all},{name}={level}")
    });
    let subscriber = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .without_time()
        .with_env_filter(EnvFilter::new(filter))
        .finish();
    // A second start in one process keeps the first.
    let _ = tracing::subscriber::set_global_default(subscriber);
}
