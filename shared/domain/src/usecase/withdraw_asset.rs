//! Take an asset back: no key from the moment this returns, and no copy in the caches.

use std::sync::Arc;

use super::gate::{Ask, Gate};
use crate::access::Action;
use crate::asset::media_prefix;
use crate::audit::Event;
use crate::error::Refusal;
use crate::id::AssetId;
use crate::ports::{Assets, Distribution};

/// What withdrawing needs.
pub struct Deps {
    /// Who may.
    pub gate: Gate,
    /// The assets.
    pub assets: Arc<dyn Assets>,
    /// The distribution's control plane.
    pub distribution: Arc<dyn Distribution>,
}

/// Withdraws; repeating it is the same withdrawal.
///
/// Every key delivery reads the asset's state, so all sessions stop at once; the invalidation after it
/// only clears ciphertext out of caches. When that fails the asset is withdrawn all the same and a repeat
/// of the request invalidates again.
///
/// # Errors
/// [`Refusal::InvalidToken`], [`Refusal::NotFound`], [`Refusal::Forbidden`], [`Refusal::Unavailable`].
pub async fn run(deps: &Deps, ask: &Ask, id: AssetId) -> Result<(), Refusal> {
    let entered = deps.gate.enter(ask).await?;
    let found = deps.assets.get(id).await?;
    let admitted = entered.asset(Action::Delete, found, "asset").await?;
    let scribe = entered.scribe(admitted.verdict);
    let record = scribe.asset(Event::AssetWithdrawn, id)?;
    deps.assets.withdraw(id, &record).await?;
    let paths = [format!("/{}*", media_prefix(id))];
    deps.distribution
        .invalidate(&format!("withdraw-{id}"), &paths)
        .await?;
    Ok(())
}
