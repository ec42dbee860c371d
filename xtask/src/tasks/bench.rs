//! `cargo xtask bench`: what the functions cost, side by side with what else one could run.

mod calls;
mod client;
mod cold;
mod contest;
mod conversion;
mod events;
mod function;
mod identity;
mod operation;
mod packaging;
mod report;
mod runtime_api;
mod stub;
mod usage;
mod wire;

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::{Result, bail};
use pico_args::Arguments;

use self::report::Report;
use crate::args;
use crate::context::Context;
use crate::package::{self, Binaries};
use crate::progress::Progress;

const SECTIONS: [&str; 7] = [
    "calls",
    "library",
    "packaging",
    "conversion",
    "cold-start",
    "identity",
    "delivery",
];

/// What is measured of ours, and how often.
struct Options {
    profile: String,
    /// Programs by name, to be measured instead of being built.
    folder: Option<PathBuf>,
    runs: usize,
}

impl Options {
    fn parse(arguments: &mut Arguments) -> Result<Self> {
        let profile: Option<String> = arguments.opt_value_from_str("--profile")?;
        Ok(Self {
            profile: profile.unwrap_or_else(|| "release".to_owned()),
            folder: arguments.opt_value_from_str("--programs")?,
            runs: arguments.opt_value_from_str("--runs")?.unwrap_or(11).max(1),
        })
    }

    /// How tables name what was measured.
    fn built(&self) -> String {
        let profile = || format!("the profile `{}`", self.profile);
        let given = |folder: &PathBuf| format!("programs of `{}`", folder.display());
        self.folder.as_ref().map_or_else(profile, given)
    }

    /// Is a function to be measured? Of programs that are given those that are there.
    fn has(&self, function: &str) -> bool {
        let folder = self.folder.as_ref();
        folder.is_none_or(|folder| folder.join(function).is_file())
    }

    /// Builds programs of ours, `arguments` naming them to Cargo, unless they are given.
    fn programs(
        &self,
        context: &Context,
        names: &[&str],
        arguments: &[&str],
        progress: &Progress,
    ) -> Result<Binaries> {
        if let Some(folder) = &self.folder {
            let given = names
                .iter()
                .map(|name| ((*name).to_owned(), folder.join(name)));
            return Ok(given.collect());
        }
        let title = format!("Building {}, profile {}", names.join(", "), self.profile);
        let all = [&["--profile", &self.profile], arguments].concat();
        progress.run(&title, |_| package::build(context, &all))
    }

    /// All functions, in one build as they ship: features of shared dependencies unite.
    fn functions(
        &self,
        context: &Context,
        functions: &[String],
        progress: &Progress,
    ) -> Result<Binaries> {
        let names: Vec<&str> = functions.iter().map(String::as_str).collect();
        let packages: Vec<&str> = names.iter().flat_map(|name| ["-p", name]).collect();
        self.programs(context, &names, &packages, progress)
    }
}

/// Measures the sections that are named, or all, and writes `target/bench/{summary.json,table.md}`.
///
/// `--profile local|release` is what is measured of ours (release by default: what ships), `--programs DIR`
/// takes built programs instead, `--runs N` is how often. A time or size that is missed is told and is no error,
/// for it depends on the machine; a wrong number of calls is one.
pub(crate) fn run(context: &Context, mut arguments: Arguments, progress: &Progress) -> Result<()> {
    let options = Options::parse(&mut arguments)?;
    let mut wanted: Vec<String> = Vec::new();
    while let Some(section) = arguments.opt_free_from_str::<String>()? {
        if !SECTIONS.contains(&section.as_str()) {
            bail!("no such section: {section} ({})", SECTIONS.join(", "));
        }
        wanted.push(section);
    }
    args::finish(arguments)?;
    let wants = |section: &str| wanted.is_empty() || wanted.iter().any(|name| name == section);

    std::fs::create_dir_all(context.target().join("bench/logs"))?;
    let mut sections = Vec::new();
    if wants("calls") {
        sections.push(calls::run(context, progress)?);
    }
    if wants("library") {
        sections.push(calls::library(context, progress)?);
    }
    if wants("packaging") {
        sections.push(packaging::run(context, &options, progress)?);
    }
    if wants("conversion") {
        sections.push(conversion::run(context, &options, progress)?);
    }
    if wants("cold-start") {
        sections.push(cold::run(context, &options, progress)?);
    }
    if wants("identity") {
        sections.push(identity::run(context, &options, progress)?);
    }
    if wants("delivery") {
        sections.push(calls::delivery(context, &options, progress)?);
    }
    write(
        context,
        &Report {
            machine: machine(),
            sections,
        },
    )
}

fn write(context: &Context, report: &Report) -> Result<()> {
    let folder = context.target().join("bench");
    let markdown = report.markdown();
    std::fs::write(
        folder.join("summary.json"),
        serde_json::to_vec_pretty(&report.json())?,
    )?;
    std::fs::write(folder.join("table.md"), &markdown)?;
    writeln!(std::io::stdout(), "\n{markdown}")?;
    match report.broken().as_slice() {
        [] => Ok(()),
        broken => bail!("not so any more: {}", broken.join("; ")),
    }
}

/// In general terms: what one needs to read the figures.
fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let model = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = model
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or("", |(_, name)| name);
    format!("{cores} {} cores ({model}), Linux", std::env::consts::ARCH)
}
