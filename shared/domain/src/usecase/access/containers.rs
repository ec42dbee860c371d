//! Collections and spaces: their names, where they are, who sees them, and what is granted on them.

use super::{
    DELETED, Deps, Details, Move, TRIES, Wish, decides_on_space, detailed, granted, revoked, told,
    unsettled,
};
use crate::access::{
    Access, Action, Container, ContainerId, Kind, Principal, Resource, Visibility, Within,
};
use crate::asset::Title;
use crate::audit::{Event, Verdict};
use crate::error::Refusal;
use crate::id::{CollectionId, SpaceId};
use crate::ports::{Change, LISTED};
use crate::usecase::gate::{Ask, Entered};
use crate::usecase::{IdempotencyKey, IfMatch};

/// A container as it is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewContainer {
    /// Of which kind.
    pub kind: Kind,
    /// What to call it.
    pub name: Title,
    /// Who sees it.
    pub visibility: Visibility,
    /// In which space; for collections alone.
    pub space: Option<SpaceId>,
}

/// A change of a container; what is not named stays.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ContainerChange {
    /// Another name.
    pub name: Option<Title>,
    /// Who sees it.
    pub visibility: Option<Visibility>,
    /// The space that it is in; for collections alone.
    pub space: Move<SpaceId>,
    /// The entity tag of what it rests on: [`Access::tag`].
    pub rests_on: IfMatch,
}

/// A page of containers, and the last of it if more follow.
type Page = (Vec<Container>, Option<ContainerId>);

/// The collections that the caller sees, of one space or of all.
///
/// # Errors
/// [`Refusal::InvalidToken`], [`Refusal::Forbidden`], [`Refusal::Unavailable`].
pub async fn list_collections(
    deps: &Deps,
    ask: &Ask,
    within: Option<SpaceId>,
    after: Option<CollectionId>,
) -> Result<Page, Refusal> {
    let after = after.map(ContainerId::Collection);
    listed(deps, ask, Kind::Collection, after, |collection| {
        within.is_none() || collection.space_id() == within
    })
    .await
}

/// The spaces that the caller sees.
///
/// # Errors
/// As [`list_collections`].
pub async fn list_spaces(deps: &Deps, ask: &Ask, after: Option<SpaceId>) -> Result<Page, Refusal> {
    let after = after.map(ContainerId::Space);
    listed(deps, ask, Kind::Space, after, |_| true).await
}

