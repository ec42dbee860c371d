//! Packaging: megabytes per CPU second and memory, ours against ffmpeg's, in interleaved runs.

mod film;
mod packager;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use serde::Serialize;
use serde_json::json;

use self::packager::{Kind, Packager};
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
const GOAL_RATE: f64 = 400.0;
const GOAL_MIB: f64 = 16.0;

/// One packager's figures.
#[derive(Serialize)]
struct Figures {
    packager: String,
    mb_per_cpu_second: f64,
    cpu_seconds: f64,
    peak_mib: f64,
    segments: usize,
    pictures: usize,
}

/// Our memory for one length of film.
#[derive(Serialize)]
struct Length {
    megabytes: f64,
    mb_per_cpu_second: f64,
    peak_mib: f64,
}

pub(super) fn run(context: &Context, options: &Options, progress: &Progress) -> Result<Section> {
    progress.heading("Packaging");
    // A run takes seconds of CPU where a start takes milliseconds.
    let runs = options.runs.div_ceil(2);
    let packagers = packagers(context, options, progress)?;
    let film = film::of(context, COMPARED, progress)?;
    let films: Vec<PathBuf> = LENGTHS
        .iter()
        .map(|mb| film::of(context, *mb, progress))
        .collect::<Result<_>>()?;
    let compared = compare(context, &packagers, &film, runs, progress)?;
    let lengths = lengths(context, &packagers, &films, runs, progress)?;
    Ok(section(&options.built(), runs, &compared, &lengths))
}

fn packagers(context: &Context, options: &Options, progress: &Progress) -> Result<Vec<Packager>> {
    let imageio = tools::imageio_ffmpeg(context, progress)?;
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
    ])
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
    let mut usages: Vec<Vec<Usage>> = packagers.iter().map(|_| Vec::new()).collect();
    let mut checks = Vec::new();
    progress.run(&format!("Packaging {megabytes:.0} MB"), |step| {
        for run in 0..runs {
            for (packager, usages) in packagers.iter().zip(&mut usages) {
                step.note(format!("{} {}/{runs}", packager.name, run + 1));
                usages.push(packager.run(film, &folder, &log)?);
                if run == 0 {
                    let check = packager::check(&folder)?;
                    if packager.kind == Kind::Ours && check.1 != pictures {
                        bail!("{} of {pictures} pictures came out again", check.1);
                    }
                    checks.push(check);
                }
            }
        }
        step.note("");
        std::fs::remove_dir_all(&folder)?;
        Ok(())
    })?;
    let figures = packagers.iter().zip(usages).zip(checks);
    Ok(figures
        .map(|((packager, usages), (segments, pictures))| {
            let cpu_seconds = median(&usages.iter().map(|u| u.cpu_seconds).collect::<Vec<_>>());
            Figures {
                packager: packager.name.clone(),
                mb_per_cpu_second: megabytes / cpu_seconds,
                cpu_seconds,
                peak_mib: most(&usages),
                segments,
                pictures,
            }
        })
        .collect())
}

fn lengths(
    context: &Context,
    packagers: &[Packager],
    films: &[PathBuf],
    runs: usize,
    progress: &Progress,
) -> Result<Vec<Length>> {
    let ours = packagers
        .iter()
        .find(|packager| packager.kind == Kind::Ours);
    let ours = ours.context("no packager of ours")?;
    let log = context.target().join("bench/logs/package.log");
    progress.run("Packaging films of several lengths", |_| {
        let length = |film: &PathBuf| {
            let usages: Vec<Usage> = (0..runs)
                .map(|_| ours.run_to_nowhere(film, &log))
                .collect::<Result<_>>()?;
            let cpu = median(
                &usages
                    .iter()
                    .map(|usage| usage.cpu_seconds)
                    .collect::<Vec<_>>(),
            );
            let megabytes = megabytes(film)?;
            let mb_per_cpu_second = megabytes / cpu;
            Ok(Length {
                megabytes,
                mb_per_cpu_second,
                peak_mib: most(&usages),
            })
        };
        films.iter().map(length).collect()
    })
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
    let ours = compared
        .first()
        .map_or(f64::NAN, |ours| ours.mb_per_cpu_second);
    let row = |figures: &Figures| {
        vec![
            figures.packager.clone(),
            format!("{:.0}", figures.mb_per_cpu_second),
            format!("{:.2}", figures.cpu_seconds),
            format!("{:.1}", figures.peak_mib),
            format!("{:.1}×", ours / figures.mb_per_cpu_second),
            figures.segments.to_string(),
            figures.pictures.to_string(),
        ]
    };
    let length = |length: &Length| {
        vec![
            format!("{:.0}", length.megabytes),
            format!("{:.0}", length.mb_per_cpu_second),
            format!("{:.1}", length.peak_mib),
        ]
    };
    let tables = vec![
        Table {
            title: format!("Packaging a film of {COMPARED} MB into encrypted HLS"),
            notes: vec![
                format!(
                    "Medians of {runs} interleaved runs, segments written to files; ours: {built}."
                ),
                "CPU time is user and system time; the peak is that of resident memory.".into(),
            ],
            columns: vec![
                "packager",
                "MB per CPU s",
                "CPU s",
                "peak MiB",
                "ours is",
                "segments",
                "pictures",
            ],
            rows: compared.iter().map(row).collect(),
        },
        Table {
            title: "Our packager by length, nothing written".to_owned(),
            notes: Vec::new(),
            columns: vec!["film, MB", "MB per CPU s", "peak MiB"],
            rows: lengths.iter().map(length).collect(),
        },
    ];
    let peaks = lengths
        .iter()
        .map(|l| l.peak_mib)
        .chain(compared.first().map(|f| f.peak_mib));
    let peak = peaks.fold(0.0, f64::max);
    let goals = vec![
        Goal {
            text: format!("packaging ≥ {GOAL_RATE:.0} MB per CPU second"),
            measured: format!("{ours:.0}"),
            met: ours >= GOAL_RATE,
        },
        Goal {
            text: format!("in ≤ {GOAL_MIB:.0} MiB of memory at any length"),
            measured: format!("{peak:.1} MiB"),
            met: peak <= GOAL_MIB,
        },
    ];
    let facts = json!({ "built": built, "runs": runs, "compared": compared, "lengths": lengths });
    Section {
        name: "packaging",
        tables,
        facts,
        goals,
    }
}
