//! `cargo xtask load`: many viewers at once, on a local cloud of its own.

use anyhow::{Result, bail};
use pico_args::Arguments;

use crate::args;
use crate::cloud::{Cloud, Instance};
use crate::context::Context;
use crate::deploy::Parameters;
use crate::progress::Progress;
use crate::{proc, tools};

/// Ports beside those of all other clouds.
const OFFSET: u16 = 50;

/// `--viewers N` (500) for `--minutes N` (10).
pub(crate) fn run(context: &Context, mut arguments: Arguments, progress: &Progress) -> Result<()> {
    let viewers: usize = arguments.opt_value_from_str("--viewers")?.unwrap_or(500);
    let minutes: usize = arguments.opt_value_from_str("--minutes")?.unwrap_or(10);
    args::finish(arguments)?;
    tools::ensure(context, progress)?;
    let instance = Instance::named(context, "load", OFFSET);
    let (cloud, _) = Cloud::bring_up(context, instance, &Parameters::new(), progress)?;
    progress.heading("Viewers");
    let mut cargo = proc::command("cargo");
    cargo.args([
        "run",
        "--quiet",
        "-p",
        "vault-tests",
        "--example",
        "load",
        "--",
    ]);
    cargo.args([
        "--viewers",
        &viewers.to_string(),
        "--minutes",
        &minutes.to_string(),
    ]);
    let held = cargo
        .current_dir(&context.root)
        .env("REELVAULT_CACHE", &context.cache)
        .env(
            "REELVAULT_OUTPUTS",
            cloud.instance.state.join("outputs.json"),
        )
        .status()?
        .success();
    cloud.stop()?;
    if !held {
        bail!("not every request was answered as it should be");
    }
    Ok(())
}
