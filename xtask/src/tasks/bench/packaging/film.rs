//! The project's clip, looped without re-encoding to films of any length; kept in the cache.

use std::path::PathBuf;

use anyhow::Result;

use crate::context::Context;
use crate::proc;
use crate::progress::Progress;

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
