//! `cargo xtask test`: every test. Those within the crates first, then those on a local cloud of their own.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};
use pico_args::Arguments;

use crate::args;
use crate::cloud::{Cloud, Instance, Outputs};
use crate::context::Context;
use crate::deploy::Parameters;
use crate::progress::{Progress, say};
use crate::{proc, time, tools};

/// Ports beside those of `up` and of the demo: all can run at once.
const OFFSET: u16 = 20;
/// The crate of the tests that need a cloud.
const ON_THE_CLOUD: &str = "vault-tests";
/// So short that tests see the end of a dead run's lease, which Lambda's own deadline is.
const TIMES: [(&str, &str); 2] = [
    ("ProcessUploadTimeout", "30"),
    ("ProcessRetrySeconds", "31"),
];

/// Lines of each log that a failure shows.
const COMPLAINTS: usize = 20;

pub(crate) fn run(context: &Context, mut arguments: Arguments, progress: &Progress) -> Result<()> {
    let keep = arguments.contains("--keep");
    let cloud_only = arguments.contains("--cloud-only");
    let down = arguments.contains("--down");
    args::finish(arguments)?;
    let instance = Instance::named(context, "test", OFFSET);
    if down {
        say(&format!("{} processes ended.", instance.end()));
        return Ok(());
    }
    let since = time::now();
    let mut failed = Vec::new();

    progress.heading("Tools");
    let python = tools::ensure(context, progress)?.python;
    tools::uploaders(context, progress)?;
    let schemathesis = tools::schemathesis(context, progress)?.join("schemathesis");
    if !cloud_only {
        progress.heading("Tests within the crates");
        note(
            &mut failed,
            "tests within the crates",
            within_the_crates(context)?,
        );
        progress.heading("Passkeys against an authenticator that others wrote");
        note(&mut failed, "tests of passkeys", of_passkeys(context)?);
        progress.heading("Tests of the executor");
        note(
            &mut failed,
            "tests of the executor",
            of_the_executor(context, &python)?,
        );
    }
    if !cloud_only {
        let kit = tools::kit(context, progress)?;
        progress.heading("Tests of the player kit");
        note(&mut failed, "tests of the player kit", of_the_kit(&kit)?);
    }
    progress.heading("The cloud");
    let times = TIMES.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let (cloud, outputs) = Cloud::bring_up(context, instance, &Parameters::from(times), progress)?;
    progress.heading("Tests on the cloud");
    note(
        &mut failed,
        "tests on the cloud",
        on_the_cloud(context, &cloud, &schemathesis)?,
    );

    if failed.is_empty() {
        cloud.stop()?;
        say(&format!(
            "\nEvery test passed, in {:.0} s. Nothing is left running.",
            since.elapsed().as_secs_f32()
        ));
        return Ok(());
    }
    end(cloud, &outputs, context, keep)?;
    bail!("failed: {}", failed.join(", "))
}

fn note(failed: &mut Vec<&'static str>, what: &'static str, held: bool) {
    if !held {
        failed.push(what);
    }
}

/// Unit tests, the crates' own integration tests, examples in documentation.
fn within_the_crates(context: &Context) -> Result<bool> {
    held(cargo(context).args(["--workspace", "--exclude", ON_THE_CLOUD]))
}

/// A workspace of its own, so that its dependencies' features reach nothing that ships.
fn of_passkeys(context: &Context) -> Result<bool> {
    let manifest = context.root.join("tests/authenticator/Cargo.toml");
    held(
        cargo(context)
            .arg("--locked")
            .arg("--manifest-path")
            .arg(manifest),
    )
}

/// What runs the functions on the local cloud.
fn of_the_executor(context: &Context, python: &Path) -> Result<bool> {
    let executor = context.root.join("infra/local/executor");
    held(
        proc::command(python)
            .args(["-m", "unittest", "discover", "--start-directory", "tests"])
            .env("PYTHONPATH", &executor)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .current_dir(executor),
    )
}

/// Types, and what it does with players and replies that are made up.
fn of_the_kit(folder: &Path) -> Result<bool> {
    held(
        proc::command("npm")
            .args(["test", "--silent"])
            .current_dir(folder),
    )
}

fn on_the_cloud(context: &Context, cloud: &Cloud, schemathesis: &Path) -> Result<bool> {
    let outputs = cloud.instance.state.join("outputs.json");
    held(
        cargo(context)
            .args(["-p", ON_THE_CLOUD])
            .env("REELVAULT_OUTPUTS", outputs)
            .env("REELVAULT_SCHEMATHESIS", schemathesis),
    )
}

fn cargo(context: &Context) -> Command {
    let mut command = proc::command("cargo");
    command
        .args(["test", "--no-fail-fast"])
        .current_dir(&context.root);
    // What the tests start on their own finds the same tools.
    command.env("REELVAULT_CACHE", &context.cache);
    command
}

/// Runs with the output of ours; Cargo's closing lines are the summary.
fn held(command: &mut Command) -> Result<bool> {
    Ok(command.status()?.success())
}

/// After a failure: the cloud stays if it was asked for, its logs in any case.
fn end(cloud: Cloud, outputs: &Outputs, context: &Context, keep: bool) -> Result<()> {
    if keep {
        let state = cloud.instance.state.join("outputs.json");
        say(&format!(
            "\nThe cloud stays up: REELVAULT_OUTPUTS={} cargo test -p {ON_THE_CLOUD}\n`cargo xtask test --down` ends it.",
            state.display()
        ));
        cloud.leave_running();
        return Ok(());
    }
    let kept = context.target().join("test-logs");
    copy(&outputs.logs, &kept);
    for complaint in complaints(&outputs.logs) {
        say(&complaint);
    }
    say(&format!("\nLogs of the cloud: {}", kept.display()));
    cloud.stop()
}

/// The last warnings of the edge and of what runs the functions: a machine's owner may have no more than our output.
fn complaints(logs: &Path) -> Vec<String> {
    let sources = [
        ("edge.log", ["\"level\":\"WARN\"", "\"level\":\"ERROR\""]),
        ("localstack.log", [" r.executor ", " ERROR "]),
    ];
    let mut found = Vec::new();
    for (name, marks) in sources {
        let text = std::fs::read(logs.join(name)).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let all: Vec<&str> = text
            .lines()
            .filter(|line| marks.iter().any(|mark| line.contains(mark)))
            .collect();
        let last = all.iter().skip(all.len().saturating_sub(COMPLAINTS));
        found.extend(last.map(|line| format!("{name}: {line}")));
    }
    found
}

fn copy(from: &Path, to: &Path) {
    drop(std::fs::remove_dir_all(to));
    let (Ok(()), Ok(entries)) = (std::fs::create_dir_all(to), std::fs::read_dir(from)) else {
        return;
    };
    for entry in entries.flatten() {
        // What cannot be copied is missed by a person, not by this tool.
        drop(std::fs::copy(entry.path(), to.join(entry.file_name())));
    }
}
