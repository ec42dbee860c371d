//! `cargo xtask players`: every player in every mode of delivery, on a local cloud of its own, against docs/players.md.

use anyhow::{Result, bail};

use crate::cloud::{Cloud, Instance};
use crate::context::Context;
use crate::deploy::Parameters;
use crate::progress::Progress;
use crate::{proc, tools};

/// Ports beside those of `up`, of the demo and of the tests.
const OFFSET: u16 = 30;

pub(crate) fn run(context: &Context, progress: &Progress) -> Result<()> {
    tools::ensure(context, progress)?;
    let instance = Instance::named(context, "players", OFFSET);
    let (cloud, _) = Cloud::bring_up(context, instance, &Parameters::new(), progress)?;
    progress.heading("Players");
    let mut cargo = proc::command("cargo");
    let held = cargo
        .args(["test", "-p", "vault-tests", "--test", "flow_players"])
        .current_dir(&context.root)
        .env("REELVAULT_CACHE", &context.cache)
        .env(
            "REELVAULT_OUTPUTS",
            cloud.instance.state.join("outputs.json"),
        )
        .env("REELVAULT_ALL_PLAYERS", "1")
        .status()?
        .success();
    cloud.stop()?;
    if !held {
        bail!("players do other than docs/players.md says");
    }
    Ok(())
}
