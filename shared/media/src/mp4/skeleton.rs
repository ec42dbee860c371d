//! Walks a large index box by box and keeps what describes the film, without the rows of its tables.

use crate::fault::{Outcome, unsupported_feature};
use crate::mp4::boxes::Header;
use crate::mp4::index::Index;

/// More boxes than the index of any film has.
const MAX_BOXES: u32 = 5_000;
/// Descriptions that are larger than this in all are refused.
const MAX_KEPT: usize = 4 << 20;
/// What is kept of a box that describes something.
const MAX_BOX: usize = 64 << 10;
/// What is kept of a table: its counts and first rows.
const TABLE_HEAD: usize = 64;

/// What the walk needs or found.
pub(super) enum Walked {
    /// So many octets from this position of the index on.
    Need {
        at: usize,
        len: usize,
    },
    Whole,
}

/// The walk.
pub(super) struct Skeleton {
    pub(super) index: Index,
    at: usize,
    /// Where the boxes end that have been entered.
    ends: Vec<usize>,
    boxes: u32,
}

/// What is done with a box.
enum Use {
    Enter,
    /// So many octets behind its header are kept.
    Keep(usize),
}

fn used(kind: [u8; 4]) -> Use {
    match &kind {
        b"trak" | b"mdia" | b"minf" | b"stbl" | b"mvex" => Use::Enter,
        b"mvhd" | b"tkhd" | b"edts" | b"mdhd" | b"elng" | b"tref" | b"hdlr" | b"dinf" | b"stsd"
        | b"trex" => Use::Keep(MAX_BOX),
        b"stsz" | b"stz2" | b"stts" | b"ctts" | b"stco" | b"co64" | b"stsc" | b"stss" => {
            Use::Keep(TABLE_HEAD)
        }
        _ => Use::Keep(0),
    }
}

impl Skeleton {
    pub(super) fn new(index: Index) -> Self {
        let ends = vec![index.len()];
        Self {
            index,
            at: 0,
            ends,
            boxes: 0,
        }
    }

    /// Goes on; `held` gives what is at hand of a position and length of the index.
    pub(super) fn step<'h>(
        &mut self,
        held: impl Fn(usize, usize) -> Option<&'h [u8]>,
    ) -> Outcome<Walked> {
        while let Some(&end) = self.ends.last() {
            let room = end.saturating_sub(self.at);
            // As when they are read: what cannot hold a header is not a box.
            if room < 8 {
                self.at = end;
                self.ends.pop();
                continue;
            }
            let (at, len) = (self.at, room.min(16));
            let Some(octets) = held(at, len) else {
                return Ok(Walked::Need { at, len });
            };
            let Some(header) = Header::read(octets, room) else {
                // Whoever reads it will find the same, and judge whether it matters.
                self.index.keep(at, octets);
                self.at = end;
                continue;
            };
            let len = match used(header.kind) {
                Use::Enter => header.len,
                Use::Keep(octets) => header.size.min(header.len + octets),
            };
            let Some(octets) = held(at, len) else {
                return Ok(Walked::Need { at, len });
            };
            self.index.keep(at, octets);
            self.boxes += 1;
            if self.boxes > MAX_BOXES || self.index.held() > MAX_KEPT {
                return Err(crowded());
            }
            if matches!(used(header.kind), Use::Enter) {
                self.ends.push(at + header.size);
                self.at += header.len;
            } else {
                self.at += header.size;
            }
        }
        Ok(Walked::Whole)
    }
}

fn crowded() -> vault_domain::packaging::PackageFault {
    unsupported_feature(
        "index_too_large",
        "The film's index describes more tracks and parts than a film needs",
    )
}
