//! What a file is, told by its first octets, never by its name.

use vault_domain::packaging::PackageFault;

use crate::fault::{not_a_film, unsupported_container};

/// Kinds of box that may open an MP4 or MOV file.
const OPENERS: [&[u8; 4]; 10] = [
    b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot", b"styp", b"uuid", b"PICT",
];

const TEXT: [(&[u8], &str); 7] = [
    (b"#EXTM3U", "a playlist"),
    (b"#!", "a script"),
    (b"<!DOCTYPE", "a web page"),
    (b"<html", "a web page"),
    (b"<?xml", "an XML document"),
    (b"WEBVTT", "subtitles"),
    (b"ffconcat", "a playlist"),
];

const OTHERS: [(&[u8], &str); 11] = [
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\x1f\x8b", "a compressed archive"),
    (b"7z\xbc\xaf", "a compressed archive"),
    (b"Rar!", "a compressed archive"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"{", "a data file"),
];

const CONTAINERS: [(&[u8], &str); 9] = [
    (b"\x1a\x45\xdf\xa3", "a Matroska or WebM film"),
    (b"RIFF", "an AVI or WAV file"),
    (b"OggS", "an Ogg file"),
    (b"FLV", "a Flash film"),
    (b"\x30\x26\xb2\x75", "a Windows Media file"),
    // SMPTE ST 377-1 §6: the key of the header partition.
    (b"\x06\x0e\x2b\x34\x02\x05\x01\x01", "an MXF film"),
    (b"ID3", "an MP3 file"),
    (b"fLaC", "a FLAC file"),
    (b"\0\0\x01\xba", "an MPEG program stream"),
];

/// Whether a box of this kind may stand first.
pub(crate) fn may_open(kind: [u8; 4]) -> bool {
    OPENERS.contains(&&kind)
}

/// The fault of a file that does not begin like a film.
pub(crate) fn stranger(head: &[u8]) -> PackageFault {
    let bare = head
        .strip_prefix(b"\xef\xbb\xbf")
        .unwrap_or(head)
        .trim_ascii_start();
    if let Some((_, what)) = TEXT.iter().find(|(magic, _)| bare.starts_with(magic)) {
        return not_a_film(what);
    }
    if let Some((_, what)) = CONTAINERS.iter().find(|(magic, _)| head.starts_with(magic)) {
        return unsupported_container(what);
    }
    if let Some((_, what)) = OTHERS.iter().find(|(magic, _)| head.starts_with(magic)) {
        return not_a_film(what);
    }
    if head.first() == Some(&0x47) && head.get(188).is_none_or(|&sync| sync == 0x47) {
        return unsupported_container("an MPEG transport stream");
    }
    let sample = head.get(..head.len().min(512)).unwrap_or_default();
    let is_text = sample.iter().all(|&c| c >= 0x20 || c.is_ascii_whitespace());
    not_a_film(if is_text {
        "a text file"
    } else {
        "a file of another kind"
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_are_named() {
        let told = |head: &[u8]| {
            let fault = stranger(head);
            (fault.code, fault.reason)
        };
        assert!(told(b"#EXTM3U\n").1.contains("a playlist"));
        assert!(told(b"\xef\xbb\xbf\n#EXTM3U\n").1.contains("a playlist"));
        assert_eq!(told(b"#!/bin/sh\n").0, "not_a_film");
        assert_eq!(told(b"\x1a\x45\xdf\xa3....").0, "unsupported_container");
        assert_eq!(told(b"hello there, how are you").0, "not_a_film");
        assert_eq!(told(&[0xfe; 20]).0, "not_a_film");
    }
}
