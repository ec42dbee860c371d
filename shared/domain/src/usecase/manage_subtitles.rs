//! Bring subtitles beside a film, list them, take them away.

use super::Ask;
use super::budget::Taken;
use super::library;
use crate::access::Action;
use crate::asset::{Asset, AssetState, Failure, Title, text_key};
use crate::audit::Event;
use crate::error::Refusal;
use crate::id::{AssetId, OrgId, TextId};
use crate::packaging::PackagingOrder;
use crate::ports::{Change, Entropy, Packagings, SubtitlesChanges, TextFiles};
use crate::subtitles::text::{Format, read, write};
use crate::subtitles::{Brought, Entry, Part, Subtitles, Which};

/// Texts of one film in a quarter of an hour, each an object and an order: more than anybody brings by hand.
const TEXTS: u32 = 60;

/// What it needs.
pub struct Deps<'a> {
    /// The asset, and who may.
    pub library: &'a library::Deps,
    /// Its subtitles.
    pub subtitles: &'a dyn SubtitlesChanges,
    /// Where texts are until they are sealed.
    pub files: &'a dyn TextFiles,
    /// Where that is ordered.
    pub orders: &'a dyn Packagings,
    /// Ids of texts.
    pub entropy: &'a dyn Entropy,
}

/// A file that is brought.
pub struct File<'a> {
    /// What it is for.
    pub which: Which,
    /// What a person chooses it by.
    pub name: Option<Title>,
    /// Is it shown to who chooses nothing?
    pub default: bool,
    /// What it was declared as.
    pub format: Format,
    /// The file.
    pub octets: &'a [u8],
}

const FULL: Refusal = Refusal::LimitReached(
    "a film has subtitles of 32 languages and kinds at most; take others away first",
);

/// Brings subtitles, in the place of those of the same language and kind. The same again changes nothing, and is ordered
/// again as long as it waits.
///
/// # Errors
/// [`Refusal::InvalidToken`], [`Refusal::NotFound`], [`Refusal::Forbidden`], [`Refusal::WrongState`] of what is withdrawn
/// or has no bytes any more, [`Refusal::SubtitlesRefused`], [`Refusal::LimitReached`], [`Refusal::Throttled`], [`Refusal::Unavailable`].
pub async fn bring(
    deps: &Deps<'_>,
    ask: &Ask,
    id: AssetId,
    file: &File<'_>,
) -> Result<Entry, Refusal> {
    let entered = deps.library.gate.enter(ask).await?;
    let found = deps.library.assets.get(id).await?;
    let admitted = entered.asset(Action::Edit, found, "asset").await?;
    let own = (ask.caller.org, id);
    let never_plays = admitted
        .asset
        .failure
        .as_ref()
        .is_some_and(Failure::empties);
    if admitted.asset.state == AssetState::Withdrawn || never_plays {
        return Err(Refusal::WrongState(admitted.asset.state));
    }
    let cues = read(file.octets, file.format)?;
    let text = write(&cues).into_bytes();
    let brought = Brought {
        id: TextId::random(deps.entropy)?,
        digest: deps.library.hashing.sha256(&text),
        cues: u32::try_from(cues.len()).unwrap_or(u32::MAX),
        name: file.name.clone(),
        default: file.default,
        at: entered.now,
    };
    let limits = &*deps.library.gate.limits;
    Taken::take(limits, &format!("subtitles#{id}"), TEXTS, entered.now).await?;
    let known = admitted.asset.subtitles.same(&file.which, &brought);
    let text_id = known.unwrap_or(brought.id);
    if known.is_none() {
        let record = entered.scribe(admitted.verdict);
        let record = record.asset(Event::SubtitlesBrought, id)?;
        let record = record.with("language", file.which.language.as_str());
        let record = record.with("kind", file.which.kind.as_str());
        let step = |now: &Subtitles| now.brought(&file.which, &brought);
        let changed = deps.subtitles.change(id, &step, Some(&record)).await?;
        if changed == Change::NotApplied {
            return Err(refused(current(deps, own).await?));
        }
    }
    // The record before the text: so nothing is ever stored that nobody knows of.
    if admitted.asset.subtitles.part(text_id, entered.now) != Part::Listed {
        deps.files.bring(&text_key(own, text_id), text).await?;
        order(deps, own, text_id).await?;
    }
    let now = current(deps, own)
        .await?
        .ok_or(Refusal::NotFound("asset"))?;
    let entry = now.subtitles.of(&file.which).cloned();
    entry.ok_or(Refusal::NotFound("subtitles"))
}

