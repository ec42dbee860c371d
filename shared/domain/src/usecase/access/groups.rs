//! Groups, and who is in them: for admins and owners.

use super::{DELETED, Deps, TRIES, unsettled};
use crate::access::{Action, Group, MAX_GROUPS_OF_ONE};
use crate::asset::Title;
use crate::audit::{Event, Record, Verdict};
use crate::error::Refusal;
use crate::id::{GroupId, UserId};
use crate::ports::{Change, LISTED};
use crate::usecase::gate::{Ask, Entered};
use crate::usecase::{IdempotencyKey, IfMatch};

/// Members of a group that were found, and after whom more may follow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Members {
    /// They may be fewer than there was room for, or none, and yet more may follow.
    pub users: Vec<UserId>,
    /// None at the end.
    pub next: Option<UserId>,
}

/// The groups, a page of them, and the last if more may follow.
///
/// # Errors
/// [`Refusal::InvalidToken`], [`Refusal::Forbidden`], [`Refusal::Unavailable`].
pub async fn list_groups(
    deps: &Deps,
    ask: &Ask,
    after: Option<GroupId>,
) -> Result<(Vec<Group>, Option<GroupId>), Refusal> {
    let entered = deps.gate.enter(ask).await?;
    entered.organisation(Action::Administer).await?;
    let found = deps.groups.groups(ask.caller.org, after).await?;
    let last = found.last().filter(|_| found.len() == LISTED);
    let last = last.map(|last| last.id);
    Ok((found, last))
}

/// One group.
///
/// # Errors
/// As [`list_groups`]; [`Refusal::NotFound`].
pub async fn show_group(deps: &Deps, ask: &Ask, id: GroupId) -> Result<Group, Refusal> {
    let entered = deps.gate.enter(ask).await?;
    entered.organisation(Action::Administer).await?;
    there(deps, ask, id).await
}

async fn there(deps: &Deps, ask: &Ask, id: GroupId) -> Result<Group, Refusal> {
    let found = deps.groups.group(ask.caller.org, id).await?;
    found.ok_or(Refusal::NotFound("group"))
}

/// Makes a group. Repeating it under an [`IdempotencyKey`] makes no second one.
///
/// # Errors
/// As [`list_groups`]; [`Refusal::LimitReached`], [`Refusal::IdempotencyMismatch`].
pub async fn create_group(
    deps: &Deps,
    ask: &Ask,
    name: Title,
    idempotency: Option<&IdempotencyKey>,
) -> Result<Group, Refusal> {
    let entered = deps.gate.enter(ask).await?;
    let verdict = entered.organisation(Action::Administer).await?;
    let id = match idempotency {
        Some(key) => {
            GroupId::from_octets(key.of_caller(&*deps.hashing, "create_group", &ask.caller))
        }
        None => GroupId::random(&*deps.entropy)?,
    };
    let new = Group {
        id,
        org: ask.caller.org,
        name,
        created_at: entered.now,
    };
    let record = entered
        .scribe(verdict)
        .of(Event::GroupCreated, id.to_string())?;
    let record = record.with("name", new.name.as_str());
    if deps.groups.create_group(&new, &record).await? == Change::Applied {
        return Ok(new);
    }
    match deps.groups.group(new.org, id).await? {
        Some(there) if there.name == new.name => Ok(there),
        Some(_) => Err(Refusal::IdempotencyMismatch),
        None if deps.groups.is_deleted(new.org, id).await? => Err(DELETED),
        None => Err(Refusal::LimitReached(
            "an organisation has at most 1,000 groups",
        )),
    }
}

/// The strong entity tag (RFC 9110 §8.8.3) of a group, without the quotes.
pub fn group_tag(deps: &Deps, group: &Group) -> String {
    let told = format!("{}\0{}", group.id, group.name.as_str());
    let digest = deps.hashing.sha256(told.as_bytes());
    data_encoding::BASE64URL_NOPAD.encode(&digest.0[..12])
}

/// Gives a group another name, if it is still as the caller saw it.
///
/// # Errors
/// As [`show_group`]; [`Refusal::PreconditionFailed`].
pub async fn rename_group(
    deps: &Deps,
    ask: &Ask,
    id: GroupId,
    rests_on: &IfMatch,
    name: &Title,
) -> Result<Group, Refusal> {
    for _ in 0..TRIES {
        let entered = deps.gate.enter(ask).await?;
        let verdict = entered.organisation(Action::Administer).await?;
        let seen = there(deps, ask, id).await?;
        if seen.name == *name {
            return Ok(seen);
        }
        rests_on.holds(&group_tag(deps, &seen))?;
        let next = Group {
            name: name.clone(),
            ..seen.clone()
        };
        let record = entered
            .scribe(verdict)
            .of(Event::GroupChanged, id.to_string())?;
        let record = record.with("name", name.as_str());
        let renamed = deps.groups.rename_group(&seen, &next, &record).await?;
        if renamed == Change::Applied {
            return Ok(next);
        }
    }
    Err(unsettled())
}

