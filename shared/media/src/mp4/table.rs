//! The sample tables of a track (ISO/IEC 14496-12 §8.6, §8.7), kept as they stand in the index.

use std::ops::Range;
use std::sync::Arc;

use crate::bytes::Bytes;
use crate::fault::{Outcome, damaged};
use crate::mp4::boxes::{Node, name};

/// More samples than a day of film at 200 frames a second has.
const MAX_SAMPLES: u32 = 20_000_000;

/// Rows of fixed width inside the index.
#[derive(Clone)]
pub(super) struct Rows {
    index: Arc<Vec<u8>>,
    start: usize,
    width: usize,
    count: u32,
}

impl Rows {
    /// The rows after `skip` octets of the box; its claim of `count` is checked against its size.
    fn new(
        index: &Arc<Vec<u8>>,
        node: &Node<'_>,
        skip: usize,
        (count, width): (u32, usize),
    ) -> Outcome<Self> {
        let Range { start, end } = node.range();
        let need = (count as usize)
            .checked_mul(width)
            .and_then(|len| len.checked_add(skip));
        if need.is_none_or(|need| need > end - start) {
            return Err(damaged(&format!(
                "the table \u{201c}{}\u{201d} claims more entries than it holds",
                name(node.kind)
            )));
        }
        Ok(Self {
            index: Arc::clone(index),
            start: start + skip,
            width,
            count,
        })
    }

    /// A full box whose rows follow a 32-bit count.
    fn counted(index: &Arc<Vec<u8>>, node: &Node<'_>, width: usize) -> Outcome<Self> {
        let mut bytes = node.bytes();
        let count = bytes
            .u32()
            .and_then(|_| bytes.u32())
            .ok_or_else(|| empty(node))?;
        Self::new(index, node, 8, (count, width))
    }

    fn row(&self, at: u32) -> Option<Bytes<'_>> {
        if at >= self.count {
            return None;
        }
        let start = self.start + at as usize * self.width;
        self.index.get(start..start + self.width).map(Bytes::new)
    }
}

fn empty(node: &Node<'_>) -> vault_domain::packaging::PackageFault {
    damaged(&format!(
        "the table \u{201c}{}\u{201d} is empty",
        name(node.kind)
    ))
}

#[derive(Clone)]
enum Sizes {
    Same(u32),
    Each(Rows),
    /// `stz2` with fields of 4 bits.
    Nibbles(Rows),
}

/// All tables of one track; a clone shares them.
#[derive(Clone)]
pub(crate) struct Tables {
    count: u32,
    sizes: Sizes,
    pub(super) times: Rows,
    pub(super) shifts: Option<Rows>,
    chunks: Rows,
    runs: Rows,
    syncs: Option<Rows>,
}

impl Tables {
    pub(crate) fn parse(index: &Arc<Vec<u8>>, stbl: &Node<'_>) -> Outcome<Self> {
        let (count, sizes) = sizes(index, stbl)?;
        if count > MAX_SAMPLES {
            return Err(damaged(
                "its index claims more pictures or sounds than a day of film has",
            ));
        }
        let optional = |kind: [u8; 4], width| {
            stbl.find(kind)?
                .map(|node| Rows::counted(index, &node, width))
                .transpose()
        };
        let chunks = match optional(*b"stco", 4)? {
            Some(rows) => rows,
            None => Rows::counted(index, &stbl.need(*b"co64")?, 8)?,
        };
        Ok(Self {
            count,
            sizes,
            times: Rows::counted(index, &stbl.need(*b"stts")?, 8)?,
            shifts: optional(*b"ctts", 8)?,
            chunks,
            runs: Rows::counted(index, &stbl.need(*b"stsc")?, 12)?,
            syncs: optional(*b"stss", 4)?,
        })
    }

    /// How many runs of chunks there are.
    pub(super) fn runs(&self) -> u32 {
        self.runs.count
    }

    pub(crate) fn count(&self) -> u32 {
        self.count
    }

    /// Whether the track says which samples are key frames; without the table all are.
    pub(crate) fn marks_keys(&self) -> bool {
        self.syncs.is_some()
    }

    /// The one sample description that every chunk uses, counted from 1; `None` if they differ.
    pub(crate) fn description(&self) -> Option<u32> {
        let of = |at| {
            let mut row = self.runs.row(at)?;
            row.take(8)?;
            row.u32()
        };
        let first = of(0)?;
        (1..self.runs.count)
            .all(|at| of(at) == Some(first))
            .then_some(first)
    }

    /// The smallest distance from decoding to composition in the table; 0 without one.
    pub(crate) fn lowest_shift(&self) -> i32 {
        let Some(rows) = &self.shifts else { return 0 };
        let used = (0..rows.count)
            .filter_map(|at| Self::pair(rows, at))
            .filter(|(run, _)| *run > 0);
        used.map(|(_, shift)| shift).min().unwrap_or(0)
    }

    pub(super) fn size(&self, at: u32) -> Option<u32> {
        match &self.sizes {
            Sizes::Same(size) => Some(*size),
            Sizes::Nibbles(rows) => {
                let pair = u32::from(rows.row(at / 2)?.u8()?);
                Some(if at.is_multiple_of(2) {
                    pair >> 4
                } else {
                    pair & 15
                })
            }
            Sizes::Each(rows) => {
                let mut row = rows.row(at)?;
                match rows.width {
                    1 => row.u8().map(u32::from),
                    2 => row.u16().map(u32::from),
                    _ => row.u32(),
                }
            }
        }
    }

    /// A pair of words: `stts`, `ctts`.
    pub(super) fn pair(rows: &Rows, at: u32) -> Option<(u32, i32)> {
        let mut row = rows.row(at)?;
        Some((row.u32()?, row.i32()?))
    }

    pub(super) fn chunk(&self, at: u32) -> Option<u64> {
        let mut row = self.chunks.row(at)?;
        if self.chunks.width == 4 {
            row.u32().map(u64::from)
        } else {
            row.u64()
        }
    }

    /// First chunk of a run, from 0, and samples in each of its chunks.
    pub(super) fn run(&self, at: u32) -> Option<(u32, u32)> {
        let mut row = self.runs.row(at)?;
        Some((row.u32()?.checked_sub(1)?, row.u32()?))
    }

    pub(super) fn sync(&self, at: u32) -> Option<u32> {
        self.syncs.as_ref()?.row(at)?.u32()
    }
}

fn sizes(index: &Arc<Vec<u8>>, stbl: &Node<'_>) -> Outcome<(u32, Sizes)> {
    if let Some(node) = stbl.find(*b"stsz")? {
        let mut bytes = node.bytes();
        let mut word = || bytes.u32().ok_or_else(|| empty(&node));
        let (_, same, count) = (word()?, word()?, word()?);
        if same != 0 {
            return Ok((count, Sizes::Same(same)));
        }
        return Ok((count, Sizes::Each(Rows::new(index, &node, 12, (count, 4))?)));
    }
    let node = stbl.need(*b"stz2")?;
    let mut bytes = node.bytes();
    let mut word = || bytes.u32().ok_or_else(|| empty(&node));
    let (_, field, count) = (word()?, word()? & 0xff, word()?);
    match field {
        4 => Ok((
            count,
            Sizes::Nibbles(Rows::new(index, &node, 12, (count.div_ceil(2), 1))?),
        )),
        8 => Ok((count, Sizes::Each(Rows::new(index, &node, 12, (count, 1))?))),
        16 => Ok((count, Sizes::Each(Rows::new(index, &node, 12, (count, 2))?))),
        _ => Err(damaged("its table of sizes has an unknown form")),
    }
}
