//! Ask for the ladder of a film, or for what failed of it once more.

use std::sync::Arc;

use super::Ask;
use super::library::{self, Tagged, tagged};
use crate::access::Action;
use crate::asset::{Asset, AssetState};
use crate::audit::Event;
use crate::conversion::ConversionOrder;
use crate::error::Refusal;
use crate::id::AssetId;
use crate::ladder::asked;
use crate::ports::{Change, Conversions, Ladders};

/// What asking needs.
pub struct Deps {
    /// The asset, and who may.
    pub library: library::Deps,
    /// The variants.
    pub ladders: Arc<dyn Ladders>,
    /// Where they are ordered; none where nothing is converted.
    pub orders: Option<Arc<dyn Conversions>>,
}

/// Asks for a film's variants. Asked again they are ordered again, and made once.
///
/// # Errors
/// [`Refusal::InvalidToken`], [`Refusal::NotFound`], [`Refusal::Forbidden`], [`Refusal::WrongState`] unless it is ready,
/// [`Refusal::Conflict`] where nothing is converted, [`Refusal::Unavailable`].
pub async fn run(deps: &Deps, ask: &Ask, id: AssetId) -> Result<Tagged, Refusal> {
    let entered = deps.library.gate.enter(ask).await?;
    let found = deps.library.assets.get(id).await?;
    let admitted = entered.asset(Action::Edit, found, "asset").await?;
    let orders = deps.orders.as_ref().ok_or(Refusal::Conflict(
        "this deployment converts no films; its operator has to give it ffmpeg first",
    ))?;
    let package = match (admitted.asset.state, admitted.asset.package) {
        (AssetState::Ready, Some(package)) => package,
        (state, _) => return Err(Refusal::WrongState(state)),
    };
    let record = entered.scribe(admitted.verdict);
    let record = record.asset(Event::LadderAsked, id)?;
    let changed = deps.ladders.change(id, package, &asked, Some(&record));
    let changed = changed.await? == Change::Applied;
    let org = ask.caller.org;
    orders
        .order(&ConversionOrder::Ladder { org, asset: id })
        .await?;
    let asset = if changed {
        let ladder = asked(admitted.asset.ladder.as_deref());
        Asset {
            ladder,
            ..admitted.asset
        }
    } else {
        admitted.asset
    };
    Ok(tagged(&deps.library, asset))
}
