//! Subtitles cut where a film is cut.

use std::ops::Range;

use super::text::Cue;
use crate::packaging::{Guide, PackageFault};

/// 90 kHz ticks of a millisecond.
const TICKS: u64 = 90;
/// Octets of all segments at most: a text that is shown for hours stands in each segment of those hours (RFC 8216 §3.5).
pub const MAX_PACKAGED: usize = 32 << 20;
/// Octets before the cues of a segment.
const HEAD: usize = 64;

/// A text that is cut.
#[derive(Debug)]
pub struct Cut {
    cues: Vec<Cue>,
    /// Of each segment its cues: the first and the one behind the last that may be shown in it.
    spans: Vec<Range<usize>>,
    /// Where each segment begins, in milliseconds from the beginning of the film.
    begins: Vec<u64>,
}

/// A segment to be sealed.
#[derive(Debug, PartialEq, Eq)]
pub struct Sheet {
    /// From 0.
    pub number: u32,
    /// WebVTT, timed on the clock of the film.
    pub text: Vec<u8>,
}

/// Cuts the cues, in the order in which they begin, where the film is cut. What is shown past its end is cut off.
///
/// # Errors
/// [`PackageFault`]: nothing is left, or it would be too much.
pub fn cut(cues: Vec<Cue>, guide: &Guide) -> Result<Cut, PackageFault> {
    let millis = |ticks: i64| u64::try_from(ticks).unwrap_or(0) / TICKS;
    let end = guide
        .ends
        .last()
        .copied()
        .map_or(0, |end| u64::try_from(end).unwrap_or(0).div_ceil(TICKS));
    let shown = cues.into_iter().filter(|cue| cue.start < end);
    let shown: Vec<Cue> = shown
        .map(|cue| Cue {
            end: cue.end.min(end),
            ..cue
        })
        .collect();
    if shown.is_empty() {
        return Err(PackageFault::new(
            "nothing_shown",
            format!(
                "All of the text is shown after the end of the film, which lasts {} seconds. Check that the subtitles are of this film.",
                end / 1000
            ),
        ));
    }
    // What is shown before the first pictures goes into the segment that they are in.
    let begins = std::iter::once(0).chain(guide.ends.iter().map(|end| millis(*end)));
    let begins: Vec<u64> = begins.take(guide.ends.len()).collect();
    let mut spans = vec![0..0; begins.len()];
    let mut octets = HEAD * begins.len();
    for (at, cue) in shown.iter().enumerate() {
        let first = begins.partition_point(|begin| *begin <= cue.start);
        let first = first.saturating_sub(1);
        let behind = begins.partition_point(|begin| *begin < cue.end);
        octets = octets.saturating_add(cue.octets().saturating_mul(behind - first));
        if octets > MAX_PACKAGED {
            return Err(too_much());
        }
        for span in spans.get_mut(first..behind).unwrap_or_default() {
            if span.end == 0 {
                span.start = at;
            }
            span.end = at + 1;
        }
    }
    Ok(Cut {
        cues: shown,
        spans,
        begins,
    })
}

fn too_much() -> PackageFault {
    PackageFault::new(
        "too_much_text",
        "The text is shown for so long that its segments would have more than 32 MiB. Have each cue end when it is not to be read any more.",
    )
}

impl Cut {
    /// The segments, as many as the film has. `zero` is the time of the transport streams at the beginning of the film.
    pub fn sheets(&self, zero: u64) -> impl Iterator<Item = Sheet> {
        (0..)
            .zip(self.spans.iter().enumerate())
            .map(move |(number, (at, span))| {
                let begin = self.begins.get(at).copied().unwrap_or(0);
                let until = self.begins.get(at + 1).copied().unwrap_or(u64::MAX);
                let mut text =
                    format!("WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:{zero},LOCAL:00:00:00.000\n");
                let cues = self.cues.get(span.clone()).unwrap_or_default();
                for cue in cues {
                    // Others that begin between may be over already.
                    if cue.end > begin && cue.start < until {
                        cue.write(&mut text);
                    }
                }
                Sheet {
                    number,
                    text: text.into_bytes(),
                }
            })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::packaging::Timing;

    fn guide(ends: &[i64]) -> Guide {
        Guide {
            timing: Timing {
                first: -1_800,
                start: 900,
            },
            ends: ends.to_vec(),
            periods: vec![0; ends.len()],
            sound: true,
        }
    }

    fn cue(start: u64, end: u64, text: &str) -> Cue {
        Cue {
            start,
            end,
            settings: String::new(),
            text: text.to_owned(),
        }
    }

    fn sheets(cut: &Cut) -> Vec<String> {
        let sheets = cut.sheets(126_000);
        sheets
            .map(|sheet| String::from_utf8(sheet.text).unwrap())
            .collect()
    }

    #[test]
    fn a_cue_stands_in_every_segment_in_which_it_is_shown_with_all_of_its_time() {
        let cues = vec![
            cue(0, 1_000, "a"),
            cue(5_999, 6_001, "b"),
            cue(6_000, 14_000, "c"),
            cue(11_900, 99_000, "d"),
            cue(15_000, 16_000, "late"),
        ];
        let cut = cut(cues, &guide(&[540_000, 1_080_000, 1_350_000])).unwrap();
        insta::assert_snapshot!(sheets(&cut).join("----\n"));
    }

    #[test]
    fn of_nothing_that_is_shown_and_of_too_much_nothing_is_made() {
        let late = cut(vec![cue(15_000, 16_000, "x")], &guide(&[1_350_000]));
        assert_eq!(late.unwrap_err().code, "nothing_shown");
        let none = cut(vec![cue(0, 1, "x")], &guide(&[]));
        assert_eq!(none.unwrap_err().code, "nothing_shown");
        let ends: Vec<i64> = (1..=5_200).map(|at| at * 540_000).collect();
        let long: Vec<Cue> = (0..100)
            .map(|_| cue(0, u64::MAX, &"x".repeat(1_000)))
            .collect();
        assert_eq!(cut(long, &guide(&ends)).unwrap_err().code, "too_much_text");
    }

    proptest! {
        #[test]
        fn no_segment_lacks_a_cue_that_is_shown_in_it_nor_has_another(
            mut times in prop::collection::vec((0_u64..40_000, 1_u64..20_000), 1..20),
            steps in prop::collection::vec(1_i64..1_000_000, 1..8),
        ) {
            times.sort_unstable();
            let cues: Vec<Cue> = times
                .iter()
                .enumerate()
                .map(|(at, (start, lasts))| cue(*start, start + lasts, &format!("cue {at}.")))
                .collect();
            let ends: Vec<i64> = steps
                .iter()
                .scan(0, |end, step| { *end += step; Some(*end) })
                .collect();
            let last = ends.last().copied().unwrap_or(0).cast_unsigned();
            let told = cut(cues.clone(), &guide(&ends));
            prop_assert_eq!(told.is_err(), cues.iter().all(|cue| cue.start >= last.div_ceil(90)));
            if let Ok(told) = told {
                let sheets = sheets(&told);
                prop_assert_eq!(sheets.len(), ends.len());
                let mut from = 0;
                for (sheet, end) in sheets.iter().zip(&ends) {
                    let until = end.cast_unsigned() / 90;
                    let is_last = end == ends.last().unwrap();
                    for (at, cue) in cues.iter().enumerate() {
                        let shown = cue.end > from && (cue.start < until || (is_last && cue.start < last.div_ceil(90)));
                        prop_assert_eq!(sheet.contains(&format!("cue {at}.\n")), shown, "{} in {}", at, sheet);
                    }
                    from = until;
                }
            }
        }
    }
}
