//! Any octets as a file of subtitles: refused by the line, or nothing but cues, whatever film they are cut for.

use vault_domain::packaging::{Guide, Timing};
use vault_domain::subtitles::text::{Cue, Format, MAX_CUES, MAX_OCTETS, read, stored, write};
use vault_domain::subtitles::{MAX_PACKAGED, cut};

/// Tags that are left in a text.
const TAGS: [&str; 10] = [
    "<b>", "</b>", "<i>", "</i>", "<u>", "</u>", "<ruby>", "</ruby>", "<rt>", "</rt>",
];

/// As either kind of file.
///
/// # Panics
/// It is not so.
pub fn holds(octets: &[u8]) {
    for format in [Format::WebVtt, Format::SubRip] {
        match read(octets, format) {
            Ok(cues) => taken(cues),
            Err(fault) => assert!((1..=octets.len() + 2).contains(&fault.line), "{fault}"),
        }
    }
}

fn taken(cues: Vec<Cue>) {
    assert!((1..=MAX_CUES).contains(&cues.len()));
    assert!(cues.is_sorted_by_key(|cue| cue.start));
    for cue in &cues {
        assert!(cue.start < cue.end);
        harmless(&cue.text);
        assert!(
            cue.settings
                .bytes()
                .all(|c| c.is_ascii_graphic() || c == b' ')
        );
        assert!(!cue.settings.contains(['<', '>', '&']));
    }
    let written = write(&cues);
    let again = stored(written.as_bytes()).expect("what is written is read");
    assert_eq!(again, cues);
    let ends = [500_i64, 90_000, 540_000, 541_000, 90_000_000];
    let guide = Guide {
        timing: Timing { first: 0, start: 0 },
        ends: ends.to_vec(),
        periods: vec![0; ends.len()],
        sound: true,
    };
    if let Ok(cut) = cut(cues, &guide) {
        let sheets: Vec<_> = cut.sheets(126_000).collect();
        assert_eq!(sheets.len(), ends.len());
        let octets = sheets.iter().map(|sheet| sheet.text.len()).sum::<usize>();
        assert!(octets <= MAX_PACKAGED + MAX_OCTETS);
        for sheet in &sheets {
            assert!(
                sheet
                    .text
                    .starts_with(b"WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:126000,")
            );
        }
    }
}

/// No line is empty or holds an arrow, and what looks like a tag is one of few.
fn harmless(text: &str) {
    assert!(
        text.lines()
            .all(|line| !line.is_empty() && !line.contains("-->"))
    );
    assert!(!text.is_empty() && !text.contains(['\0', '\r']));
    let mut rest = text.to_owned();
    for tag in TAGS {
        rest = rest.replace(tag, "");
    }
    assert!(!rest.contains(['<', '>']), "{text:?}");
}
