//! Give every record that waits its place in the chain of its organisation, and tell webhooks of it before.
//!
//! It may be cut off anywhere, and run any number of times at once: a record gets one place, and no place is given twice.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::tell_webhooks;
use crate::audit::{Link, PARTS, Place, Record};
use crate::id::OrgId;
use crate::ports::{AuditChain, Change, Clock, Hashing, MAX_SEALED, StoreError, Stored};
use crate::time::Timestamp;

/// Seconds before the end of the invocation in which no further page is begun.
const SPARE: u64 = 10;
/// Tries of records that others give places to as well; the next run is a minute away.
const TRIES: u32 = 3;

/// What sealing needs.
pub struct Deps {
    /// The chains.
    pub chain: Arc<dyn AuditChain>,
    /// SHA-256.
    pub hashing: Arc<dyn Hashing>,
    /// Who is told of records.
    pub webhooks: tell_webhooks::Deps,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// What a run came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Run {
    /// Records that got their places.
    pub records: usize,
    /// Was everything looked at? The next run looks at the rest.
    pub finished: bool,
}

/// Goes over all that waits, as long as the time allows. One chain that cannot be continued stops no other.
///
/// # Errors
/// [`StoreError`], the first of them; what could be sealed is.
pub async fn run(deps: &Deps, deadline: Timestamp) -> Stored<Run> {
    let mut records = 0;
    let mut failed = None;
    let mut finished = true;
    for part in 0..PARTS {
        match seal_part(deps, part, deadline, &mut failed).await {
            Ok((sealed, whole)) => {
                records += sealed;
                finished &= whole;
            }
            Err(error) => {
                failed.get_or_insert(error);
            }
        }
    }
    failed.map_or(Ok(Run { records, finished }), Err)
}

/// How many records were sealed, and whether the whole part was gone over.
async fn seal_part(
    deps: &Deps,
    part: u8,
    deadline: Timestamp,
    failed: &mut Option<StoreError>,
) -> Stored<(usize, bool)> {
    let (mut records, mut after) = (0, None);
    // Their later records wait with those that came first.
    let mut left = BTreeSet::new();
    loop {
        if deps.clock.now().plus(SPARE) >= deadline {
            return Ok((records, false));
        }
        let page = deps.chain.waiting(part, after).await?;
        let mut by_org: BTreeMap<OrgId, Vec<Place>> = BTreeMap::new();
        for (org, place) in page.places {
            if !left.contains(&org) {
                by_org.entry(org).or_default().push(place);
            }
        }
        for (org, places) in by_org {
            let (sealed, end) = seal_all(deps, org, &places).await;
            records += sealed;
            if !matches!(end, Ok(true)) {
                left.insert(org);
            }
            if let Err(error) = end {
                failed.get_or_insert(error);
            }
        }
        after = page.last;
        if after.is_none() {
            return Ok((records, left.is_empty()));
        }
    }
}

/// How many records were sealed, and whether all of these have their places now.
async fn seal_all(deps: &Deps, org: OrgId, places: &[Place]) -> (usize, Stored<bool>) {
    let mut records = 0;
    for some in places.chunks(MAX_SEALED) {
        match seal_some(deps, org, some).await {
            Ok(Some(sealed)) => records += sealed,
            Ok(None) => return (records, Ok(false)),
            Err(error) => return (records, Err(error)),
        }
    }
    (records, Ok(true))
}

/// None if others were first, with the head or with one of the records, each time.
async fn seal_some(deps: &Deps, org: OrgId, places: &[Place]) -> Stored<Option<usize>> {
    for number in 0..TRIES {
        let records = deps.chain.unsealed(org, places).await?;
        // What is not told yet waits for its place, and is told by whoever comes next. Later tries have no others.
        if number == 0 {
            tell_webhooks::run(&deps.webhooks, org, &records).await?;
        }
        let sealed = seal(deps, org, records).await?;
        if sealed.is_some() {
            return Ok(sealed);
        }
    }
    Ok(None)
}

/// Gives these records the next places, in the order of time; none if others were first.
async fn seal(deps: &Deps, org: OrgId, mut records: Vec<Record>) -> Stored<Option<usize>> {
    if records.is_empty() {
        return Ok(Some(0));
    }
    records.sort_by_key(Place::of);
    let seen = deps.chain.head(org).await?;
    let mut last = seen.unwrap_or_else(|| Link::genesis(&*deps.hashing, org));
    let link = |record| {
        last = last.next(&*deps.hashing, record);
        (Place::of(record), last)
    };
    let links: Vec<_> = records.iter().map(link).collect();
    Ok(match deps.chain.seal(org, seen.as_ref(), &links).await? {
        Change::Applied => Some(links.len()),
        Change::NotApplied => None,
    })
}
