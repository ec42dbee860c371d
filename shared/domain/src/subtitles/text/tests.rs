use proptest::prelude::*;

use super::*;

fn vtt(text: &str) -> Result<Vec<Cue>, Fault> {
    read(text.as_bytes(), Format::WebVtt)
}

fn srt(text: &str) -> Result<Vec<Cue>, Fault> {
    read(text.as_bytes(), Format::SubRip)
}

fn told(cues: &[Cue]) -> Vec<(u64, u64, &str)> {
    let told = cues
        .iter()
        .map(|cue| (cue.start, cue.end, cue.text.as_str()));
    told.collect()
}

/// What is left of the text of a cue.
fn reduced(text: &str) -> String {
    let cues = vtt(&format!("WEBVTT\n\n00:01.000 --> 00:02.000\n{text}\n"));
    cues.map_or_else(|fault| fault.to_string(), |cues| cues[0].text.clone())
}

#[test]
fn a_webvtt_file_is_read_with_names_settings_and_times_of_either_form() {
    let file = "\u{feff}WEBVTT - a title\nKind: captions\n\nSTYLE\n::cue { color: red }\n\nREGION\nid:a\n\nNOTE\nhidden --> no\n\n\
        intro\r\n00:01.500 --> 01:00:02.000 align:start line:-1 line:5 region:a size:101% position:10%,line-left x:y\r\nOne\rtwo\n\n\n\
        1000:00:00.000 --> 1000:00:00.001\nlate";
    let cues = vtt(file).unwrap();
    assert_eq!(
        told(&cues),
        [
            (1_500, 3_602_000, "One\ntwo"),
            (3_600_000_000, 3_600_000_001, "late")
        ]
    );
    assert_eq!(
        cues[0].settings,
        "align:start line:-1 position:10%,line-left"
    );
}

#[test]
fn a_subrip_file_is_read_as_sloppily_as_they_are_written() {
    let file = "\u{feff}1\r\n0:0:1,5 --> 00:00:02.25  X1:40 X2:600\r\nHello\r\n\r\nafter an empty line\r\n\r\n2\r\n\
        00:00:03 --> 00:00:04,000\nno empty line behind\n3\n00:00:05,000 --> 00:00:06,000\ngo --> there\n42\n\n\
        00:00:07,000-->00:00:08,000\nno number\n\n\n4\n120:00:09,000 --> 120:00:10,000";
    let cues = srt(file).unwrap();
    assert_eq!(
        told(&cues),
        [
            (1_500, 2_250, "Hello\nafter an empty line"),
            (3_000, 4_000, "no empty line behind"),
            (5_000, 6_000, "go --&gt; there\n42"),
            (7_000, 8_000, "no number"),
        ]
    );
}

#[test]
fn cues_come_by_when_they_begin_and_may_overlap() {
    let cues = srt("1\n00:00:05,0 --> 00:00:09,0\nb\n\n2\n00:00:01,0 --> 00:00:06,0\na\n").unwrap();
    assert_eq!(told(&cues), [(1_000, 6_000, "a"), (5_000, 9_000, "b")]);
}

#[test]
fn what_is_wrong_is_named_by_its_line_with_what_would_be_right() {
    let line = |read: Result<Vec<Cue>, Fault>| read.expect_err("a fault").line;
    for (file, at) in [
        ("WEBVTT\n\n00:01.000 --> 00:01.000\nx", 3),
        ("WEBVTT\n\n00:02.000 --> 00:01.000\nx", 3),
        ("WEBVTT\n\n00:01.00 --> 00:02.000\nx", 3),
        ("WEBVTT\n\n00:61.000 --> 01:02.000\nx", 3),
        ("WEBVTT\n\n1:00:01.000 --> 01:00:02.000\nx", 3),
        ("WEBVTT\n\n00:01.000 -->\nx", 3),
        ("WEBVTT\n\n00:01,000 --> 00:02,000\nx", 3),
        ("WEBVTT\n\n+0:01.000 --> 00:02.000\nx", 3),
        ("WEBVTT\n\nname\nno times", 4),
        ("WEBVTT\n\nname", 4),
        ("WEBVTT\n00:01.000 --> 00:02.000\nx", 2),
        (
            "WEBVTT\n\n00:01.000 --> 00:02.000\nx\n00:03.000 --> 00:04.000\ny",
            5,
        ),
        (
            "WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:900000,LOCAL:00:00:00.000\n\n",
            2,
        ),
        ("WEBVTT\n\n", 1),
        ("WEBVTT\n\n00:01.000 --> 00:02.000\n<b></b>", 1),
        ("WEBVTTX\n\n00:01.000 --> 00:02.000\nx", 1),
        ("1\n00:00:01,000 --> 00:00:02,000\nx", 1),
        ("", 1),
    ] {
        assert_eq!(line(vtt(file)), at, "{file:?}");
    }
    for (file, at) in [
        ("1\n00:00:02,000 --> 00:00:01,000\nx", 2),
        ("1\n00:00:02,000 --> 00:00:0x,000\nx", 2),
        ("1\n00:00:02,000 -->\nx", 2),
        ("1\n12345:00:02,000 --> 12345:00:03,000\nx", 2),
        ("1\n00:02,000 --> 00:03,000\nx", 2),
        ("<html>\n1\n00:00:01,000 --> 00:00:02,000\nx", 1),
        ("WEBVTT\n\n00:01.000 --> 00:02.000\nx", 1),
        ("\n\n", 1),
    ] {
        assert_eq!(line(srt(file)), at, "{file:?}");
    }
    let bad = read(b"WEBVTT\n\n00:01.000 --> 00:02.000\n\xff", Format::WebVtt);
    assert_eq!(line(bad), 4);
    for utf16 in [&[0xff, 0xfe, 0x57, 0][..], &[0xfe, 0xff, 0, 0x57]] {
        let refused = read(utf16, Format::WebVtt).expect_err("UTF-16");
        assert!(refused.to_string().contains("UTF-8"), "{refused}");
    }
}