/// All subtitles of an asset that were brought, with where they are.
///
/// # Errors
/// [`Refusal::InvalidToken`], [`Refusal::NotFound`], [`Refusal::Forbidden`], [`Refusal::Unavailable`].
pub async fn list(deps: &Deps<'_>, ask: &Ask, id: AssetId) -> Result<Vec<Entry>, Refusal> {
    let entered = deps.library.gate.enter(ask).await?;
    let found = deps.library.assets.get(id).await?;
    let admitted = entered.asset(Action::Read, found, "asset").await?;
    Ok(admitted.asset.subtitles.entries)
}

/// Takes subtitles away, and tells what is left: views that open are not told of them any more, and what is stored of them is removed.
///
/// # Errors
/// [`Refusal::InvalidToken`], [`Refusal::NotFound`], [`Refusal::Forbidden`], [`Refusal::WrongState`] of what is withdrawn,
/// [`Refusal::LegalHold`], [`Refusal::Unavailable`].
pub async fn remove(
    deps: &Deps<'_>,
    ask: &Ask,
    id: AssetId,
    which: &Which,
) -> Result<Vec<Entry>, Refusal> {
    const NONE: Refusal = Refusal::NotFound("subtitles");
    let entered = deps.library.gate.enter(ask).await?;
    let found = deps.library.assets.get(id).await?;
    let admitted = entered.asset(Action::Edit, found, "asset").await?;
    let own = (ask.caller.org, id);
    if admitted.asset.state == AssetState::Withdrawn {
        return Err(Refusal::WrongState(AssetState::Withdrawn));
    }
    if admitted.asset.keeping.hold.is_some() {
        return Err(Refusal::LegalHold);
    }
    let record = entered.scribe(admitted.verdict);
    let record = record.asset(Event::SubtitlesRemoved, id)?;
    let record = record.with("language", which.language.as_str());
    let record = record.with("kind", which.kind.as_str());
    let step = |subtitles: &Subtitles| subtitles.removed(which, entered.now);
    let changed = deps.subtitles.change(id, &step, Some(&record)).await?;
    // Also if they are gone already: whoever took them away may have died before it could order.
    let now = current(deps, own).await?.ok_or(NONE)?;
    if let Some(gone) = now.subtitles.due(entered.now).first() {
        order(deps, own, *gone).await?;
    }
    match changed {
        Change::Applied => Ok(now.subtitles.entries),
        Change::NotApplied => Err(NONE),
    }
}

/// Why nothing could be brought, by what stands now.
fn refused(now: Option<Asset>) -> Refusal {
    match now {
        None => Refusal::NotFound("asset"),
        Some(asset) if asset.state == AssetState::Withdrawn => Refusal::WrongState(asset.state),
        Some(_) => FULL,
    }
}

/// The asset as it is, if it is there.
async fn current(deps: &Deps<'_>, (_, id): (OrgId, AssetId)) -> Result<Option<Asset>, Refusal> {
    let asset = deps.library.assets.get(id).await?;
    Ok(asset.filter(|asset| asset.keeping.presence.is_kept()))
}

async fn order(deps: &Deps<'_>, (org, asset): (OrgId, AssetId), id: TextId) -> Result<(), Refusal> {
    let text = Some(id);
    let order = PackagingOrder { org, asset, text };
    Ok(deps.orders.order(&order).await?)
}
