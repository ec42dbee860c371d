//! Sample descriptions (ISO/IEC 14496-12 §8.5.2; MOV sound descriptions of version 1 and 2).

use vault_domain::packaging::VideoRange;

use crate::codec::{AudioCodec, TextCodec, VideoCodec, aac, avc, hevc, text};
use crate::fault::{Outcome, damaged, unsupported_codec, unsupported_feature};
use crate::mp4::boxes::{Node, name};

/// Octets of a visual sample entry before its boxes.
const VISUAL: usize = 78;
/// Octets of an audio sample entry before its boxes.
const SOUND: usize = 28;

/// The description of that number, counted from 1.
pub(crate) fn describe<'a>(stbl: &Node<'a>, number: u32) -> Outcome<(Node<'a>, bool)> {
    let stsd = stbl.need(*b"stsd")?;
    let version = stsd.bytes().u8();
    let at = usize::try_from(number)
        .ok()
        .and_then(|number| number.checked_sub(1));
    let entry = at.and_then(|at| stsd.children(8).nth(at)).transpose()?;
    let entry = entry.ok_or_else(|| damaged("a track does not say how it is coded"))?;
    Ok((entry, version == Some(0)))
}

/// Which data reference the description names, counted from 1.
pub(crate) fn reference(entry: &Node<'_>) -> u16 {
    let mut bytes = entry.bytes();
    bytes.take(6).and_then(|_| bytes.u16()).unwrap_or(1)
}

/// A still picture kept as a track, such as an album cover: not a film, and not a fault.
pub(crate) fn is_cover(entry: &Node<'_>) -> bool {
    matches!(
        &entry.kind,
        b"jpeg" | b"mjpa" | b"mjpb" | b"png " | b"tiff" | b"gif "
    )
}

/// Reads a visual sample entry.
pub(crate) fn video(entry: &Node<'_>) -> Outcome<VideoCodec> {
    let short = || damaged("the description of its picture is cut off");
    let mut bytes = entry.bytes();
    bytes.take(24).ok_or_else(short)?;
    let size = (
        bytes.u16().ok_or_else(short)?,
        bytes.u16().ok_or_else(short)?,
    );
    let config = |kind| -> Outcome<&[u8]> {
        let found = find(entry, VISUAL, kind)?;
        let lacking = || damaged("its picture lacks the data that a decoder needs first");
        Ok(found.ok_or_else(lacking)?.body())
    };
    match &entry.kind {
        b"avc1" | b"avc3" => avc::parse(config(*b"avcC")?, size),
        b"hvc1" | b"hev1" => hevc::parse(config(*b"hvcC")?, size),
        b"encv" => Err(protected()),
        kind => Err(unsupported_codec("picture", &codec_name(*kind))),
    }
}

/// The dynamic range that a visual sample entry tells (ISO/IEC 14496-12 §12.1.5, ITU-T H.273 §8.2).
pub(crate) fn range(entry: &Node<'_>) -> Option<VideoRange> {
    for colour in entry.children(VISUAL).map_while(Result::ok) {
        let mut bytes = colour.bytes();
        let told = colour.kind == *b"colr" && matches!(&bytes.kind()?, b"nclx" | b"nclc");
        if told {
            bytes.u16()?;
            return match bytes.u16()? {
                1 | 6 | 13..=15 => Some(VideoRange::Sdr),
                16 => Some(VideoRange::Pq),
                18 => Some(VideoRange::Hlg),
                _ => None,
            };
        }
    }
    None
}

/// Reads a text sample entry; `None` if it is of another kind than 3GPP timed text.
pub(crate) fn text(entry: &Node<'_>) -> Outcome<Option<TextCodec>> {
    match &entry.kind {
        b"tx3g" => text::parse(entry.body()).map(Some),
        _ => Ok(None),
    }
}

