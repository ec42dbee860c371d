//! Look at the record of what was done, page by page.

mod cursor;

use std::sync::Arc;

use super::scribe::Scribe;
use super::{Ask, present};
use crate::audit::{Author, Entry, Event, Filter};
use crate::entitlement;
use crate::error::Refusal;
use crate::member::{Actor, Subject};
use crate::page::PageSize;
use crate::ports::{AuditLog, Clock, Entropy, Hashing, Records, Standings, Stored};
use crate::support::Staff;

/// What looking at it needs.
pub struct Deps {
    /// May the caller still?
    pub standings: Arc<dyn Standings>,
    /// The record.
    pub log: Arc<dyn AuditLog>,
    /// Checks of cursors.
    pub hashing: Arc<dyn Hashing>,
    /// Where it is recorded that support looked.
    pub records: Arc<dyn Records>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Ids of records.
    pub entropy: Arc<dyn Entropy>,
}

/// A page, and what asks for the next one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The latest first; fewer than there was room for, or none, is not the end.
    pub entries: Vec<Entry>,
    /// None at the end.
    pub cursor: Option<String>,
}

const NOT_THEIRS: Refusal = Refusal::Forbidden(
    "only owners and admins may look at the whole record; give your own id as `actor` for yours",
);

/// What was done in the caller's organisation; a person who is no owner or admin sees what they did themselves (GDPR
/// article 15). A key is no person, and may not look. Support may look at all of it, and that it did is the latest of what it
/// sees.
///
/// # Errors
/// [`Refusal::InvalidToken`], [`Refusal::Forbidden`], [`Refusal::Malformed`] for a cursor of another list,
/// [`Refusal::Unavailable`].
pub async fn list(
    deps: &Deps,
    ask: &Ask,
    filter: &Filter,
    cursor: Option<&str>,
    size: PageSize,
) -> Result<Page, Refusal> {
    let caller = &ask.caller;
    let (role, _) = present(&*deps.standings, caller).await?;
    if let Subject::Support(staff) = caller.subject {
        used(deps, ask, staff).await?;
    } else {
        let actor = caller.subject.actor();
        let is_person = matches!(actor, Actor::User(_));
        let own = filter.actor == Some(actor);
        if !is_person || !(own || entitlement::may_administer(role)) {
            return Err(NOT_THEIRS);
        }
    }
    let after = cursor.map(|text| cursor::read(&*deps.hashing, caller.org, filter, text));
    let after = after.transpose()?;
    let limit = usize::try_from(size.get()).unwrap_or(usize::MAX);
    let trail = deps.log.list(caller.org, filter, after.as_ref(), limit);
    let trail = trail.await?;
    let last = trail.last.as_ref();
    Ok(Page {
        cursor: last.map(|last| cursor::write(&*deps.hashing, caller.org, filter, last)),
        entries: trail.entries,
    })
}

/// Support looks at the record: that is on it before it is answered.
async fn used(deps: &Deps, ask: &Ask, staff: Staff) -> Stored<()> {
    let org = ask.caller.org;
    let scribe = Scribe {
        entropy: &*deps.entropy,
        org,
        clock: &*deps.clock,
        author: Author::Caller(ask.caller.subject),
        verdict: None,
        source: ask.source.clone(),
    };
    let record = scribe.of(Event::SupportUsed, org.to_string())?;
    let record = record.with("staff", staff.user).with("action", "audit");
    deps.records.note(&record).await
}