async fn listed(
    deps: &Deps,
    ask: &Ask,
    kind: Kind,
    mut after: Option<ContainerId>,
    wanted: impl Fn(&Container) -> bool + Send,
) -> Result<Page, Refusal> {
    let entered = deps.gate.enter(ask).await?;
    entered.organisation(Action::List).await?;
    // Only what they may read decides how far a page goes: there are a thousand at most.
    let mut seen = Vec::new();
    loop {
        let found = deps.containers.containers(ask.caller.org, kind, after);
        let found = found.await?;
        let more = found.len() == LISTED;
        after = found.last().map(|last| last.id);
        for container in found.into_iter().filter(&wanted) {
            let on = Resource::Container(&container);
            if entered.decide(Action::Read, &on)?.allowed {
                seen.push(container);
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

/// One container; and, if the caller may say so, who may do what with it: else its list is empty.
///
/// # Errors
/// [`Refusal::InvalidToken`], [`Refusal::NotFound`], [`Refusal::Forbidden`], [`Refusal::Unavailable`].
pub async fn show_container(
    deps: &Deps,
    ask: &Ask,
    id: ContainerId,
) -> Result<(Container, bool), Refusal> {
    let entered = deps.gate.enter(ask).await?;
    let found = deps.containers.container(ask.caller.org, id).await?;
    let (container, _) = entered.container(Action::Read, found, id.kind()).await?;
    let on = Resource::Container(&container);
    let grants = entered.decide(Action::Grant, &on)?.allowed;
    Ok((container, grants))
}

/// Makes a container: who administers the organisation may, and who decides on a space may make collections in it.
/// Repeating it under an [`IdempotencyKey`] makes no second one.
///
/// # Errors
/// [`Refusal::InvalidToken`], [`Refusal::Forbidden`], [`Refusal::NotFound`] for a space that the caller does not see,
/// [`Refusal::LimitReached`], [`Refusal::IdempotencyMismatch`], [`Refusal::Unavailable`].
pub async fn create_container(
    deps: &Deps,
    ask: &Ask,
    new: NewContainer,
    idempotency: Option<&IdempotencyKey>,
) -> Result<Container, Refusal> {
    let (kind, org) = (new.kind, ask.caller.org);
    let entered = deps.gate.enter(ask).await?;
    let (within, verdict) = match new.space {
        Some(id) => {
            let found = deps.containers.container(org, id.into()).await?;
            let (space, verdict) = entered.container(Action::Grant, found, Kind::Space).await?;
            let space = Some(Box::new(space));
            (Some(Within { id, space }), verdict)
        }
        None => (None, entered.organisation(Action::Administer).await?),
    };
    let new = Container {
        id: new_id(deps, ask, kind, idempotency)?,
        org,
        name: new.name,
        access: Access {
            visibility: new.visibility,
            version: 1,
            ..Access::default()
        },
        created_at: entered.now,
        within,
    };
    let event = match kind {
        Kind::Collection => Event::CollectionCreated,
        Kind::Space => Event::SpaceCreated,
    };
    let record = entered.scribe(verdict).of(event, new.id.to_string())?;
    let record = detailed(record, described(&new));
    if deps.changes.create_container(&new, &record).await? == Change::Applied {
        return Ok(new);
    }
    let says = |of: &Container| (of.name.clone(), of.access.visibility, of.space_id());
    match deps.containers.container(org, new.id).await? {
        Some(there) if says(&there) == says(&new) => Ok(there),
        Some(_) => Err(Refusal::IdempotencyMismatch),
        None if deps.containers.is_deleted(org, new.id).await? => Err(DELETED),
        None => Err(Refusal::LimitReached(match kind {
            Kind::Collection => "an organisation has at most 1,000 collections",
            Kind::Space => "an organisation has at most 100 spaces",
        })),
    }
}

fn new_id(
    deps: &Deps,
    ask: &Ask,
    kind: Kind,
    idempotency: Option<&IdempotencyKey>,
) -> Result<ContainerId, Refusal> {
    let Some(key) = idempotency else {
        return Ok(match kind {
            Kind::Collection => CollectionId::random(&*deps.entropy)?.into(),
            Kind::Space => SpaceId::random(&*deps.entropy)?.into(),
        });
    };
    let purpose = match kind {
        Kind::Collection => "create_collection",
        Kind::Space => "create_space",
    };
    let octets = key.of_caller(&*deps.hashing, purpose, &ask.caller);
    Ok(ContainerId::from_octets(kind, octets))
}

/// What its record says of a container.
fn described(of: &Container) -> Details {
    let mut details = vec![
        ("name", of.name.as_str().to_owned()),
        ("visibility", of.access.visibility.as_str().to_owned()),
    ];
    if of.id.kind() == Kind::Collection {
        let space = of.space_id();
        let space = space.map_or_else(|| "none".to_owned(), |id| id.to_string());
        details.push(("space", space));
    }
    details
}

/// Changes the name of a container, who sees it, and in which space it is; and may the caller see its list?
///
/// # Errors
/// [`Refusal::InvalidToken`], [`Refusal::NotFound`], [`Refusal::Forbidden`], [`Refusal::PreconditionFailed`],
/// [`Refusal::Unavailable`].
pub async fn change_container(
    deps: &Deps,
    ask: &Ask,
    id: ContainerId,
    wish: &ContainerChange,
) -> Result<(Container, bool), Refusal> {
    let about = if wish.visibility.is_some() || wish.space != Move::Stay {
        About::access(id)
    } else {
        About::name(id)
    };
    settled(deps, ask, about, wish.space, |_, seen, within| {
        let next = Container {
            name: wish.name.as_ref().unwrap_or(&seen.name).clone(),
            access: Access {
                visibility: wish.visibility.unwrap_or(seen.access.visibility),
                version: seen.access.version + 1,
                ..seen.access.clone()
            },
            within,
            ..seen.clone()
        };
        let details = described(&next);
        if details == described(seen) {
            return Ok(None);
        }
        wish.rests_on.holds(&seen.access.tag())?;
        Ok(Some((next, details)))
    })
    .await?;
    show_container(deps, ask, id).await
}

/// Grants on a container, or shuts out.
///
/// # Errors
/// As [`change_container`]; [`Refusal::Malformed`] for an end that is past, [`Refusal::LimitReached`].
pub async fn grant_on_container(
    deps: &Deps,
    ask: &Ask,
    id: ContainerId,
    wish: Wish,
) -> Result<Container, Refusal> {
    settled(
        deps,
        ask,
        About::access(id),
        Move::Stay,
        |entered, seen, _| {
            let next = granted(entered, &seen.access, wish)?;
            Ok(next.map(|(access, _)| (with_access(seen, access), told(wish))))
        },
    )
    .await
}

/// Takes back what was granted to someone on a container, or lets them in again.
///
/// # Errors
/// As [`change_container`].
pub async fn revoke_on_container(
    deps: &Deps,
    ask: &Ask,
    id: ContainerId,
    to: Principal,
) -> Result<Container, Refusal> {
    settled(deps, ask, About::access(id), Move::Stay, |_, seen, _| {
        let details = || vec![("revoked", to.to_string())];
        let next = revoked(&seen.access, to);
        Ok(next.map(|(access, _)| (with_access(seen, access), details())))
    })
    .await
}

/// Removes a container: who administers the organisation may, and who decides on a space may remove collections in it.
/// What is in it is not seen by all because of that: it is for admins, and for uploaders of assets, until they move it.
/// Repeating it finds nothing.
///
/// # Errors
/// As [`change_container`]; [`Refusal::ReauthenticationNeeded`].
pub async fn delete_container(deps: &Deps, ask: &Ask, id: ContainerId) -> Result<(), Refusal> {
    for _ in 0..TRIES {
        let entered = deps.gate.enter(ask).await?;
        let found = deps.containers.container(ask.caller.org, id).await?;
        let (seen, verdict) = entered.container(Action::Delete, found, id.kind()).await?;
        let verdict = removes(&entered, &seen, verdict).await?;
        entered.recent()?;
        let event = match id.kind() {
            Kind::Collection => Event::CollectionDeleted,
            Kind::Space => Event::SpaceDeleted,
        };
        let record = entered.scribe(verdict).of(event, id.to_string())?;
        let record = record.with("name", seen.name.as_str());
        if deps.changes.delete_container(&seen, &record).await? == Change::Applied {
            return Ok(());
        }
    }
    Err(unsettled())
}

/// What lets them remove it.
async fn removes(
    entered: &Entered<'_>,
    seen: &Container,
    verdict: Verdict,
) -> Result<Verdict, Refusal> {
    if seen.space().is_none() {
        return entered.organisation(Action::Administer).await;
    }
    decides_on_space(entered, seen).await.map(|()| verdict)
}

fn with_access(seen: &Container, access: Access) -> Container {
    Container {
        access,
        ..seen.clone()
    }
}

/// What is changed of a container: what it needs, and as what it is on record.
struct About {
    id: ContainerId,
    action: Action,
    event: Event,
}

impl About {
    const fn name(id: ContainerId) -> Self {
        let event = match id.kind() {
            Kind::Collection => Event::CollectionChanged,
            Kind::Space => Event::SpaceChanged,
        };
        let action = Action::Edit;
        Self { id, action, event }
    }

    const fn access(id: ContainerId) -> Self {
        let event = match id.kind() {
            Kind::Collection => Event::CollectionAccessChanged,
            Kind::Space => Event::SpaceAccessChanged,
        };
        let action = Action::Grant;
        Self { id, action, event }
    }
}

/// Decides and changes, again while others change the same.
async fn settled(
    deps: &Deps,
    ask: &Ask,
    about: About,
    moving: Move<SpaceId>,
    next: impl Fn(
        &Entered<'_>,
        &Container,
        Option<Within>,
    ) -> Result<Option<(Container, Details)>, Refusal>
    + Send,
) -> Result<Container, Refusal> {
    let About { id, action, event } = about;
    for _ in 0..TRIES {
        let entered = deps.gate.enter(ask).await?;
        let found = deps.containers.container(ask.caller.org, id).await?;
        let (seen, verdict) = entered.container(action, found, id.kind()).await?;
        let within = carried(deps, &entered, &seen, moving).await?;
        let Some((next, details)) = next(&entered, &seen, within)? else {
            return Ok(seen);
        };
        let record = entered.scribe(verdict).of(event, id.to_string())?;
        let record = detailed(record, details);
        let set = deps.changes.set_container(&seen.access, &next, &record);
        if set.await? == Change::Applied {
            return Ok(next);
        }
    }
    Err(unsettled())
}

/// The space that a collection is in when it was moved, if the caller may move it there: out of a space is for those who
/// decide on the space, into one for those who may change it.
async fn carried(
    deps: &Deps,
    entered: &Entered<'_>,
    seen: &Container,
    moving: Move<SpaceId>,
) -> Result<Option<Within>, Refusal> {
    let into = moving.from(seen.space_id());
    if into == seen.space_id() {
        return Ok(seen.within.clone());
    }
    if seen.within.is_some() {
        decides_on_space(entered, seen).await?;
    }
    let Some(id) = into else {
        return Ok(None);
    };
    let found = deps.containers.container(seen.org, id.into()).await?;
    let (space, _) = entered.container(Action::Edit, found, Kind::Space).await?;
    let space = Some(Box::new(space));
    Ok(Some(Within { id, space }))
}