/// Reads an audio sample entry; `quicktime` if its version field extends it.
pub(crate) fn audio(entry: &Node<'_>, quicktime: bool) -> Outcome<AudioCodec> {
    match &entry.kind {
        b"mp4a" => {}
        b"enca" => return Err(protected()),
        kind => return Err(unsupported_codec("sound", &codec_name(*kind))),
    }
    let mut bytes = entry.bytes();
    let version = bytes.take(8).and_then(|_| bytes.u16());
    let version = version.ok_or_else(|| damaged("the description of its sound is cut off"))?;
    let skip = match version {
        1 if quicktime => SOUND + 16,
        2 if quicktime => SOUND + 36,
        _ => SOUND,
    };
    let mut esds = find(entry, skip, *b"esds")?;
    if esds.is_none()
        && let Some(wave) = find(entry, skip, *b"wave")?
    {
        esds = wave.find(*b"esds")?;
    }
    let esds =
        esds.ok_or_else(|| damaged("its sound lacks the data that a decoder needs first"))?;
    aac::parse(esds.body())
}

fn find<'a>(entry: &Node<'a>, skip: usize, kind: [u8; 4]) -> Outcome<Option<Node<'a>>> {
    for child in entry.children(skip) {
        let child = child?;
        if child.kind == kind {
            return Ok(Some(child));
        }
    }
    Ok(None)
}

fn protected() -> vault_domain::packaging::PackageFault {
    unsupported_feature(
        "protected_film",
        "The film is copy-protected (its pictures or sound are encrypted) and cannot be read",
    )
}

/// A name that a person may know for a four-character code.
fn codec_name(kind: [u8; 4]) -> String {
    let known = match &kind {
        b"vp08" => "VP8",
        b"vp09" => "VP9",
        b"av01" => "AV1",
        b"mp4v" => "MPEG-4 Part 2 (DivX, Xvid)",
        b"apch" | b"apcn" | b"apcs" | b"apco" | b"ap4h" | b"ap4x" => "Apple ProRes",
        b"AVdh" => "Avid DNxHR",
        b"dvh1" | b"dvhe" | b"dva1" | b"dvav" => "Dolby Vision",
        b"s263" | b"h263" => "H.263",
        b"vvc1" | b"vvi1" => "H.266",
        b"mp2v" | b"m2v1" | b"hdv1" | b"hdv2" => "MPEG-2",
        b"ac-3" => "Dolby Digital (AC-3)",
        b"ec-3" => "Dolby Digital Plus (E-AC-3)",
        b"ac-4" => "Dolby AC-4",
        b"Opus" => "Opus",
        b".mp3" => "MP3",
        b"fLaC" => "FLAC",
        b"alac" => "Apple Lossless",
        b"samr" | b"sawb" => "AMR",
        b"dtsc" | b"dtsh" | b"dtsl" | b"dtse" => "DTS",
        b"sowt" | b"twos" | b"lpcm" | b"ipcm" | b"fpcm" | b"in24" | b"in32" | b"fl32" | b"raw "
        | b"NONE" => "uncompressed PCM",
        _ => return format!("of the kind \u{201c}{}\u{201d}", name(kind)),
    };
    known.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(kind: [u8; 4], body: &[u8]) -> Vec<u8> {
        let mut out = u32::try_from(8 + body.len())
            .expect("small")
            .to_be_bytes()
            .to_vec();
        out.extend_from_slice(&kind);
        out.extend_from_slice(body);
        out
    }

    fn refused(
        kind: [u8; 4],
        read: impl Fn(&Node<'_>) -> Option<(&'static str, String)>,
    ) -> String {
        let raw = entry(kind, &[0; 120]);
        let index = crate::mp4::index::Index::whole(&raw);
        let node = Node::root(&index)
            .children(0)
            .next()
            .expect("a box")
            .expect("sound");
        let (code, reason) = read(&node).expect("refused");
        format!("{code}: {reason}")
    }

    #[test]
    fn other_codecs_are_named() {
        let picture = |kind| refused(kind, |n| video(n).err().map(|f| (f.code, f.reason)));
        let sound = |kind| refused(kind, |n| audio(n, false).err().map(|f| (f.code, f.reason)));
        assert!(picture(*b"vp09").starts_with("unsupported_codec: The film's picture is VP9,"));
        assert!(picture(*b"av01").contains("AV1"));
        assert!(picture(*b"zz\0z").contains("zz.z"));
        assert!(picture(*b"encv").starts_with("protected_film"));
        assert!(sound(*b"Opus").contains("sound is Opus"));
        assert!(sound(*b"sowt").contains("PCM"));
        assert!(sound(*b"enca").starts_with("protected_film"));
        assert!(picture(*b"avc1").starts_with("damaged_film"));
        assert!(sound(*b"mp4a").starts_with("damaged_film"));
    }
}
