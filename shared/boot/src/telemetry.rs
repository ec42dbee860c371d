//! Logs: one JSON object a line on standard output, which Lambda hands to `CloudWatch`.

use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;

/// Our own crates, which log below `warn`: an SDK's debug lines can hold whole requests.
const OURS: [&str; 5] = [
    "vault_http",
    "vault_boot",
    "process_upload",
    "bootstrap_owner",
    "send_mail",
];

/// Starts logging at a level: `error`, `warn`, `info` or `debug`.
pub(crate) fn start(level: &str) {
    // Without a filter on targets the formatter's own limit would be `info`.
    let lines = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_max_level(Level::TRACE)
        .finish();
    let subscriber = lines.with(filter(level));
    // A second start in one process keeps the first.
    let _ = tracing::subscriber::set_global_default(subscriber);
}

fn filter(level: &str) -> Targets {
    let level = match level {
        "error" => Level::ERROR,
        "warn" => Level::WARN,
        "debug" => Level::DEBUG,
        _ => Level::INFO,
    };
    Targets::new()
        .with_default(Level::WARN)
        .with_targets(OURS.map(|name| (name, level)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_crates_log_below_warn() {
        let debug = filter("debug");
        assert!(debug.would_enable("vault_http::web", &Level::DEBUG));
        assert!(!debug.would_enable("vault_http::web", &Level::TRACE));
        for theirs in ["aws_smithy_runtime", "hyper", "lambda_runtime"] {
            assert!(!debug.would_enable(theirs, &Level::INFO));
            assert!(debug.would_enable(theirs, &Level::WARN));
        }
        let usual = filter("verbose");
        assert!(usual.would_enable("process_upload", &Level::INFO));
        assert!(!usual.would_enable("process_upload", &Level::DEBUG));
        assert!(!filter("error").would_enable("vault_boot", &Level::WARN));
    }
}
