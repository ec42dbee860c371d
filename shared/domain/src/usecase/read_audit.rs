//! Look at the record of what was done, page by page.

mod cursor;

use std::sync::Arc;

use super::present;
use crate::audit::{Entry, Filter};
use crate::entitlement;
use crate::error::Refusal;
use crate::member::Actor;
use crate::page::PageSize;
use crate::ports::{AuditLog, Hashing, Standings};
use crate::token::Caller;

/// What looking at it needs.
pub struct Deps {
    /// May the caller still?
    pub standings: Arc<dyn Standings>,
    /// The record.
    pub log: Arc<dyn AuditLog>,
    /// Checks of cursors.
    pub hashing: Arc<dyn Hashing>,
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
/// article 15). A key is no person, and may not look.
///
/// # Errors
/// [`Refusal::InvalidToken`], [`Refusal::Forbidden`], [`Refusal::Malformed`] for a cursor of another list,
/// [`Refusal::Unavailable`].
pub async fn list(
    deps: &Deps,
    caller: &Caller,
    filter: &Filter,
    cursor: Option<&str>,
    size: PageSize,
) -> Result<Page, Refusal> {
    let (role, _) = present(&*deps.standings, caller).await?;
    let actor = caller.subject.actor();
    let is_person = matches!(actor, Actor::User(_));
    let own = filter.actor == Some(actor);
    if !is_person || !(own || entitlement::may_administer(role)) {
        return Err(NOT_THEIRS);
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
