//! Ask that a film which failed be packaged anew, from the bytes that are still there.

use super::Ask;
use super::budget::Taken;
use super::library::{self, Tagged, tagged};
use crate::access::Action;
use crate::asset::{Asset, AssetState, MAX_REOPENED};
use crate::audit::Event;
use crate::error::Refusal;
use crate::id::AssetId;
use crate::packaging::PackagingOrder;
use crate::ports::{Change, Packagings, Reopenings};

/// Orders of one film in a quarter of an hour, however often it is asked for: more than it takes to survive lost ones.
const ORDERS: u32 = 5;

/// What asking needs.
pub struct Deps<'a> {
    /// The asset, and who may.
    pub library: &'a library::Deps,
    /// Failed assets that are had back to be packaged.
    pub reopenings: &'a dyn Reopenings,
    /// Where packaging is ordered.
    pub orders: &'a dyn Packagings,
}

/// Asks for a film to be packaged anew. Asked again before it is in hand it is ordered again, and packaged once.
///
/// # Errors
/// [`Refusal::InvalidToken`], [`Refusal::NotFound`], [`Refusal::Forbidden`], [`Refusal::WrongState`] unless it failed,
/// [`Refusal::Conflict`] when its bytes are gone, [`Refusal::LimitReached`] after [`MAX_REOPENED`] times,
/// [`Refusal::Unavailable`].
pub async fn run(deps: &Deps<'_>, ask: &Ask, id: AssetId) -> Result<Tagged, Refusal> {
    let entered = deps.library.gate.enter(ask).await?;
    let found = deps.library.assets.get(id).await?;
    let admitted = entered.asset(Action::Edit, found, "asset").await?;
    let record = entered.scribe(admitted.verdict);
    let record = record.asset(Event::ReprocessAsked, id)?;
    let asset = if admitted.asset.state == AssetState::Failed {
        reopenable(&admitted.asset)?;
        let reopened = deps.reopenings.reopen(&admitted.asset, &record).await?;
        match reopened {
            Change::Applied => admitted.asset.reopened_once(),
            // Somebody else was first, or it is not there any more: what stands now decides.
            Change::NotApplied => {
                let current = deps.library.assets.get(id).await?;
                current
                    .filter(|asset| asset.keeping.presence.is_kept())
                    .ok_or(Refusal::NotFound("asset"))?
            }
        }
    } else {
        admitted.asset
    };
    match asset.state {
        AssetState::Uploaded if asset.reopened > 0 => {
            // Also if it was reopened before: whoever did may have died before it could order. But the queue is everybody's.
            let (limits, name) = (&*deps.library.gate.limits, format!("reprocess#{id}"));
            if Taken::any_left(limits, &name, ORDERS, entered.now).await? {
                let order = PackagingOrder {
                    org: ask.caller.org,
                    asset: id,
                    text: None,
                };
                deps.orders.order(&order).await?;
            }
        }
        // In hand already.
        AssetState::Processing if asset.reopened > 0 => {}
        state => return Err(Refusal::WrongState(state)),
    }
    Ok(tagged(deps.library, asset))
}

fn reopenable(asset: &Asset) -> Result<(), Refusal> {
    if !asset.has_source() {
        return Err(Refusal::Conflict(
            "the bytes of this film are gone; upload it again",
        ));
    }
    if asset.reopened >= MAX_REOPENED {
        return Err(Refusal::LimitReached(
            "a film is packaged anew ten times at most; upload it again",
        ));
    }
    Ok(())
}
