//! Take an asset back: no key from the moment this returns, and no copy in the caches.

use std::sync::Arc;

use crate::asset::media_prefix;
use crate::entitlement;
use crate::error::Refusal;
use crate::id::AssetId;
use crate::ports::{Assets, Distribution};
use crate::token::Caller;

/// What withdrawing needs.
pub struct Deps {
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
/// [`Refusal::NotFound`], [`Refusal::Forbidden`], [`Refusal::Unavailable`].
pub async fn run(deps: &Deps, caller: &Caller, id: AssetId) -> Result<(), Refusal> {
    let asset = deps.assets.get(id).await?;
    let asset = asset
        .filter(|a| entitlement::sees(caller, a))
        .ok_or(Refusal::NotFound("asset"))?;
    if !entitlement::may_withdraw(caller, &asset) {
        return Err(Refusal::Forbidden(
            "only its uploader or an admin may withdraw an asset, and only with that scope",
        ));
    }
    deps.assets.withdraw(id).await?;
    let paths = [format!("/{}*", media_prefix(id))];
    deps.distribution
        .invalidate(&format!("withdraw-{id}"), &paths)
        .await?;
    Ok(())
}
