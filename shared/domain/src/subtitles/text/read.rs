//! What both kinds of files have in common: octets, lines, times, bounds.

use super::{Cue, subrip, webvtt, write};

/// Octets of a file at most: a feature film has about a tenth of it.
pub const MAX_OCTETS: usize = 1 << 20;
/// Octets of its cues as they are written anew at most.
pub const MAX_STORED: usize = 2 << 20;
/// Cues of a file at most.
pub const MAX_CUES: usize = 20_000;
/// Digits of hours at most.
const MAX_HOURS: usize = 4;

/// What a file is, by what it was declared as; it has to be that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `text/vtt`.
    WebVtt,
    /// `application/x-subrip`.
    SubRip,
}

impl Format {
    /// The media types that are taken.
    pub const TAKEN: &str = "text/vtt (WebVTT) or application/x-subrip (SRT)";

    /// Of a media type without its parameters.
    pub fn of(media_type: &str) -> Option<Self> {
        match media_type.to_ascii_lowercase().as_str() {
            "text/vtt" => Some(Self::WebVtt),
            "application/x-subrip" => Some(Self::SubRip),
            _ => None,
        }
    }
}

/// Why a file is not taken: where, and what would be right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {expected}")]
pub struct Fault {
    /// From 1.
    pub line: usize,
    /// A sentence for whoever wrote it.
    pub expected: &'static str,
}

pub(super) const fn fault(line: usize, expected: &'static str) -> Fault {
    Fault { line, expected }
}

/// The cues of a file, by when they begin.
///
/// # Errors
/// [`Fault`]: it is not what it was declared as, or something in it cannot be read.
pub fn read(octets: &[u8], format: Format) -> Result<Vec<Cue>, Fault> {
    if octets.len() > MAX_OCTETS {
        return Err(fault(1, "the file may have 1 MiB at most"));
    }
    let text = decoded(octets)?;
    let (format, cues) = match (format, is_webvtt(text)) {
        (Format::WebVtt, true) => (format, webvtt::cues(text)?),
        (Format::SubRip, false) => (format, subrip::cues(text)?),
        (Format::WebVtt, false) => {
            return Err(fault(
                1,
                "expected WEBVTT, which a WebVTT file begins with; of an SRT file the Content-Type is application/x-subrip",
            ));
        }
        (Format::SubRip, true) => {
            return Err(fault(
                1,
                "this is a WebVTT file; its Content-Type is text/vtt",
            ));
        }
    };
    if cues.is_empty() {
        return Err(fault(1, nothing(format)));
    }
    bounded(cues)
}

const fn nothing(format: Format) -> &'static str {
    match format {
        Format::WebVtt => {
            "the file shows nothing; expected cues such as 00:00:01.000 --> 00:00:04.000, and their text in the lines below"
        }
        Format::SubRip => {
            "the file shows nothing; expected cues such as 00:00:01,000 --> 00:00:04,000, and their text in the lines below"
        }
    }
}

fn bounded(mut cues: Vec<Cue>) -> Result<Vec<Cue>, Fault> {
    cues.sort_by_key(|cue| cue.start);
    if write(&cues).len() > MAX_STORED {
        return Err(fault(
            1,
            "with its special characters escaped the text may have 2 MiB at most",
        ));
    }
    Ok(cues)
}

/// Reads back what [`write`] wrote.
///
/// # Errors
/// [`Fault`]: it did not.
pub fn stored(octets: &[u8]) -> Result<Vec<Cue>, Fault> {
    if octets.len() > MAX_STORED {
        return Err(fault(1, "more than was ever stored"));
    }
    webvtt::cues(decoded(octets)?)
}

/// Its text, without a byte order mark.
fn decoded(octets: &[u8]) -> Result<&str, Fault> {
    if octets.starts_with(&[0xff, 0xfe]) || octets.starts_with(&[0xfe, 0xff]) {
        return Err(fault(1, "the file is UTF-16; save it as UTF-8"));
    }
    let text = std::str::from_utf8(octets).map_err(|error| {
        let before = octets.get(..error.valid_up_to()).unwrap_or_default();
        let line = lines(std::str::from_utf8(before).unwrap_or_default()).count();
        fault(line.max(1), "this is not UTF-8; save the file as UTF-8")
    })?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

/// W3C WebVTT §4.1: the signature stands alone, or before a space or a tab.
fn is_webvtt(text: &str) -> bool {
    let rest = text.strip_prefix("WEBVTT");
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\n', '\r']))
}

/// Lines with their numbers from 1, whatever ends them. A file that ends in an end of line has an empty last one.
pub(super) fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut rest = Some(text);
    let lines = std::iter::from_fn(move || {
        let text = rest?;
        let Some(at) = text.find(['\n', '\r']) else {
            rest = None;
            return Some(text);
        };
        let (line, tail) = text.split_at(at);
        let end = if tail.starts_with("\r\n") { 2 } else { 1 };
        rest = tail.get(end..);
        Some(line)
    });
    (1..).zip(lines)
}

/// How strictly a time is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Clock {
    /// `[hh:]mm:ss.ttt` (W3C WebVTT §4.3).
    Exact,
    /// As SRT files have it: a comma or a point, one digit or two, and of a fraction what there is.
    Loose,
}

/// Milliseconds.
pub(super) fn millis(text: &str, clock: Clock) -> Option<u64> {
    let loose = clock == Clock::Loose;
    let (clocked, fraction) = match text.find(if loose { &['.', ','][..] } else { &['.'] }) {
        Some(at) => (text.get(..at)?, text.get(at + 1..)?),
        None if loose => (text, "0"),
        None => return None,
    };
    let mut parts = clocked.rsplit(':');
    let (seconds, minutes, hours) = (parts.next()?, parts.next()?, parts.next());
    if parts.next().is_some() || (loose && hours.is_none()) {
        return None;
    }
    let sixtieth = |text: &str| {
        let width = text.len() == 2 || (loose && text.len() == 1);
        digits(text).filter(|number| width && *number < 60)
    };
    let hours = match hours {
        Some(text) if text.len() <= MAX_HOURS && (loose || text.len() >= 2) => digits(text)?,
        Some(_) => return None,
        None => 0,
    };
    let places = fraction.len();
    if !(1..=3).contains(&places) || (!loose && places != 3) {
        return None;
    }
    let scale = [100, 10, 1].get(places - 1)?;
    let seconds = (hours * 60 + sixtieth(minutes)?) * 60 + sixtieth(seconds)?;
    Some(seconds * 1000 + digits(fraction)? * scale)
}

fn digits(text: &str) -> Option<u64> {
    let all = !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit());
    all.then(|| text.parse().ok()).flatten()
}

/// One more, if there may be.
pub(super) fn add(cues: &mut Vec<Cue>, line: usize, cue: Cue) -> Result<(), Fault> {
    if cue.start >= cue.end {
        return Err(fault(
            line,
            "the cue ends before it begins, or at once; expected an end later than its start",
        ));
    }
    // A cue of which nothing is left shows nothing.
    if cue.text.is_empty() {
        return Ok(());
    }
    if cues.len() == MAX_CUES {
        return Err(fault(line, "a file may have 20,000 cues at most"));
    }
    cues.push(cue);
    Ok(())
}
