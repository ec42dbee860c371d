//! Collections: their names, who sees them, and what is granted on them.

use super::{DELETED, Deps, Details, TRIES, Wish, detailed, granted, revoked, told, unsettled};
use crate::access::{Access, Action, Collection, Principal, Resource, Visibility};
use crate::asset::Title;
use crate::audit::Event;
use crate::error::Refusal;
use crate::id::CollectionId;
use crate::ports::{Change, LISTED};
use crate::usecase::IdempotencyKey;
use crate::usecase::gate::{Ask, Entered};

/// A change of a collection; what is not named stays.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CollectionChange {
    /// Another name.
    pub name: Option<Title>,
    /// Who sees it.
    pub visibility: Option<Visibility>,
}

/// The collections that the caller sees, a page of them, and the last of it if more follow.
///
/// # Errors
/// [`Refusal::InvalidToken`], [`Refusal::Forbidden`], [`Refusal::Unavailable`].
pub async fn list_collections(
    deps: &Deps,
    ask: &Ask,
    after: Option<CollectionId>,
) -> Result<(Vec<Collection>, Option<CollectionId>), Refusal> {
    let entered = deps.gate.enter(ask).await?;
    entered.organisation(Action::List).await?;
    // Only what they may read decides how far a page goes: there are a thousand at most.
    let (mut seen, mut after) = (Vec::new(), after);
    loop {
        let found = deps.collections.collections(ask.caller.org, after).await?;
        let more = found.len() == LISTED;
        after = found.last().map(|last| last.id);
        for collection in found {
            let on = Resource::Collection(&collection);
            if entered.decide(Action::Read, &on)?.allowed {
                seen.push(collection);
            }
        }
        if seen.len() > LISTED {
            seen.truncate(LISTED);
            let last = seen.last().map(|last| last.id);
            return Ok((seen, last));
        }
        if !more {
            return Ok((seen, None));
        }
    }
}

/// One collection; and, if the caller may say so, who may do what with it: else its list is empty.
///
/// # Errors
/// [`Refusal::InvalidToken`], [`Refusal::NotFound`], [`Refusal::Forbidden`], [`Refusal::Unavailable`].
pub async fn show_collection(
    deps: &Deps,
    ask: &Ask,
    id: CollectionId,
) -> Result<(Collection, bool), Refusal> {
    let entered = deps.gate.enter(ask).await?;
    let found = deps.collections.collection(ask.caller.org, id).await?;
    let (collection, _) = entered.collection(Action::Read, found).await?;
    let on = Resource::Collection(&collection);
    let grants = entered.decide(Action::Grant, &on)?.allowed;
    Ok((collection, grants))
}

/// Makes a collection. Repeating it under an [`IdempotencyKey`] makes no second one.
///
/// # Errors
/// [`Refusal::InvalidToken`], [`Refusal::Forbidden`], [`Refusal::LimitReached`], [`Refusal::IdempotencyMismatch`],
/// [`Refusal::Unavailable`].
pub async fn create_collection(
    deps: &Deps,
    ask: &Ask,
    (name, visibility): (Title, Visibility),
    idempotency: Option<&IdempotencyKey>,
) -> Result<Collection, Refusal> {
    let entered = deps.gate.enter(ask).await?;
    let verdict = entered.organisation(Action::Administer).await?;
    let id = match idempotency {
        Some(key) => CollectionId::from_octets(key.of_caller(
            &*deps.hashing,
            "create_collection",
            &ask.caller,
        )),
        None => CollectionId::random(&*deps.entropy)?,
    };
    let new = Collection {
        id,
        org: ask.caller.org,
        name,
        access: Access {
            visibility,
            version: 1,
            ..Access::default()
        },
        created_at: entered.now,
    };
    let scribe = entered.scribe(verdict);
    let record = scribe.of(Event::CollectionCreated, id.to_string())?;
    let record = record
        .with("name", new.name.as_str())
        .with("visibility", visibility.as_str());
    if deps.changes.create_collection(&new, &record).await? == Change::Applied {
        return Ok(new);
    }
    match deps.collections.collection(new.org, id).await? {
        Some(there) if (&there.name, there.access.visibility) == (&new.name, visibility) => {
            Ok(there)
        }
        Some(_) => Err(Refusal::IdempotencyMismatch),
        None if deps.collections.is_deleted(new.org, id).await? => Err(DELETED),
        None => Err(Refusal::LimitReached(
            "an organisation has at most 1,000 collections",
        )),
    }
}

