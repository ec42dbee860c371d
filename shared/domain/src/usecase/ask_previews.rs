//! Ask for the previews of a film, or for those that failed once more.

use super::Ask;
use super::library::{self, Tagged, tagged};
use crate::access::Action;
use crate::asset::{Asset, AssetState};
use crate::audit::Event;
use crate::conversion::ConversionOrder;
use crate::error::Refusal;
use crate::id::AssetId;
use crate::ports::{Change, Conversions, PreviewChanges};
use crate::preview::asked;

/// What asking needs.
pub struct Deps<'a> {
    /// The asset, and who may.
    pub library: &'a library::Deps,
    /// Its previews.
    pub previews: &'a dyn PreviewChanges,
    /// Where they are ordered; none where nothing is converted.
    pub orders: Option<&'a dyn Conversions>,
}

/// Asks for a film's previews. Asked again they are ordered again, and made once.
///
/// # Errors
/// [`Refusal::InvalidToken`], [`Refusal::NotFound`], [`Refusal::Forbidden`], [`Refusal::WrongState`] unless it is ready,
/// [`Refusal::Conflict`] where nothing is converted, [`Refusal::Unavailable`].
pub async fn run(deps: &Deps<'_>, ask: &Ask, id: AssetId) -> Result<Tagged, Refusal> {
    let entered = deps.library.gate.enter(ask).await?;
    let found = deps.library.assets.get(id).await?;
    let admitted = entered.asset(Action::Edit, found, "asset").await?;
    let orders = deps.orders.ok_or(Refusal::Conflict(
        "this deployment makes no previews; its operator has to give it ffmpeg first",
    ))?;
    let package = match (admitted.asset.state, admitted.asset.package) {
        (AssetState::Ready, Some(package)) => package,
        (state, _) => return Err(Refusal::WrongState(state)),
    };
    let record = entered.scribe(admitted.verdict);
    let record = record.asset(Event::PreviewsAsked, id)?;
    let changed = deps.previews.change(id, package, &asked, Some(&record));
    let changed = changed.await? == Change::Applied;
    let org = ask.caller.org;
    let order = ConversionOrder::Previews { org, asset: id };
    orders.order(&order).await?;
    let asset = if changed {
        let previews = asked(admitted.asset.previews.as_ref());
        Asset {
            previews,
            ..admitted.asset
        }
    } else {
        admitted.asset
    };
    Ok(tagged(deps.library, asset))
}
