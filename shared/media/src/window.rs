//! What of the source is held: one window per track, read in order and in large pieces.
//!
//! A well interleaved film needs one window only, which slides over all tracks. Where sound lies
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

/// The windows of a film's tracks.
pub(crate) struct Windows {
    held: Vec<Window>,
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
    /// For so many tracks.
    pub(crate) fn new(tracks: usize, end: u64) -> Self {
        Self {
            held: (0..tracks.max(1)).map(|_| Window::default()).collect(),
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

    /// What to read so that `unit`, the next sample of track `own`, is held. `others` are the next samples
    /// of the other tracks: kept if they lie close behind, read along if they lie close ahead.
    pub(crate) fn want(
        &mut self,
        own: usize,
        (feed, unit): (&Feed, &Unit),
        others: &[Unit],
    ) -> Outcome<Want> {
        let behind = |other: &&Unit| other.offset < unit.offset;
        let is_near = |other: &Unit| unit.offset - other.offset <= KEEP;
        let near = others.iter().filter(behind).filter(|other| is_near(other));
        let base = near.map(|near| near.offset).fold(unit.offset, u64::min);
        self.filling = self.choose(own, unit, others);
        self.release(unit, others);
        let room = self.room();
        let window = &mut self.held[self.filling];
        if window.leads_to(base) {
            window.drop_before(base);
        } else {
            window.octets.clear();
            window.base = base;
        }
        let from = window.end();
        let along = |o: &Unit| o.offset >= window.base && o.offset < from + room;
        let until = if others.iter().any(along) {
            from + room
        } else {
            run(feed, from).min(from + room)
        };
        let until = until.min(self.end).max(unit.end());
        let len = until - from;
        self.reads_left = self.reads_left.checked_sub(1).ok_or_else(scattered)?;
        self.octets_left = self.octets_left.checked_sub(len).ok_or_else(scattered)?;
        let len = usize::try_from(len).map_err(|_| scattered())?;
        Ok(Want { offset: from, len })
    }

    /// The window to read into: one that leads there, else one's own, unless it holds what another track needs
    /// far behind.
    fn choose(&self, own: usize, unit: &Unit, others: &[Unit]) -> usize {
        let pinned = |at: usize| {
            let far = |o: &Unit| o.offset < unit.offset && unit.offset - o.offset > KEEP;
            let mut far = others.iter().filter(|other| far(other));
            far.any(|other| self.held[at].get(other.offset, other.size).is_some())
        };
        let all = || std::iter::once(own).chain((0..self.held.len()).filter(|&at| at != own));
        let sliding = all().filter(|&at| self.held[at].leads_to(unit.offset));
        let mut wished = sliding.chain(all());
        wished.find(|&at| !pinned(at)).unwrap_or(own)
    }

    /// Lets go of windows that no track comes to any more.
    fn release(&mut self, unit: &Unit, others: &[Unit]) {
        for (at, window) in self.held.iter_mut().enumerate() {
            let mut units = others.iter().chain([unit]);
            if at != self.filling && !units.any(|unit| window.leads_to(unit.offset)) {
                window.octets = Vec::new();
            }
        }
    }

    /// How much may be read: all windows together hold not much more than one read.
    fn room(&self) -> u64 {
        let others = self.held.iter().enumerate();
        let others = others.filter(|(at, _)| *at != self.filling);
        let held: u64 = others.map(|(_, window)| window.octets.len() as u64).sum();
        (READ + READ / 4).saturating_sub(held).clamp(READ / 8, READ)
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
