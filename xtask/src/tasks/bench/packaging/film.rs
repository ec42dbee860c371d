//! The project's clip, looped without re-encoding to films of any length; kept in the cache.

use std::path::PathBuf;

use anyhow::Result;

use crate::context::Context;
use crate::proc;
use crate::progress::Progress;

/// So many minutes of 32 × 32 pixels and a tone: hardly any octets, and an index as of any film of that length.
pub(super) fn lasting(context: &Context, minutes: u32, progress: &Progress) -> Result<PathBuf> {
    let folder = context.cache.join("bench");
    let film = folder.join(format!("minutes-{minutes}.mp4"));
    if film.is_file() {
        return Ok(film);
    }
    progress.run(&format!("Making a film of {minutes} min, once"), |_| {
        std::fs::create_dir_all(&folder)?;
        let log = context.target().join("bench/logs/film.log");
        let minute = folder.join("minute.new.mp4");
        let mut ffmpeg = proc::command("ffmpeg");
        ffmpeg.args(["-v", "error", "-y", "-f", "lavfi", "-i"]);
        ffmpeg.arg("testsrc2=size=32x32:rate=25:duration=60");
        ffmpeg.args(["-f", "lavfi", "-i", "sine=duration=60"]);
        ffmpeg.args(["-c:v", "libx264", "-c:a", "aac"]).arg(&minute);
        proc::run(&mut ffmpeg, &log)?;
        let fresh = folder.join(format!("minutes-{minutes}.new.mp4"));
        let mut ffmpeg = proc::command("ffmpeg");
        let loops = minutes.saturating_sub(1).to_string();
        ffmpeg.args(["-v", "error", "-y", "-stream_loop", &loops, "-i"]);
        ffmpeg.arg(&minute).args(["-c", "copy"]).arg(&fresh);
        proc::run(&mut ffmpeg, &log)?;
        std::fs::remove_file(minute)?;
        std::fs::rename(&fresh, &film)?;
        Ok(())
    })?;
    Ok(film)
}

/// A film of about so many megabytes (10⁶ octets).
pub(super) fn of(context: &Context, megabytes: u64, progress: &Progress) -> Result<PathBuf> {
    let folder = context.cache.join("bench");
    let film = folder.join(format!("film-{megabytes}.mp4"));
    if film.is_file() {
        return Ok(film);
    }
    progress.run(&format!("Looping the clip to {megabytes} MB, once"), |_| {
        std::fs::create_dir_all(&folder)?;
        let clip = context.root.join("tests/media/bigbuckbunny.mp4");
        let loops = (megabytes * 1_000_000).div_ceil(std::fs::metadata(&clip)?.len());
        let fresh = folder.join(format!("film-{megabytes}.new.mp4"));
        let mut ffmpeg = proc::command("ffmpeg");
        ffmpeg.args([
            "-v",
            "error",
            "-y",
            "-stream_loop",
            &loops.saturating_sub(1).to_string(),
        ]);
        ffmpeg.arg("-i").arg(&clip).args(["-c", "copy"]).arg(&fresh);
        proc::run(&mut ffmpeg, &context.target().join("bench/logs/film.log"))?;
        std::fs::rename(&fresh, &film)?;
        Ok(())
    })?;
    Ok(film)
}
