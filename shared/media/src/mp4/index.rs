//! What is held of a film's index (the body of `moov`): all of a small one, of a large one all but
//! the rows of its sample tables, which are read when they are wanted.

use std::ops::Range;
use std::sync::Arc;

/// How much of an index is held at a time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Paging {
    /// An index up to this size is held whole.
    pub(crate) whole: u64,
    /// Octets of one table that are read at a time: more rows than one sample can take.
    pub(crate) page: usize,
}

impl Default for Paging {
    fn default() -> Self {
        Self {
            whole: 1 << 20,
            page: 64 << 10,
        }
    }
}

/// A part that is held; positions are within the index.
struct Part {
    start: usize,
    octets: Arc<Vec<u8>>,
}

/// The index. Positions within it do not depend on what of it is held.
pub(crate) struct Index {
    /// Where it stands in the file.
    base: u64,
    len: usize,
    /// In order, without overlap.
    parts: Vec<Part>,
    pub(super) paging: Paging,
}

impl Index {
    pub(crate) fn new(base: u64, len: usize, paging: Paging) -> Self {
        let parts = Vec::new();
        Self {
            base,
            len,
            parts,
            paging,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// How much of it is held.
    pub(crate) fn held(&self) -> usize {
        self.parts.iter().map(|part| part.octets.len()).sum()
    }

    /// Takes in the octets at `start`, which lies behind all that is held.
    pub(crate) fn keep(&mut self, start: usize, octets: &[u8]) {
        if let Some(last) = self.parts.last_mut()
            && last.start + last.octets.len() == start
            && let Some(own) = Arc::get_mut(&mut last.octets)
        {
            own.extend_from_slice(octets);
            return;
        }
        let octets = Arc::new(octets.to_vec());
        self.parts.push(Part { start, octets });
    }

    /// What is held of a range, from its start on.
    pub(crate) fn prefix(&self, range: Range<usize>) -> &[u8] {
        let held = self.part(range.start).and_then(|(octets, skip)| {
            let end = octets.len().min(skip + range.len());
            octets.get(skip..end)
        });
        held.unwrap_or_default()
    }

    /// The part in which a position lies, and where it is in there.
    pub(super) fn part(&self, at: usize) -> Option<(&Arc<Vec<u8>>, usize)> {
        let behind = self.parts.partition_point(|part| part.start <= at);
        let part = self.parts.get(behind.checked_sub(1)?)?;
        let skip = at - part.start;
        (skip <= part.octets.len()).then_some((&part.octets, skip))
    }

    /// Where in the file a position is.
    pub(crate) fn in_file(&self, at: usize) -> u64 {
        self.base + at as u64
    }
}

#[cfg(test)]
impl Index {
    /// An index that is held whole.
    pub(crate) fn whole(octets: &[u8]) -> Self {
        let mut index = Self::new(0, octets.len(), Paging::default());
        index.keep(0, octets);
        index
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_is_given_and_nothing_else() {
        let mut index = Index::new(1000, 100, Paging::default());
        index.keep(0, b"abc");
        index.keep(3, b"de");
        index.keep(50, b"xyz");
        assert_eq!((index.held(), index.len()), (8, 100));
        assert_eq!(index.prefix(1..4), b"bcd");
        assert_eq!(index.prefix(1..100), b"bcde");
        assert_eq!(index.prefix(4..60), b"e");
        assert_eq!(index.prefix(51..53), b"yz");
        for nothing in [5..6, 49..51, 53..54, 90..100, 200..300] {
            assert_eq!(index.prefix(nothing), b"");
        }
        assert_eq!(index.in_file(50), 1050);
    }
}
