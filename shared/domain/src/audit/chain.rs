//! The chain: each record's hash is over the hash before it, so that no record can be changed, taken out or put in
//! without every later hash being another.

use data_encoding::HEXLOWER;
use serde_json::Value;

use super::Record;
use super::canonical::{canonical, hashed};
use crate::id::{OrgId, RecordId};
use crate::ports::Hashing;
use crate::time::Timestamp;

/// The chain before its first record starts from this and the organisation's id.
const GENESIS: &str = "reelvault audit chain 1\0";

/// Parts in which records wait for their place in the chain, so that no part gets too many writes.
pub const PARTS: u8 = 8;

/// In which part the records of an organisation wait.
pub const fn part(org: OrgId) -> u8 {
    org.octets()[15] % PARTS
}

/// A place in the chain of an organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// From 1, without a gap; 0 for what is before the first record.
    pub sequence: u64,
    /// SHA-256 over the hash before and the record.
    pub hash: [u8; 32],
}

impl Link {
    /// What the first record is chained to.
    pub fn genesis(hashing: &dyn Hashing, org: OrgId) -> Self {
        Self {
            sequence: 0,
            hash: hashing.sha256(format!("{GENESIS}{org}").as_bytes()).0,
        }
    }

    /// The place of a record right after this one.
    #[must_use]
    pub fn next(&self, hashing: &dyn Hashing, record: &Record) -> Self {
        let sequence = self.sequence + 1;
        let fields = Value::Object(hashed(record, Some(sequence)));
        Self {
            sequence,
            hash: chained(hashing, &self.hash, &canonical(&fields)),
        }
    }

    /// The hash in lower-case hexadecimal.
    pub fn hash_text(&self) -> String {
        HEXLOWER.encode(&self.hash)
    }
}

/// The hash of a record's canonical form after another hash.
pub(super) fn chained(hashing: &dyn Hashing, before: &[u8; 32], record: &str) -> [u8; 32] {
    let mut input = before.to_vec();
    input.extend_from_slice(record.as_bytes());
    hashing.sha256(&input).0
}

/// Reads a hash in lower-case hexadecimal.
pub(super) fn hash(text: &str) -> Option<[u8; 32]> {
    HEXLOWER.decode(text.as_bytes()).ok()?.try_into().ok()
}

/// A record and its place in the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// The record.
    pub record: Record,
    /// Its place.
    pub link: Link,
}

/// Where a record stands in the order of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// When.
    pub at: Timestamp,
    /// Which.
    pub id: RecordId,
}

impl Place {
    /// That of a record.
    pub const fn of(record: &Record) -> Self {
        Self {
            at: record.at,
            id: record.id,
        }
    }
}
