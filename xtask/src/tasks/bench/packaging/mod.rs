//! Packaging: megabytes per CPU second and memory, ours against ffmpeg's, in interleaved runs.

mod film;
mod packager;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize};
use serde_json::json;

use self::packager::{Kind, Packager, Target};
use super::Options;
use super::report::{Goal, Section, Table, median};
use super::usage::Usage;
use crate::context::Context;
use crate::progress::Progress;
use crate::tools;

/// Megabytes (10⁶ octets) of the film that all packagers get.
const COMPARED: u64 = 400;
/// Megabytes of the films over which our memory must not grow.
const LENGTHS: [u64; 3] = [100, 400, 1600];
/// Minutes of tiny pictures, over which it must not grow either.
const MINUTES: [u32; 2] = [1, 600];
/// CPU seconds are told in hundredths: below this a rate would be the clock's.
const LEAST_CPU_SECONDS: f64 = 0.1;
const GOAL_RATE: f64 = 600.0;
const GOAL_MIB: f64 = 16.0;

/// One packager's figures.
#[derive(Serialize)]
struct Figures {
    packager: String,
    /// Segments thrown away: the packager's own work.
    mb_per_cpu_second: f64,
    cpu_seconds: f64,
    peak_mib: f64,
    /// Segments written to this machine's disk.
    mb_per_cpu_second_to_files: f64,
    segments: usize,
    pictures: usize,
}

/// What one length of film takes of us.
#[derive(Serialize)]
struct Length {
    film: String,
    megabytes: f64,
    /// MB per CPU second; none of a run of a few ticks of the clock.
    rate: Option<f64>,
    peak_mib: f64,
    /// Reads of the source: a `GetObject` each.
    reads: u64,
    /// Segments: a `PutObject` each.
    writes: u64,
}

/// What `package_file` tells of a run.
#[derive(Deserialize)]
struct Account {
    reads: u64,
    writes: u64,
}

pub(super) fn run(context: &Context, options: &Options, progress: &Progress) -> Result<Section> {
    progress.heading("Packaging");
    // A run takes seconds of CPU where a start takes milliseconds.
    let runs = options.runs.div_ceil(2);
    let packagers = packagers(context, options, progress)?;
    let film = film::of(context, COMPARED, progress)?;
    let mut films = Vec::new();
    for megabytes in LENGTHS {
        let name = format!("{megabytes} MB of the clip");
        films.push((name, film::of(context, megabytes, progress)?));
    }
    for minutes in MINUTES {
        let name = format!("{minutes} min of 32 × 32 pixels");
        films.push((name, film::lasting(context, minutes, progress)?));
    }
    let compared = compare(context, &packagers, &film, runs, progress)?;
    let lengths = lengths(context, &packagers, &films, runs, progress)?;
    Ok(section(&options.built(), runs, &compared, &lengths))
}

fn packagers(context: &Context, options: &Options, progress: &Progress) -> Result<Vec<Packager>> {
    let imageio = tools::imageio_ffmpeg(context, progress)?;
    let modules = tools::bench_node(context, progress)?.join("node_modules");
    let example = ["-p", "vault-media", "--example", "package_file"];
    let built = options.programs(context, &["package_file"], &example, progress)?;
    let ours = built
        .get("package_file")
        .context("package_file has no program")?;
    let ours = Packager {
        name: "Reelvault".into(),
        program: ours.clone(),
        kind: Kind::Ours,
    };
    Ok(vec![
        ours,
        Packager::ffmpeg("the system's", "ffmpeg".into())?,
        Packager::ffmpeg("imageio-ffmpeg's", imageio)?,
        Packager::shaka(&modules)?,
    ])
}

/// The runs of one packager.
#[derive(Default)]
struct Runs {
    nowhere: Vec<Usage>,
    files: Vec<Usage>,
    /// Segments and pictures of the first.
    check: (usize, usize),
}

/// A, B, C, A, B, C, …: what else the machine does meets all of them.
fn compare(
    context: &Context,
    packagers: &[Packager],
    film: &Path,
    runs: usize,
    progress: &Progress,
) -> Result<Vec<Figures>> {
    let folder = context.target().join("bench/package");
    let log = context.target().join("bench/logs/package.log");
    let megabytes = megabytes(film)?;
    let pictures = packager::pictures(film)?;
    let mut all: Vec<Runs> = packagers.iter().map(|_| Runs::default()).collect();
    progress.run(&format!("Packaging {megabytes:.0} MB"), |step| {
        for run in 0..runs {
            for (packager, runs_of_it) in packagers.iter().zip(&mut all) {
                step.note(format!("{} {}/{runs}", packager.name, run + 1));
                let usage = packager.run(film, Target::Nowhere(&folder), &log)?;
                runs_of_it.nowhere.push(usage);
                runs_of_it
                    .files
                    .push(packager.run(film, Target::Files(&folder), &log)?);
                if run == 0 {
                    runs_of_it.check = packager::check(&folder)?;
                }
            }
        }
        step.note("");
        std::fs::remove_dir_all(&folder)?;
        Ok(())
    })?;
    let cpu = |usages: &[Usage]| median(&usages.iter().map(|u| u.cpu_seconds).collect::<Vec<_>>());
    let figures = |(packager, runs): (&Packager, Runs)| {
        let (segments, out) = runs.check;
        if packager.kind == Kind::Ours && out != pictures {
            bail!("{out} of {pictures} pictures came out again");
        }
        Ok(Figures {
            packager: packager.name.clone(),
            mb_per_cpu_second: megabytes / cpu(&runs.nowhere),
            cpu_seconds: cpu(&runs.nowhere),
            peak_mib: most(&runs.nowhere),
            mb_per_cpu_second_to_files: megabytes / cpu(&runs.files),
            segments,
            pictures: out,
        })
    };
    packagers.iter().zip(all).map(figures).collect()
}

