//! The samples of one track as the packer takes them: in decoding order, timed on the film's clock.

use crate::mp4::cursor::{Cursor, Samples};
use crate::stop::Stop;
use crate::survey::{Survey, Timeline};

/// One picture or sound frame; times are 90 kHz ticks from the beginning of the film.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unit {
    pub(crate) offset: u64,
    pub(crate) size: usize,
    pub(crate) decode: i64,
    pub(crate) show: i64,
    pub(crate) key: bool,
    /// On the track's own clock.
    pub(crate) duration: u32,
}

impl Unit {
    pub(crate) fn end(&self) -> u64 {
        self.offset + self.size as u64
    }
}

/// A place in one track; a clone looks ahead and shares what is held of the tables.
#[derive(Clone)]
pub(crate) struct Feed {
    line: Timeline,
    last: u32,
    cursor: Cursor,
    next: Next,
}

/// The sample at the place.
#[derive(Clone, Copy)]
enum Next {
    Unknown,
    Is(Unit),
    End,
}

impl Feed {
    pub(crate) fn new(samples: Samples, survey: &Survey) -> Self {
        Self {
            line: survey.line,
            last: survey.last,
            cursor: Cursor::new(samples, survey.first),
            next: Next::Unknown,
        }
    }

    /// The rows that are read first.
    pub(crate) fn cursor(&mut self) -> &mut Cursor {
        &mut self.cursor
    }

    /// The next sample, not yet taken; empty samples are passed over.
    pub(crate) fn peek(&mut self) -> Result<Option<Unit>, Stop> {
        loop {
            match self.next {
                Next::Is(unit) => return Ok(Some(unit)),
                Next::End => return Ok(None),
                Next::Unknown => self.next = self.look()?,
            }
        }
    }

    fn look(&mut self) -> Result<Next, Stop> {
        while self.cursor.place().sample() < self.last {
            let Some(sample) = self.cursor.next()? else {
                break;
            };
            if sample.size > 0 {
                return Ok(Next::Is(Unit {
                    offset: sample.offset,
                    size: sample.size as usize,
                    decode: self.line.decoded(sample.decode),
                    show: self.line.shown(sample.compose),
                    key: sample.key,
                    duration: sample.duration,
                }));
            }
        }
        Ok(Next::End)
    }

    /// Goes on to the sample after the one that was peeked at.
    pub(crate) fn advance(&mut self) {
        if matches!(self.next, Next::Is(_)) {
            self.next = Next::Unknown;
        }
    }

    /// Takes the next sample.
    pub(crate) fn take(&mut self) -> Result<Option<Unit>, Stop> {
        let unit = self.peek()?;
        self.advance();
        Ok(unit)
    }

    /// How long a sample lasts, in ticks of the film.
    pub(crate) fn lasts(&self, unit: &Unit) -> i64 {
        self.line.lasts(unit.duration)
    }

    /// Ticks a second of the track's own clock.
    pub(crate) fn timescale(&self) -> u32 {
        self.line.timescale()
    }
}
