//! Rows of fixed width in a table of the index, held a page at a time.

use std::ops::Range;
use std::sync::Arc;

use crate::bytes::Bytes;
use crate::fault::{Outcome, damaged};
use crate::mp4::boxes::{Node, name};
use crate::mp4::index::Index;

/// The tables that are read row by row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Table {
    Sizes,
    Times,
    Shifts,
    Chunks,
    Runs,
    Syncs,
}

/// Something of the index that is not held, and the range of the file that brings it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Away {
    pub(crate) offset: u64,
    pub(crate) len: usize,
    pub(super) what: What,
}

/// What is not held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    /// Rows of a table, from this one on.
    Rows(Table, u32),
    /// The fragment that follows.
    Fragment,
}

/// Why there is no row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lack {
    /// The table ends before it, or says what cannot be.
    End,
    /// It is not held.
    Away(Away),
}

/// Rows of one table that are held.
#[derive(Clone, Default)]
pub(super) struct Page {
    octets: Arc<Vec<u8>>,
    /// Where the first of them stands.
    start: usize,
    first: u32,
    count: u32,
}

/// Rows of fixed width.
#[derive(Clone)]
pub(super) struct Rows {
    /// Where the first row stands in the file.
    file: u64,
    pub(super) width: usize,
    pub(super) count: u32,
    /// How many are read at a time.
    page: u32,
    /// What is held from the start.
    pub(super) head: Page,
}

impl Rows {
    /// The rows after `skip` octets of the box; its claim of `count` is checked against its size.
    pub(super) fn new(
        index: &Index,
        node: &Node<'_>,
        skip: usize,
        (count, width): (u32, usize),
    ) -> Outcome<Self> {
        let Range { start, end } = node.range();
        let need = (count as usize)
            .checked_mul(width)
            .and_then(|len| len.checked_add(skip));
        if need.is_none_or(|need| need > end - start) {
            return Err(damaged(&format!(
                "the table \u{201c}{}\u{201d} claims more entries than it holds",
                name(node.kind)
            )));
        }
        let page = u32::try_from(index.paging.page / width).unwrap_or(u32::MAX);
        Ok(Self {
            file: index.in_file(start + skip),
            width,
            count,
            page: page.max(1),
            head: Page::held(index, start + skip, count, width),
        })
    }

    /// A full box whose rows follow a 32-bit count.
    pub(super) fn counted(index: &Index, node: &Node<'_>, width: usize) -> Outcome<Self> {
        let mut bytes = node.bytes();
        let count = bytes
            .u32()
            .and_then(|_| bytes.u32())
            .ok_or_else(|| empty(node))?;
        Self::new(index, node, 8, (count, width))
    }

    pub(super) fn row<'p>(&self, table: Table, page: &'p Page, at: u32) -> Result<Bytes<'p>, Lack> {
        if at >= self.count {
            return Err(Lack::End);
        }
        let here = at.checked_sub(page.first).filter(|&at| at < page.count);
        let Some(here) = here else {
            return Err(Lack::Away(Away {
                offset: self.file + u64::from(at) * self.width as u64,
                len: self.page.min(self.count - at) as usize * self.width,
                what: What::Rows(table, at),
            }));
        };
        let start = page.start + here as usize * self.width;
        let row = page.octets.get(start..start + self.width);
        row.map(Bytes::new).ok_or(Lack::End)
    }
}

impl Page {
    /// Rows that were away.
    pub(super) fn read(first: u32, octets: &[u8], width: usize) -> Self {
        Self {
            octets: Arc::new(octets.to_vec()),
            start: 0,
            first,
            count: u32::try_from(octets.len() / width).unwrap_or(u32::MAX),
        }
    }

    /// What the index holds of rows that start at a position of it.
    fn held(index: &Index, at: usize, count: u32, width: usize) -> Self {
        let Some((octets, start)) = index.part(at) else {
            return Self::default();
        };
        let rows = (octets.len() - start) / width;
        Self {
            octets: Arc::clone(octets),
            start,
            first: 0,
            count: u32::try_from(rows).unwrap_or(u32::MAX).min(count),
        }
    }
}

pub(super) fn empty(node: &Node<'_>) -> vault_domain::packaging::PackageFault {
    damaged(&format!(
        "the table \u{201c}{}\u{201d} is empty",
        name(node.kind)
    ))
}
