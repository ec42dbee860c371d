//! Uploads that nobody brought to an end: they hold a place among the uploads, and room, and are over.

use super::{RETRY, Step, Sweep};
use crate::asset::{Asset, AssetState, Failure};
use crate::audit::Event;
use crate::deletion::Due;
use crate::id::AssetId;
use crate::ports::{Change, StoreError, Stored};
use crate::quota::ABANDONED_AFTER;
use crate::time::Timestamp;

/// Seconds after which an organisation is looked at again whose uploads under way did not show, or are held.
const EVERY: u64 = 6 * 3_600;
/// Most uploads of one organisation that are ended before others have their turn.
const TURN: usize = 500;

impl Sweep<'_> {
    /// Was all of the part looked at?
    pub(super) async fn uploads(&mut self, part: u8, until: Timestamp) -> Stored<bool> {
        let mut after = None;
        loop {
            let waiting = self.deps.abandonments.waiting(part, until, after.as_ref());
            let (dues, more) = waiting.await?;
            for due in &dues {
                if self.is_late() {
                    return Ok(false);
                }
                match self.uploads_of(due).await {
                    Ok(Step::Done) => {}
                    Ok(Step::Late) => return Ok(false),
                    Err(error) => {
                        self.note(error);
                        let later = self.deps.clock.now().plus(RETRY);
                        // Best effort: it is due still, and comes first again.
                        let _ = self.deps.abandonments.look_again(due, later).await;
                    }
                }
            }
            after = dues.last().copied();
            if !more || after.is_none() {
                return Ok(true);
            }
        }
    }

    /// Ends those that are too old. The first that is not says when to look again.
    async fn uploads_of(&mut self, due: &Due) -> Stored<Step> {
        let ends = &self.deps.abandonments;
        let (mut after, mut left, mut failed) = (None, TURN, None);
        loop {
            let (elders, more) = ends.under_way(due.org, after).await?;
            // A page of nothing is not for nothing.
            left = left.saturating_sub(elders.len().max(1));
            for (id, announced) in elders {
                if self.is_late() {
                    return Ok(Step::Late);
                }
                if !is_over(announced, self.deps.clock.now()) {
                    let next = announced.plus(ABANDONED_AFTER);
                    return self.looked(due, Some(next), failed).await;
                }
                if let Err(error) = self.abandon(id).await {
                    failed.get_or_insert(error);
                }
            }
            after = more;
            if after.is_none() {
                return self.looked(due, None, failed).await;
            }
            if left == 0 {
                // Behind all that is due now, and before long.
                self.run.finished = false;
                let next = self.deps.clock.now().plus(1);
                return self.looked(due, Some(next), failed).await;
            }
        }
    }

    /// What could not be ended keeps the organisation due.
    async fn looked(
        &self,
        due: &Due,
        next: Option<Timestamp>,
        failed: Option<StoreError>,
    ) -> Stored<Step> {
        if let Some(error) = failed {
            return Err(error);
        }
        let ends = &self.deps.abandonments;
        let next = match next {
            Some(next) => next,
            None if ends.none_under_way(due).await? == Change::Applied => return Ok(Step::Done),
            // Announced a moment ago, held, or already looked at by somebody else.
            None => self.deps.clock.now().plus(EVERY),
        };
        ends.look_again(due, next).await?;
        Ok(Step::Done)
    }

    async fn abandon(&mut self, id: AssetId) -> Stored<()> {
        let now = self.deps.clock.now();
        let current = self.deps.assets.get(id).await?;
        let Some(asset) = current.filter(|asset| is_abandoned(asset, now)) else {
            return Ok(());
        };
        let failure = Failure {
            code: Failure::ABANDONED.to_owned(),
            reason: "the upload was not completed within seven days; bring the film in again"
                .to_owned(),
        };
        let record = self.scribe(asset.announced.org);
        let record = record.asset(Event::AssetFailed, id)?;
        let record = record.with("code", &failure.code);
        let ends = &self.deps.abandonments;
        let ended = ends.abandon(&asset, &failure, now, &record).await?;
        if ended == Change::Applied {
            self.run.abandoned += 1;
        }
        Ok(())
    }

    /// Removes the bytes of an upload that was abandoned, which is due for it.
    pub(super) async fn clear(&self, due: &Due, asset: &Asset) -> Stored<Step> {
        let empties = asset.failure.as_ref().is_some_and(Failure::empties);
        if !empties || asset.keeping.hold.is_some() {
            // It was had back a moment ago, or is held since it was listed: neither is due any more.
            return Ok(Step::Done);
        }
        loop {
            if self.is_late() {
                return Ok(Step::Late);
            }
            let erased = self.deps.sources.erase_source(due.org, asset.id());
            if !erased.await?.more {
                break;
            }
        }
        self.deps.dues.settle(due).await?;
        Ok(Step::Done)
    }
}

fn is_over(announced: Timestamp, now: Timestamp) -> bool {
    announced.plus(ABANDONED_AFTER) <= now
}

fn is_abandoned(asset: &Asset, now: Timestamp) -> bool {
    let free = asset.keeping.presence.is_kept() && asset.keeping.hold.is_none();
    asset.state == AssetState::Uploading && free && is_over(asset.announced.created_at, now)
}