#[test]
fn only_harmless_tags_are_left_closed_and_within_each_other() {
    for (text, left) in [
        ("<i>a</i> <b.loud>b</b>", "<i>a</i> <b>b</b>"),
        ("<i>open", "<i>open</i>"),
        ("<b><i>x</b>y</i>", "<b><i>x</i></b>y"),
        ("<v Anna>Hi</v> <c.red>r</c> <lang de>d</lang>", "Hi r d"),
        (
            "<ruby>a<rt>b</rt></ruby><rt>c</rt>",
            "<ruby>a<rt>b</rt></ruby>c",
        ),
        ("{\\an8 x", "{ \\an8 x"),
        ("{\u{1}\\an8}x", "{ \\an8}x"),
        ("{&#92;an8}x", "{ \\an8}x"),
        ("<font color=\"#fff\">x</font>{\\an8}y", "xy"),
        ("<00:00:01.000>x<br>y<BR/>z", "x\ny\nz"),
        (
            "<script>alert(1)</script>",
            "&lt;script&gt;alert(1)&lt;/script&gt;",
        ),
        (
            "<img src=x onerror=alert(1)>",
            "&lt;img src=x onerror=alert(1)&gt;",
        ),
        (
            "<a href=\"javascript:1\">x</a>",
            "&lt;a href=\"javascript:1\"&gt;x&lt;/a&gt;",
        ),
        ("<b onclick=\"x\">y</b>", "<b>y</b>"),
        ("I <3 you > me & <", "I &lt;3 you &gt; me &amp; &lt;"),
        (
            "&lt;b&gt; &amp;amp; &nbsp;x &#65;&#x42; &bogus; &#0;",
            "&lt;b&gt; &amp;amp; \u{a0}x AB &amp;bogus; \u{fffd}",
        ),
        ("a\0b\u{1b}c\u{85}\u{2028}\td", "a\u{fffd}bc d"),
        ("&#10;&#10;x&#x2d;->", "x--&gt;"),
        ("<br><br>x<br><br>", "x"),
    ] {
        assert_eq!(reduced(text), left, "{text:?}");
    }
}

#[test]
fn what_is_too_much_is_refused() {
    let many = |count: usize| {
        let mut file = "WEBVTT\n".to_owned();
        for _ in 0..count {
            file.push_str("\n00:01.000 --> 00:02.000\nx\n");
        }
        file
    };
    assert_eq!(vtt(&many(MAX_CUES)).unwrap().len(), MAX_CUES);
    assert!(vtt(&many(MAX_CUES + 1)).is_err());
    let large = format!(
        "WEBVTT\n\n00:01.000 --> 00:02.000\n{}",
        "x".repeat(MAX_OCTETS)
    );
    assert!(vtt(&large).is_err());
    let grows = format!(
        "WEBVTT\n\n00:01.000 --> 00:02.000\n{}",
        "&".repeat(MAX_OCTETS / 2)
    );
    assert!(vtt(&grows).is_err());
}

#[test]
fn a_hostile_megabyte_takes_no_longer_than_another() {
    for piece in [
        "<",
        "&",
        "{\\",
        "<b>",
        "</b>",
        "<ruby>",
        "<b <",
        "&#",
        "\n",
        "\r",
        "0:0:1 -->\n",
        "<i><b><u>",
    ] {
        let text = piece.repeat((MAX_OCTETS - 64) / piece.len());
        let _ = vtt(&format!("WEBVTT\n\n00:01.000 --> 00:02.000\n{text}"));
        let _ = srt(&format!("1\n00:00:01,0 --> 00:00:02,0\n{text}"));
    }
}

fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("WEBVTT\n\n".to_owned()),
        Just("\n\n".to_owned()),
        Just("\r\n".to_owned()),
        Just("NOTE x\n".to_owned()),
        Just("00:01.000 --> 00:02.000 line:1%\n".to_owned()),
        Just("00:00:03,5 --> 00:00:04\n".to_owned()),
        Just("<b>".to_owned()),
        Just("</i>".to_owned()),
        Just("<ruby><rt>".to_owned()),
        Just("&lt;&#10;".to_owned()),
        Just("-->".to_owned()),
        "[ -~]{0,12}",
        "\\PC{0,6}",
    ]
}

proptest! {
    #[test]
    fn whatever_is_taken_reads_back_as_it_was_written(pieces in prop::collection::vec(piece(), 0..24)) {
        let body = pieces.concat();
        for (text, format) in [
            (format!("WEBVTT\n\n00:01.000 --> 00:02.000\n{body}"), Format::WebVtt),
            (format!("00:00:01,0 --> 00:00:02,0\n{body}"), Format::SubRip),
        ] {
            if let Ok(cues) = read(text.as_bytes(), format) {
                let written = write(&cues);
                prop_assert_eq!(stored(written.as_bytes()), Ok(cues.clone()));
                let octets: usize = cues.iter().map(Cue::octets).sum();
                prop_assert!(written.len() <= 8 + octets);
                for cue in &cues {
                    prop_assert!(!cue.text.contains("-->") && !cue.text.contains("\n\n"));
                }
            }
        }
    }
}
