//! `cargo xtask demo`: the main job on a real film, what is refused, and a table of it all.

mod api;
mod film;
mod journal;
mod player;
mod refusals;
mod story;
mod ticket;
mod upload;
mod view;

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use pico_args::Arguments;

use self::film::Film;
use self::journal::Journal;
use self::story::Stage;
use crate::args;
use crate::cloud::{Cloud, Instance};
use crate::context::Context;
use crate::deploy::Parameters;
use crate::progress::{Progress, say};
use crate::{time, tools};

/// Ports between those of `up` and those of the demo: both can run at once.
const OFFSET: u16 = 10;

pub(crate) fn run(context: &Context, mut arguments: Arguments, progress: &Progress) -> Result<()> {
    let film: Option<PathBuf> = arguments.opt_value_from_str("--film")?;
    args::finish(arguments)?;
    let since = time::now();
    let folder = context.target().join("demo");
    std::fs::create_dir_all(&folder)?;

    progress.heading("The cloud");
    tools::ensure(context, progress)?;
    let film = match film {
        Some(path) => Film::of(path, &folder)?,
        None => progress.run("Preparing a minute of film", |_| {
            film::looped(context, &folder)
        })?,
    };
    let instance = Instance::named(context, "demo", OFFSET);
    let (cloud, outputs) = Cloud::bring_up(context, instance, &Parameters::new(), progress)?;

    let mut journal = Journal::new(progress.clone());
    let stage = Stage::new(context, &cloud, &outputs, &film, &folder);
    // An earlier run's picture proves nothing.
    drop(std::fs::remove_file(&stage.screenshot));
    let told = story::tell(&stage, &mut journal);
    let held = journal.held() && told.is_ok();
    let kept = folder.join("logs");
    // Those of an earlier failure say nothing of this run.
    drop(std::fs::remove_dir_all(&kept));
    if !held {
        keep_logs(&outputs.logs, &kept);
    }
    let stopped = cloud.stop();

    let summary = folder.join("summary.json");
    journal.write(&summary, &film, since.elapsed(), held)?;
    say(&journal.table());
    say(&format!("  {}", summary.display()));
    if stage.screenshot.is_file() {
        say(&format!("  {}", stage.screenshot.display()));
    }
    told?;
    if !held {
        bail!("something did not hold; the logs are in {}", kept.display());
    }
    stopped?;
    say(&format!(
        "\nAll of it held, in {:.0} s. Nothing is left running.",
        since.elapsed().as_secs_f32()
    ));
    Ok(())
}

/// The logs of a run that failed outlive the next one's clean start.
fn keep_logs(logs: &Path, kept: &Path) {
    if std::fs::create_dir_all(kept).is_err() {
        return;
    }
    let Ok(entries) = std::fs::read_dir(logs) else {
        return;
    };
    for entry in entries.flatten() {
        // What cannot be copied is missed by a person, not by this tool.
        drop(std::fs::copy(entry.path(), kept.join(entry.file_name())));
    }
}
