//! A walk over the sample tables and the fragments behind them: one sample after the other, and nothing kept of those before.

use std::sync::Arc;

use crate::fault::{Outcome, cut_short, damaged};
use crate::mp4::fragment::{Fragment, Run as FragmentRun};
use crate::mp4::rows::{Away, Lack, What};
use crate::mp4::shelf::Shelf;
use crate::mp4::table::{Pages, Tables};
use crate::stop::Stop;

/// More rows of a table that say nothing than this, one after the other, are taken for damage. A page
/// holds more of the widest rows, so that a sample that is asked for again finds all of its own.
const MAX_IDLE: u32 = 4096;
/// More fragments than a day of film in pieces of a third of a second has.
const MAX_FRAGMENTS: u32 = 260_000;

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

/// Where a track's samples are told: in the tables, and behind them in fragments.
#[derive(Clone)]
pub(crate) struct Samples {
    pub(crate) tables: Tables,
    pub(crate) fragments: Option<Fragments>,
}

/// The fragments of one track.
#[derive(Clone)]
pub(crate) struct Fragments {
    pub(crate) shelf: Shelf,
    pub(crate) track: u32,
    /// Where the index of the film ends, and fragments may follow.
    pub(crate) from: u64,
}

/// A place in the tables, and in the fragments behind them.
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
    spot: Spot,
}

/// A place in the fragments.
#[derive(Debug, Clone, Copy, Default)]
struct Spot {
    /// From where the fragment at hand was looked for; before the first one nothing.
    from: u64,
    run: usize,
    row: u32,
    /// When the sample before was decoded.
    before: Option<i64>,
    fragments: u32,
}

/// A reader of the tables. A clone looks ahead and shares what is held.
#[derive(Clone)]
pub(crate) struct Cursor {
    samples: Samples,
    pages: Pages,
    place: Place,
    /// The fragment of the place, if it is held.
    fragment: Option<Arc<Fragment>>,
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
    pub(crate) fn new(samples: Samples, place: Place) -> Self {
        Self {
            pages: samples.tables.pages(),
            samples,
            place,
            fragment: None,
            away: None,
        }
    }

    /// Where it is: before the next sample.
    pub(crate) fn place(&self) -> Place {
        self.place
    }

    /// The next sample; `None` at the end. If its rows have to be read first, it is asked again after
    /// [`Cursor::fill`].
    pub(crate) fn next(&mut self) -> Result<Option<Sample>, Stop> {
        let tables = &self.samples.tables;
        if self.place.sample >= tables.count() {
            return self.next_of_fragments();
        }
        let mut place = self.place;
        match place.advance(tables, &self.pages) {
            Ok(sample) => {
                self.place = place;
                Ok(Some(sample))
            }
            Err(Lack::End) => Err(damaged("the tables of its index contradict each other").into()),
            Err(Lack::Away(away)) => {
                self.away = Some(away);
                Err(away.into())
            }
        }
    }

    fn next_of_fragments(&mut self) -> Result<Option<Sample>, Stop> {
        let Some(fragments) = &self.samples.fragments else {
            return Ok(None);
        };
        loop {
            let fragment = match &self.fragment {
                Some(fragment) => fragment,
                None => match fragments
                    .shelf
                    .next(fragments.from.max(self.place.spot.from))
                {
                    Ok(Some(fragment)) => self.fragment.insert(fragment),
                    Ok(None) => return Ok(None),
                    Err(stop) => {
                        if let Stop::Away(away) = &stop {
                            self.away = Some(*away);
                        }
                        return Err(stop);
                    }
                },
            };
            if let Some(sample) = self.place.enter(fragment, fragments.track)? {
                return Ok(Some(sample));
            }
            self.place.leave(fragment.behind)?;
            self.fragment = None;
        }
    }

    /// Whether rows have been asked for that did not come yet.
    pub(crate) fn waits(&self) -> bool {
        self.away.is_some()
    }

    /// Takes in the rows that were asked for last.
    pub(crate) fn fill(&mut self, octets: &[u8]) {
        let Some(away) = self.away.take() else {
            return;
        };
        match (away.what, &self.samples.fragments) {
            (What::Rows(table, row), _) => {
                self.pages.fill((table, row), &self.samples.tables, octets);
            }
            (What::Fragment, Some(fragments)) => fragments.shelf.fill(&away, octets),
            (What::Fragment, None) => {}
        }
    }

    /// Forgets what it asked for, unless that is what comes now: somebody else's wish is fulfilled first.
    pub(crate) fn answer(&mut self, asked: &Away, octets: &[u8]) {
        if self.away.as_ref() == Some(asked) {
            self.fill(octets);
        }
        self.away = None;
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

    /// The next sample of a track in this fragment.
    fn enter(&mut self, fragment: &Fragment, track: u32) -> Outcome<Option<Sample>> {
        while let Some(run) = fragment.run(self.spot.run) {
            if run.track == track && self.spot.row < run.count {
                let lost = || damaged("a fragment contradicts itself");
                return self.take(fragment, run).map(Some).ok_or_else(lost);
            }
            self.spot.run += 1;
            self.spot.row = 0;
        }
        Ok(None)
    }

    fn take(&mut self, fragment: &Fragment, run: &FragmentRun) -> Option<Sample> {
        let row = fragment.row(run, self.spot.row)?;
        if self.spot.row == 0 {
            self.offset = run.offset;
            self.changed |= run.changed;
            if let Some(clock) = run.clock {
                // A clock that stands still or goes back would have pictures decoded all at once.
                let least = self.spot.before.map_or(i64::MIN, |before| before + 1);
                self.clock = clock.max(least);
            }
        }
        let sample = Sample {
            offset: self.offset,
            size: row.size,
            decode: self.clock,
            compose: self.clock.checked_add(row.shift)?,
            duration: row.duration,
            key: row.key,
        };
        self.spot.before = Some(self.clock);
        self.offset = self.offset.checked_add(u64::from(row.size))?;
        self.clock = self.clock.checked_add(i64::from(row.duration))?;
        self.sample = self.sample.checked_add(1)?;
        self.spot.row += 1;
        Some(sample)
    }

    /// Goes on to the fragment behind this one.
    fn leave(&mut self, behind: u64) -> Outcome<()> {
        let fragments = self.spot.fragments + 1;
        if fragments > MAX_FRAGMENTS {
            return Err(damaged("it consists of too many small fragments"));
        }
        self.spot = Spot {
            from: behind,
            before: self.spot.before,
            fragments,
            ..Spot::default()
        };
        Ok(())
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

/// The fault of samples beyond the file.
pub(crate) fn inside(sample: Sample, size: u64) -> Outcome<Sample> {
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