/// Changes the name of a collection, and who sees it; and may the caller see its list?
///
/// # Errors
/// [`Refusal::InvalidToken`], [`Refusal::NotFound`], [`Refusal::Forbidden`], [`Refusal::Unavailable`].
pub async fn change_collection(
    deps: &Deps,
    ask: &Ask,
    id: CollectionId,
    wish: &CollectionChange,
) -> Result<(Collection, bool), Refusal> {
    changed(deps, ask, id, wish).await?;
    show_collection(deps, ask, id).await
}

async fn changed(
    deps: &Deps,
    ask: &Ask,
    id: CollectionId,
    wish: &CollectionChange,
) -> Result<Collection, Refusal> {
    let (action, event) = if wish.visibility.is_some() {
        (Action::Grant, Event::CollectionAccessChanged)
    } else {
        (Action::Edit, Event::CollectionChanged)
    };
    settled(deps, ask, (id, action, event), |_, seen| {
        let name = wish.name.as_ref().unwrap_or(&seen.name).clone();
        let visibility = wish.visibility.unwrap_or(seen.access.visibility);
        if name == seen.name && visibility == seen.access.visibility {
            return Ok(None);
        }
        let details = vec![
            ("name", name.as_str().to_owned()),
            ("visibility", visibility.as_str().to_owned()),
        ];
        let access = Access {
            visibility,
            version: seen.access.version + 1,
            ..seen.access.clone()
        };
        let (id, org, created_at) = (seen.id, seen.org, seen.created_at);
        let next = Collection {
            id,
            org,
            name,
            access,
            created_at,
        };
        Ok(Some((next, details)))
    })
    .await
}

/// Grants on a collection, or shuts out.
///
/// # Errors
/// As [`change_collection`]; [`Refusal::Malformed`] for an end that is past, [`Refusal::LimitReached`].
pub async fn grant_on_collection(
    deps: &Deps,
    ask: &Ask,
    id: CollectionId,
    wish: Wish,
) -> Result<Collection, Refusal> {
    let what = (id, Action::Grant, Event::CollectionAccessChanged);
    settled(deps, ask, what, |entered, seen| {
        let next = granted(entered, &seen.access, wish)?;
        Ok(next.map(|(access, _)| (with_access(seen, access), told(wish))))
    })
    .await
}

/// Takes back what was granted to someone on a collection, or lets them in again.
///
/// # Errors
/// As [`change_collection`].
pub async fn revoke_on_collection(
    deps: &Deps,
    ask: &Ask,
    id: CollectionId,
    to: Principal,
) -> Result<Collection, Refusal> {
    let what = (id, Action::Grant, Event::CollectionAccessChanged);
    settled(deps, ask, what, |_, seen| {
        let details = || vec![("revoked", to.to_string())];
        let next = revoked(&seen.access, to);
        Ok(next.map(|(access, _)| (with_access(seen, access), details())))
    })
    .await
}

/// Removes a collection. What is in it is not seen by all because of that: it is for its uploaders and for admins until
/// they move it. Repeating it finds nothing.
///
/// # Errors
/// As [`change_collection`].
pub async fn delete_collection(deps: &Deps, ask: &Ask, id: CollectionId) -> Result<(), Refusal> {
    for _ in 0..TRIES {
        let entered = deps.gate.enter(ask).await?;
        let found = deps.collections.collection(ask.caller.org, id).await?;
        let (seen, _) = entered.collection(Action::Delete, found).await?;
        let verdict = entered.organisation(Action::Administer).await?;
        entered.recent()?;
        let scribe = entered.scribe(verdict);
        let record = scribe.of(Event::CollectionDeleted, id.to_string())?;
        let record = record.with("name", seen.name.as_str());
        if deps.changes.delete_collection(&seen, &record).await? == Change::Applied {
            return Ok(());
        }
    }
    Err(unsettled())
}

fn with_access(seen: &Collection, access: Access) -> Collection {
    Collection {
        access,
        ..seen.clone()
    }
}

/// Decides and changes, again while others change the same.
async fn settled(
    deps: &Deps,
    ask: &Ask,
    (id, action, event): (CollectionId, Action, Event),
    next: impl Fn(&Entered<'_>, &Collection) -> Result<Option<(Collection, Details)>, Refusal> + Send,
) -> Result<Collection, Refusal> {
    for _ in 0..TRIES {
        let entered = deps.gate.enter(ask).await?;
        let found = deps.collections.collection(ask.caller.org, id).await?;
        let (seen, verdict) = entered.collection(action, found).await?;
        let Some((next, details)) = next(&entered, &seen)? else {
            return Ok(seen);
        };
        let record = entered.scribe(verdict).of(event, id.to_string())?;
        let record = detailed(record, details);
        let set = deps.changes.set_collection(&seen.access, &next, &record);
        if set.await? == Change::Applied {
            return Ok(next);
        }
    }
    Err(unsettled())
}
