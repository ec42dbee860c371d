//! Walks the boxes at the top of a file to its index (`moov`), by ranges.

use crate::bytes::Bytes;
use crate::fault::{Outcome, cut_short, damaged, not_a_film, unsupported_feature};
use crate::mp4::boxes::name;
use crate::mp4::sniff;

/// An index larger than this is refused; ten hours of film need about 25 MiB.
const MAX_INDEX: u64 = 64 << 20;
/// A file of more boxes than this at its top is refused.
const MAX_BOXES: u32 = 10_000;
/// A read at a box's header: often the whole index is in it.
const FIRST_READ: u64 = 64 << 10;
/// The index is gathered in pieces of this size.
const PIECE: u64 = 2 << 20;

/// What the walk needs or found.
pub(crate) enum Scan {
    Read {
        offset: u64,
        len: usize,
    },
    /// The body of `moov`.
    Found(Vec<u8>),
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
    /// The index being gathered and its end in the file.
    index: Option<(Vec<u8>, u64)>,
}

struct Header {
    kind: [u8; 4],
    body: u64,
    end: u64,
}

impl Scanner {
    pub(crate) fn new(size: u64) -> Self {
        Self {
            size,
            at: 0,
            boxes: 0,
            held: Vec::new(),
            base: 0,
            index: None,
        }
    }

    pub(crate) fn step(&mut self) -> Outcome<Scan> {
        loop {
            if self.index.is_some() {
                return self.gather();
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
        if let Some((index, _)) = &mut self.index {
            index.extend_from_slice(octets);
        } else {
            self.base = offset;
            self.held.clear();
            self.held.extend_from_slice(octets);
        }
    }

    fn holds(&self, offset: u64, len: u64) -> bool {
        offset >= self.base && offset + len <= self.base + self.held.len() as u64
    }

    fn here(&self, offset: u64) -> &[u8] {
        let skip = usize::try_from(offset.saturating_sub(self.base)).unwrap_or(usize::MAX);
        self.held.get(skip..).unwrap_or_default()
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
                "The film's index is larger than 64 MiB, far more than a film of ten hours needs",
            )),
            b"moov" => {
                self.begin_index(&header);
                Ok(())
            }
            b"moof" => Err(fragmented()),
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

    fn begin_index(&mut self, header: &Header) {
        let len = usize::try_from(header.end - header.body).unwrap_or(0);
        let held = self.here(header.body);
        let mut index = Vec::with_capacity(len);
        index.extend_from_slice(held.get(..len.min(held.len())).unwrap_or_default());
        self.at = header.body;
        self.held = Vec::new();
        self.index = Some((index, header.end));
    }

    fn gather(&mut self) -> Outcome<Scan> {
        let Some((index, end)) = &mut self.index else {
            return Err(not_a_film("nothing"));
        };
        let have = self.at + index.len() as u64;
        if have < *end {
            return read(have, PIECE.min(*end - have));
        }
        Ok(Scan::Found(std::mem::take(index)))
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

/// The fault of fragmented MP4.
pub(crate) fn fragmented() -> vault_domain::packaging::PackageFault {
    unsupported_feature(
        "fragmented_not_supported",
        "The film is a fragmented MP4, made for streaming or by a recorder, and only whole MP4 files are taken",
    )
}

fn read(offset: u64, len: u64) -> Outcome<Scan> {
    let len = usize::try_from(len).map_err(|_| damaged("it is too large for this machine"))?;
    Ok(Scan::Read { offset, len })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scan(file: &[u8]) -> Result<(Vec<u8>, usize), &'static str> {
        let mut scanner = Scanner::new(file.len() as u64);
        for reads in 0..1000 {
            match scanner.step().map_err(|fault| fault.code)? {
                Scan::Found(index) => return Ok((index, reads)),
                Scan::Read { offset, len } => {
                    let start = usize::try_from(offset).expect("small");
                    assert!(
                        len > 0 && start + len <= file.len(),
                        "a read inside the file"
                    );
                    scanner.source(offset, &file[start..start + len]);
                }
            }
        }
        Err("endless")
    }

    fn boxed(kind: [u8; 4], body: &[u8]) -> Vec<u8> {
        let mut out = u32::try_from(body.len() + 8)
            .expect("small")
            .to_be_bytes()
            .to_vec();
        out.extend_from_slice(&kind);
        out.extend_from_slice(body);
        out
    }

    #[test]
    fn the_index_is_found_at_either_end() {
        let (ftyp, moov) = (
            boxed(*b"ftyp", b"isom\0\0\0\0"),
            boxed(*b"moov", &vec![7; 300_000]),
        );
        let mdat = boxed(*b"mdat", &vec![9; 5_000_000]);
        let front = scan(&[&ftyp[..], &moov, &mdat].concat()).expect("found");
        assert_eq!(front, (vec![7; 300_000], 2));
        let back = scan(&[&ftyp[..], &mdat, &moov].concat()).expect("found");
        assert_eq!(back, (vec![7; 300_000], 3));
    }

    #[test]
    fn wide_sizes_and_an_index_of_many_pieces_are_read() {
        let mut file = b"\0\0\0\x01mdat\0\0\0\0\0\0\0\x14....".to_vec();
        file.extend_from_slice(&boxed(*b"moov", &vec![3; 5_000_000]));
        let (index, reads) = scan(&file).expect("found");
        assert_eq!((index.len(), reads), (5_000_000, 4));
    }

    #[test]
    fn broken_tops_are_faults() {
        assert_eq!(scan(b""), Err("not_a_film"));
        assert_eq!(scan(b"ftyp"), Err("not_a_film"));
        assert_eq!(scan(b"#!/bin/sh\necho hello\n"), Err("not_a_film"));
        assert_eq!(scan(&boxed(*b"ftyp", &[0; 64])), Err("film_cut_short"));
        assert_eq!(
            scan(&boxed(*b"moov", &[0; 64])[..40]),
            Err("film_cut_short")
        );
        assert_eq!(
            scan(&boxed(*b"mdat", &[0; 64])[..40]),
            Err("film_cut_short")
        );
        assert_eq!(
            scan(&[boxed(*b"ftyp", b"iso5"), boxed(*b"moof", b"")].concat()),
            Err("fragmented_not_supported")
        );
        assert_eq!(
            scan(b"\0\0\0\x01mdat\0\0\0\0\0\0\0\x03........"),
            Err("damaged_film")
        );
        assert_eq!(
            scan(b"\0\0\0\x01mdat\xff\xff\xff\xff\xff\xff\xff\xff...."),
            Err("film_cut_short")
        );
        assert_eq!(
            scan(&boxed(*b"free", b"").repeat(20_000)),
            Err("damaged_film")
        );
    }
}
