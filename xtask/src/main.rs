//! Reelvault's development tasks. `cargo xtask help` lists them.

mod args;
mod aws;
mod cloud;
mod context;
mod deploy;
mod keys;
mod package;
mod proc;
mod progress;
mod tasks;
mod time;
mod tools;

use std::process::ExitCode;

fn main() -> ExitCode {
    match args::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            proc::yield_to_interrupt();
            progress::fail(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}
