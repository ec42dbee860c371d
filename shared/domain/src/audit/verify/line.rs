//! The lines of an export, read as JSON.

use serde_json::{Map, Value};

use super::super::canonical::canonical;
use super::super::chain::{chained, hash};
use super::super::{FORMAT, Link};
use super::Fault;
use crate::id::OrgId;
use crate::ports::Hashing;

/// An object in canonical JSON: whatever else says the same was not written by us.
fn object(line: &str) -> Option<Map<String, Value>> {
    let value: Value = serde_json::from_str(line).ok()?;
    match value {
        Value::Object(fields) if canonical(&Value::Object(fields.clone())) == line => Some(fields),
        _ => None,
    }
}

fn text<'a>(fields: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    fields.get(name)?.as_str()
}

/// A record as far as the chain knows it.
pub(super) struct Line {
    pub(super) org: OrgId,
    pub(super) link: Link,
    /// What is hashed of it.
    hashed: String,
}

impl Line {
    pub(super) fn parse(line: &str) -> Option<Self> {
        let mut fields = object(line)?;
        let stated = fields.remove("hash")?;
        Some(Self {
            org: OrgId::parse(text(&fields, "organisation_id")?).ok()?,
            link: Link {
                sequence: fields.get("sequence")?.as_u64()?,
                hash: hash(stated.as_str()?)?,
            },
            hashed: canonical(&Value::Object(fields)),
        })
    }

    /// Does it hash to what it says, after this?
    pub(super) fn follows(&self, hashing: &dyn Hashing, before: &[u8; 32]) -> bool {
        chained(hashing, before, &self.hashed) == self.link.hash
    }
}

/// The first line.
pub(super) struct Header {
    pub(super) org: OrgId,
    pub(super) first: u64,
    pub(super) last: Link,
    pub(super) count: u64,
    pub(super) before: [u8; 32],
}

impl Header {
    pub(super) fn parse(line: &str) -> Result<Self, Fault> {
        let fields =
            object(line).ok_or(Fault::NoHeader("it is not an object in canonical JSON"))?;
        if text(&fields, "format") != Some(FORMAT) {
            return Err(Fault::NoHeader("it names another format"));
        }
        let header = Self::of(&fields).ok_or(Fault::NoHeader("a field is missing or malformed"))?;
        let spans = header.first >= 1 && header.last.sequence >= header.first && fields.len() == 7;
        spans
            .then_some(header)
            .ok_or(Fault::NoHeader("its fields contradict each other"))
    }

    fn of(fields: &Map<String, Value>) -> Option<Self> {
        let number = |name: &str| fields.get(name)?.as_u64();
        Some(Self {
            org: OrgId::parse(text(fields, "organisation_id")?).ok()?,
            first: number("first")?,
            last: Link {
                sequence: number("last")?,
                hash: hash(text(fields, "hash")?)?,
            },
            count: number("count")?,
            before: hash(text(fields, "before")?)?,
        })
    }
}
