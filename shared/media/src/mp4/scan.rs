//! Walks the boxes at the top of a file to its index (`moov`), by ranges.

use crate::bytes::Bytes;
use crate::fault::{Outcome, cut_short, damaged, not_a_film, unsupported_feature};
use crate::mp4::boxes::name;
use crate::mp4::index::{Index, Paging};
use crate::mp4::skeleton::{Skeleton, Walked};
use crate::mp4::sniff;

/// An index larger than this is refused; ten hours of film need about 25 MiB.
const MAX_INDEX: u64 = 256 << 20;
/// A file of more boxes than this at its top is refused.
const MAX_BOXES: u32 = 10_000;
/// A read at a box's header: often the whole index is in it.
const FIRST_READ: u64 = 64 << 10;

/// What the walk needs or found.
pub(crate) enum Scan {
    Read {
        offset: u64,
        len: usize,
    },
    /// The index.
    Found(Index),
}

/// The walk.
pub(crate) struct Scanner {
    size: u64,
    /// Start of the next box.
    at: u64,
    boxes: u32,
    /// Octets read last, and where they stand in the file.
    held: Vec<u8>,
    base: u64,
    paging: Paging,
    /// The index, once its place is known.
    index: Option<Gathering>,
}

/// The index on its way here.
enum Gathering {
    /// All of it, in one read.
    Whole { body: u64, len: usize },
    /// What describes the film; the body starts at this place of the file.
    Skeleton { body: u64, walk: Skeleton },
}

struct Header {
    kind: [u8; 4],
    body: u64,
    end: u64,
}

impl Scanner {
    pub(crate) fn new(size: u64, paging: Paging) -> Self {
        Self {
            size,
            at: 0,
            boxes: 0,
            held: Vec::new(),
            base: 0,
            paging,
            index: None,
        }
    }

    pub(crate) fn step(&mut self) -> Outcome<Scan> {
        loop {
            if let Some(gathering) = self.index.take() {
                return self.gather(gathering);
            }
            if self.size.saturating_sub(self.at) < 8 {
                return Err(self.no_index());
            }
            let wanted = 16.min(self.size - self.at);
            if !self.holds(self.at, wanted) {
                return read(self.at, FIRST_READ.min(self.size - self.at));
            }
            self.enter()?;
        }
    }

    pub(crate) fn source(&mut self, offset: u64, octets: &[u8]) {
        self.base = offset;
        self.held.clear();
        self.held.extend_from_slice(octets);
    }

    fn holds(&self, offset: u64, len: u64) -> bool {
        offset >= self.base && offset + len <= self.base + self.held.len() as u64
    }

    /// What is held from a place of the file on.
    fn here(&self, offset: u64) -> &[u8] {
        let skip = offset.checked_sub(self.base);
        let skip = skip.and_then(|skip| usize::try_from(skip).ok());
        skip.and_then(|skip| self.held.get(skip..))
            .unwrap_or_default()
    }

    /// Steps over one box, or into the index.
    fn enter(&mut self) -> Outcome<()> {
        let header = self.header()?;
        self.boxes += 1;
        if self.boxes > MAX_BOXES {
            return Err(damaged("it consists of too many small parts"));
        }
        match &header.kind {
            b"moov" if header.end > self.size => {
                Err(cut_short("the file ends in the middle of its index"))
            }
            b"moov" if header.end - header.body > MAX_INDEX => Err(unsupported_feature(
                "index_too_large",
                "The film's index is larger than 256 MiB, far more than a film of a day needs",
            )),
            b"moov" => self.begin_index(&header),
            b"moof" => Err(headless()),
            _ if header.end > self.size => Err(cut_short(
                "the file ends before the size that its own header states",
            )),
            _ => {
                self.at = header.end;
                Ok(())
            }
        }
    }

    fn header(&self) -> Outcome<Header> {
        let head = self.here(self.at);
        let broken = || damaged("one of its parts states an impossible size");
        let mut bytes = Bytes::new(head);
        let short = bytes.u32().ok_or_else(broken)?;
        let kind = bytes.kind().ok_or_else(broken)?;
        if self.at == 0 && !sniff::may_open(kind) {
            return Err(sniff::stranger(head));
        }
        let (len, size) = match short {
            0 => (8, self.size - self.at),
            1 => (16, bytes.u64().ok_or_else(broken)?),
            _ => (8, u64::from(short)),
        };
        let end = self
            .at
            .checked_add(size)
            .filter(|_| size >= len)
            .ok_or_else(broken)?;
        if !kind.iter().all(|c| (0x20..0x7f).contains(c) || *c >= 0xa0) {
            return Err(damaged(&format!(
                "it holds a part of unknown kind ({})",
                name(kind)
            )));
        }
        Ok(Header {
            kind,
            body: self.at + len,
            end,
        })
    }

    fn begin_index(&mut self, header: &Header) -> Outcome<()> {
        let (body, octets) = (header.body, header.end - header.body);
        let len = usize::try_from(octets).map_err(|_| damaged("its index is too large"))?;
        self.index = Some(if octets <= self.paging.whole {
            Gathering::Whole { body, len }
        } else {
            let walk = Skeleton::new(Index::new(body, len, self.paging));
            Gathering::Skeleton { body, walk }
        });
        Ok(())
    }

    fn gather(&mut self, gathering: Gathering) -> Outcome<Scan> {
        match gathering {
            Gathering::Whole { body, len } if self.holds(body, len as u64) => {
                let mut index = Index::new(body, len, self.paging);
                index.keep(0, self.here(body).get(..len).unwrap_or_default());
                self.held = Vec::new();
                Ok(Scan::Found(index))
            }
            Gathering::Whole { body, len } => {
                self.index = Some(gathering);
                read(body, len as u64)
            }
            Gathering::Skeleton { body, mut walk } => {
                let held = |at: usize, len: usize| self.here(body + at as u64).get(..len);
                let walked = walk.step(held)?;
                let Walked::Need { at, len } = walked else {
                    self.held = Vec::new();
                    return Ok(Scan::Found(walk.index));
                };
                let room = (walk.index.len() - at) as u64;
                self.index = Some(Gathering::Skeleton { body, walk });
                read(body + at as u64, FIRST_READ.max(len as u64).min(room))
            }
        }
    }

    fn no_index(&self) -> vault_domain::packaging::PackageFault {
        match self.size {
            0 => not_a_film("an empty file"),
            1..16 => not_a_film("a file of a few octets"),
            _ => cut_short(
                "it has no index (\u{201c}moov\u{201d}), as when a recording or an upload is broken off",
            ),
        }
    }
}

/// The fault of fragments without the index that says what they hold.
fn headless() -> vault_domain::packaging::PackageFault {
    cut_short(
        "it begins in the middle of a fragmented MP4, without the index (\u{201c}moov\u{201d}) that stands before the fragments",
    )
}

fn read(offset: u64, len: u64) -> Outcome<Scan> {
    let len = usize::try_from(len).map_err(|_| damaged("it is too large for this machine"))?;
    Ok(Scan::Read { offset, len })
}

#[cfg(test)]
#[path = "scan_tests.rs"]
mod tests;
