//! What a track is before its samples are looked at (ISO/IEC 14496-12 §8.3, §8.4).

use crate::fault::{Outcome, damaged};
use crate::mp4::boxes::Node;

/// What a track carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Medium {
    Video,
    Audio,
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
