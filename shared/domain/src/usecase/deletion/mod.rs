//! Delete an asset, and have it back as long as that was promised; hold it; say by which rules assets go.

mod hold;
mod rules;

use std::sync::Arc;

use super::gate::{Ask, Gate};
use crate::access::Action;
use crate::asset::{Asset, media_prefix};
use crate::audit::Event;
use crate::deletion::{Deletion, Keeping, Presence};
use crate::error::Refusal;
use crate::id::AssetId;
use crate::ports::{
    Assets, Change, Charged, Deletions, Distribution, RetentionChanges, Retentions, StoreError,
    Stored,
};
use crate::quota::Quota;

pub use hold::{place_hold, release_hold};
pub use rules::{set_retention, show_retention};

/// Tries of a change while others change the same.
const TRIES: usize = 10;

/// What deleting needs.
pub struct Deps {
    /// Who may.
    pub gate: Gate,
    /// The assets.
    pub assets: Arc<dyn Assets>,
    /// Deletions and holds.
    pub deletions: Arc<dyn Deletions>,
    /// Rules of organisations.
    pub retentions: Arc<dyn Retentions>,
    /// Changes of them.
    pub rules: Arc<dyn RetentionChanges>,
    /// The distribution's control plane.
    pub distribution: Arc<dyn Distribution>,
    /// How much an organisation may use where the operator did not say otherwise.
    pub quota: Quota,
}

const OVER: Refusal = Refusal::Conflict(
    "the time in which it could be had back is over; it is erased, or about to be",
);

/// Deletes; repeating it is the same deletion.
///
/// Nothing is given out any more from the moment it answers: every read of the asset sees it. The invalidation after it
/// only clears ciphertext out of caches; when that fails the asset is deleted all the same, and a repeat invalidates again.
///
/// # Errors
/// [`Refusal::InvalidToken`], [`Refusal::NotFound`], [`Refusal::Forbidden`], [`Refusal::LegalHold`],
/// [`Refusal::Unavailable`].
pub async fn delete(deps: &Deps, ask: &Ask, id: AssetId) -> Result<Asset, Refusal> {
    for _ in 0..TRIES {
        let entered = deps.gate.enter(ask).await?;
        let found = deps.assets.get(id).await?;
        let admitted = entered.asset_or_deleted(Action::Delete, found, "asset");
        let admitted = admitted.await?;
        let asset = admitted.asset;
        if let Some(deletion) = asset.keeping.presence.deletion() {
            invalidate(deps, id, deletion).await?;
            return Ok(asset);
        }
        if asset.keeping.hold.is_some() {
            return Err(Refusal::LegalHold);
        }
        let retention = deps.retentions.retention(ask.caller.org).await?;
        let deletion = Deletion {
            at: entered.now,
            erase_at: entered.now.plus(retention.recovery.seconds()),
        };
        let scribe = entered.scribe(admitted.verdict);
        let record = scribe.asset(Event::AssetDeleted, id)?;
        let record = record.with("erase_at", deletion.erase_at.0);
        if deps.deletions.delete(&asset, deletion, &record).await? == Change::Applied {
            invalidate(deps, id, deletion).await?;
            let presence = Presence::Deleted(deletion);
            return Ok(with_presence(asset, presence));
        }
        // Deleted, held or had back meanwhile: as it stands now decides.
    }
    Err(unsettled("deletion.delete").into())
}

/// Has a deleted asset back as it was, with its state and who may do what. Views that were open stay over. Repeating it
/// changes nothing. An upload under way goes on, if there is room for it among the uploads.
///
/// # Errors
/// [`Refusal::InvalidToken`], [`Refusal::NotFound`], [`Refusal::Forbidden`], [`Refusal::Conflict`] when it is too late,
/// [`Refusal::QuotaExceeded`],
/// [`Refusal::Unavailable`].
pub async fn restore(deps: &Deps, ask: &Ask, id: AssetId) -> Result<Asset, Refusal> {
    for _ in 0..TRIES {
        let entered = deps.gate.enter(ask).await?;
        let found = deps.assets.get(id).await?;
        let admitted = entered.asset_or_deleted(Action::Delete, found, "asset");
        let admitted = admitted.await?;
        let (asset, now) = (admitted.asset, entered.now);
        let held = asset.keeping.hold.is_some();
        match asset.keeping.presence {
            Presence::Kept => return Ok(asset),
            // What is held is not erased, however late it is.
            Presence::Deleted(deletion) if held || now < deletion.erase_at => {}
            Presence::Deleted(_) | Presence::Erasing(_) => return Err(OVER),
        }
        let scribe = entered.scribe(admitted.verdict);
        let record = scribe.asset(Event::AssetRestored, id)?;
        // Time is in seconds: a view that was opened in this very second before is over as well.
        let views_from = asset.views_ended(now);
        let moments = (now, views_from);
        let restored = deps
            .deletions
            .restore(&asset, moments, &deps.quota, &record);
        match restored.await? {
            Charged::Applied => return Ok(with_presence(asset, Presence::Kept)),
            Charged::NotApplied => {}
            Charged::OverQuota(exceeded) => return Err(exceeded.into()),
        }
    }
    Err(unsettled("deletion.restore").into())
}

fn with_presence(asset: Asset, presence: Presence) -> Asset {
    Asset {
        keeping: Keeping {
            presence,
            ..asset.keeping
        },
        ..asset
    }
}

/// Each deletion is an invalidation of its own: what was had back may have come into caches again.
async fn invalidate(deps: &Deps, id: AssetId, deletion: Deletion) -> Stored<()> {
    let reference = format!("delete-{id}-{}", deletion.at.0);
    let paths = [format!("/{}*", media_prefix(id))];
    deps.distribution.invalidate(&reference, &paths).await
}

/// The answer when others change the same again and again.
fn unsettled(operation: &'static str) -> StoreError {
    StoreError::new(operation, "it is changed by too many at once")
}
