//! The command line.

use anyhow::{Context as _, Result, bail};
use pico_args::Arguments;

use crate::context::Context;
use crate::deploy::Parameters;
use crate::progress::{Progress, say};
use crate::{package, proc, tasks, tools};

const HELP: &str = "\
Usage: cargo xtask <task>

  demo [--film PATH]     the main job end to end on a real film, with a table at the end
  up                     start the local cloud and leave it running, with a page to play with
  down                   stop it
  deploy                 build, package and deploy again to the cloud that is up
  info                   what is up: URLs, stack outputs, the owner's credentials, as JSON
  mail [--to ADDRESS]    what the cloud that is up has sent, the newest last
  test                   every test: unit, contract, flows on the local cloud, the browser
  test [--keep] [--cloud-only] [--down]
                         keep the cloud after a failure; only the tests on it; end a kept one
  load [--viewers N] [--minutes N]
                         viewers who watch at once (500, for 10)
  load --upload N        an upload of N gigabytes, most of them zeros
  players                every player in every mode of delivery, against docs/players.md
  audit verify FILE|DIR…  proves exports of the record of what was done unbroken, or tells what is wrong
                         [--head [ORG:]SEQ:HASH] a record that must be there, [--after SEQ:HASH] the one before
  openapi                docs/openapi.json, made anew from the code
  bench                  the tables of measurements
  lint                   formatting, clippy, the allowed imports, the templates
  tools                  install what the other tasks need
  package                the functions' packages for this machine
  package --release [--arch arm64|x86_64]
                         the functions' packages for AWS
  ffmpeg [--arch arm64|x86_64]
                         target/ffmpeg, from which infra/ffmpeg.yaml makes the layer that converts films
  keys --to-aws          make the signing secrets in your AWS account; prints YAML for
                         `sam deploy --parameter-overrides file://parameters.yaml`
  keys --to-edge STACK   give the edge of a deployed stack the secret of tokens in paths, for the delivery mode `path`;
                         again after each change of the secret

up, deploy: --parameter NAME=VALUE (repeatable) sets a parameter of template.yaml.
REELVAULT_PORT (default 4566) is the first of the ports in use, up to 55 further on; REELVAULT_CACHE holds the tools.";

/// Runs the task that the command line names.
pub(crate) fn run() -> Result<()> {
    proc::install_interrupt_handler()?;
    let context = Context::from_env()?;
    let progress = Progress::new();
    let mut arguments = Arguments::from_env();
    let task = arguments.subcommand()?;
    match task.as_deref() {
        Some("up") => {
            let parameters = parameters(&mut arguments)?;
            finish(arguments)?;
            tasks::up::run(&context, &parameters, &progress)
        }
        Some("deploy") => {
            let parameters = parameters(&mut arguments)?;
            finish(arguments)?;
            tasks::up::deploy(&context, &parameters, &progress)
        }
        Some("down") => finish(arguments).map(|()| tasks::up::down(&context)),
        Some("info") => finish(arguments).and_then(|()| tasks::up::info(&context)),
        Some("mail") => {
            let to: Option<String> = arguments.opt_value_from_str("--to")?;
            finish(arguments).and_then(|()| tasks::mail::run(&context, to.as_deref()))
        }
        Some("tools") => {
            finish(arguments).and_then(|()| tools::ensure(&context, &progress).map(drop))
        }
        Some("package") => run_package(&context, arguments, &progress),
        Some("audit") => tasks::audit::run(arguments),
        Some("openapi") => {
            finish(arguments).and_then(|()| tasks::openapi::run(&context, &progress))
        }
        Some("ffmpeg") => run_ffmpeg(&context, arguments, &progress),
        Some("load") => tasks::load::run(&context, arguments, &progress),
        Some("players") => {
            finish(arguments).and_then(|()| tasks::players::run(&context, &progress))
        }
        Some("keys") => run_keys(&context, arguments, &progress),
        Some("demo") => tasks::demo::run(&context, arguments, &progress),
        Some("test") => tasks::test::run(&context, arguments, &progress),
        Some("bench") => tasks::bench::run(&context, arguments, &progress),
        Some("lint") => tasks::lint::run(&context, arguments, &progress),
        None | Some("help") => {
            say(HELP);
            Ok(())
        }
        Some(other) => bail!("no such task: {other}\n\n{HELP}"),
    }
}

fn run_package(context: &Context, mut arguments: Arguments, progress: &Progress) -> Result<()> {
    let release = arguments.contains("--release");
    let architecture: Option<String> = arguments.opt_value_from_str("--arch")?;
    finish(arguments)?;
    if release {
        return package::release(
            context,
            architecture.as_deref().unwrap_or("arm64"),
            progress,
        );
    }
    package::local(context, progress).map(drop)
}

fn run_ffmpeg(context: &Context, mut arguments: Arguments, progress: &Progress) -> Result<()> {
    let architecture: Option<String> = arguments.opt_value_from_str("--arch")?;
    finish(arguments)?;
    let architecture = architecture.as_deref().unwrap_or("arm64");
    let program = tools::lambda_ffmpeg(context, architecture, progress)?;
    say(&format!("{} is for {architecture}.", program.display()));
    Ok(())
}

fn run_keys(context: &Context, mut arguments: Arguments, progress: &Progress) -> Result<()> {
    let to_aws = arguments.contains("--to-aws");
    let to_edge: Option<String> = arguments.opt_value_from_str("--to-edge")?;
    finish(arguments)?;
    if let Some(stack) = to_edge {
        return tasks::keys::to_edge(context, &stack, progress);
    }
    if !to_aws {
        bail!("say --to-aws or --to-edge: what with the account of your AWS credentials?");
    }
    tasks::keys::run(context, progress)
}

/// The `--parameter NAME=VALUE` of the command line.
fn parameters(arguments: &mut Arguments) -> Result<Parameters> {
    let given: Vec<String> = arguments.values_from_str("--parameter")?;
    let split = |text: &String| {
        let (name, value) = text
            .split_once('=')
            .with_context(|| format!("not NAME=VALUE: {text}"))?;
        Ok((name.to_owned(), value.to_owned()))
    };
    given.iter().map(split).collect()
}

/// Refuses what no task has asked for.
pub(crate) fn finish(arguments: Arguments) -> Result<()> {
    let left = arguments.finish();
    match left.first() {
        None => Ok(()),
        Some(word) => bail!("unknown argument: {}", word.to_string_lossy()),
    }
}
