//! Look through the library, look at an asset, and change what is said of it.

mod cursor;

use std::collections::BTreeSet;
use std::sync::Arc;

use cursor::After;

use super::gate::{Admitted, Ask, Entered, Gate};
use crate::access::{Action, Resource};
use crate::asset::{Asset, AssetState};
use crate::audit::Event;
use crate::error::Refusal;
use crate::id::{AssetId, OrgId};
use crate::library::{Description, Filter, Patch, Place};
use crate::page::{BAD_CURSOR, PageSize};
use crate::ports::{Assets, Change, Collections, Hashing, Library, StoreError};

/// Tries of a change that rests on nothing, while others change the same asset.
const TRIES: usize = 10;

/// What the library needs.
pub struct Deps {
    /// Who may.
    pub gate: Gate,
    /// Assets, one by one.
    pub assets: Arc<dyn Assets>,
    /// The collections that they are in.
    pub collections: Arc<dyn Collections>,
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

/// An asset with its entity tag (RFC 9110 §8.8.3), which changes whenever anything does that is shown of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tagged {
    /// The asset.
    pub asset: Asset,
    /// A strong tag, without the quotes.
    pub tag: String,
}

/// What a change rests on (RFC 9110 §13.1.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IfMatch {
    /// `*`: whatever is there.
    Any,
    /// One of these strong tags.
    OneOf(Vec<String>),
}

impl IfMatch {
    fn admits(&self, tag: &str) -> bool {
        match self {
            Self::Any => true,
            Self::OneOf(tags) => tags.iter().any(|known| known == tag),
        }
    }
}

/// Assets of the caller's organisation that they may read, page by page.
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
    let entered = deps.gate.enter(ask).await?;
    entered.organisation(Action::List).await?;
    let org = ask.caller.org;
    let after = match cursor {
        Some(text) => Some(place(deps, org, filter, text).await?),
        None => None,
    };
    let limit = usize::try_from(size.get()).unwrap_or(usize::MAX);
    let shelf = deps.library.list(org, filter, after.as_ref(), limit);
    let shelf = shelf.await?;
    let readable = readable(deps, &entered, shelf.assets).await?;
    let cursor = shelf.last.map(|last| {
        let told = readable.iter().any(|asset| asset.id() == last.id);
        if told {
            cursor::write(&*deps.hashing, org, filter, &last)
        } else {
            cursor::write_hidden(&*deps.hashing, org, filter, last.id)
        }
    });
    let assets = readable.into_iter().map(|asset| tagged(deps, asset));
    Ok(Page {
        assets: assets.collect(),
        cursor,
    })
}

/// The place that a cursor names.
async fn place(deps: &Deps, org: OrgId, filter: &Filter, text: &str) -> Result<Place, Refusal> {
    let id = match cursor::read(&*deps.hashing, org, filter, text)? {
        After::Place(place) => return Ok(place),
        After::Hidden(id) => id,
    };
    let last = deps.assets.get(id).await?;
    let last = last.filter(|last| last.announced.org == org);
    let place = Place::of(&last.ok_or(BAD_CURSOR)?);
    // It may have another title by now: the list goes on where that would stand, if it stands in it.
    let within = filter.title.as_ref();
    let within = within.is_none_or(|prefix| place.folded.starts_with(prefix.as_str()));
    within.then_some(place).ok_or_else(|| BAD_CURSOR.into())
}

/// Those that the asker may read.
async fn readable(
    deps: &Deps,
    entered: &Entered<'_>,
    assets: Vec<Asset>,
) -> Result<Vec<Asset>, Refusal> {
    let org = entered.asker.caller.org;
    let ids: BTreeSet<_> = assets.iter().filter_map(|asset| asset.collection).collect();
    let ids: Vec<_> = ids.into_iter().collect();
    let collections = match &*ids {
        [] => Vec::new(),
        ids => deps.collections.collections_of(org, ids).await?,
    };
    let mut readable = Vec::with_capacity(assets.len());
    for asset in assets {
        let collection = collections.iter().find(|c| Some(c.id) == asset.collection);
        let on = Resource::Asset(&asset, collection);
        if entered.decide(Action::Read, &on)?.allowed {
            readable.push(asset);
        }
    }
    Ok(readable)
}

/// One asset.
///
/// # Errors
/// [`Refusal::InvalidToken`], [`Refusal::Forbidden`], [`Refusal::NotFound`], [`Refusal::Unavailable`].
pub async fn show(deps: &Deps, ask: &Ask, id: AssetId) -> Result<Tagged, Refusal> {
    let entered = deps.gate.enter(ask).await?;
    let found = deps.assets.get(id).await?;
    let admitted = entered.asset(Action::Read, found, "asset").await?;
    Ok(tagged(deps, admitted.asset))
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
    if !rests_on.admits(&tag(&*deps.hashing, asset)) {
        return Err(Refusal::PreconditionFailed);
    }
    Ok(Some(next?))
}

fn tagged(deps: &Deps, asset: Asset) -> Tagged {
    let tag = tag(&*deps.hashing, &asset);
    Tagged { asset, tag }
}

/// 96 bits over all that changes of an asset and is shown.
fn tag(hashing: &dyn Hashing, asset: &Asset) -> String {
    let failure = asset.failure.as_ref();
    let shown = [
        asset.id().to_string(),
        asset.description.version.to_string(),
        asset.state.to_string(),
        failure.map_or_else(String::new, |failure| failure.code.clone()),
        failure.map_or_else(String::new, |failure| failure.reason.clone()),
    ];
    let digest = hashing.sha256(shown.join("\0").as_bytes());
    data_encoding::BASE64URL_NOPAD.encode(&digest.0[..12])
}
