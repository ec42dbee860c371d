//! Subtitle files that people bring: WebVTT (W3C) and `SubRip`, read into cues in which nothing but text and a few
//! harmless tags is left.
//!
//! A file is somebody's: it is bounded before it is looked at, read in linear time, and written anew; no octet of it goes
//! on as it came.

mod markup;
mod read;
mod settings;
mod subrip;
mod webvtt;

pub use read::{Fault, Format, MAX_CUES, MAX_OCTETS, MAX_STORED, read, stored};

use std::fmt::Write as _;

/// A text and when it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cue {
    /// Milliseconds from the beginning of the film.
    pub start: u64,
    /// Later than `start`.
    pub end: u64,
    /// Where on the picture, as WebVTT writes it; empty for where players put it.
    pub settings: String,
    /// As it stands in a segment: escaped, without an empty line, its tags closed.
    pub text: String,
}

impl Cue {
    /// Writes it behind what is there.
    pub fn write(&self, out: &mut String) {
        out.push('\n');
        time(out, self.start);
        out.push_str(" --> ");
        time(out, self.end);
        if !self.settings.is_empty() {
            out.push(' ');
            out.push_str(&self.settings);
        }
        out.push('\n');
        out.push_str(&self.text);
        out.push('\n');
    }

    /// Octets that it is written with at most.
    pub const fn octets(&self) -> usize {
        // Two times of at most four digits of hours, the arrow, and three ends of lines.
        2 * 14 + 9 + self.settings.len() + self.text.len()
    }
}

/// All of them as one file, which [`stored`] reads back.
pub fn write(cues: &[Cue]) -> String {
    let octets = cues.iter().map(Cue::octets).sum::<usize>();
    let mut text = String::with_capacity(8 + octets);
    text.push_str("WEBVTT\n");
    for cue in cues {
        cue.write(&mut text);
    }
    text
}

/// `hh:mm:ss.mmm` (W3C WebVTT §4.3).
fn time(out: &mut String, millis: u64) {
    let (seconds, millis) = (millis / 1000, millis % 1000);
    let (minutes, seconds) = (seconds / 60, seconds % 60);
    let (hours, minutes) = (minutes / 60, minutes % 60);
    let _ = write!(out, "{hours:02}:{minutes:02}:{seconds:02}.{millis:03}");
}

#[cfg(test)]
mod tests;
