//! The packagers that are compared, each told to do the same.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

use super::super::usage::{self, Usage};
use crate::proc;

/// A program that makes encrypted HLS of a film.
pub(super) struct Packager {
    pub(super) name: String,
    pub(super) program: PathBuf,
    pub(super) kind: Kind,
}

/// Where segments go; the playlist and the keys are files in either case.
#[derive(Clone, Copy)]
pub(super) enum Target<'a> {
    Files(&'a Path),
    /// Every segment's name leads to `/dev/null`: what the file system costs is left out.
    Nowhere(&'a Path),
}

/// The one key of the peers.
const KEY: u128 = 0x0123_4567_89ab_cdef;
/// More than any film of a bench has.
const SEGMENTS: usize = 2_000;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Ours: `shared/media/examples/package_file.rs`.
    Ours,
    /// `-c copy -f hls` with an AES-128 key.
    Ffmpeg,
    /// MPEG-TS with a raw key. It knows no AES-128 of whole segments: samples are encrypted (SAMPLE-AES), of pictures one
    /// block in ten; sound is a stream of its own.
    Shaka,
}

impl Packager {
    /// The first line of `ffmpeg -version` names it.
    pub(super) fn ffmpeg(from: &str, program: PathBuf) -> Result<Self> {
        let told = proc::output(proc::command(&program).arg("-version"))?;
        let version = told.split(' ').nth(2).unwrap_or_default();
        let version = version
            .trim_start_matches('n')
            .split('-')
            .next()
            .unwrap_or_default();
        Ok(Self {
            name: format!("ffmpeg {version} ({from})"),
            program,
            kind: Kind::Ffmpeg,
        })
    }

    /// The program that the npm package brings for this machine.
    pub(super) fn shaka(modules: &Path) -> Result<Self> {
        let machine = match std::env::consts::ARCH {
            "aarch64" => "arm64",
            _ => "x64",
        };
        let program = modules.join(format!("shaka-packager/bin/packager-linux-{machine}"));
        let told = proc::output(proc::command(&program).arg("--version"))?;
        let version = told.split(' ').nth(2).unwrap_or_default();
        let version = version.split('-').next().unwrap_or_default();
        Ok(Self {
            name: format!("shaka-packager {}", version.trim_start_matches('v')),
            program,
            kind: Kind::Shaka,
        })
    }

    /// Packages into an empty folder.
    pub(super) fn run(&self, film: &Path, to: Target<'_>, log: &Path) -> Result<Usage> {
        let (Target::Files(folder) | Target::Nowhere(folder)) = to;
        if folder.exists() {
            std::fs::remove_dir_all(folder)?;
        }
        std::fs::create_dir_all(folder)?;
        if matches!(to, Target::Nowhere(_)) {
            for number in 0..SEGMENTS {
                symlink("/dev/null", folder.join(format!("{number:05}.ts")))?;
                if self.kind == Kind::Shaka {
                    symlink("/dev/null", folder.join(format!("a{number:05}.ts")))?;
                }
            }
        }
        let mut command = proc::command(&self.program);
        match self.kind {
            Kind::Ours => command.arg(film).arg(folder),
            Kind::Ffmpeg => ffmpeg(&mut command, film, folder)?,
            Kind::Shaka => shaka(&mut command, film, folder)?,
        };
        usage::of_run(&mut command, log)
    }
}

fn ffmpeg<'a>(command: &'a mut Command, film: &Path, folder: &Path) -> Result<&'a mut Command> {
    let (key, info) = (folder.join("key.bin"), folder.join("key.info"));
    std::fs::write(&key, KEY.to_be_bytes())?;
    std::fs::write(&info, format!("key.bin\n{}\n", key.display()))?;
    command
        .args(["-v", "error", "-y", "-i"])
        .arg(film)
        .args(["-c", "copy", "-f", "hls"]);
    command
        .args([
            "-hls_time",
            "6",
            "-hls_playlist_type",
            "vod",
            "-hls_key_info_file",
        ])
        .arg(info);
    command
        .arg("-hls_segment_filename")
        .arg(folder.join("%05d.ts"));
    Ok(command.arg(folder.join("index.m3u8")))
}

/// Options: <https://shaka-project.github.io/shaka-packager/html/documentation.html>.
fn shaka<'a>(command: &'a mut Command, film: &Path, folder: &Path) -> Result<&'a mut Command> {
    std::fs::write(folder.join("key.bin"), KEY.to_be_bytes())?;
    let (film, folder) = (film.display(), folder.display());
    for (stream, segments, playlist, more) in [
        ("video", "", "index.m3u8", ""),
        ("audio", "a", "audio.m3u8", ",hls_group_id=sound"),
    ] {
        command.arg(format!(
            "in={film},stream={stream},segment_template={folder}/{segments}$Number%05d$.ts,playlist_name={playlist}{more}"
        ));
    }
    command.args(["--segment_duration", "6", "--clear_lead", "0"]);
    command.args(["--enable_raw_key_encryption", "--protection_scheme", "cbcs"]);
    command.arg("--keys");
    command.arg(format!("label=:key_id={KEY:032x}:key={KEY:032x}"));
    command.args(["--hls_key_uri", "key.bin", "--hls_master_playlist_output"]);
    Ok(command.arg(format!("{folder}/master.m3u8")))
}

/// How many segments a package has, and how many of the film's pictures come out of it again.
pub(super) fn check(folder: &Path) -> Result<(usize, usize)> {
    let playlist = folder.join("index.m3u8");
    let text = std::fs::read_to_string(&playlist)?;
    let segments = text
        .lines()
        .filter(|line| line.starts_with("#EXTINF"))
        .count();
    let pictures = pictures(&playlist)?;
    if segments == 0 || pictures == 0 {
        bail!("{} does not play", playlist.display());
    }
    Ok((segments, pictures))
}

/// Pictures of a film or playlist.
pub(super) fn pictures(input: &Path) -> Result<usize> {
    let mut ffmpeg = proc::command("ffmpeg");
    ffmpeg.args(["-v", "error", "-allowed_extensions", "ALL"]);
    if input
        .extension()
        .is_some_and(|extension| extension == "mp4")
    {
        // The option is one of playlists only.
        ffmpeg = proc::command("ffmpeg");
        ffmpeg.args(["-v", "error"]);
    }
    ffmpeg
        .arg("-i")
        .arg(input)
        .args(["-map", "0:v:0", "-c", "copy", "-f", "framecrc", "-"]);
    let told = proc::output(&mut ffmpeg)?;
    Ok(told.lines().filter(|line| !line.starts_with('#')).count())
}
