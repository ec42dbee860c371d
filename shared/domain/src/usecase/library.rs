//! Look through the library, look at an asset, and change what is said of it.

mod cursor;

use std::sync::Arc;

use crate::asset::{Asset, AssetState};
use crate::entitlement;
use crate::error::Refusal;
use crate::id::AssetId;
use crate::library::{Description, Filter, Patch};
use crate::page::PageSize;
use crate::ports::{Assets, Hashing, Library, Standings, StoreError};
use crate::token::Caller;
use crate::usecase::present;

/// Tries of a change that rests on nothing, while others change the same asset.
const TRIES: usize = 10;

/// What the library needs.
pub struct Deps {
    /// Where the caller stands now.
    pub standings: Arc<dyn Standings>,
    /// Assets, one by one.
    pub assets: Arc<dyn Assets>,
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

/// Assets of the caller's organisation, page by page.
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
    let caller = standing(deps, caller).await?;
    if !entitlement::may_read(&caller) {
        return Err(Refusal::Forbidden("your scope does not include reading"));
    }
    let after = cursor.map(|text| cursor::read(&*deps.hashing, caller.org, filter, text));
    let after = after.transpose()?;
    let limit = usize::try_from(size.get()).unwrap_or(usize::MAX);
    let shelf = deps.library.list(caller.org, filter, after.as_ref(), limit);
    let shelf = shelf.await?;
    let last = shelf.last.as_ref();
    let assets = shelf.assets.into_iter();
    Ok(Page {
        assets: assets.map(|asset| tagged(deps, asset)).collect(),
        cursor: last.map(|last| cursor::write(&*deps.hashing, caller.org, filter, last)),
    })
}

/// One asset.
///
/// # Errors
/// [`Refusal::InvalidToken`], [`Refusal::Forbidden`], [`Refusal::NotFound`], [`Refusal::Unavailable`].
pub async fn show(deps: &Deps, caller: &Caller, id: AssetId) -> Result<Tagged, Refusal> {
    let caller = standing(deps, caller).await?;
    let asset = seen(deps, &caller, id).await?;
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
    caller: &Caller,
    id: AssetId,
    rests_on: &IfMatch,
    patch: &Patch,
) -> Result<Tagged, Refusal> {
    for _ in 0..TRIES {
        let caller = standing(deps, caller).await?;
        let asset = seen(deps, &caller, id).await?;
        let Some(next) = rested(deps, &caller, &asset, rests_on, patch)? else {
            return Ok(tagged(deps, asset));
        };
        let before = asset.description.version;
        if let Some(asset) = deps.library.describe(id, before, &next).await? {
            return Ok(tagged(deps, asset));
        }
        // Somebody was first: whoever rests on what they saw is told so now, and who does not tries again.
    }
    Err(StoreError::new("library.edit", "others kept changing the same asset").into())
}

/// The description after the change; none if it says what stands already.
fn rested(
    deps: &Deps,
    caller: &Caller,
    asset: &Asset,
    rests_on: &IfMatch,
    patch: &Patch,
) -> Result<Option<Description>, Refusal> {
    if !entitlement::may_edit(caller, asset) {
        return Err(Refusal::Forbidden(
            "only its uploader or an admin may edit an asset, and only with that scope",
        ));
    }
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

/// The caller in the role that they have now.
async fn standing(deps: &Deps, caller: &Caller) -> Result<Caller, Refusal> {
    let (role, _) = present(&*deps.standings, caller).await?;
    Ok(Caller { role, ..*caller })
}

/// The asset, if it exists for the caller.
async fn seen(deps: &Deps, caller: &Caller, id: AssetId) -> Result<Asset, Refusal> {
    if !entitlement::may_read(caller) {
        return Err(Refusal::Forbidden("your scope does not include reading"));
    }
    let asset = deps.assets.get(id).await?;
    let asset = asset.filter(|asset| entitlement::sees(caller, asset));
    asset.ok_or(Refusal::NotFound("asset"))
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
