//! Look through the library, look at an asset, and change what is said of it.

mod cursor;

use std::collections::BTreeSet;
use std::sync::Arc;

use super::IfMatch;
use super::gate::{Admitted, Ask, Entered, Gate};
use crate::access::{Action, ContainerId, Resource};
use crate::asset::{Asset, AssetState};
use crate::audit::Event;
use crate::deletion::Presence;
use crate::error::Refusal;
use crate::id::AssetId;
use crate::library::{Description, Filter, Patch, Place};
use crate::page::PageSize;
use crate::ports::{Assets, Change, Containers, Hashing, LISTED, Library, StoreError};

/// Tries of a change that rests on nothing, while others change the same asset.
const TRIES: usize = 10;

/// Most times that the library is asked for one page.
const SHELVES: usize = 24;
/// Assets of one asking at most: four shelves grow to this, the others look at 20,000.
const SHELF: usize = 1_000;

/// What the library needs.
pub struct Deps {
    /// Who may.
    pub gate: Gate,
    /// Assets, one by one.
    pub assets: Arc<dyn Assets>,
    /// The collections that they are in.
    pub containers: Arc<dyn Containers>,
    /// The library.
    pub library: Arc<dyn Library>,
    /// Entity tags, checks of cursors.
    pub hashing: Arc<dyn Hashing>,
}

/// A page of the library, and what asks for the next one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Each with its entity tag; fewer than there was room for, or none, is not the end.
    pub assets: Vec<Tagged>,
    /// None at the end.
    pub cursor: Option<String>,
}

/// An asset with its entity tag (RFC 9110 §8.8.3), which changes whenever anything does that a change may rest on: not with
/// `progress`, nor with what is told of a variant beside its stage, or nobody could edit a film while it is packaged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tagged {
    /// The asset.
    pub asset: Asset,
    /// A strong tag, without the quotes.
    pub tag: String,
}

/// Assets of the caller's organisation that they may read, page by page; deleted ones that they may have back, if those
/// are asked for.
///
/// # Errors
/// [`Refusal::InvalidToken`], [`Refusal::Forbidden`], [`Refusal::Malformed`] for a cursor of another list,
/// [`Refusal::LimitReached`] when twenty shelves held nothing that they may read, [`Refusal::Unavailable`].
pub async fn list(
    deps: &Deps,
    ask: &Ask,
    filter: &Filter,
    cursor: Option<&str>,
    size: PageSize,
) -> Result<Page, Refusal> {
    let entered = deps.gate.enter(ask).await?;
    entered.organisation(Action::List).await?;
    let org = ask.caller.org;
    let after = cursor.map(|text| cursor::read(&*deps.hashing, org, filter, text));
    let limit = usize::try_from(size.get()).unwrap_or(usize::MAX);
    let (readable, more) = readable(deps, &entered, filter, after.transpose()?, limit).await?;
    let last = readable.last().filter(|_| more).map(Place::of);
    let cursor = last.map(|last| cursor::write(&*deps.hashing, org, filter, &last));
    let assets = readable.into_iter().map(|asset| tagged(deps, asset));
    Ok(Page {
        assets: assets.collect(),
        cursor,
    })
}

/// At most so many that the asker may read, and whether one more follows. Only what they may read decides how far a page
/// goes, whether there is a cursor, and what is in it.
async fn readable(
    deps: &Deps,
    entered: &Entered<'_>,
    filter: &Filter,
    mut after: Option<Place>,
    limit: usize,
) -> Result<(Vec<Asset>, bool), Refusal> {
    let org = entered.asker.caller.org;
    let mut readable = Vec::new();
    let mut room = limit + 1;
    for _ in 0..SHELVES {
        let shelf = deps.library.list(org, filter, after.as_ref(), room).await?;
        let asked: &[Action] = if filter.deleted {
            &[Action::Read, Action::Delete]
        } else {
            &[Action::Read]
        };
        readable.extend(admitted(deps, entered, asked, shelf.assets).await?);
        if readable.len() > limit {
            readable.truncate(limit);
            return Ok((readable, true));
        }
        after = shelf.last;
        if after.is_none() {
            return Ok((readable, false));
        }
        // Of what this reader may see little, more is looked at in one go: a gap is crossed whatever the page's size.
        room = (room * 4).min(SHELF);
    }
    if readable.is_empty() {
        return Err(Refusal::LimitReached(
            "too little of what this looks for may be read by you; ask for a state, an uploader or a title",
        ));
    }
    Ok((readable, true))
}

