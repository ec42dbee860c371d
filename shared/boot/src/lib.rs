//! Starts a function: configuration read once, telemetry, wiring, and the loop of the Lambda runtime.
//!
//! Missing or wrong configuration stops the cold start with every fault at once. Clients and secrets are
//! made at the first request, so that a cold start waits for nothing that it does not need, and anew every few minutes.

pub mod batch;
pub mod clock;
pub mod config;
pub mod event;
mod lazy;
mod run;
mod telemetry;
pub mod wiring;

pub use config::{BootError, Env};
pub use lazy::Lazy;
pub use run::{run_event, run_http};
