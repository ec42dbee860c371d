//! The two players: Chromium with hls.js, and ffmpeg.

use std::path::Path;
use std::process::Stdio;

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use super::film::{self, Film};
use super::journal::Told;
use super::view::View;
use crate::context::Context;
use crate::proc;

/// Seconds of film to watch at either place.
const SECONDS: &str = "1.5";
/// A place that needs another key than the beginning.
const PLACE: &str = "0.85";

/// Watches the beginning and a place near the end, on the page's origin; keeps a screenshot.
pub(super) fn chromium(
    context: &Context,
    page: &str,
    view: &View,
    screenshot: &Path,
) -> Result<Told> {
    let mut node = proc::command("node");
    node.arg(context.players().join("play.mjs"));
    node.args([
        "--page",
        page,
        "--playlist",
        &view.playlist,
        "--seconds",
        SECONDS,
        "--seek",
        PLACE,
        "--screenshot",
    ]);
    let output = node
        .arg(screenshot)
        .stderr(Stdio::piped())
        .output()
        .context("cannot start node")?;
    let Ok(seen) = serde_json::from_slice::<Value>(&output.stdout) else {
        bail!(
            "the browser's driver said nothing: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    };
    if seen["ok"] != true {
        bail!(
            "{}",
            seen["error"].as_str().unwrap_or("the picture did not move")
        );
    }
    let places = seen["places"].as_array().context("no places")?;
    let sum = |name: &str| {
        places
            .iter()
            .filter_map(|place| place[name].as_u64())
            .sum::<u64>()
    };
    let shown = format!(
        "{}×{}, {} frames, {} keys, {} of {} pixels changed",
        seen["width"],
        seen["height"],
        seen["frames"],
        seen["keys"],
        sum("changed"),
        sum("pixels"),
    );
    Ok(Told::of(shown).details(without_urls(&seen)))
}

/// What was measured; errors are told by name and status alone.
fn without_urls(seen: &Value) -> Value {
    let names = [
        "places",
        "frames",
        "dropped",
        "keys",
        "segments",
        "audio_bytes",
        "first_frame_ms",
        "duration",
        "errors",
    ];
    names
        .iter()
        .map(|name| ((*name).to_owned(), seen[*name].clone()))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// Decodes the whole playlist and compares every picture, and every packet of sound, with the source's.
pub(super) fn ffmpeg(film: &Film, view: &View) -> Result<Told> {
    let source = film.frames()?;
    let played = film::decode(&view.playlist)?;
    compare("pictures", &source.pictures, &played.pictures)?;
    compare("packets of sound", &source.sound, &played.sound)?;
    let sound = match played.sound.len() {
        0 => String::new(),
        packets => format!(" and {packets} packets of sound"),
    };
    let shown = format!(
        "{} pictures{sound} equal the source's",
        played.pictures.len()
    );
    Ok(Told::of(shown).details(json!({ "source": source.counts(), "played": played.counts() })))
}

fn compare(what: &str, source: &[String], played: &[String]) -> Result<()> {
    if source == played {
        return Ok(());
    }
    let first = source
        .iter()
        .zip(played)
        .position(|(one, other)| one != other);
    let first = first
        .map(|at| format!(", the first other one is number {at}"))
        .unwrap_or_default();
    bail!(
        "{} {what} of the source, {} played{first}",
        source.len(),
        played.len()
    )
}
