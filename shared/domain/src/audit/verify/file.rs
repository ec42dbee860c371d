//! One export by itself.

use std::collections::BTreeMap;

use super::super::Link;
use super::line::{Header, Line};
use super::{Anchor, Fault};
use crate::id::OrgId;
use crate::ports::Hashing;

/// What an export says of itself, and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// Whose.
    pub org: OrgId,
    /// The hash that it goes on from.
    pub before: [u8; 32],
    /// Its first record.
    pub first: u64,
    /// Its last record.
    pub last: Link,
    /// Nothing, if it is unbroken.
    pub faults: Vec<Fault>,
}

/// Checks one export, and that it holds what is known of its chain.
///
/// # Errors
/// [`Fault::NoHeader`]: nothing more can be said of it.
pub fn check(hashing: &dyn Hashing, octets: &[u8], anchors: &[Anchor]) -> Result<Checked, Fault> {
    let mut lines = octets.split(|octet| *octet == b'\n');
    let header = lines.next().and_then(|line| str::from_utf8(line).ok());
    let header = Header::parse(header.ok_or(Fault::NoHeader("it is not text"))?)?;
    let mut faults = Vec::new();
    let mut lines: Vec<_> = lines.collect();
    if lines.pop() != Some(b"".as_slice()) {
        faults.push(Fault::NoEnd);
    }
    let records = records(&lines, &mut faults);
    order(&records, &mut faults);
    let by_number: BTreeMap<_, _> = records.iter().map(|r| (r.link.sequence, r)).collect();
    content(hashing, &header, &by_number, &mut faults);
    gaps(&header, &by_number, &mut faults);
    summary(hashing, &header, &by_number, &mut faults);
    for anchor in anchors.iter().filter(|anchor| anchor.is_of(header.org)) {
        let there = by_number.get(&anchor.link.sequence);
        if there.is_some_and(|record| record.link != anchor.link) {
            faults.push(Fault::Rewritten(anchor.link.sequence));
        }
    }
    Ok(Checked {
        org: header.org,
        before: header.before,
        first: header.first,
        last: header.last,
        faults,
    })
}

/// The lines that are records; the header is line 1.
fn records(lines: &[&[u8]], faults: &mut Vec<Fault>) -> Vec<Line> {
    let mut records = Vec::with_capacity(lines.len());
    for (number, line) in (2..).zip(lines) {
        match str::from_utf8(line).ok().and_then(Line::parse) {
            Some(record) => records.push(record),
            None => faults.push(Fault::NoRecord(number)),
        }
    }
    records
}

fn order(records: &[Line], faults: &mut Vec<Fault>) {
    for pair in records.windows(2) {
        let [before, after] = [pair[0].link.sequence, pair[1].link.sequence];
        if after < before {
            faults.push(Fault::Reordered(after, before));
        }
    }
    let mut numbers: Vec<_> = records.iter().map(|record| record.link.sequence).collect();
    numbers.sort_unstable();
    let twice = numbers.windows(2).filter(|pair| pair[0] == pair[1]);
    faults.extend(twice.map(|pair| Fault::Repeated(pair[0])));
}

/// Each record is the organisation's, is one that the header names, and follows the one of the number before its own,
/// wherever that stands.
fn content(
    hashing: &dyn Hashing,
    header: &Header,
    records: &BTreeMap<u64, &Line>,
    faults: &mut Vec<Fault>,
) {
    for (&number, record) in records {
        if record.org != header.org {
            faults.push(Fault::Foreign(number));
        }
        if !(header.first..=header.last.sequence).contains(&number) {
            faults.push(Fault::Beyond(number));
            continue;
        }
        let before = if number == header.first {
            Some(&header.before)
        } else {
            records.get(&(number - 1)).map(|before| &before.link.hash)
        };
        if before.is_some_and(|before| !record.follows(hashing, before)) {
            faults.push(Fault::Changed(number));
        }
    }
}

fn gaps(header: &Header, records: &BTreeMap<u64, &Line>, faults: &mut Vec<Fault>) {
    let mut next = header.first;
    for &number in records
        .range(header.first..=header.last.sequence)
        .map(|(n, _)| n)
    {
        if number > next {
            faults.push(Fault::Removed(next, number - 1));
        }
        next = number.saturating_add(1);
    }
    if next <= header.last.sequence {
        faults.push(Fault::Truncated(next, header.last.sequence));
    }
}

/// The header is that of the records, where they do not tell by themselves what is wrong.
fn summary(
    hashing: &dyn Hashing,
    header: &Header,
    records: &BTreeMap<u64, &Line>,
    faults: &mut Vec<Fault>,
) {
    let span = header.last.sequence - header.first + 1;
    if header.count != span {
        faults.push(Fault::Header("count"));
    }
    let last = records.get(&header.last.sequence);
    if last.is_some_and(|last| last.link.hash != header.last.hash) {
        faults.push(Fault::Header("hash"));
    }
    let genesis = Link::genesis(hashing, header.org);
    if header.first == 1 && header.before != genesis.hash {
        faults.push(Fault::Header("before"));
    }
}
