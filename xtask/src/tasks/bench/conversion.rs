//! Conversion: what ours costs beside ffmpeg alone with the same options, in interleaved runs.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde_json::json;

use super::Options;
use super::report::{Goal, Section, Table, median};
use super::usage::{self, Usage};
use crate::context::Context;
use crate::proc;
use crate::progress::Progress;
use crate::tools;

/// What ours may cost more than ffmpeg alone.
const GOAL_OVERHEAD: f64 = 0.03;

/// The real film as editors' tools of before wrote it, which is packaged by nobody as it is; kept in the cache.
fn film(context: &Context, progress: &Progress) -> Result<PathBuf> {
    let folder = context.cache.join("bench");
    let film = folder.join("minute.mkv");
    if film.is_file() {
        return Ok(film);
    }
    progress.run("Making a film that has to be converted, once", |_| {
        std::fs::create_dir_all(&folder)?;
        let (clip, fresh) = (
            context.root.join("tests/media/bigbuckbunny.mp4"),
            folder.join("minute.new.mkv"),
        );
        let mut ffmpeg = proc::command("ffmpeg");
        ffmpeg.args(["-v", "error", "-y", "-stream_loop", "-1", "-i"]);
        ffmpeg.arg(&clip).args(["-t", "60"]);
        ffmpeg
            .args(["-c:v", "mpeg4", "-q:v", "3", "-c:a", "ac3"])
            .arg(&fresh);
        proc::run(&mut ffmpeg, &context.target().join("bench/logs/film.log"))?;
        std::fs::rename(&fresh, &film)?;
        Ok(())
    })?;
    Ok(film)
}

/// ffmpeg by itself, encoding as ours has it encode, into encrypted HLS of its own.
fn alone(ffmpeg: &Path, film: &Path, folder: &Path, log: &Path) -> Result<Usage> {
    let (key, info) = (folder.join("key.bin"), folder.join("key.info"));
    std::fs::write(&key, 0x0123_4567_89ab_cdef_u128.to_be_bytes())?;
    std::fs::write(&info, format!("key.bin\n{}\n", key.display()))?;
    let mut command = proc::command(ffmpeg);
    command
        .args(["-nostdin", "-v", "error", "-y", "-i"])
        .arg(film);
    command.args([
        "-map", "0:v:0", "-c:v", "libx264", "-preset", "veryfast", "-crf", "21",
    ]);
    command.args(["-profile:v", "high", "-pix_fmt", "yuv420p"]);
    command.args([
        "-force_key_frames",
        "expr:gte(t,n_forced*6)",
        "-fps_mode",
        "vfr",
    ]);
    command.args([
        "-map", "0:a:0", "-c:a", "aac", "-ac", "2", "-ar", "48000", "-b:a", "160k",
    ]);
    command.args(["-f", "hls", "-hls_time", "6", "-hls_playlist_type", "vod"]);
    command.arg("-hls_key_info_file").arg(info);
    command
        .arg("-hls_segment_filename")
        .arg(folder.join("%05d.ts"));
    usage::of_run(command.arg(folder.join("index.m3u8")), log)
}

pub(super) fn run(context: &Context, options: &Options, progress: &Progress) -> Result<Section> {
    progress.heading("Conversion");
    let runs = options.runs.div_ceil(2);
    let ffmpeg = tools::imageio_ffmpeg(context, progress)?;
    let example = ["-p", "vault-transcode", "--example", "convert_file"];
    let built = options.programs(context, &["convert_file"], &example, progress)?;
    let ours = built
        .get("convert_file")
        .context("convert_file has no program")?;
    let film = film(context, progress)?;
    let folder = context.target().join("bench/convert");
    let log = context.target().join("bench/logs/convert.log");
    let (mut converted, mut by_itself) = (Vec::new(), Vec::new());
    progress.run("Converting a film", |step| {
        for run in 0..runs {
            step.note(format!("{}/{runs}", run + 1));
            if folder.exists() {
                std::fs::remove_dir_all(&folder)?;
            }
            std::fs::create_dir_all(&folder)?;
            let mut command = proc::command(ours);
            command.arg(&ffmpeg).arg(&film).arg(folder.join("scratch"));
            converted.push(usage::of_run(&mut command, &log)?);
            by_itself.push(alone(&ffmpeg, &film, &folder, &log)?);
        }
        step.note("");
        std::fs::remove_dir_all(&folder)?;
        Ok(())
    })?;
    Ok(section(&options.built(), &converted, &by_itself))
}

fn section(built: &str, converted: &[Usage], by_itself: &[Usage]) -> Section {
    let cpu =
        |usages: &[Usage]| median(&usages.iter().map(|own| own.cpu_seconds).collect::<Vec<_>>());
    let pairs = converted.iter().zip(by_itself);
    let ratios: Vec<f64> = pairs
        .map(|(ours, alone)| ours.cpu_seconds / alone.cpu_seconds)
        .collect();
    let ratio = median(&ratios);
    let row = |name: &str, usages: &[Usage], of: f64| {
        vec![
            name.to_owned(),
            format!("{:.1}", cpu(usages)),
            format!("{of:.3}"),
        ]
    };
    let table = Table {
        title: "Converting a minute of 720p (MPEG-4 part 2 and AC-3 in Matroska) into encrypted HLS".to_owned(),
        notes: vec![
            format!("Medians of {} interleaved runs; ours: {built}, its ffmpeg counted with it.", converted.len()),
            "The same ffmpeg with the same encoder, preset and quality; ours also brings the source into scratch space, probes it, makes its pixels square and packages what comes out.".to_owned(),
        ],
        columns: vec!["", "CPU s", "of ffmpeg alone"],
        rows: vec![row("Reelvault", converted, ratio), row("ffmpeg alone", by_itself, 1.0)],
    };
    Section {
        name: "conversion",
        tables: vec![table],
        facts: json!({ "built": built, "runs": converted.len(), "ours": cpu(converted), "alone": cpu(by_itself), "ratio": ratio }),
        goals: vec![Goal {
            text: format!(
                "converting costs ≤ {:.0} % more than ffmpeg alone",
                GOAL_OVERHEAD * 100.0
            ),
            measured: format!("{:+.1} %", (ratio - 1.0) * 100.0),
            exact: false,
            met: ratio <= 1.0 + GOAL_OVERHEAD,
        }],
    }
}
