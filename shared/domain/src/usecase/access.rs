//! Say who may do what: with an asset, and with what is in a collection or a space.

mod containers;
mod groups;

use std::sync::Arc;

use super::IfMatch;
use super::gate::{Admitted, Ask, Entered, Gate};
use crate::access::{
    Access, AccessList, Action, Container, Entry, Kind, Level, Principal, Visibility,
};
use crate::asset::{Asset, AssetState};
use crate::audit::{Event, Record, Verdict};
use crate::error::Refusal;
use crate::id::{AssetId, CollectionId};
use crate::ports::{
    AccessChanges, Assets, Change, Containers, Entropy, Groups, Hashing, StoreError,
};
use crate::time::Timestamp;

pub use containers::{
    ContainerChange, NewContainer, change_container, create_container, delete_container,
    grant_on_container, list_collections, list_spaces, revoke_on_container, show_container,
};
pub use groups::{
    Members, add_member, create_group, delete_group, group_tag, list_groups, members,
    remove_member, rename_group, show_group,
};

/// Tries of a change while others change the same.
const TRIES: usize = 10;

/// What managing access needs.
pub struct Deps {
    /// Who may.
    pub gate: Gate,
    /// The assets.
    pub assets: Arc<dyn Assets>,
    /// Collections and spaces.
    pub containers: Arc<dyn Containers>,
    /// Changes of who may do what.
    pub changes: Arc<dyn AccessChanges>,
    /// Groups.
    pub groups: Arc<dyn Groups>,
    /// Ids of repeated requests.
    pub hashing: Arc<dyn Hashing>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
}

/// What is granted, as it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wish {
    /// To whom.
    pub to: Principal,
    /// How much.
    pub level: Level,
    /// Until when.
    pub expires_at: Option<Timestamp>,
}

/// Who sees an asset, and in which collection it is, as it is asked for; what is not named stays.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Placing {
    /// Who sees it.
    pub visibility: Option<Visibility>,
    /// The collection.
    pub collection: Move<CollectionId>,
    /// The entity tag of what it rests on: [`Access::tag`].
    pub rests_on: IfMatch,
}

/// What becomes of the collection that an asset is in, or of the space that a collection is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Move<Id> {
    /// It stays in it.
    #[default]
    Stay,
    /// It is in none.
    Out,
    /// It is in this one.
    Into(Id),
}

impl<Id: Copy> Move<Id> {
    /// Where it is then.
    pub const fn from(self, now: Option<Id>) -> Option<Id> {
        match self {
            Self::Stay => now,
            Self::Out => None,
            Self::Into(id) => Some(id),
        }
    }
}

/// Who may do what with an asset.
///
/// # Errors
/// [`Refusal::InvalidToken`], [`Refusal::NotFound`], [`Refusal::Forbidden`], [`Refusal::Unavailable`].
pub async fn show(deps: &Deps, ask: &Ask, id: AssetId) -> Result<Asset, Refusal> {
    let entered = deps.gate.enter(ask).await?;
    let found = deps.assets.get(id).await?;
    Ok(entered.asset(Action::Grant, found, "asset").await?.asset)
}

/// Grants, or shuts out. Saying the same again changes nothing.
///
/// # Errors
/// As [`show`]; [`Refusal::WrongState`] for a withdrawn asset, [`Refusal::Malformed`] for an end that is past,
/// [`Refusal::LimitReached`].
pub async fn grant(deps: &Deps, ask: &Ask, id: AssetId, wish: Wish) -> Result<Asset, Refusal> {
    change(deps, ask, id, |entered, asset| {
        let Some((access, shuts)) = granted(entered, &asset.access, wish)? else {
            return Ok(None);
        };
        Ok(Some((
            with_access(entered, asset, access, shuts),
            told(wish),
        )))
    })
    .await
}

