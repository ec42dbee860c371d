//! Legal holds: what is held is neither deleted nor erased, until an admin says otherwise.

use super::{Deps, TRIES, unsettled};
use crate::access::Action;
use crate::asset::Asset;
use crate::audit::{Event, Verdict};
use crate::deletion::{Hold, Keeping, Presence, Reason};
use crate::error::Refusal;
use crate::id::AssetId;
use crate::ports::Change;
use crate::usecase::gate::{Ask, Entered};

const ERASING: Refusal = Refusal::Conflict("it is being erased; nothing can hold it any more");

/// Holds an asset, deleted or not, for this reason. Saying the same again changes nothing.
///
/// # Errors
/// [`Refusal::InvalidToken`], [`Refusal::Forbidden`], [`Refusal::ReauthenticationNeeded`], [`Refusal::NotFound`],
/// [`Refusal::Conflict`] for one that is being erased, [`Refusal::Unavailable`].
pub async fn place_hold(
    deps: &Deps,
    ask: &Ask,
    id: AssetId,
    reason: &Reason,
) -> Result<Asset, Refusal> {
    for _ in 0..TRIES {
        let entered = deps.gate.enter(ask).await?;
        let (asset, verdict) = opened(deps, &entered, id).await?;
        let there = asset.keeping.hold.as_ref();
        if there.is_some_and(|hold| hold.reason == *reason) {
            return Ok(asset);
        }
        // Another reason is no other hold: it stands since it was placed.
        let hold = Hold {
            reason: reason.clone(),
            at: there.map_or(entered.now, |hold| hold.at),
        };
        let record = entered.scribe(verdict).asset(Event::LegalHoldPlaced, id)?;
        let record = record.with("reason", reason.as_str());
        if deps.deletions.hold(&asset, &hold, &record).await? == Change::Applied {
            return Ok(with_hold(asset, Some(hold)));
        }
    }
    Err(unsettled("deletion.hold").into())
}

/// Ends the hold. Repeating it changes nothing.
///
/// # Errors
/// As [`place_hold`].
pub async fn release_hold(deps: &Deps, ask: &Ask, id: AssetId) -> Result<Asset, Refusal> {
    for _ in 0..TRIES {
        let entered = deps.gate.enter(ask).await?;
        let (asset, verdict) = opened(deps, &entered, id).await?;
        if asset.keeping.hold.is_none() {
            return Ok(asset);
        }
        let scribe = entered.scribe(verdict);
        let record = scribe.asset(Event::LegalHoldReleased, id)?;
        if deps.deletions.release(&asset, &record).await? == Change::Applied {
            return Ok(with_hold(asset, None));
        }
    }
    Err(unsettled("deletion.release").into())
}

/// The asset, for a person who may administer the organisation and proved a moment ago who they are.
async fn opened(
    deps: &Deps,
    entered: &Entered<'_>,
    id: AssetId,
) -> Result<(Asset, Verdict), Refusal> {
    let verdict = entered.organisation(Action::Administer).await?;
    entered.recent()?;
    let found = deps.assets.get(id).await?;
    let found = found.filter(|asset| asset.announced.org == entered.asker.caller.org);
    let asset = found.ok_or(Refusal::NotFound("asset"))?;
    if matches!(asset.keeping.presence, Presence::Erasing(_)) {
        return Err(ERASING);
    }
    Ok((asset, verdict))
}

fn with_hold(asset: Asset, hold: Option<Hold>) -> Asset {
    Asset {
        keeping: Keeping {
            hold,
            ..asset.keeping
        },
        ..asset
    }
}
