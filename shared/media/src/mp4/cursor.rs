//! A walk over the sample tables: one sample after the other, and nothing kept of those before.

use crate::fault::{Outcome, cut_short, damaged};
use crate::mp4::table::{Rows, Tables};

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

/// A place in the tables; small, so that a copy may look ahead.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Cursor {
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
    fn next(&mut self, rows: &Rows) -> Option<i32> {
        while self.left == 0 {
            let (left, value) = Tables::pair(rows, self.row)?;
            self.row += 1;
            (self.left, self.value) = (left, value);
        }
        self.left -= 1;
        Some(self.value)
    }
}

impl Cursor {
    /// Number of the next sample, from 0.
    pub(crate) fn at(&self) -> u32 {
        self.sample
    }

    /// The next sample; `None` at the end, or where the tables contradict each other.
    pub(crate) fn next(&mut self, tables: &Tables) -> Option<Sample> {
        if self.sample >= tables.count() {
            return None;
        }
        self.enter_chunk(tables)?;
        let size = tables.size(self.sample)?;
        let duration = self.time.next(&tables.times)?.cast_unsigned();
        let shift = match &tables.shifts {
            Some(rows) => self.shift.next(rows)?,
            None => 0,
        };
        let sample = Sample {
            offset: self.offset,
            size,
            decode: self.clock,
            compose: self.clock.checked_add(i64::from(shift))?,
            duration,
            key: self.is_key(tables),
        };
        self.offset = self.offset.checked_add(u64::from(size))?;
        self.clock = self.clock.checked_add(i64::from(duration))?;
        self.in_chunk += 1;
        self.sample += 1;
        Some(sample)
    }

    fn enter_chunk(&mut self, tables: &Tables) -> Option<()> {
        if self.in_chunk < self.per_chunk {
            return Some(());
        }
        if self.per_chunk > 0 {
            self.chunk += 1;
        }
        // A run lasts until the first chunk of the next one.
        loop {
            match tables.run(self.run) {
                Some((first, _)) if first > self.chunk => break,
                Some((_, per_chunk)) => {
                    self.per_chunk = per_chunk;
                    self.run += 1;
                }
                None if self.run >= tables.runs() => break,
                None => return None,
            }
        }
        if self.per_chunk == 0 {
            return None;
        }
        self.in_chunk = 0;
        self.offset = tables.chunk(self.chunk)?;
        Some(())
    }

    fn is_key(&mut self, tables: &Tables) -> bool {
        if !tables.marks_keys() {
            return true;
        }
        while let Some(number) = tables.sync(self.sync) {
            if number > self.sample {
                return number == self.sample + 1;
            }
            self.sync += 1;
        }
        false
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