/// Those that the asker may do all of this with.
async fn admitted(
    deps: &Deps,
    entered: &Entered<'_>,
    asked: &[Action],
    assets: Vec<Asset>,
) -> Result<Vec<Asset>, Refusal> {
    let org = entered.asker.caller.org;
    let ids: BTreeSet<_> = assets.iter().filter_map(|asset| asset.collection).collect();
    let ids: Vec<_> = ids.into_iter().collect();
    let mut collections = Vec::new();
    for ids in ids.chunks(LISTED) {
        collections.extend(deps.containers.collections_of(org, ids).await?);
    }
    let mut admitted = Vec::with_capacity(assets.len());
    for asset in assets {
        let id = asset.collection.map(ContainerId::Collection);
        let collection = collections.iter().find(|c| Some(c.id) == id);
        let on = Resource::Asset(&asset, collection);
        let mut allowed = true;
        for action in asked {
            allowed = allowed && entered.decide(*action, &on)?.allowed;
        }
        if allowed {
            admitted.push(asset);
        }
    }
    Ok(admitted)
}

/// One asset. A deleted one is shown to those who may have it back.
///
/// # Errors
/// [`Refusal::InvalidToken`], [`Refusal::Forbidden`], [`Refusal::NotFound`], [`Refusal::Unavailable`].
pub async fn show(deps: &Deps, ask: &Ask, id: AssetId) -> Result<Tagged, Refusal> {
    let entered = deps.gate.enter(ask).await?;
    let found = deps.assets.get(id).await?;
    let there = found.filter(|asset| !matches!(asset.keeping.presence, Presence::Erasing(_)));
    let admitted = entered.asset_or_deleted(Action::Read, there, "asset");
    let mut asset = admitted.await?.asset;
    if asset.keeping.presence.is_deleted() {
        let admitted = entered.asset_or_deleted(Action::Delete, Some(asset), "asset");
        asset = admitted.await?.asset;
    }
    Ok(tagged(deps, asset))
}

/// Changes what is said of an asset, if it is still as the client saw it. The same change again, after an answer that
/// was lost, changes nothing and is told as done (RFC 9110 §13.1.1).
///
/// # Errors
/// [`Refusal::InvalidToken`], [`Refusal::NotFound`], [`Refusal::Forbidden`], [`Refusal::PreconditionFailed`],
/// [`Refusal::WrongState`] for a withdrawn asset, [`Refusal::Malformed`] for too much metadata,
/// [`Refusal::Unavailable`].
pub async fn edit(
    deps: &Deps,
    ask: &Ask,
    id: AssetId,
    rests_on: &IfMatch,
    patch: &Patch,
) -> Result<Tagged, Refusal> {
    for _ in 0..TRIES {
        let entered = deps.gate.enter(ask).await?;
        let found = deps.assets.get(id).await?;
        let admitted = entered.asset(Action::Edit, found, "asset").await?;
        let Admitted { asset, verdict, .. } = admitted;
        let Some(next) = rested(deps, &asset, rests_on, patch)? else {
            return Ok(tagged(deps, asset));
        };
        let before = asset.description.version;
        let record = entered.scribe(verdict).asset(Event::AssetDescribed, id)?;
        let record = record.with("version", next.version);
        let described = deps.library.describe(id, before, &next, &record).await?;
        if described == Change::Applied {
            let description = next;
            return Ok(tagged(
                deps,
                Asset {
                    description,
                    ..asset
                },
            ));
        }
        // Somebody was first: whoever rests on what they saw is told so now, and who does not tries again.
    }
    Err(StoreError::new("library.edit", "others kept changing the same asset").into())
}

/// The description after the change; none if it says what stands already.
fn rested(
    deps: &Deps,
    asset: &Asset,
    rests_on: &IfMatch,
    patch: &Patch,
) -> Result<Option<Description>, Refusal> {
    if asset.state == AssetState::Withdrawn {
        return Err(Refusal::WrongState(asset.state));
    }
    let next = patch.applied(&asset.description);
    let version = asset.description.version;
    if next.as_ref().is_ok_and(|next| next.version == version) {
        return Ok(None);
    }
    rests_on.holds(&tag(&*deps.hashing, asset))?;
    Ok(Some(next?))
}

pub(super) fn tagged(deps: &Deps, asset: Asset) -> Tagged {
    let tag = tag(&*deps.hashing, &asset);
    Tagged { asset, tag }
}

/// 96 bits over what a change of an asset may rest on.
fn tag(hashing: &dyn Hashing, asset: &Asset) -> String {
    let failure = asset.failure.as_ref();
    let mut shown = vec![
        asset.id().to_string(),
        asset.description.version.to_string(),
        asset.state.to_string(),
        asset
            .collection
            .map_or_else(String::new, |id| id.to_string()),
        failure.map_or_else(String::new, |failure| failure.code.clone()),
        failure.map_or_else(String::new, |failure| failure.reason.clone()),
    ];
    if let Some(deletion) = asset.keeping.presence.deletion() {
        shown.push(deletion.at.0.to_string());
        shown.push(deletion.erase_at.0.to_string());
    }
    for variant in asset.ladder.iter().flatten() {
        shown.push(variant.id.lines.to_string());
        shown.push(variant.state.as_str().to_owned());
    }
    if let Some(previews) = &asset.previews {
        shown.push(previews.state.as_str().to_owned());
    }
    let digest = hashing.sha256(shown.join("\0").as_bytes());
    data_encoding::BASE64URL_NOPAD.encode(&digest.0[..12])
}