/// Takes back what was granted to someone, or lets them in again. Repeating it changes nothing.
///
/// # Errors
/// As [`show`]; [`Refusal::WrongState`].
pub async fn revoke(deps: &Deps, ask: &Ask, id: AssetId, to: Principal) -> Result<Asset, Refusal> {
    change(deps, ask, id, |entered, asset| {
        let Some((access, took)) = revoked(&asset.access, to) else {
            return Ok(None);
        };
        let details = vec![("revoked", to.to_string())];
        Ok(Some((with_access(entered, asset, access, took), details)))
    })
    .await
}

/// Says who sees an asset, and puts it into a collection.
///
/// # Errors
/// As [`show`]; [`Refusal::NotFound`] for a collection that the caller does not see, [`Refusal::PreconditionFailed`],
/// [`Refusal::WrongState`].
pub async fn place(
    deps: &Deps,
    ask: &Ask,
    id: AssetId,
    placing: Placing,
) -> Result<Asset, Refusal> {
    for _ in 0..TRIES {
        let (entered, asset, verdict) = opened(deps, ask, id).await?;
        let visibility = placing.visibility.unwrap_or(asset.access.visibility);
        let collection = placing.collection.from(asset.collection);
        if (visibility, collection) == (asset.access.visibility, asset.collection) {
            return Ok(asset);
        }
        placing.rests_on.holds(&asset.access.tag())?;
        moved(deps, &entered, &asset, collection).await?;
        let access = Access {
            visibility,
            version: asset.access.version + 1,
            ..asset.access.clone()
        };
        let next = Asset {
            collection,
            ..with_access(&entered, &asset, access, true)
        };
        let within = collection.map_or_else(|| "none".to_owned(), |id| id.to_string());
        let details = vec![
            ("visibility", visibility.as_str().to_owned()),
            ("collection", within),
        ];
        let record = entered
            .scribe(verdict)
            .asset(Event::AssetAccessChanged, id)?;
        let record = detailed(record, details);
        if deps.changes.set_access(&asset, &next, &record).await? == Change::Applied {
            return Ok(next);
        }
    }
    Err(unsettled())
}

/// May they take it out of where it is, and put it where it goes? What its collection says of who sees it is not theirs to
/// get around, unless they decide on the collection too; nor what the space around it says.
async fn moved(
    deps: &Deps,
    entered: &Entered<'_>,
    asset: &Asset,
    into: Option<CollectionId>,
) -> Result<(), Refusal> {
    if into == asset.collection {
        return Ok(());
    }
    let org = asset.announced.org;
    let (mut left, mut entered_space) = (None, None);
    if let Some(id) = asset.collection {
        match deps.containers.container(org, id.into()).await? {
            Some(found) => {
                let found = entered.container(Action::Grant, Some(found), Kind::Collection);
                left = Some(found.await?.0);
            }
            // It is gone, and restricts what was in it: for admins and owners.
            None => drop(entered.organisation(Action::Administer).await?),
        }
    }
    if let Some(id) = into {
        let found = deps.containers.container(org, id.into()).await?;
        let found = entered.container(Action::Edit, found, Kind::Collection);
        entered_space = found.await?.0.space_id();
    }
    match left {
        Some(left) if left.within.is_some() && left.space_id() != entered_space => {
            decides_on_space(entered, &left).await
        }
        _ => Ok(()),
    }
}

/// May they say who may do what with the space that a collection is in? One that is gone restricts what was in it: that is
/// for admins and owners.
async fn decides_on_space(entered: &Entered<'_>, collection: &Container) -> Result<(), Refusal> {
    match collection.space() {
        Some(space) => {
            let space = Some(space.clone());
            drop(entered.container(Action::Grant, space, Kind::Space).await?);
        }
        None => drop(entered.organisation(Action::Administer).await?),
    }
    Ok(())
}

