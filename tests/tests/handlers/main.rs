//! Every handler over the in-memory cloud: whole replies, and what never reaches a log.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::needless_pass_by_value,
    clippy::format_push_string,
    clippy::too_many_lines,
    reason = "a test tells what is wrong by panicking, and its helpers read like sentences"
)]

mod canary;
mod events;
#[cfg(test)]
mod forms;
mod golden;
#[cfg(test)]
mod matrix;
#[cfg(test)]
mod oauth;
#[cfg(test)]
mod openapi;
mod quota;
mod recovery;
#[cfg(test)]
mod replies;
mod shares;
#[cfg(test)]
mod support;
#[cfg(test)]
mod uppy;
#[cfg(test)]
mod verdicts;
mod world;
