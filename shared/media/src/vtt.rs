//! Subtitles as WebVTT segments (W3C WebVTT; RFC 8216 §3.5): plain text, timed on the film's clock.

use std::fmt::Write as _;

/// A text and when it is shown, in ticks from the beginning of the film.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cue {
    pub(crate) start: i64,
    pub(crate) end: i64,
    /// As it stands in a segment.
    pub(crate) text: String,
}

impl Cue {
    /// None where nothing is shown, or never.
    pub(crate) fn new(start: i64, end: i64, text: &str) -> Option<Self> {
        let start = start.max(0);
        let text = payload(text);
        // Shorter than a millisecond, it would end where it begins.
        (millis(end) > millis(start) && !text.is_empty()).then_some(Self { start, end, text })
    }

    /// About how much memory it takes.
    pub(crate) fn weight(&self) -> usize {
        self.text.len() + size_of::<Self>()
    }
}

/// The text of a cue: characters that mean something are escaped, what would end it is left out.
fn payload(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    // Carriage returns end lines too, as QuickTime writes them.
    for line in text.split(['\n', '\r']).map(str::trim_end) {
        if line.trim().is_empty() {
            continue;
        }
        if !out.is_empty() {
            out.push('\n');
        }
        for c in line.chars() {
            match c {
                '&' => out.push_str("&amp;"),
                '<' => out.push_str("&lt;"),
                '>' => out.push_str("&gt;"),
                '\t' => out.push(' '),
                '\0' => out.push('\u{fffd}'),
                c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') => {}
                c => out.push(c),
            }
        }
    }
    out
}

/// A whole segment: every cue that is shown in it, with all of its time. `zero` is the time of the transport
/// streams at the beginning of the film.
pub(crate) fn segment(out: &mut Vec<u8>, zero: u64, cues: &[Cue]) {
    let mut text = format!("WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:{zero},LOCAL:00:00:00.000\n");
    for cue in cues {
        let (start, end) = (time(cue.start), time(cue.end));
        let _ = write!(text, "\n{start} --> {end}\n{}\n", cue.text);
    }
    out.extend_from_slice(text.as_bytes());
}

fn millis(ticks: i64) -> i64 {
    (ticks + 45).div_euclid(90)
}

fn time(ticks: i64) -> String {
    let millis = millis(ticks);
    let (seconds, millis) = (millis / 1000, millis % 1000);
    let (minutes, seconds) = (seconds / 60, seconds % 60);
    format!(
        "{:02}:{:02}:{seconds:02}.{millis:03}",
        minutes / 60,
        minutes % 60
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_ends_its_cue_or_means_anything() {
        let hostile = "00:00 --> 99:00\n\n\nNOTE <b>x</b> &amp;\r\n\0WEBVTT\u{1b}[2J\u{2028}\t.";
        let escaped =
            "00:00 --&gt; 99:00\nNOTE &lt;b&gt;x&lt;/b&gt; &amp;amp;\n\u{fffd}WEBVTT[2J .";
        assert_eq!(payload(hostile), escaped);
        for nothing in ["", "\n", " \r\n\t", "\u{7}"] {
            assert_eq!(Cue::new(0, 90_000, nothing), None, "{nothing:?}");
        }
    }

    #[test]
    fn a_segment_states_where_its_clock_stands() {
        let cues = [(-90, 90_000, "one"), (90_044, 324_000_045, "two\nlines")];
        let cues = cues.map(|(start, end, text)| Cue::new(start, end, text).expect("a cue"));
        let mut out = Vec::new();
        segment(&mut out, 126_000, &cues);
        assert_eq!(
            String::from_utf8(out).expect("text"),
            "WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:126000,LOCAL:00:00:00.000\n\
             \n00:00:00.000 --> 00:00:01.000\none\n\
             \n00:00:01.000 --> 01:00:00.001\ntwo\nlines\n"
        );
    }

    #[test]
    fn what_is_never_shown_is_no_cue() {
        assert_eq!(Cue::new(-9_000, 0, "before"), None);
        assert_eq!(Cue::new(900, 910, "a moment"), None);
        assert_eq!(Cue::new(900, 800, "backwards"), None);
    }
}