fn lengths(
    context: &Context,
    packagers: &[Packager],
    films: &[(String, PathBuf)],
    runs: usize,
    progress: &Progress,
) -> Result<Vec<Length>> {
    let ours = packagers
        .iter()
        .find(|packager| packager.kind == Kind::Ours);
    let ours = ours.context("no packager of ours")?;
    let folder = context.target().join("bench/package");
    let log = context.target().join("bench/logs/package.log");
    progress.run("Packaging films of several lengths", |_| {
        let length = |(name, film): &(String, PathBuf)| {
            let run = |_| ours.run(film, Target::Nowhere(&folder), &log);
            let usages: Vec<Usage> = (0..runs).map(run).collect::<Result<_>>()?;
            let cpu = median(
                &usages
                    .iter()
                    .map(|usage| usage.cpu_seconds)
                    .collect::<Vec<_>>(),
            );
            let megabytes = megabytes(film)?;
            let told = std::fs::read_to_string(&log)?;
            let account: Account = serde_json::from_str(told.trim())
                .with_context(|| format!("no account of {}", film.display()))?;
            Ok(Length {
                film: name.clone(),
                megabytes,
                rate: (cpu >= LEAST_CPU_SECONDS).then_some(megabytes / cpu),
                peak_mib: most(&usages),
                reads: account.reads,
                writes: account.writes,
            })
        };
        let lengths = films.iter().map(length).collect();
        std::fs::remove_dir_all(&folder)?;
        lengths
    })
}

impl Length {
    #[expect(
        clippy::cast_precision_loss,
        reason = "requests of one film are far below 2^52"
    )]
    fn requests_per_gb(&self) -> f64 {
        (self.reads + self.writes) as f64 / self.megabytes * 1e3
    }
}

fn most(usages: &[Usage]) -> f64 {
    usages
        .iter()
        .map(|usage| usage.peak_mib)
        .fold(0.0, f64::max)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "films are far below 2^52 octets"
)]
fn megabytes(film: &Path) -> Result<f64> {
    Ok(std::fs::metadata(film)?.len() as f64 / 1e6)
}

fn section(built: &str, runs: usize, compared: &[Figures], lengths: &[Length]) -> Section {
    let rate = compared
        .first()
        .map_or(f64::NAN, |ours| ours.mb_per_cpu_second);
    let row = |figures: &Figures| {
        vec![
            figures.packager.clone(),
            format!("{:.0}", figures.mb_per_cpu_second),
            format!("{:.1}×", rate / figures.mb_per_cpu_second),
            format!("{:.1}", figures.peak_mib),
            format!("{:.0}", figures.mb_per_cpu_second_to_files),
            figures.segments.to_string(),
            figures.pictures.to_string(),
        ]
    };
    let length = |length: &Length| {
        vec![
            length.film.clone(),
            format!("{:.0}", length.megabytes),
            length
                .rate
                .map_or("too short".to_owned(), |rate| format!("{rate:.0}")),
            format!("{:.1}", length.peak_mib),
            length.reads.to_string(),
            length.writes.to_string(),
            format!("{:.0}", length.requests_per_gb()),
        ]
    };
    let tables = vec![
        Table {
            title: format!("Packaging a film of {COMPARED} MB into encrypted HLS"),
            notes: vec![
                format!("Medians of {runs} interleaved runs; ours: {built}."),
                "CPU time is user and system time. Segments go to `/dev/null`, or in the column that says so to files;".into(),
                "the peak is that of resident memory. shaka-packager encrypts samples (SAMPLE-AES), of pictures a tenth, for it".into(),
                "has no AES-128 of whole segments; its segments are those of its pictures, its sound is a stream beside them.".into(),
            ],
            columns: vec![
                "packager",
                "MB per CPU s",
                "ours is",
                "peak MiB",
                "MB per CPU s, to files",
                "segments",
                "pictures",
            ],
            rows: compared.iter().map(row).collect(),
        },
        Table {
            title: "Our packager by length".to_owned(),
            notes: vec![
                "A read is a GetObject of a range, a segment a PutObject; a GB is 10⁹ octets of the source.".to_owned(),
            ],
            columns: vec![
                "film",
                "MB",
                "MB per CPU s",
                "peak MiB",
                "reads",
                "segments",
                "requests per GB",
            ],
            rows: lengths.iter().map(length).collect(),
        },
    ];
    let facts = json!({ "built": built, "runs": runs, "compared": compared, "lengths": lengths });
    let goals = goals(compared, lengths);
    Section {
        name: "packaging",
        tables,
        facts,
        goals,
    }
}

fn goals(compared: &[Figures], lengths: &[Length]) -> Vec<Goal> {
    let Some(ours) = compared.first() else {
        return Vec::new();
    };
    let (rate, to_files) = (ours.mb_per_cpu_second, ours.mb_per_cpu_second_to_files);
    let peak = lengths
        .iter()
        .map(|length| length.peak_mib)
        .fold(ours.peak_mib, f64::max);
    vec![
        Goal {
            text: format!("packaging ≥ {GOAL_RATE:.0} MB per CPU second"),
            measured: format!("{rate:.0} ({to_files:.0} with the writing of files)"),
            exact: false,
            met: rate >= GOAL_RATE,
        },
        Goal {
            text: format!("in ≤ {GOAL_MIB:.0} MiB of memory at any length"),
            measured: format!("{peak:.1} MiB"),
            exact: false,
            met: peak <= GOAL_MIB,
        },
    ]
}
