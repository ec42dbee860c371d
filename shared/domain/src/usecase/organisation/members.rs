//! See and change who belongs to an organisation.

use super::page::{self, MembersPage};
use super::{Asking, Deps, TRIES, asking, unsettled};
use crate::audit::{Event, Record};
use crate::credential::Role;
use crate::entitlement;
use crate::error::Refusal;
use crate::id::UserId;
use crate::member::{After, MemberChange, Membership, Person};
use crate::page::PageSize;
use crate::ports::Settled;
use crate::time::Timestamp;
use crate::usecase::{Ask, recent};

/// What is to become of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// Another role.
    Role(Role),
    /// They may not come in any more.
    Disable,
    /// They may come in again.
    Enable,
    /// Their sessions are over.
    EndSessions,
    /// They do not belong any more.
    Remove,
}

impl Wish {
    fn change(self, now: Timestamp) -> MemberChange {
        // Time is in seconds: a session opened in this very second is over as well.
        let from = now.plus(1);
        match self {
            Self::Role(role) => MemberChange::Role(role),
            Self::Disable => MemberChange::Disable(from),
            Self::Enable => MemberChange::Enable,
            Self::EndSessions => MemberChange::EndSessions(from),
            Self::Remove => MemberChange::Remove,
        }
    }

    const fn event(self) -> Event {
        match self {
            Self::Role(_) => Event::MemberRoleChanged,
            Self::Disable => Event::MemberDisabled,
            Self::Enable => Event::MemberEnabled,
            Self::EndSessions => Event::MemberSessionsEnded,
            Self::Remove => Event::MemberRemoved,
        }
    }
}

/// A page of the caller's organisation.
///
/// # Errors
/// [`Refusal::Forbidden`], [`Refusal::Malformed`] for a cursor that is forged or of another organisation,
/// [`Refusal::InvalidToken`], [`Refusal::Unavailable`].
pub async fn list(
    deps: &Deps,
    ask: &Ask,
    cursor: Option<&str>,
    size: PageSize,
) -> Result<MembersPage, Refusal> {
    let asking = asking(deps, ask).await?;
    if !entitlement::may_see_members(asking.role) {
        return Err(Refusal::Forbidden("only owners and admins see the members"));
    }
    let (hashing, org) = (&*deps.hashing, ask.caller.org);
    let after = cursor.map(|text| page::after(hashing, org, text));
    let organisations = &deps.organisations;
    let found = organisations
        .members(org, after.transpose()?, size.get())
        .await?;
    Ok(MembersPage {
        members: found.members,
        cursor: found.next.map(|last| page::cursor(hashing, org, last)),
    })
}

/// Does something about a member; how they stand after it, or nothing if they do not belong any more. Repeating it
/// is the same change, but whoever was removed is not found again.
///
/// # Errors
/// [`Refusal::NotFound`] for someone who is no member here, [`Refusal::Forbidden`], [`Refusal::Conflict`] about the
/// last owner, [`Refusal::ReauthenticationNeeded`], [`Refusal::InvalidToken`], [`Refusal::Unavailable`].
pub async fn change(
    deps: &Deps,
    ask: &Ask,
    user: UserId,
    wish: Wish,
) -> Result<Option<Membership>, Refusal> {
    for _ in 0..TRIES {
        let now = deps.clock.now();
        let asking = asking(deps, ask).await?;
        recent(&asking.standing, now)?;
        // First: who may not manage does not learn who belongs.
        if !entitlement::may_see_members(asking.role) {
            return Err(Refusal::Forbidden("only owners and admins manage members"));
        }
        let seen = deps.members.person(user, ask.caller.org).await?;
        let place = seen.membership.ok_or(Refusal::NotFound("member"))?;
        judge(asking.role, place.role, wish)?;
        let next = place.after(wish.change(now));
        let record = asking.record(wish.event(), &user)?;
        let record = match wish {
            Wish::Role(role) => record.with("role", role.as_str()),
            _ => record,
        };
        if let Some(done) = replaced(&asking, &seen, next, &record).await? {
            return Ok(done);
        }
    }
    Err(unsettled("organisations.replace"))
}

/// Leaves the caller's organisation, whatever their role. A repetition is refused: they do not belong any more.
///
/// # Errors
/// [`Refusal::Conflict`] for the last owner, [`Refusal::ReauthenticationNeeded`], [`Refusal::InvalidToken`],
/// [`Refusal::Unavailable`].
pub async fn leave(deps: &Deps, ask: &Ask) -> Result<(), Refusal> {
    for _ in 0..TRIES {
        let asking = asking(deps, ask).await?;
        recent(&asking.standing, deps.clock.now())?;
        let seen = &asking.standing.person;
        let record = asking.record(Event::MemberLeft, &asking.place.user)?;
        let gone = replaced(&asking, seen, After::Gone, &record);
        if gone.await?.is_some() {
            return Ok(());
        }
    }
    Err(unsettled("organisations.replace"))
}

fn judge(role: Role, target: Role, wish: Wish) -> Result<(), Refusal> {
    if !entitlement::may_manage(role, target) {
        return Err(Refusal::Forbidden("only owners manage owners"));
    }
    match wish {
        Wish::Role(new) if !entitlement::may_appoint(role, new) => {
            Err(Refusal::Forbidden("only owners make owners"))
        }
        _ => Ok(()),
    }
}

/// The place after the change; nothing if it must be decided anew.
async fn replaced(
    asking: &Asking<'_>,
    seen: &Person,
    next: After,
    record: &Record,
) -> Result<Option<Option<Membership>>, Refusal> {
    let place = match next {
        After::Same => return Ok(Some(seen.membership)),
        After::Place(place) => Some(place),
        After::Gone => None,
    };
    let organisations = &asking.deps.organisations;
    let replaced = organisations.replace(&asking.place, seen, next, record);
    match replaced.await? {
        Settled::Applied => Ok(Some(place)),
        Settled::Stale => Ok(None),
        Settled::LastOwner => Err(Refusal::Conflict(
            "an organisation needs an active owner; make someone else one first",
        )),
    }
}
