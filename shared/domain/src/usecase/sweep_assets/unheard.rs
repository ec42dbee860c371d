//! Films that wait for a verdict about malware which never came: they fail, and may be tried again.

use super::{Step, Sweep};
use crate::asset::{Asset, AssetState};
use crate::audit::Event;
use crate::deletion::Due;
use crate::id::AssetId;
use crate::ports::{Change, Stored};
use crate::scan::unheard;

/// Seconds until another look at what is in somebody's hand.
const LATER: u64 = 3_600;

impl Sweep<'_> {
    /// Ends the wait that began when the asset had been reopened so often, unless it is over.
    pub(super) async fn unheard(&mut self, due: &Due, id: AssetId, reopened: u8) -> Stored<Step> {
        let current = self.deps.assets.get(id).await?;
        if let Some(asset) = current.filter(|asset| waits(asset, reopened)) {
            let now = self.deps.clock.now();
            if !asset.is_in_no_hand(now) {
                // A run of before the scan was switched on: what becomes of it is seen when its lease is over.
                self.deps.dues.postpone(due, now.plus(LATER)).await?;
                return Ok(Step::Done);
            }
            let failure = unheard();
            let record = self.scribe(asset.announced.org);
            let record = record.asset(Event::AssetFailed, id)?;
            let record = record.with("code", &failure.code);
            let scans = &self.deps.scans;
            if scans.give_up(&asset, &failure, &record).await? == Change::NotApplied {
                // It changed a moment ago: the next look says whether it waits still.
                self.deps.dues.postpone(due, now.plus(LATER)).await?;
                return Ok(Step::Done);
            }
            self.run.unheard += 1;
        }
        self.deps.dues.settle(due).await?;
        Ok(Step::Done)
    }
}

/// What was brought back since then waits anew, and as long.
fn waits(asset: &Asset, reopened: u8) -> bool {
    let arrived = matches!(asset.state, AssetState::Uploaded | AssetState::Processing);
    arrived && asset.scan.is_none() && asset.reopened == reopened
}
