//! What a track is before its samples are looked at (ISO/IEC 14496-12 §8.3, §8.4).

use vault_domain::language;

use crate::fault::{Outcome, damaged};
use crate::mp4::boxes::Node;

/// Languages by their numbers in QuickTime, the first of them.
const MACINTOSH: [&str; 24] = [
    "eng", "fra", "deu", "ita", "nld", "swe", "spa", "dan", "por", "nor", "heb", "jpn", "ara",
    "fin", "ell", "isl", "mlt", "tur", "hrv", "zho", "urd", "hin", "tha", "kor",
];

/// What a track carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Medium {
    Video,
    Audio,
    Text,
    Other,
}

/// A track's place in the index and its headers.
#[derive(Clone, Copy)]
pub(crate) struct Track<'a> {
    pub(crate) node: Node<'a>,
    pub(crate) id: u32,
    pub(crate) medium: Medium,
    pub(crate) enabled: bool,
    /// Whether its picture is to be shown turned or mirrored.
    pub(crate) turned: bool,
}

impl<'a> Track<'a> {
    /// A track whose headers cannot be read is of no known medium: only what is used must be sound.
    pub(crate) fn parse(node: Node<'a>) -> Self {
        let medium = medium(&node).unwrap_or(Medium::Other);
        let (id, enabled, turned) = header(&node).unwrap_or((0, false, false));
        Self {
            node,
            id,
            medium,
            enabled,
            turned,
        }
    }

    /// Ticks a second of the track's clock.
    pub(crate) fn timescale(&self) -> Outcome<u32> {
        let mdhd = self.node.need(*b"mdia")?.need(*b"mdhd")?;
        let mut bytes = mdhd.bytes();
        let version = bytes.u32().map(|word| word >> 24);
        let skipped = bytes.take(if version == Some(1) { 16 } else { 8 });
        let scale = skipped.and_then(|_| bytes.u32()).filter(|&scale| scale > 0);
        scale.ok_or_else(|| damaged("a track states no unit of time"))
    }

    /// The language as BCP 47 names it: that of `elng`, else of `mdhd`.
    pub(crate) fn language(&self) -> Option<String> {
        let mdia = self.node.find(*b"mdia").ok()??;
        if let Ok(Some(elng)) = mdia.find(*b"elng") {
            let tag = elng.body().get(4..)?;
            let end = tag.iter().position(|&octet| octet == 0);
            let tag = tag.get(..end.unwrap_or(tag.len()))?;
            let tag = std::str::from_utf8(tag).ok().and_then(language::of_tag);
            if tag.is_some() {
                return tag;
            }
        }
        let mdhd = mdia.find(*b"mdhd").ok()??;
        let mut bytes = mdhd.bytes();
        let wide = bytes.u32()? >> 24 == 1;
        bytes.take(if wide { 28 } else { 16 })?;
        let packed = bytes.u16()?;
        if packed < 0x400 {
            let code = MACINTOSH.get(usize::from(packed))?;
            return language::of_code(code);
        }
        let letter = |shift: u16| u8::try_from((packed >> shift) & 31).ok().map(|c| c + 0x60);
        let code = [letter(10)?, letter(5)?, letter(0)?];
        std::str::from_utf8(&code).ok().and_then(language::of_code)
    }

    /// Numbers of the tracks that hold its chapters.
    pub(crate) fn chapters(&self) -> Vec<u32> {
        let tref = self.node.find(*b"tref").ok().flatten();
        let chap = tref.and_then(|tref| tref.find(*b"chap").ok().flatten());
        let numbers = chap.map(|chap| chap.body().as_chunks().0.iter());
        let numbers = numbers.into_iter().flatten();
        numbers.map(|number| u32::from_be_bytes(*number)).collect()
    }

    /// The sample table box.
    pub(crate) fn stbl(&self) -> Outcome<Node<'a>> {
        self.node.need(*b"mdia")?.need(*b"minf")?.need(*b"stbl")
    }

    /// Whether the data reference counted from 1 is the file itself (ISO/IEC 14496-12 §8.7.2).
    pub(crate) fn is_self_contained(&self, reference: u16) -> Outcome<bool> {
        let minf = self.node.need(*b"mdia")?.need(*b"minf")?;
        let Some(dref) = minf
            .find(*b"dinf")?
            .map(|dinf| dinf.find(*b"dref"))
            .transpose()?
            .flatten()
        else {
            return Ok(true);
        };
        let entry = dref
            .children(8)
            .nth(usize::from(reference).saturating_sub(1))
            .transpose()?;
        let flags = entry.and_then(|entry| entry.bytes().u32());
        Ok(flags.is_none_or(|flags| flags & 1 == 1))
    }
}

fn medium(node: &Node<'_>) -> Option<Medium> {
    let hdlr = node.find(*b"mdia").ok()??.find(*b"hdlr").ok()??;
    let mut bytes = hdlr.bytes();
    bytes.take(8)?;
    Some(match &bytes.kind()? {
        b"vide" => Medium::Video,
        b"soun" => Medium::Audio,
        b"sbtl" | b"text" | b"subt" => Medium::Text,
        _ => Medium::Other,
    })
}

/// Its number, whether it is enabled, and whether it is turned.
fn header(node: &Node<'_>) -> Option<(u32, bool, bool)> {
    let tkhd = node.find(*b"tkhd").ok()??;
    let mut bytes = tkhd.bytes();
    let word = bytes.u32()?;
    let wide = word >> 24 == 1;
    bytes.take(if wide { 16 } else { 8 })?;
    let id = bytes.u32()?;
    // Reserved and the duration, then reserved, layer, group and volume: up to the matrix.
    bytes.take(if wide { 12 } else { 8 })?;
    bytes.take(16)?;
    let mut matrix = [0; 5];
    for cell in &mut matrix {
        *cell = bytes.i32()?;
    }
    let [a, b, _, c, d] = matrix;
    let upright = a > 0 && d > 0 && b == 0 && c == 0;
    let unset = matrix == [0; 5];
    Some((id, word & 1 == 1, !upright && !unset))
}
