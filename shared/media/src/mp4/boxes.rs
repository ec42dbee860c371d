//! Boxes inside the index (ISO/IEC 14496-12 §4.2).

use std::ops::Range;

use crate::bytes::Bytes;
use crate::fault::{Outcome, damaged};
use crate::mp4::index::Index;

/// One box of the index; positions are within the index, so that tables can be kept as ranges.
#[derive(Clone, Copy)]
pub(crate) struct Node<'a> {
    index: &'a Index,
    pub(crate) kind: [u8; 4],
    start: usize,
    end: usize,
}

impl<'a> Node<'a> {
    /// The body of `moov` as the root.
    pub(crate) fn root(index: &'a Index) -> Self {
        Self {
            index,
            kind: *b"moov",
            start: 0,
            end: index.len(),
        }
    }

    /// Its octets; of a table that is not held, the first few.
    pub(crate) fn body(&self) -> &'a [u8] {
        self.index.prefix(self.start..self.end)
    }

    pub(crate) fn range(&self) -> Range<usize> {
        self.start..self.end
    }

    pub(crate) fn bytes(&self) -> Bytes<'a> {
        Bytes::new(self.body())
    }

    /// The boxes inside, from `skip` octets into the body.
    pub(crate) fn children(&self, skip: usize) -> Children<'a> {
        let at = self.start.saturating_add(skip).min(self.end);
        Children {
            index: self.index,
            at,
            end: self.end,
        }
    }

    /// The first child of that kind.
    pub(crate) fn find(&self, kind: [u8; 4]) -> Outcome<Option<Node<'a>>> {
        for child in self.children(0) {
            let child = child?;
            if child.kind == kind {
                return Ok(Some(child));
            }
        }
        Ok(None)
    }

    /// The first child of that kind, which the format demands.
    pub(crate) fn need(&self, kind: [u8; 4]) -> Outcome<Node<'a>> {
        self.find(kind)?.ok_or_else(|| {
            damaged(&format!(
                "its index lacks the part \u{201c}{}\u{201d}",
                name(kind)
            ))
        })
    }
}

/// The boxes of one body, in order.
pub(crate) struct Children<'a> {
    index: &'a Index,
    at: usize,
    end: usize,
}

impl<'a> Iterator for Children<'a> {
    type Item = Outcome<Node<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        // QuickTime ends some lists with a zero word; what cannot hold a header is not a box.
        if self.end.saturating_sub(self.at) < 8 {
            return None;
        }
        let found = self.read();
        if found.is_none() {
            self.at = self.end;
        }
        Some(
            found.ok_or_else(|| damaged("a part of its index claims a size that it does not have")),
        )
    }
}

impl<'a> Children<'a> {
    fn read(&mut self) -> Option<Node<'a>> {
        let room = self.end - self.at;
        let Header { kind, len, size } = Header::read(self.index.prefix(self.at..self.end), room)?;
        let (start, end) = (self.at + len, self.at + size);
        self.at = end;
        Some(Node {
            index: self.index,
            kind,
            start,
            end,
        })
    }
}

/// The header of a box.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) kind: [u8; 4],
    /// Octets of the header.
    pub(super) len: usize,
    /// Octets of the box, the header with them.
    pub(super) size: usize,
}

impl Header {
    /// Reads the header of a box that has `room` octets at most.
    pub(super) fn read(octets: &[u8], room: usize) -> Option<Self> {
        let mut bytes = Bytes::new(octets);
        let short = bytes.u32()?;
        let kind = bytes.kind()?;
        let (len, size) = match short {
            0 => (8, room),
            1 => (16, usize::try_from(bytes.u64()?).ok()?),
            _ => (8, usize::try_from(short).ok()?),
        };
        (size >= len && size <= room).then_some(Self { kind, len, size })
    }
}

/// A four-character code as text, unprintable octets as dots.
pub(crate) fn name(kind: [u8; 4]) -> String {
    kind.iter()
        .map(|&c| {
            if c.is_ascii_graphic() {
                char::from(c)
            } else {
                '.'
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(index: &[u8]) -> Vec<Result<[u8; 4], &'static str>> {
        Node::root(&Index::whole(index))
            .children(0)
            .map(|n| n.map(|n| n.kind).map_err(|f| f.code))
            .collect()
    }

    #[test]
    fn boxes_of_each_header_form_are_walked() {
        let mut index = b"\0\0\0\x09aaaa!".to_vec();
        index.extend_from_slice(b"\0\0\0\x01bbbb\0\0\0\0\0\0\0\x11?");
        index.extend_from_slice(b"\0\0\0\0cccc rest");
        assert_eq!(kinds(&index), [Ok(*b"aaaa"), Ok(*b"bbbb"), Ok(*b"cccc")]);
    }

    #[test]
    fn a_box_larger_than_its_parent_or_smaller_than_its_header_is_a_fault() {
        assert_eq!(kinds(b"\0\0\0\x0aaaaa!"), [Err("damaged_film")]);
        assert_eq!(kinds(b"\0\0\0\x07aaaa!"), [Err("damaged_film")]);
        assert_eq!(
            kinds(b"\0\0\0\x01aaaa\0\0\0\0\0\0\0\x01"),
            [Err("damaged_film")]
        );
        assert_eq!(
            kinds(b"\0\0\0\x01aaaa\xff\xff\xff\xff\xff\xff\xff\xff"),
            [Err("damaged_film")]
        );
    }

    #[test]
    fn a_zero_word_ends_a_quicktime_list() {
        assert_eq!(kinds(b"\0\0\0\x08aaaa\0\0\0\0"), [Ok(*b"aaaa")]);
    }
}
