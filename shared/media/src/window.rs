//! What of the source is held: one window per track, read in order and in large pieces.
//!
//! A well interleaved film needs one window only, which slides over both tracks. Where sound lies
//! far from the picture each track reads through a window of its own.

use crate::fault::{Outcome, unsupported_feature};
use crate::feed::{Feed, Unit};

/// Octets asked for at a time.
pub(crate) const READ: u64 = 2 << 20;
/// A hole of so many octets is read through rather than jumped over.
const GAP: u64 = 64 << 10;
/// Octets behind the reading track that are kept for the other one.
const KEEP: u64 = 1 << 20;

/// A range to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Want {
    pub(crate) offset: u64,
    pub(crate) len: usize,
}

#[derive(Default)]
struct Window {
    base: u64,
    octets: Vec<u8>,
}

impl Window {
    fn end(&self) -> u64 {
        self.base + self.octets.len() as u64
    }

    fn get(&self, offset: u64, len: usize) -> Option<&[u8]> {
        let skip = usize::try_from(offset.checked_sub(self.base)?).ok()?;
        self.octets.get(skip..skip.checked_add(len)?)
    }

    /// Whether reading on from the end reaches `offset` soon.
    fn leads_to(&self, offset: u64) -> bool {
        !self.octets.is_empty() && offset >= self.base && offset <= self.end() + GAP
    }

    fn drop_before(&mut self, offset: u64) {
        let gone = offset.clamp(self.base, self.end()) - self.base;
        self.base += gone;
        self.octets.drain(..usize::try_from(gone).unwrap_or(0));
    }
}

/// The windows of a film's one or two tracks.
pub(crate) struct Windows {
    held: [Window; 2],
    /// Which window the last wanted range goes to.
    filling: usize,
    /// End of the last sample in the file: nothing behind it is read.
    end: u64,
    /// Reads and octets that may still be asked for: an index that scatters its samples over the
    /// file is refused before it costs more than the film is worth.
    reads_left: u64,
    octets_left: u64,
}

impl Windows {
    pub(crate) fn new(end: u64) -> Self {
        Self {
            held: [Window::default(), Window::default()],
            filling: 0,
            end,
            reads_left: 1000 + end / (32 << 10),
            octets_left: (64 << 20) + end.saturating_mul(3),
        }
    }

    /// The octets of a sample, if they are held.
    pub(crate) fn get(&self, unit: &Unit) -> Option<&[u8]> {
        self.held
            .iter()
            .find_map(|window| window.get(unit.offset, unit.size))
    }

    /// What to read so that `unit`, the next sample of track `own`, is held. `other` is the next sample
    /// of the other track: kept if it lies close behind, read along if it lies close ahead.
    pub(crate) fn want(
        &mut self,
        own: usize,
        (feed, unit): (&Feed, &Unit),
        other: Option<&Unit>,
    ) -> Outcome<Want> {
        let sliding = [own, 1 - own]
            .into_iter()
            .find(|&at| self.held[at].leads_to(unit.offset));
        let behind = other.filter(|other| other.offset < unit.offset);
        let near = behind.filter(|other| unit.offset - other.offset <= KEEP);
        let base = near.unwrap_or(unit).offset;
        // A window that holds what the other track needs far behind stays as it is.
        let pinned = |window: &Window| {
            near.is_none() && behind.is_some_and(|o| window.get(o.offset, o.size).is_some())
        };
        self.filling = match sliding {
            Some(at) if pinned(&self.held[at]) => 1 - at,
            Some(at) => at,
            None if pinned(&self.held[own]) => 1 - own,
            None => own,
        };
        let window = &mut self.held[self.filling];
        if window.leads_to(base) {
            window.drop_before(base);
        } else {
            window.octets.clear();
            window.base = base;
        }
        let from = window.end();
        let along = other.is_some_and(|o| o.offset >= window.base && o.offset < from + READ);
        let until = if along {
            from + READ
        } else {
            run(feed, from).min(from + READ)
        };
        let until = until.min(self.end).max(unit.end());
        let len = until - from;
        self.reads_left = self.reads_left.checked_sub(1).ok_or_else(scattered)?;
        self.octets_left = self.octets_left.checked_sub(len).ok_or_else(scattered)?;
        let len = usize::try_from(len).map_err(|_| scattered())?;
        Ok(Want { offset: from, len })
    }

    /// Takes in what was wanted last.
    pub(crate) fn fill(&mut self, octets: &[u8]) {
        let window = &mut self.held[self.filling];
        window.octets.reserve_exact(octets.len());
        window.octets.extend_from_slice(octets);
    }
}

/// Where the samples of a track stop lying close together, as far as one read goes and as the rows
/// at hand tell.
fn run(feed: &Feed, from: u64) -> u64 {
    let mut ahead = feed.clone();
    let mut end = from;
    while let Ok(Some(next)) = ahead.take() {
        if next.offset > end + GAP || end - from >= READ {
            break;
        }
        end = end.max(next.end());
    }
    end
}

fn scattered() -> vault_domain::packaging::PackageFault {
    unsupported_feature(
        "film_too_scattered",
        "The film's pictures and sound are scattered over the file in pieces too small to be read one by one",
    )
}
