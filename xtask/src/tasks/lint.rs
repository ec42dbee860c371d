//! `cargo xtask lint`: formatting, clippy, the layout, licences, the document of the API, the templates. It changes nothing.

mod layout;
mod licences;

use anyhow::{Result, bail};
use pico_args::Arguments;

use crate::args;
use crate::context::Context;
use crate::proc;
use crate::progress::Progress;
use crate::tasks::openapi;
use crate::tools;

pub(crate) fn run(context: &Context, arguments: Arguments, progress: &Progress) -> Result<()> {
    args::finish(arguments)?;
    progress.run("Formatting", |_| {
        cargo(context, &["fmt", "--all", "--check"])
    })?;
    let metadata = layout::metadata(context)?;
    progress.run("Allowed imports", |step| {
        let faults = layout::faults(&metadata);
        step.note(format!("{} crates", layout::members(&metadata).len()));
        none(&faults)
    })?;
    progress.run("Licences and sources", |step| {
        let allowed = licences::allowed(&std::fs::read_to_string(context.root.join("deny.toml"))?)?;
        let (count, faults) = licences::faults(&metadata, &allowed);
        step.note(format!("{count} dependencies"));
        none(&faults)
    })?;
    progress.run("Clippy", |_| {
        let lint = [
            "clippy",
            "--quiet",
            "--workspace",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ];
        cargo(context, &lint)
    })?;
    openapi::validate(context, progress)?;
    let templates = tools::sam(context, progress)?;
    progress.run("Templates (cfn-lint, sam validate)", |_| {
        let log = context.target().join("xtask/templates.log");
        let mut lint = proc::command(templates.join("cfn-lint"));
        lint.args([
            "template.yaml",
            "infra/data.yaml",
            "infra/edge.yaml",
            "infra/ffmpeg.yaml",
            "infra/malware.yaml",
            "infra/monitoring.yaml",
            "infra/policies/roles.yaml",
        ]);
        proc::run(lint.current_dir(&context.root), &log)?;
        let mut sam = proc::command(templates.join("sam"));
        sam.args([
            "validate",
            "--lint",
            "--template-file",
            "template.yaml",
            "--region",
            "us-east-1",
        ]);
        sam.env("SAM_CLI_TELEMETRY", "0");
        proc::run(sam.current_dir(&context.root), &log)
    })
}

fn none(faults: &[String]) -> Result<()> {
    if faults.is_empty() {
        return Ok(());
    }
    bail!("{}", faults.join("\n"))
}

fn cargo(context: &Context, arguments: &[&str]) -> Result<()> {
    let mut command = proc::command("cargo");
    let status = command
        .args(arguments)
        .current_dir(&context.root)
        .status()?;
    if !status.success() {
        bail!("cargo {} found something", arguments[0]);
    }
    Ok(())
}
