//! `SubRip` files. Nobody ever laid down what they are: what begins a cue is a line of two times, whatever stands around it.

use super::read::{Clock, Fault, add, fault, lines, millis};
use super::{Cue, markup};

const ARROW: &str = "-->";
const TIME: &str = "expected the times of a cue, such as 00:00:01,000 --> 00:00:04,000";

/// A cue that is being read.
struct Open<'a> {
    line: usize,
    times: (u64, u64),
    text: Vec<&'a str>,
}

/// The cues of a text. Numbers and the empty lines between may be missing; what stands behind the times is left out.
pub(super) fn cues(text: &str) -> Result<Vec<Cue>, Fault> {
    let mut cues = Vec::new();
    let mut open: Option<Open<'_>> = None;
    for (number, line) in lines(text) {
        if let Some(times) = timing(number, line)? {
            if let Some(mut before) = open.take() {
                unnumber(&mut before.text);
                close(&mut cues, &before)?;
            }
            let text = Vec::new();
            open = Some(Open {
                line: number,
                times,
                text,
            });
        } else if let Some(open) = &mut open {
            open.text.push(line);
        } else if !line.trim().is_empty() && !is_number(line) {
            return Err(fault(
                number,
                "expected the number of the first cue, or its times, such as 00:00:01,000 --> 00:00:04,000",
            ));
        }
    }
    if let Some(open) = &open {
        close(&mut cues, open)?;
    }
    Ok(cues)
}

fn close(cues: &mut Vec<Cue>, open: &Open<'_>) -> Result<(), Fault> {
    let (start, end) = open.times;
    let cue = Cue {
        start,
        end,
        settings: String::new(),
        text: markup::reduced(&open.text),
    };
    add(cues, open.line, cue)
}

/// The number of the next cue stands right before its times.
fn unnumber(text: &mut Vec<&str>) {
    if text.last().is_some_and(|line| is_number(line)) {
        text.pop();
    }
}

fn is_number(line: &str) -> bool {
    let line = line.trim();
    !line.is_empty() && line.bytes().all(|c| c.is_ascii_digit())
}

/// The times of a line, if it has any: an arrow in a text is no fault.
fn timing(number: usize, line: &str) -> Result<Option<(u64, u64)>, Fault> {
    let Some((start, rest)) = line.split_once(ARROW) else {
        return Ok(None);
    };
    let start = start.trim();
    if !start.starts_with(|c: char| c.is_ascii_digit()) || !start.contains(':') {
        return Ok(None);
    }
    let end = rest.split_whitespace().next().unwrap_or_default();
    let times = millis(start, Clock::Loose).zip(millis(end, Clock::Loose));
    times.map(Some).ok_or(fault(number, TIME))
}
