//! Logs: one JSON object a line on standard output, which Lambda hands to `CloudWatch`.

use tracing::Level;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;

/// Our own crates, which log below `warn`: an SDK's debug lines can hold whole requests.
const OURS: [&str; 14] = [
    "vault_http",
    "vault_boot",
    "convert_film",
    "process_upload",
    "bootstrap_owner",
    "deliver_webhooks",
    "export_audit",
    "mint_token",
    "rewrap_keys",
    "rotate_secret",
    "seal_audit",
    "set_quota",
    "sweep_assets",
    "send_mail",
];

/// What is on record by its line alone is written at every level.
const RECORD: &str = "record";

/// Errors of handlers once more, without the request that they are of: [`crate::run_event`] names it.
const UNNAMED: &str = "lambda_runtime::layers::panic";

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
        .with_target(RECORD, Level::INFO)
        .with_target(UNNAMED, LevelFilter::OFF)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A line of a crate that is not named here would be dropped unseen.
    #[test]
    fn every_function_that_logs_is_heard() {
        let functions = concat!(env!("CARGO_MANIFEST_DIR"), "/../../functions");
        let mut logging = 0;
        for function in std::fs::read_dir(functions).unwrap() {
            let function = function.unwrap();
            let name = function.file_name().into_string().unwrap();
            let sources = std::fs::read_dir(function.path().join("src")).unwrap();
            let texts = sources.map(|file| std::fs::read_to_string(file.unwrap().path()));
            for text in texts.map(Result::unwrap) {
                let lines = text.matches("tracing::").count();
                let records = text.matches("target: \"record\"").count();
                let heard = OURS.contains(&name.replace('-', "_").as_str());
                assert!(heard || lines == records, "{name} is not heard");
                logging += lines;
            }
        }
        assert!(logging > 5, "{logging}");
        assert!(filter("error").would_enable(RECORD, &Level::INFO));
    }

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
