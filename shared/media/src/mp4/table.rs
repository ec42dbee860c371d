//! The sample tables of a track (ISO/IEC 14496-12 §8.6, §8.7), read row by row as they stand in the file.

use crate::fault::{Outcome, damaged};
use crate::mp4::boxes::Node;
use crate::mp4::index::Index;
use crate::mp4::rows::{Lack, Page, Rows, Table, empty};

/// More samples than a day of film at 200 frames a second has.
pub(crate) const MAX_SAMPLES: u32 = 20_000_000;

#[derive(Clone)]
enum Sizes {
    Same(u32),
    Each(Rows),
    /// `stz2` with fields of 4 bits.
    Nibbles(Rows),
}

/// All tables of one track.
#[derive(Clone)]
pub(crate) struct Tables {
    count: u32,
    sizes: Sizes,
    times: Rows,
    shifts: Option<Rows>,
    chunks: Rows,
    runs: Rows,
    syncs: Option<Rows>,
    description: u32,
}

/// What one reader of the tables holds of them: a page of each.
#[derive(Clone)]
pub(super) struct Pages([Page; 6]);

/// A run of chunks that are alike.
pub(super) struct ChunkRun {
    /// Its first chunk, from 0.
    pub(super) first: u32,
    /// Samples in each chunk.
    pub(super) samples: u32,
    /// The sample description, from 1.
    pub(super) description: u32,
}

impl Tables {
    pub(crate) fn parse(index: &Index, stbl: &Node<'_>) -> Outcome<Self> {
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
        let runs = Rows::counted(index, &stbl.need(*b"stsc")?, 12)?;
        Ok(Self {
            count,
            sizes,
            times: Rows::counted(index, &stbl.need(*b"stts")?, 8)?,
            shifts: optional(*b"ctts", 8)?,
            chunks,
            // The first row is always held.
            description: run(&runs, &runs.head, 0).map_or(0, |run| run.description),
            runs,
            syncs: optional(*b"stss", 4)?,
        })
    }

    pub(crate) fn count(&self) -> u32 {
        self.count
    }

    /// Whether the track says which samples are key frames; without the table all are.
    pub(crate) fn marks_keys(&self) -> bool {
        self.syncs.is_some()
    }

    /// The sample description of the first chunk, counted from 1; 0 if there is none.
    pub(crate) fn description(&self) -> u32 {
        self.description
    }

    /// What is held from the start.
    pub(super) fn pages(&self) -> Pages {
        let head = |rows: Option<&Rows>| rows.map_or_else(Page::default, |rows| rows.head.clone());
        let sizes = match &self.sizes {
            Sizes::Same(_) => None,
            Sizes::Each(rows) | Sizes::Nibbles(rows) => Some(rows),
        };
        Pages([
            head(sizes),
            head(Some(&self.times)),
            head(self.shifts.as_ref()),
            head(Some(&self.chunks)),
            head(Some(&self.runs)),
            head(self.syncs.as_ref()),
        ])
    }

    pub(super) fn size(&self, pages: &Pages, at: u32) -> Result<u32, Lack> {
        let page = pages.of(Table::Sizes);
        match &self.sizes {
            Sizes::Same(size) => Ok(*size),
            Sizes::Nibbles(rows) => {
                let row = rows.row(Table::Sizes, page, at / 2)?.u8();
                let pair = u32::from(row.ok_or(Lack::End)?);
                Ok(if at.is_multiple_of(2) {
                    pair >> 4
                } else {
                    pair & 15
                })
            }
            Sizes::Each(rows) => {
                let mut row = rows.row(Table::Sizes, page, at)?;
                let size = match rows.width {
                    1 => row.u8().map(u32::from),
                    2 => row.u16().map(u32::from),
                    _ => row.u32(),
                };
                size.ok_or(Lack::End)
            }
        }
    }

    /// A run of samples of one duration: how many, and the duration.
    pub(super) fn time(&self, pages: &Pages, at: u32) -> Result<(u32, i32), Lack> {
        pair(&self.times, Table::Times, pages, at)
    }

    /// A run of samples of one distance from decoding to composition.
    pub(super) fn shift(&self, pages: &Pages, at: u32) -> Result<(u32, i32), Lack> {
        let rows = self.shifts.as_ref().ok_or(Lack::End)?;
        pair(rows, Table::Shifts, pages, at)
    }

    pub(super) fn has_shifts(&self) -> bool {
        self.shifts.is_some()
    }

    pub(super) fn chunk(&self, pages: &Pages, at: u32) -> Result<u64, Lack> {
        let mut row = self
            .chunks
            .row(Table::Chunks, pages.of(Table::Chunks), at)?;
        let offset = if self.chunks.width == 4 {
            row.u32().map(u64::from)
        } else {
            row.u64()
        };
        offset.ok_or(Lack::End)
    }

    /// A run of chunks; `None` behind the last.
    pub(super) fn run(&self, pages: &Pages, at: u32) -> Result<Option<ChunkRun>, Lack> {
        if at >= self.runs.count {
            return Ok(None);
        }
        run(&self.runs, pages.of(Table::Runs), at).map(Some)
    }

    /// The number of a key frame, from 1; `None` behind the last.
    pub(super) fn sync(&self, pages: &Pages, at: u32) -> Result<Option<u32>, Lack> {
        let Some(rows) = self.syncs.as_ref().filter(|rows| at < rows.count) else {
            return Ok(None);
        };
        let mut row = rows.row(Table::Syncs, pages.of(Table::Syncs), at)?;
        row.u32().map(Some).ok_or(Lack::End)
    }
}

impl Pages {
    fn of(&self, table: Table) -> &Page {
        let Self([sizes, times, shifts, chunks, runs, syncs]) = self;
        match table {
            Table::Sizes => sizes,
            Table::Times => times,
            Table::Shifts => shifts,
            Table::Chunks => chunks,
            Table::Runs => runs,
            Table::Syncs => syncs,
        }
    }

    /// Puts rows that were away in the place of those held of their table.
    pub(super) fn fill(&mut self, (table, row): (Table, u32), tables: &Tables, octets: &[u8]) {
        let Self([sizes, times, shifts, chunks, runs, syncs]) = self;
        let page = match table {
            Table::Sizes => sizes,
            Table::Times => times,
            Table::Shifts => shifts,
            Table::Chunks => chunks,
            Table::Runs => runs,
            Table::Syncs => syncs,
        };
        *page = Page::read(row, octets, tables.width(table));
    }
}

impl Tables {
    fn width(&self, table: Table) -> usize {
        match (table, &self.sizes) {
            (Table::Sizes, Sizes::Each(rows) | Sizes::Nibbles(rows)) => rows.width,
            (Table::Times | Table::Shifts, _) => 8,
            (Table::Chunks, _) => self.chunks.width,
            (Table::Runs, _) => 12,
            (Table::Sizes | Table::Syncs, _) => 4,
        }
    }
}

fn pair(rows: &Rows, table: Table, pages: &Pages, at: u32) -> Result<(u32, i32), Lack> {
    let mut row = rows.row(table, pages.of(table), at)?;
    row.u32().zip(row.i32()).ok_or(Lack::End)
}

fn run(rows: &Rows, page: &Page, at: u32) -> Result<ChunkRun, Lack> {
    let mut row = rows.row(Table::Runs, page, at)?;
    let mut word = || row.u32().ok_or(Lack::End);
    Ok(ChunkRun {
        first: word()?.checked_sub(1).ok_or(Lack::End)?,
        samples: word()?,
        description: word()?,
    })
}

fn sizes(index: &Index, stbl: &Node<'_>) -> Outcome<(u32, Sizes)> {
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
