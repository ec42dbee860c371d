//! A function's process behind a Runtime API of its own.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Instant;

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::runtime_api::{Answer, RuntimeApi};
use super::usage::{self, Usage};
use crate::{proc, time};

/// Variables by name.
pub(super) type Environment = BTreeMap<String, String>;

/// Settings of the user's shell that would change what an SDK does.
const NOT_INHERITED: [&str; 7] = [
    "AWS_CONFIG_FILE",
    "AWS_ENDPOINT_URL_CLOUDFRONT",
    "AWS_ENDPOINT_URL_DYNAMODB",
    "AWS_ENDPOINT_URL_S3",
    "AWS_PROFILE",
    "AWS_SESSION_TOKEN",
    "NODE_OPTIONS",
];

/// How a process is started: a program with its arguments and environment.
pub(super) struct Launch {
    pub(super) program: PathBuf,
    pub(super) arguments: Vec<String>,
    pub(super) environment: Environment,
}

impl Launch {
    fn command(&self) -> Command {
        let mut command = proc::command(&self.program);
        for name in NOT_INHERITED {
            command.env_remove(name);
        }
        command.args(&self.arguments).envs(&self.environment);
        command
    }
}

/// A running process; it ends when this is dropped.
pub(super) struct Function {
    api: RuntimeApi,
    child: Child,
    /// When it was started.
    pub(super) started: Instant,
    /// When it first asked for an event.
    pub(super) polled: Instant,
}

impl Function {
    /// Starts it and waits for its first poll.
    pub(super) fn start(launch: &Launch, log: &Path) -> Result<Self> {
        if let Some(folder) = log.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let out = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
        let api = RuntimeApi::start()?;
        let mut command = launch.command();
        command
            .env("AWS_LAMBDA_RUNTIME_API", api.address())
            .stderr(out.try_clone()?)
            .stdout(out);
        let started = time::now();
        let child = command
            .spawn()
            .with_context(|| format!("cannot start {}", launch.program.display()))?;
        let mut function = Self {
            api,
            child,
            started,
            polled: started,
        };
        function.polled = function.api.polled().with_context(|| told(launch, log))?;
        Ok(function)
    }

    pub(super) fn invoke(&self, event: &Value) -> Result<Answer> {
        self.api.invoke(event)
    }

    /// Waits until it asks for the next event.
    pub(super) fn settle(&self) -> Result<Instant> {
        self.api.polled()
    }

    pub(super) fn usage(&self) -> Result<Usage> {
        usage::of_running(self.child.id())
    }
}

fn told(launch: &Launch, log: &Path) -> String {
    format!(
        "{}; {}:\n{}",
        launch.program.display(),
        log.display(),
        proc::tail(log)
    )
}

impl Drop for Function {
    fn drop(&mut self) {
        // It waits for an event that will not come.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
