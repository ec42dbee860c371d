//! The samples of one track as the packer takes them: in decoding order, timed on the film's clock.

use crate::mp4::cursor::Cursor;
use crate::mp4::table::Tables;
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

/// A place in one track; a clone looks ahead and shares the tables.
#[derive(Clone)]
pub(crate) struct Feed {
    tables: Tables,
    line: Timeline,
    last: u32,
    cursor: Cursor,
    next: Option<Unit>,
}

impl Feed {
    pub(crate) fn new(tables: Tables, survey: &Survey) -> Self {
        let (line, last) = (survey.line, survey.last);
        let mut feed = Self {
            tables,
            line,
            last,
            cursor: Cursor::default(),
            next: None,
        };
        while feed.cursor.at() < survey.first && feed.cursor.next(&feed.tables).is_some() {}
        feed.advance();
        feed
    }

    /// The next sample, not yet taken.
    pub(crate) fn peek(&self) -> Option<&Unit> {
        self.next.as_ref()
    }

    /// Goes on to the sample after it; empty samples are passed over.
    pub(crate) fn advance(&mut self) {
        self.next = None;
        while self.next.is_none() && self.cursor.at() < self.last {
            let Some(sample) = self.cursor.next(&self.tables) else {
                return;
            };
            if sample.size == 0 {
                continue;
            }
            self.next = Some(Unit {
                offset: sample.offset,
                size: sample.size as usize,
                decode: self.line.decoded(sample.decode),
                show: self.line.shown(sample.compose),
                key: sample.key,
                duration: sample.duration,
            });
        }
    }

    /// Takes the next sample.
    pub(crate) fn take(&mut self) -> Option<Unit> {
        let unit = self.next;
        self.advance();
        unit
    }

    /// Ticks a second of the track's own clock.
    pub(crate) fn timescale(&self) -> u32 {
        self.line.timescale()
    }
}