/// Removes a group, and everyone from it: what was granted to it is granted to nobody any more. Repeating it goes on where
/// it was cut off.
///
/// # Errors
/// As [`show_group`]; [`Refusal::ReauthenticationNeeded`].
pub async fn delete_group(deps: &Deps, ask: &Ask, id: GroupId) -> Result<(), Refusal> {
    let org = ask.caller.org;
    for _ in 0..TRIES {
        let entered = deps.gate.enter(ask).await?;
        let verdict = entered.organisation(Action::Administer).await?;
        entered.recent()?;
        let Some(seen) = deps.groups.group(org, id).await? else {
            if !deps.groups.is_deleted(org, id).await? {
                return Err(Refusal::NotFound("group"));
            }
            return emptied(deps, ask, id).await;
        };
        let scribe = entered.scribe(verdict);
        let record = scribe.of(Event::GroupDeleted, id.to_string())?;
        let record = record.with("name", seen.name.as_str());
        if deps.groups.delete_group(&seen, &record).await? == Change::Applied {
            return emptied(deps, ask, id).await;
        }
    }
    Err(unsettled())
}

/// Takes everyone out of a group that is deleted; nobody comes into it any more.
async fn emptied(deps: &Deps, ask: &Ask, id: GroupId) -> Result<(), Refusal> {
    let mut after = None;
    loop {
        let (users, next) = deps.groups.members_of(ask.caller.org, id, after).await?;
        for user in users {
            match regroup(deps, ask, (id, user), |seen| Ok(without(seen, id))).await {
                // They left the organisation meanwhile, and every group with it.
                Ok(()) | Err(Refusal::NotFound(_)) => {}
                Err(refusal) => return Err(refusal),
            }
        }
        if next.is_none() {
            return Ok(());
        }
        after = next;
    }
}

fn without(seen: &[GroupId], id: GroupId) -> Regrouped {
    seen.contains(&id).then(|| {
        let others = seen.iter().copied().filter(|group| *group != id);
        (others.collect(), Event::GroupMemberRemoved)
    })
}

/// Who is in a group.
///
/// # Errors
/// As [`show_group`].
pub async fn members(
    deps: &Deps,
    ask: &Ask,
    id: GroupId,
    after: Option<UserId>,
) -> Result<Members, Refusal> {
    show_group(deps, ask, id).await?;
    let (users, next) = deps.groups.members_of(ask.caller.org, id, after).await?;
    Ok(Members { users, next })
}

/// Puts a member of the organisation into a group. Repeating it changes nothing.
///
/// # Errors
/// As [`show_group`]; [`Refusal::NotFound`] for someone who is no member, [`Refusal::LimitReached`].
pub async fn add_member(deps: &Deps, ask: &Ask, id: GroupId, user: UserId) -> Result<(), Refusal> {
    show_group(deps, ask, id).await?;
    regroup(deps, ask, (id, user), |seen| {
        if seen.contains(&id) {
            return Ok(None);
        }
        let mut next = seen.to_vec();
        next.push(id);
        if next.len() > MAX_GROUPS_OF_ONE {
            return Err(Refusal::LimitReached("a person is in at most 20 groups"));
        }
        Ok(Some((next, Event::GroupMemberAdded)))
    })
    .await
}

/// Takes someone out of a group. Repeating it changes nothing.
///
/// # Errors
/// As [`show_group`]; [`Refusal::NotFound`] for someone who is no member of the organisation.
pub async fn remove_member(
    deps: &Deps,
    ask: &Ask,
    id: GroupId,
    user: UserId,
) -> Result<(), Refusal> {
    show_group(deps, ask, id).await?;
    regroup(deps, ask, (id, user), |seen| Ok(without(seen, id))).await
}

type Regrouped = Option<(Vec<GroupId>, Event)>;

async fn regroup(
    deps: &Deps,
    ask: &Ask,
    (id, user): (GroupId, UserId),
    next: impl Fn(&[GroupId]) -> Result<Regrouped, Refusal> + Send,
) -> Result<(), Refusal> {
    for _ in 0..TRIES {
        let entered = deps.gate.enter(ask).await?;
        let verdict = entered.organisation(Action::Administer).await?;
        entered.recent()?;
        let org = ask.caller.org;
        let seen = deps.groups.groups_of(org, user).await?;
        let seen = seen.ok_or(Refusal::NotFound("member"))?;
        let Some((next, event)) = next(&seen)? else {
            return Ok(());
        };
        let record = recorded(&entered, verdict, (event, id, user))?;
        let set = deps.groups.set_groups((org, user), &seen, &next, &record);
        if set.await? == Change::Applied {
            return Ok(());
        }
    }
    Err(unsettled())
}

fn recorded(
    entered: &Entered<'_>,
    verdict: Verdict,
    (event, id, user): (Event, GroupId, UserId),
) -> Result<Record, Refusal> {
    let record = entered.scribe(verdict).of(event, id.to_string())?;
    Ok(record.with("user", user))
}
