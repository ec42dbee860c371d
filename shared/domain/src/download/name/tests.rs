use proptest::prelude::*;

use super::*;

fn named(title: &str, media_type: &str) -> String {
    let title = Title::stored(title).unwrap();
    let media_type = MediaType::parse(media_type).unwrap();
    FileName::of(&title, &media_type).as_str().to_owned()
}

fn film(title: &str) -> String {
    named(title, "video/mp4")
}

#[test]
fn an_ordinary_title_is_the_name() {
    assert_eq!(film("The Third Man"), "The Third Man.mp4");
    assert_eq!(film("Ünïç – 影片 🎬"), "Ünïç – 影片 🎬.mp4");
    assert_eq!(film("e\u{301}t\u{e9}"), "été.mp4");
    assert_eq!(film("100 % 'fun' & more; #1"), "100 % 'fun' & more; #1.mp4");
}

#[test]
fn the_extension_is_that_of_the_type_and_stands_once() {
    assert_eq!(film("film.mp4"), "film.mp4");
    assert_eq!(film("FILM.MP4"), "FILM.mp4");
    assert_eq!(film("film.mov"), "film.mov.mp4");
    assert_eq!(film("setup.exe"), "setup.exe.mp4");
    assert_eq!(named("a", "video/quicktime"), "a.mov");
    assert_eq!(named("a", "audio/mpeg"), "a.mp3");
    for unknown in ["video/x-own", "audio/mp4.evil", "application/octet-stream"] {
        assert_eq!(named("a", unknown), "a.bin");
    }
}

#[test]
fn no_title_leaves_the_header_or_the_folder() {
    for (hostile, safe) in [
        ("a\"; filename=\"b.exe", "a_; filename=_b.exe.mp4"),
        ("a\\\"b", "a__b.mp4"),
        ("a\r\nset-cookie: x=y", "a set-cookie_ x=y.mp4"),
        ("a\u{0}b\u{7f}c\u{85}d", "abc d.mp4"),
        ("../../etc/passwd", "_.._etc_passwd.mp4"),
        ("..\\..\\boot.ini", "_.._boot.ini.mp4"),
        ("C:\\x", "C__x.mp4"),
        ("a\u{202e}4pm.exe", "a4pm.exe.mp4"),
        ("\u{200f}\u{2066}a\u{feff}\u{200b}", "a.mp4"),
        ("a\u{2028}b\u{2029}c", "a b c.mp4"),
        ("<a|b>?*", "_a_b___.mp4"),
    ] {
        assert_eq!(film(hostile), safe, "{hostile:?}");
    }
}

#[test]
fn names_that_file_systems_and_shells_treat_apart_are_not_made() {
    for (special, safe) in [
        ("CON", "_CON.mp4"),
        ("con.tar", "_con.tar.mp4"),
        ("nul ", "_nul.mp4"),
        ("Com1", "_Com1.mp4"),
        ("LPT³.x", "_LPT³.x.mp4"),
        ("conin$", "_conin$.mp4"),
        ("com10", "com10.mp4"),
        ("console", "console.mp4"),
        (".hidden", "hidden.mp4"),
        ("-rf ~", "rf ~.mp4"),
        ("a. . .", "a.mp4"),
        ("...", "download.mp4"),
        ("\u{200e}", "download.mp4"),
        (".mp4", "download.mp4"),
        ("con.mp4", "_con.mp4"),
    ] {
        assert_eq!(film(special), safe, "{special:?}");
    }
}

#[test]
fn a_long_title_is_cut_between_characters() {
    let long = film(&"影".repeat(200));
    assert!(long.len() <= MOST && long.ends_with("影.mp4"), "{long}");
    assert_eq!(film(&"x".repeat(10_000)).len(), MOST - 1);
    // A cut that leaves a device's name, or a dot at the end, is judged as it is then.
    let dots = format!("con{}x", " ".repeat(3) + &".".repeat(300));
    assert_eq!(film(&dots), "_con.mp4");
}

const TITLES: &str =
    "(\\PC|[\\x00-\\x20\"\\\\/:*?<>|.~-]|[\u{202a}-\u{202e}\u{2066}-\u{2069}]|con|nul|🎬){1,80}";

proptest! {
    #[test]
    fn every_title_makes_a_safe_name(
        title in TITLES,
        kind in prop::sample::select(vec!["video/mp4", "video/quicktime", "audio/mpeg", "video/x"]),
    ) {
        let name = named(&title, kind);
        let media_type = MediaType::parse(kind).unwrap();
        let end = format!(".{}", extension(&media_type));
        prop_assert!(name.ends_with(&end));
        prop_assert!(name.len() > end.len() && name.len() <= MOST);
        prop_assert!(!name.chars().any(|c| is_unsafe(c) || is_invisible(c) || c.is_control()));
        prop_assert!(!name.starts_with(['.', ' ', '-', '~']));
        let stem = name.strip_suffix(&end).unwrap();
        prop_assert!(!stem.ends_with(['.', ' ']) && !is_device(stem));
        // A name that was saved and uploaded again comes out as it is.
        prop_assert_eq!(named(&name, kind), name);
    }

    #[test]
    fn every_title_makes_a_safe_name_of_a_variant(
        title in TITLES, lines in prop::sample::select(vec![360_u16, 720, 1_080, u16::MAX]),
    ) {
        let kind = MediaType::parse("video/quicktime").unwrap();
        let name = FileName::of_variant(&Title::stored(&title).unwrap(), &kind, lines);
        let name = name.as_str();
        let end = format!(" ({lines}p).mp4");
        prop_assert!(name.ends_with(&end), "{name}");
        prop_assert!(name.len() > end.len() && name.len() <= MOST);
        prop_assert!(!name.chars().any(|c| is_unsafe(c) || is_invisible(c) || c.is_control()));
        prop_assert!(!name.starts_with(['.', ' ', '-', '~']));
        prop_assert!(!is_device(name.strip_suffix(&end).unwrap()));
    }
}
