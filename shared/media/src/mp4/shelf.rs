//! The fragments of a film, found one after the other as they are asked for. A few are held, for all
//! who read along: never the index of the whole film.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::bytes::Bytes;
use crate::fault::{Outcome, cut_short, damaged, unsupported_feature};
use crate::mp4::fragment::{Defaults, Fragment};
use crate::mp4::rows::{Away, What};
use crate::stop::Stop;

/// A fragment whose index is larger than this is refused: half an hour of film fits.
const MAX_MOOF: u64 = 1 << 20;
/// What is held, beside the fragment that was asked for.
const MAX_HELD: usize = 512 << 10;
/// Parts without pictures or sound that may stand between two fragments.
const MAX_IDLE: u32 = 1_000;
/// A read at the place of a fragment where they lie far apart, and where they lie close together.
const FAR_READ: u64 = 16 << 10;
const NEAR_READ: u64 = 512 << 10;
/// Fragments that begin so many octets behind each other lie close together.
const NEAR: u64 = 256 << 10;

/// The fragments of one film; clones share what is held.
#[derive(Clone)]
pub(crate) struct Shelf(Arc<Mutex<Held>>);

struct Held {
    size: u64,
    defaults: Vec<Defaults>,
    /// Each with the place from which it was looked for, in order of the places.
    fragments: VecDeque<(u64, Arc<Fragment>)>,
    weight: usize,
    /// From here on there is none.
    end: Option<u64>,
    search: Search,
    /// Octets from one fragment to the next, at last.
    stride: u64,
    fault: Option<vault_domain::packaging::PackageFault>,
}

/// A walk over the parts of the file to the next fragment.
#[derive(Clone, Copy, Default)]
struct Search {
    /// From where.
    from: u64,
    /// Where it is.
    at: u64,
    idle: u32,
    /// Octets that have to be seen at once to go on.
    need: u64,
}

struct Header {
    kind: [u8; 4],
    len: usize,
    size: u64,
}

impl Shelf {
    /// Of a file of `size` octets; only tracks with `defaults` are read.
    pub(crate) fn new(size: u64, defaults: Vec<Defaults>) -> Self {
        Self(Arc::new(Mutex::new(Held {
            size,
            defaults,
            fragments: VecDeque::new(),
            weight: 0,
            end: None,
            search: Search::default(),
            stride: 0,
            fault: None,
        })))
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The first fragment at or behind a place of the file; `None` if there is none.
    pub(super) fn next(&self, from: u64) -> Result<Option<Arc<Fragment>>, Stop> {
        self.lock().next(from)
    }

    /// Takes in what was asked for.
    pub(super) fn fill(&self, away: &Away, octets: &[u8]) {
        let mut held = self.lock();
        if held.search.at == away.offset
            && let Err(fault) = held.fill(octets)
        {
            held.fault = Some(fault);
        }
    }
}

impl Held {
    fn next(&mut self, from: u64) -> Result<Option<Arc<Fragment>>, Stop> {
        if let Some(fault) = &self.fault {
            return Err(fault.clone().into());
        }
        let found = self.fragments.iter().find(|(at, _)| *at == from);
        if let Some((_, fragment)) = found {
            return Ok(Some(Arc::clone(fragment)));
        }
        if self.end.is_some_and(|end| from >= end) {
            return Ok(None);
        }
        if self.search.from != from || self.search.at < from {
            self.search = Search {
                from,
                at: from,
                ..Search::default()
            };
        }
        let Search { at, need, .. } = self.search;
        let left = self.size.saturating_sub(at);
        if left < 8 {
            self.end = Some(from);
            return Ok(None);
        }
        let usual = if self.stride > 0 && self.stride <= NEAR {
            NEAR_READ
        } else {
            FAR_READ
        };
        let len = usize::try_from(usual.max(need).min(left));
        let away = Away {
            offset: at,
            len: len.unwrap_or(usize::MAX),
            what: What::Fragment,
        };
        Err(away.into())
    }

    /// Walks over what was read, and takes in every fragment that is there as a whole.
    fn fill(&mut self, octets: &[u8]) -> Outcome<()> {
        let (base, begun) = (self.search.at, self.search.from);
        let mut fresh = 0;
        loop {
            let at = self.search.at;
            let left = self.size.saturating_sub(at);
            if left < 8 {
                self.end = Some(self.search.from);
                return Ok(());
            }
            let skip = usize::try_from(at - base).unwrap_or(usize::MAX);
            let here = octets.get(skip..).unwrap_or_default();
            self.search.need = 16.min(left);
            if (here.len() as u64) < self.search.need {
                return Ok(());
            }
            let Header { kind, len, size } = header(here, left)?;
            if kind != *b"moof" {
                if size > left {
                    return Err(cut_short("the file ends in the middle of a fragment"));
                }
                self.search.idle += 1;
                if self.search.idle > MAX_IDLE {
                    return Err(damaged("it consists of too many small parts"));
                }
                self.search.at += size;
                continue;
            }
            if size > left {
                return Err(cut_short("the file ends in the middle of a fragment"));
            }
            if size > MAX_MOOF {
                return Err(unsupported_feature(
                    "fragment_too_large",
                    "The index of one of the film's fragments is larger than 1 MiB, far more than a fragment needs",
                ));
            }
            let whole = usize::try_from(size).ok().and_then(|size| here.get(..size));
            let Some(whole) = whole else {
                self.search.need = size;
                return Ok(());
            };
            let body = whole.get(len..).unwrap_or_default();
            let fragment = Fragment::parse((at, len), body, &self.defaults)?;
            fresh += fragment.weight();
            self.stride = at - self.search.from.min(at);
            self.keep(fragment, (begun, fresh));
            if fresh > MAX_HELD {
                return Ok(());
            }
        }
    }

    /// Keeps a fragment; others go if there is no room, but none of the last `fresh` octets, which were
    /// looked for from `begun` on.
    fn keep(&mut self, fragment: Fragment, (begun, fresh): (u64, usize)) {
        let (from, behind) = (self.search.from, fragment.behind);
        let at = self.fragments.partition_point(|(held, _)| *held < from);
        if self.fragments.get(at).is_none_or(|(held, _)| *held != from) {
            self.weight += fragment.weight();
            self.fragments.insert(at, (from, Arc::new(fragment)));
        }
        while self.weight > MAX_HELD.max(fresh) {
            let is_fresh = self
                .fragments
                .front()
                .is_some_and(|(held, _)| *held >= begun);
            let gone = if is_fresh {
                self.fragments.pop_back()
            } else {
                self.fragments.pop_front()
            };
            let Some((_, gone)) = gone else {
                break;
            };
            self.weight -= gone.weight();
        }
        self.search = Search {
            from: behind,
            at: behind,
            ..Search::default()
        };
    }
}

fn header(octets: &[u8], left: u64) -> Outcome<Header> {
    let broken = || damaged("one of its parts states an impossible size");
    let mut bytes = Bytes::new(octets);
    let short = bytes.u32().ok_or_else(broken)?;
    let kind = bytes.kind().ok_or_else(broken)?;
    let (len, size) = match short {
        0 => (8, left),
        1 => (16, bytes.u64().ok_or_else(broken)?),
        _ => (8, u64::from(short)),
    };
    if size < len as u64 {
        return Err(broken());
    }
    Ok(Header { kind, len, size })
}

#[cfg(test)]
#[path = "shelf_tests.rs"]
mod tests;
