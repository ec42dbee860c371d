//! `up`, `down`, `deploy` and `info`: the local cloud that stays.

use std::io::Write as _;

use anyhow::{Result, bail};

use crate::aws::Aws;
use crate::cloud::{Cloud, Instance, Outputs};
use crate::context::Context;
use crate::deploy::{self, Parameters};
use crate::package;
use crate::progress::{Progress, say};

/// Starts everything and prints how to use it.
pub(crate) fn run(context: &Context, parameters: &Parameters, progress: &Progress) -> Result<()> {
    let instance = Instance::main(context);
    if instance.is_running() {
        say(
            "The local cloud is already up; `cargo xtask deploy` deploys to it, `cargo xtask down` stops it.",
        );
        return Outputs::read(&instance).map(|outputs| show(&outputs));
    }
    let (cloud, outputs) = Cloud::bring_up(context, instance, parameters, progress)?;
    cloud.leave_running();
    show(&outputs);
    Ok(())
}

/// Builds, packages and deploys to the cloud that is up.
pub(crate) fn deploy(
    context: &Context,
    parameters: &Parameters,
    progress: &Progress,
) -> Result<()> {
    let instance = Instance::main(context);
    let before = running(&instance)?;
    package::local(context, progress)?;
    let aws = Aws::new(&before.aws_endpoint_url);
    let mut after = progress.run("Deploying the stack", |step| {
        deploy::deploy(context, &instance, &aws, parameters, step)
    })?;
    after.owner = before.owner;
    after.write(&instance)
}

pub(crate) fn down(context: &Context) {
    let instance = Instance::main(context);
    match instance.end() {
        0 => say("The local cloud is not up."),
        ended => say(&format!(
            "The local cloud is down ({ended} processes ended)."
        )),
    }
}

/// `outputs.json` on the standard output, for a person or a pipe.
pub(crate) fn info(context: &Context) -> Result<()> {
    let outputs = running(&Instance::main(context))?;
    writeln!(
        std::io::stdout(),
        "{}",
        serde_json::to_string_pretty(&outputs)?
    )?;
    Ok(())
}

fn running(instance: &Instance) -> Result<Outputs> {
    if !instance.is_running() {
        bail!("the local cloud is not up: cargo xtask up");
    }
    Outputs::read(instance)
}

fn show(outputs: &Outputs) {
    let owner = outputs.owner.as_ref();
    say(&format!(
        "\n  page      {}\n  API       {}\n  e-mail    {}\n  password  {}\n\nLogs: {}\n`cargo xtask info` tells the rest, `cargo xtask down` stops it.",
        outputs.page_url,
        outputs.api_url,
        owner.map_or("", |owner| &owner.email),
        owner.map_or("", |owner| &owner.password),
        outputs.logs.display(),
    ));
}
