//! Plan the ladder of a film that is ready, and order its variants.

use super::convert_film::Deps;
use super::process_upload::{Outcome, Retry};
use crate::asset::Asset;
use crate::conversion::ConversionOrder;
use crate::id::{AssetId, OrgId, PackageId};
use crate::ladder::{VariantState, plan, planned};
use crate::ports::Stored;

/// A parsed order.
#[derive(Debug, Clone, Copy)]
pub struct Command {
    /// The organisation in the order.
    pub org: OrgId,
    /// The asset.
    pub asset: AssetId,
}

/// Plans the variants of an asset once, and orders those that wait, each time.
///
/// # Errors
/// [`Retry`]: deliver the order again.
pub async fn run(deps: &Deps, command: Command) -> Result<Outcome, Retry> {
    let Some((_, package)) = ready(deps, command.org, command.asset).await? else {
        return Ok(Outcome::Nothing);
    };
    let manifest = deps
        .manifests
        .manifest(command.asset, package, None)
        .await?;
    let Some(manifest) = manifest else {
        return Ok(Outcome::Nothing);
    };
    let lines = plan(&manifest.presentation);
    let step = |ladder: Option<&[_]>| planned(ladder, &lines);
    let change = deps.ladders.change(command.asset, package, &step, None);
    change.await?;
    let Some((asset, _)) = ready(deps, command.org, command.asset).await? else {
        return Ok(Outcome::Nothing);
    };
    let now = deps.process.clock.now();
    let variants = asset.ladder.iter().flatten();
    let waiting = variants.filter(|variant| match variant.state {
        VariantState::Waiting => true,
        // Its run died, and so may its order have.
        VariantState::Coding { until, .. } => until <= now,
        VariantState::Ready(_) | VariantState::Failed(_) => false,
    });
    let mut outcome = Outcome::Nothing;
    for variant in waiting {
        let order = ConversionOrder::Variant {
            org: command.org,
            asset: command.asset,
            package,
            lines: variant.id.lines,
        };
        deps.orders.order(&order).await?;
        outcome = Outcome::Ordered;
    }
    Ok(outcome)
}

/// The asset, if it is the organisation's and plays, and its package.
pub(super) async fn ready(
    deps: &Deps,
    org: OrgId,
    asset: AssetId,
) -> Stored<Option<(Asset, PackageId)>> {
    let asset = deps.process.assets.get(asset).await?;
    let asset = asset.filter(|a| a.announced.org == org);
    let asset = asset.and_then(|asset| asset.package.map(|package| (asset, package)));
    Ok(asset.filter(|(asset, package)| asset.plays(*package)))
}
