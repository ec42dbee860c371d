//! `cargo xtask load`: many viewers at once, or an upload of many gigabytes, on a local cloud of its own.

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

/// `--viewers N` (500) for `--minutes N` (10), or `--upload GIGABYTES`.
pub(crate) fn run(context: &Context, mut arguments: Arguments, progress: &Progress) -> Result<()> {
    let upload: Option<u32> = arguments.opt_value_from_str("--upload")?;
    let viewers: usize = arguments.opt_value_from_str("--viewers")?.unwrap_or(500);
    let minutes: usize = arguments.opt_value_from_str("--minutes")?.unwrap_or(10);
    args::finish(arguments)?;
    tools::ensure(context, progress)?;
    let instance = Instance::named(context, "load", OFFSET);
    let (cloud, _) = Cloud::bring_up(context, instance, &Parameters::new(), progress)?;
    let mut cargo = proc::command("cargo");
    cargo.args(["run", "--quiet", "-p", "vault-tests", "--example"]);
    if let Some(gigabytes) = upload {
        progress.heading("An upload");
        cargo.args(["large", "--", &gigabytes.to_string()]);
    } else {
        progress.heading("Viewers");
        let (viewers, minutes) = (viewers.to_string(), minutes.to_string());
        cargo.args(["load", "--", "--viewers", &viewers, "--minutes", &minutes]);
    }
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
        bail!("it did not go as it should");
    }
    Ok(())
}
