//! The film: a clip looped to a minute without encoding it again, and what its pictures are.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::context::Context;
use crate::proc;

/// Repetitions after the first showing: twelve times five seconds.
const LOOPS: &str = "11";
const SECONDS: &str = "60";

/// A film on disk.
pub(super) struct Film {
    pub(super) path: PathBuf,
    pub(super) bytes: u64,
    pub(super) seconds: f64,
    /// Where its frames' hashes are kept from one run to the next.
    cache: PathBuf,
}

/// Hashes of a film's decoded pictures and of its sound's packets, in order.
#[derive(Deserialize, Eq, PartialEq, Serialize)]
pub(super) struct Frames {
    pub(super) pictures: Vec<String>,
    pub(super) sound: Vec<String>,
}

#[derive(Deserialize, Serialize)]
struct Cached {
    identity: String,
    frames: Frames,
}

/// The clip that the repository brings along.
pub(super) fn clip(context: &Context) -> PathBuf {
    context.root.join("tests/media/bigbuckbunny.mp4")
}

/// The clip, a dozen times over.
pub(super) fn looped(context: &Context, folder: &Path) -> Result<Film> {
    let path = folder.join("film.mp4");
    if !path.is_file() {
        let fresh = folder.join("film.new.mp4");
        let mut ffmpeg = proc::command("ffmpeg");
        ffmpeg
            .args(["-v", "error", "-y", "-stream_loop", LOOPS, "-i"])
            .arg(clip(context));
        ffmpeg.args(["-t", SECONDS, "-c", "copy"]).arg(&fresh);
        proc::output(&mut ffmpeg)?;
        std::fs::rename(fresh, &path)?;
    }
    Film::of(path, folder)
}

impl Film {
    pub(super) fn of(path: PathBuf, folder: &Path) -> Result<Self> {
        let bytes = std::fs::metadata(&path)
            .with_context(|| format!("cannot read {}", path.display()))?
            .len();
        let mut probe = proc::command("ffprobe");
        probe
            .args([
                "-v",
                "error",
                "-show_entries",
                "format=duration",
                "-of",
                "csv=p=0",
            ])
            .arg(&path);
        let seconds = proc::output(&mut probe)?
            .trim()
            .parse()
            .context("the film has no duration")?;
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let cache = folder.join(format!("{stem}.frames.json"));
        Ok(Self {
            path,
            bytes,
            seconds,
            cache,
        })
    }

    pub(super) fn name(&self) -> String {
        self.path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned()
    }

    /// Its frames, decoded once and remembered as long as the file is the same.
    pub(super) fn frames(&self) -> Result<Frames> {
        let metadata = std::fs::metadata(&self.path)?;
        let identity = format!(
            "{} {} {:?}",
            self.path.display(),
            self.bytes,
            metadata.modified()?
        );
        let known = std::fs::read(&self.cache)
            .ok()
            .and_then(|text| serde_json::from_slice::<Cached>(&text).ok());
        if let Some(known) = known.filter(|known| known.identity == identity) {
            return Ok(known.frames);
        }
        let cached = Cached {
            identity,
            frames: decode(&self.path.to_string_lossy())?,
        };
        std::fs::write(&self.cache, serde_json::to_vec(&cached)?)?;
        Ok(cached.frames)
    }
}

/// Decodes every picture of a file or a playlist, and takes every packet of its sound as it is.
pub(super) fn decode(input: &str) -> Result<Frames> {
    let mut ffmpeg = proc::command("ffmpeg");
    ffmpeg.args(["-nostdin", "-v", "error", "-i", input]);
    // Neither dropped nor repeated for the sake of an even rate.
    ffmpeg.args(["-map", "0:v:0", "-fps_mode", "passthrough"]);
    // MP4 keeps AAC bare, MPEG-TS wraps it: the filter takes off the wrapping.
    ffmpeg.args(["-map", "0:a:0?", "-c:a", "copy", "-bsf:a", "aac_adtstoasc"]);
    // 128 bits a frame, in a quarter of the time that MD5 takes.
    ffmpeg.args(["-f", "framehash", "-hash", "murmur3", "pipe:1"]);
    let frames = hashes(&proc::output(&mut ffmpeg)?);
    if frames.pictures.is_empty() {
        bail!("ffmpeg decoded no picture");
    }
    Ok(frames)
}

/// Of lines `stream, dts, pts, duration, size, hash`, with side data behind them that containers add.
fn hashes(listing: &str) -> Frames {
    let mut frames = Frames {
        pictures: Vec::new(),
        sound: Vec::new(),
    };
    for line in listing.lines().filter(|line| !line.starts_with('#')) {
        let columns: Vec<_> = line.split(',').map(str::trim).collect();
        match columns.as_slice() {
            ["0", _, _, _, _, hash, ..] => frames.pictures.push((*hash).to_owned()),
            ["1", _, _, _, _, hash, ..] => frames.sound.push((*hash).to_owned()),
            _ => {}
        }
    }
    frames
}

impl Frames {
    /// Counts, for the summary.
    pub(super) fn counts(&self) -> Value {
        serde_json::json!({ "pictures": self.pictures.len(), "sound_packets": self.sound.len() })
    }
}

#[cfg(test)]
mod tests {
    use super::hashes;

    #[test]
    fn pictures_and_sound_are_told_apart_and_side_data_does_not_count() {
        let listing = "#stream#, dts\n0,  0,  0,  1, 1382400, aa\n1, 0, 0, 1920, 967, cc, S=1, 1, dd\n0, 1, 1, 1, 1382400, bb\n";
        let frames = hashes(listing);
        assert_eq!(
            (frames.pictures, frames.sound),
            (vec!["aa".into(), "bb".into()], vec!["cc".into()])
        );
    }
}
