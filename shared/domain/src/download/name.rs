//! File names that are safe wherever they are saved, made of titles that anybody wrote.

use unicode_normalization::UnicodeNormalization as _;

use crate::asset::{MediaType, Title};

/// Octets of a name: file systems take 255, browsers append ` (1)` and `.crdownload`, and the name stands several times
/// in a URL, of which `CloudFront` takes 8,192 octets (Amazon CloudFront Developer Guide, "Quotas").
const MOST: usize = 200;

/// What is left of a title that holds nothing else.
const UNNAMED: &str = "download";

/// Devices of Windows, which no file may be called, whatever its extension (Microsoft, "Naming Files, Paths, and
/// Namespaces").
const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "conin$", "conout$"];

/// The extensions of the media types that people bring, as IANA and their makers register them.
const EXTENSIONS: &[(&str, &str)] = &[
    ("audio/aac", "aac"),
    ("audio/flac", "flac"),
    ("audio/mp4", "m4a"),
    ("audio/mpeg", "mp3"),
    ("audio/ogg", "ogg"),
    ("audio/opus", "opus"),
    ("audio/vnd.wave", "wav"),
    ("audio/wav", "wav"),
    ("audio/webm", "weba"),
    ("audio/x-m4a", "m4a"),
    ("audio/x-wav", "wav"),
    ("video/3gpp", "3gp"),
    ("video/3gpp2", "3g2"),
    ("video/matroska", "mkv"),
    ("video/mp2t", "ts"),
    ("video/mp4", "mp4"),
    ("video/mpeg", "mpg"),
    ("video/ogg", "ogv"),
    ("video/quicktime", "mov"),
    ("video/webm", "webm"),
    ("video/x-flv", "flv"),
    ("video/x-m4v", "m4v"),
    ("video/x-matroska", "mkv"),
    ("video/x-ms-wmv", "wmv"),
    ("video/x-msvideo", "avi"),
];

/// The name of a file to save: 1 to 200 octets of UTF-8, an extension that its media type decides, and no character that
/// ends a header, leaves a folder, hides, or turns the direction of writing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileName(String);

impl FileName {
    /// That of an asset of this title, uploaded as this type. A title that ends with the extension keeps it once.
    pub fn of(title: &Title, media_type: &MediaType) -> Self {
        let extension = extension(media_type);
        let plain = plain(title.as_str());
        let stem = without_extension(&plain, extension);
        let stem = bounded(stem, MOST - extension.len() - 1);
        let stem = if stem.is_empty() { UNNAMED } else { stem };
        let guard = if is_device(stem) { "_" } else { "" };
        Self(format!("{guard}{stem}.{extension}"))
    }
    /// That of a variant of so many lines, an MP4 file: `title (720p).mp4`.
    pub fn of_variant(title: &Title, uploaded: &MediaType, lines: u16) -> Self {
        let plain = plain(title.as_str());
        let stem = without_extension(&plain, extension(uploaded));
        let tail = format!(" ({lines}p).mp4");
        let stem = bounded(stem, MOST - tail.len());
        let stem = if stem.is_empty() { UNNAMED } else { stem };
        let guard = if is_device(stem) { "_" } else { "" };
        Self(format!("{guard}{stem}{tail}"))
    }
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn extension(media_type: &MediaType) -> &'static str {
    let known = EXTENSIONS
        .iter()
        .find(|(name, _)| *name == media_type.as_str());
    known.map_or("bin", |(_, extension)| extension)
}

/// Composed, one blank between words, without what is unsafe.
fn plain(title: &str) -> String {
    let seen = title.chars().filter(|c| !is_invisible(*c));
    let kept: String = seen
        .nfc()
        .map(|c| if is_unsafe(c) { '_' } else { c })
        .collect();
    let words: Vec<&str> = kept.split_whitespace().collect();
    words.join(" ")
}

/// Ends a header's string, parts a path, is reserved by some file system, or is no character at all.
const fn is_unsafe(c: char) -> bool {
    let reserved = matches!(c, '"' | '\\' | '/' | ':' | '*' | '?' | '<' | '>' | '|');
    let nothing = matches!(c, '\u{fffc}'..='\u{ffff}' | '\u{fdd0}'..='\u{fdef}')
        || (c as u32) & 0xfffe == 0xfffe;
    reserved || nothing
}

/// Controls, and marks that show nothing and make one name pass for another (UAX #9, UAX #44 `Cf`). The joiners stay:
/// they are spelling in Persian and in the scripts of India, and hold emoji together.
fn is_invisible(c: char) -> bool {
    let marks = matches!(
        c,
        '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'
            | '\u{200e}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
    );
    // A tab or a line's end parts words: it is left to be one blank.
    marks || (c.is_control() && !c.is_whitespace())
}

fn without_extension<'a>(name: &'a str, extension: &str) -> &'a str {
    let parted = name.rsplit_once('.');
    let own = parted.filter(|(_, last)| last.eq_ignore_ascii_case(extension));
    own.map_or(name, |(stem, _)| stem)
}

/// At most so many octets, neither beginning nor ending with what shells and file systems treat apart.
fn bounded(stem: &str, most: usize) -> &str {
    let edges = |c: char| matches!(c, '.' | ' ' | '\u{200c}' | '\u{200d}');
    let stem = stem.trim_start_matches(|c| edges(c) || matches!(c, '-' | '~'));
    stem[..stem.floor_char_boundary(most - 1)].trim_end_matches(edges)
}

/// Windows looks at what stands before the first dot, without regard to case and blanks at its end.
fn is_device(stem: &str) -> bool {
    let base = stem.split('.').next().unwrap_or(stem).trim_end();
    let base = base.to_lowercase();
    let numbered = base.strip_prefix("com").or(base.strip_prefix("lpt"));
    let mut number = numbered.unwrap_or_default().chars();
    let port = matches!(
        (number.next(), number.next()),
        (Some('0'..='9' | '¹' | '²' | '³'), None)
    );
    port || DEVICES.contains(&base.as_str())
}

#[cfg(test)]
mod tests;
