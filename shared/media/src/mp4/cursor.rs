//! A walk over the sample tables: one sample after the other, and nothing kept of those before.

use crate::fault::{Outcome, cut_short, damaged};
use crate::mp4::rows::{Away, Lack};
use crate::mp4::table::{Pages, Tables};

/// More rows of a table that say nothing than this, one after the other, are taken for damage. A page
/// holds more of the widest rows, so that a sample that is asked for again finds all of its own.
const MAX_IDLE: u32 = 4096;

/// One sample on its track's own clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sample {
    pub(crate) offset: u64,
    pub(crate) size: u32,
    /// Decoding time.
    pub(crate) decode: i64,
    /// Composition time.
    pub(crate) compose: i64,
    pub(crate) duration: u32,
    pub(crate) key: bool,
}

/// A place in the tables.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Place {
    sample: u32,
    time: Run,
    shift: Run,
    clock: i64,
    run: u32,
    chunk: u32,
    in_chunk: u32,
    per_chunk: u32,
    /// Offset of the next sample in the chunk.
    offset: u64,
    sync: u32,
    /// Whether a chunk has another sample description than the first one.
    changed: bool,
}

/// A reader of the tables. A clone looks ahead and shares what is held.
#[derive(Clone)]
pub(crate) struct Cursor {
    tables: Tables,
    pages: Pages,
    place: Place,
    /// What has to come before the next sample can be told.
    away: Option<Away>,
}

/// A place in a run-length table.
#[derive(Debug, Clone, Copy, Default)]
struct Run {
    row: u32,
    left: u32,
    value: i32,
}

impl Run {
    /// The value of the next sample; empty runs are passed over.
    fn next(&mut self, row: impl Fn(u32) -> Result<(u32, i32), Lack>) -> Result<i32, Lack> {
        let begun = self.row;
        while self.left == 0 {
            (self.left, self.value) = row(self.row)?;
            self.row = following(self.row, begun)?;
        }
        self.left -= 1;
        Ok(self.value)
    }
}

/// The row behind this one; the end if too many since `begun` said nothing.
fn following(row: u32, begun: u32) -> Result<u32, Lack> {
    if row - begun >= MAX_IDLE {
        return Err(Lack::End);
    }
    Ok(row + 1)
}

impl Cursor {
    pub(crate) fn new(tables: Tables, place: Place) -> Self {
        Self {
            pages: tables.pages(),
            tables,
            place,
            away: None,
        }
    }

    /// Where it is: before the next sample.
    pub(crate) fn place(&self) -> Place {
        self.place
    }

    /// The next sample; `None` at the end, or where the tables contradict each other. If its rows
    /// have to be read first, it is asked again after [`Cursor::fill`].
    pub(crate) fn next(&mut self) -> Result<Option<Sample>, Away> {
        if self.place.sample >= self.tables.count() {
            return Ok(None);
        }
        let mut place = self.place;
        match place.advance(&self.tables, &self.pages) {
            Ok(sample) => {
                self.place = place;
                Ok(Some(sample))
            }
            Err(Lack::End) => Ok(None),
            Err(Lack::Away(away)) => {
                self.away = Some(away);
                Err(away)
            }
        }
    }

    /// Whether rows have been asked for that did not come yet.
    pub(crate) fn waits(&self) -> bool {
        self.away.is_some()
    }

    /// Takes in the rows that were asked for last.
    pub(crate) fn fill(&mut self, octets: &[u8]) {
        if let Some(away) = self.away.take() {
            self.pages.fill(&away, &self.tables, octets);
        }
    }
}

impl Place {
    /// Number of the next sample, from 0.
    pub(crate) fn sample(&self) -> u32 {
        self.sample
    }

    /// Whether the track changed its sample description on the way here.
    pub(crate) fn changed(&self) -> bool {
        self.changed
    }

    fn advance(&mut self, tables: &Tables, pages: &Pages) -> Result<Sample, Lack> {
        self.enter_chunk(tables, pages)?;
        let size = tables.size(pages, self.sample)?;
        let duration = self.time.next(|row| tables.time(pages, row))?;
        let shift = if tables.has_shifts() {
            self.shift.next(|row| tables.shift(pages, row))?
        } else {
            0
        };
        let compose = self.clock.checked_add(i64::from(shift));
        let sample = Sample {
            offset: self.offset,
            size,
            decode: self.clock,
            compose: compose.ok_or(Lack::End)?,
            duration: duration.cast_unsigned(),
            key: self.is_key(tables, pages)?,
        };
        let behind = self.offset.checked_add(u64::from(size));
        self.offset = behind.ok_or(Lack::End)?;
        let clock = self.clock.checked_add(i64::from(sample.duration));
        self.clock = clock.ok_or(Lack::End)?;
        self.in_chunk += 1;
        self.sample += 1;
        Ok(sample)
    }

    fn enter_chunk(&mut self, tables: &Tables, pages: &Pages) -> Result<(), Lack> {
        if self.in_chunk < self.per_chunk {
            return Ok(());
        }
        if self.per_chunk > 0 {
            self.chunk += 1;
        }
        // A run lasts until the first chunk of the next one.
        let begun = self.run;
        while let Some(run) = tables.run(pages, self.run)? {
            if run.first > self.chunk {
                break;
            }
            self.per_chunk = run.samples;
            self.changed |= run.description != tables.description();
            self.run = following(self.run, begun)?;
        }
        if self.per_chunk == 0 {
            return Err(Lack::End);
        }
        self.in_chunk = 0;
        self.offset = tables.chunk(pages, self.chunk)?;
        Ok(())
    }

    fn is_key(&mut self, tables: &Tables, pages: &Pages) -> Result<bool, Lack> {
        if !tables.marks_keys() {
            return Ok(true);
        }
        let begun = self.sync;
        while let Some(number) = tables.sync(pages, self.sync)? {
            if number > self.sample {
                return Ok(number == self.sample + 1);
            }
            self.sync = following(self.sync, begun)?;
        }
        Ok(false)
    }
}

/// The fault of tables that end before the samples do, or of samples beyond the file.
pub(crate) fn short_of(sample: Option<Sample>, size: u64) -> Outcome<Sample> {
    let sample = sample.ok_or_else(|| damaged("the tables of its index contradict each other"))?;
    match sample.offset.checked_add(u64::from(sample.size)) {
        Some(end) if end <= size => Ok(sample),
        _ => Err(cut_short(
            "its index names pictures or sound beyond the end of the file",
        )),
    }
}

#[cfg(test)]
#[path = "cursor_tests.rs"]
mod tests;