type Details = Vec<(&'static str, String)>;

fn told(wish: Wish) -> Details {
    let mut details = vec![
        ("principal", wish.to.to_string()),
        ("access", wish.level.as_str().to_owned()),
    ];
    let end = wish.expires_at.map(|end| ("expires_at", end.0.to_string()));
    details.extend(end);
    details
}

fn detailed(record: Record, details: Details) -> Record {
    let add = |record: Record, (name, value): (&str, String)| record.with(name, value);
    details.into_iter().fold(record, add)
}

/// The access after the wish, and whether it takes something away; none if it says what stands already.
fn granted(
    entered: &Entered<'_>,
    access: &Access,
    wish: Wish,
) -> Result<Option<(Access, bool)>, Refusal> {
    let now = entered.now;
    if wish.expires_at.is_some_and(|end| end <= now) {
        return Err(crate::error::Malformed {
            field: "expires_at",
            expected: "a moment that is yet to come, in seconds of Unix time",
        }
        .into());
    }
    let entry = Entry {
        to: wish.to,
        level: wish.level,
        expires_at: wish.expires_at,
        by: entered.asker.caller.subject.actor(),
        at: now,
    };
    let before = access.entries.of(wish.to);
    if before.is_some_and(|known| known.says_as(&entry)) {
        return Ok(None);
    }
    let takes = before.is_some() || wish.level == Level::None;
    let entries = access.entries.with(entry, now);
    let entries = entries.ok_or(Refusal::LimitReached(
        "an access list has at most 50 entries; grant to a group, or on a collection",
    ))?;
    Ok(Some((changed(access, entries), takes)))
}

/// The access without the principal's entry; none if there is none.
fn revoked(access: &Access, to: Principal) -> Option<(Access, bool)> {
    access.entries.of(to)?;
    Some((changed(access, access.entries.without(to)), true))
}

fn changed(access: &Access, entries: AccessList) -> Access {
    Access {
        visibility: access.visibility,
        entries,
        version: access.version + 1,
    }
}

/// What takes something away ends all views that are open: who may still watch opens another one.
fn with_access(entered: &Entered<'_>, asset: &Asset, access: Access, takes: bool) -> Asset {
    let over = asset.views_ended(entered.now);
    Asset {
        access,
        views_from: if takes { over } else { asset.views_from },
        ..asset.clone()
    }
}

/// The asset, if whoever asks may say who may do what with it.
async fn opened<'a>(
    deps: &'a Deps,
    ask: &'a Ask,
    id: AssetId,
) -> Result<(Entered<'a>, Asset, Verdict), Refusal> {
    let entered = deps.gate.enter(ask).await?;
    let found = deps.assets.get(id).await?;
    let admitted = entered.asset(Action::Grant, found, "asset").await?;
    let Admitted { asset, verdict, .. } = admitted;
    if asset.state == AssetState::Withdrawn {
        return Err(Refusal::WrongState(asset.state));
    }
    Ok((entered, asset, verdict))
}

/// Decides and changes, again while others change the same.
async fn change(
    deps: &Deps,
    ask: &Ask,
    id: AssetId,
    next: impl Fn(&Entered<'_>, &Asset) -> Result<Option<(Asset, Details)>, Refusal> + Send,
) -> Result<Asset, Refusal> {
    for _ in 0..TRIES {
        let (entered, asset, verdict) = opened(deps, ask, id).await?;
        let Some((next, details)) = next(&entered, &asset)? else {
            return Ok(asset);
        };
        let record = entered
            .scribe(verdict)
            .asset(Event::AssetAccessChanged, id)?;
        let record = detailed(record, details);
        if deps.changes.set_access(&asset, &next, &record).await? == Change::Applied {
            return Ok(next);
        }
    }
    Err(unsettled())
}

/// An id is used once: what is bound to it must not come back to life.
const DELETED: Refusal = Refusal::Conflict(
    "what this Idempotency-Key made was deleted; make another one under another key",
);

fn unsettled() -> Refusal {
    StoreError::new("access.change", "it is changed by too many at once").into()
}
