//! WebVTT files (W3C WebVTT §4 and §6): strictly, since whoever wrote one wrong wants to know where.

use super::read::{Clock, Fault, add, fault, lines, millis};
use super::{Cue, markup, settings};

const ARROW: &str = "-->";
const TIME: &str = "expected the times of a cue, such as 00:00:01.000 --> 00:00:04.000";

/// The cues of a text that begins with the signature. `STYLE`, `REGION` and `NOTE` are left out.
pub(super) fn cues(text: &str) -> Result<Vec<Cue>, Fault> {
    let mut lines = lines(text).skip(1);
    header(&mut lines)?;
    let mut cues = Vec::new();
    while let Some((number, line)) = lines.next() {
        if line.is_empty() {
            continue;
        }
        if is_comment(line) {
            // Up to the next empty line.
            let _ = lines.by_ref().find(|(_, line)| line.is_empty());
            continue;
        }
        let (number, times) = if line.contains(ARROW) {
            (number, line)
        } else {
            // The name of a cue stands before its times.
            let next = lines.next().filter(|(_, line)| line.contains(ARROW));
            next.ok_or(fault(number + 1, TIME))?
        };
        let (start, end, settings) = timing(number, times)?;
        let text = markup::reduced(&body(&mut lines)?);
        let cue = Cue {
            start,
            end,
            settings,
            text,
        };
        add(&mut cues, number, cue)?;
    }
    Ok(cues)
}

/// What stands below the signature, up to the first empty line.
fn header<'a>(lines: &mut impl Iterator<Item = (usize, &'a str)>) -> Result<(), Fault> {
    for (number, line) in lines.take_while(|(_, line)| !line.is_empty()) {
        if line.starts_with("X-TIMESTAMP-MAP") {
            return Err(fault(
                number,
                "this is a piece of an HLS stream, whose times count from somewhere else; expected the whole subtitles, timed from the beginning of the film",
            ));
        }
        if line.contains(ARROW) {
            return Err(fault(
                number,
                "expected an empty line between WEBVTT and the first cue",
            ));
        }
    }
    Ok(())
}

fn is_comment(line: &str) -> bool {
    let alone = |word: &str| line.strip_prefix(word).is_some_and(|r| r.trim().is_empty());
    let note = line.strip_prefix("NOTE");
    let note = note.is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t']));
    note || alone("STYLE") || alone("REGION")
}

fn timing(number: usize, line: &str) -> Result<(u64, u64, String), Fault> {
    let wrong = || fault(number, TIME);
    let (start, rest) = line.split_once(ARROW).ok_or_else(wrong)?;
    let mut words = rest.split_ascii_whitespace();
    let end = words.next().ok_or_else(wrong)?;
    let start = millis(start.trim_matches([' ', '\t']), Clock::Exact).ok_or_else(wrong)?;
    let end = millis(end, Clock::Exact).ok_or_else(wrong)?;
    Ok((start, end, settings::kept(words)))
}

/// The lines of a cue, up to the next empty one.
fn body<'a>(lines: &mut impl Iterator<Item = (usize, &'a str)>) -> Result<Vec<&'a str>, Fault> {
    let mut body = Vec::new();
    for (number, line) in lines.take_while(|(_, line)| !line.is_empty()) {
        if line.contains(ARROW) {
            return Err(fault(
                number,
                "expected an empty line before the times of the next cue; in a text, --> is written --&gt;",
            ));
        }
        body.push(line);
    }
    Ok(body)
}
