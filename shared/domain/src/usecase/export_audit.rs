//! Keep the chains where nobody can change them: one export an organisation and run, of what was sealed since the last.
//!
//! An export is begun, kept, ended: whoever goes on after a cut keeps the same octets under the same key.

use std::sync::Arc;

use crate::audit::{self, Link, Sealed};
use crate::id::OrgId;
use crate::ports::{
    AuditArchive, AuditExports, Change, Clock, Hashing, MAX_EXPORTED, MAX_SEALED, StoreError,
    Stored,
};
use crate::time::Timestamp;

/// Seconds before the end of the invocation in which no further export is begun.
const SPARE: u64 = 60;
/// Tries of an export that others make as well.
const TRIES: u32 = 3;
const OPERATION: &str = "audit.export";

/// What exporting needs.
pub struct Deps {
    /// The chains.
    pub exports: Arc<dyn AuditExports>,
    /// Where exports are kept.
    pub archive: Arc<dyn AuditArchive>,
    /// SHA-256.
    pub hashing: Arc<dyn Hashing>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// What a run came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Run {
    /// Exports that were kept.
    pub exports: usize,
    /// Was every organisation looked at? If not, it is to be run again.
    pub finished: bool,
}

/// Exports all that is sealed, as long as the time allows. One chain that is broken stops no other.
///
/// # Errors
/// [`StoreError`], the first of them; what could be exported is.
pub async fn run(deps: &Deps, deadline: Timestamp) -> Stored<Run> {
    let (mut exports, mut after, mut failed) = (0, None, None);
    loop {
        let (orgs, last) = deps.exports.organisations(after).await?;
        for org in orgs {
            match export_all(deps, org, deadline).await {
                Ok((made, true)) => exports += made,
                Ok((made, false)) => {
                    let exports = exports + made;
                    let finished = false;
                    return failed.map_or(Ok(Run { exports, finished }), Err);
                }
                Err(error) => {
                    failed.get_or_insert(error);
                }
            }
        }
        after = last;
        if after.is_none() {
            let finished = true;
            return failed.map_or(Ok(Run { exports, finished }), Err);
        }
    }
}

/// How many exports were made of this organisation, and whether that is all.
async fn export_all(deps: &Deps, org: OrgId, deadline: Timestamp) -> Stored<(usize, bool)> {
    let (mut exports, mut lost) = (0, 0);
    loop {
        if deps.clock.now().plus(SPARE) >= deadline {
            return Ok((exports, false));
        }
        match export(deps, org).await? {
            Step::Nothing => return Ok((exports, true)),
            Step::Last => return Ok((exports + 1, true)),
            Step::More => exports += 1,
            Step::Overtaken if lost == TRIES => {
                let why = "others export the same chain";
                return Err(StoreError::new(OPERATION, why));
            }
            Step::Overtaken => lost += 1,
        }
    }
}

/// What one try came to.
enum Step {
    /// There is nothing to export.
    Nothing,
    /// An export was made, and was not full.
    Last,
    /// An export was made, and more may follow.
    More,
    /// Another did the same at the same time.
    Overtaken,
}

async fn export(deps: &Deps, org: OrgId) -> Stored<Step> {
    let exported = deps.exports.exported(org).await?;
    let genesis = || Link::genesis(&*deps.hashing, org);
    let before = exported.to.unwrap_or_else(genesis);
    let mut records = deps.exports.sealed(org, before.sequence).await?;
    let Some(last) = records.last().map(|sealed| sealed.link) else {
        return Ok(Step::Nothing);
    };
    let full = records.len() + MAX_SEALED > MAX_EXPORTED;
    let until = exported.until.unwrap_or(last.sequence);
    if exported.until.is_none() {
        let begun = deps.exports.begin(org, before.sequence, until).await?;
        if begun == Change::NotApplied {
            return Ok(Step::Overtaken);
        }
    }
    records.retain(|sealed| sealed.link.sequence <= until);
    let last = keep(deps, org, &before, &records, until).await?;
    Ok(match deps.exports.end(org, &last).await? {
        Change::NotApplied => Step::Overtaken,
        Change::Applied if full || exported.until.is_some() => Step::More,
        Change::Applied => Step::Last,
    })
}

/// Keeps the export of these records; the last of them.
async fn keep(
    deps: &Deps,
    org: OrgId,
    before: &Link,
    records: &[Sealed],
    until: u64,
) -> Stored<Link> {
    let broken = |error: audit::Broken| StoreError::new(OPERATION, error);
    let export = audit::export(&*deps.hashing, org, before, records).map_err(broken)?;
    let last = records.last().map(|sealed| sealed.link);
    let last = last.filter(|link| link.sequence == until);
    let (Some(export), Some(last)) = (export, last) else {
        return Err(broken(audit::Broken(until)));
    };
    let key = audit::key(org, before.sequence + 1, until);
    let sha256 = deps.hashing.sha256(export.as_bytes());
    deps.archive.keep(&key, export, sha256).await?;
    Ok(last)
}
