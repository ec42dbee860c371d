//! Assets that are older than their organisation keeps them are deleted, and can be had back like all others.

use super::{Step, Sweep};
use crate::audit::Event;
use crate::deletion::{Deletion, Due, Retention, Rule};
use crate::id::AssetId;
use crate::ports::{Change, StoreError, Stored};

/// Seconds after which an organisation's rules are looked at again.
const EVERY: u64 = 6 * 3_600;
/// Most assets of one organisation that are looked at before others have their turn.
const TURN: usize = 500;

/// One organisation's turn.
struct Turn {
    /// How many more are looked at.
    left: usize,
    /// The first of them that could not be deleted. It does not keep the others, and is tried again before long.
    failed: Option<StoreError>,
}

impl Sweep<'_> {
    pub(super) async fn organisation(&mut self, due: &Due) -> Stored<Step> {
        let retention = self.deps.retentions.retention(due.org).await?;
        let mut turn = Turn {
            left: TURN,
            failed: None,
        };
        for rule in retention.rules() {
            if self.aged(due, &retention, rule, &mut turn).await? == Step::Late {
                return Ok(Step::Late);
            }
        }
        if let Some(error) = turn.failed {
            return Err(error);
        }
        let now = self.deps.clock.now();
        if retention.rules().next().is_none() {
            self.deps.dues.settle(due).await?;
        } else if turn.left == 0 {
            // Behind all that is due now, and before long.
            self.run.finished = false;
            self.deps.dues.postpone(due, now.plus(1)).await?;
        } else {
            self.deps.dues.postpone(due, now.plus(EVERY)).await?;
        }
        Ok(Step::Done)
    }

    async fn aged(
        &mut self,
        due: &Due,
        retention: &Retention,
        rule: Rule,
        turn: &mut Turn,
    ) -> Stored<Step> {
        let (erasures, now) = (&self.deps.erasures, self.deps.clock.now());
        let mut after = None;
        while turn.left > 0 {
            if self.is_late() {
                return Ok(Step::Late);
            }
            let listed = erasures.aged(due.org, &rule, now, after);
            let (aged, more) = listed.await?;
            // A page of nothing is not for nothing.
            turn.left = turn.left.saturating_sub(aged.len().max(1));
            for id in aged {
                if self.is_late() {
                    return Ok(Step::Late);
                }
                if let Err(error) = self.delete(id, retention, rule).await {
                    turn.failed.get_or_insert(error);
                }
            }
            after = more;
            if after.is_none() {
                break;
            }
        }
        Ok(Step::Done)
    }

    /// Deletes it if it still is what the rule is about.
    async fn delete(&mut self, id: AssetId, retention: &Retention, rule: Rule) -> Stored<()> {
        let now = self.deps.clock.now();
        let current = self.deps.assets.get(id).await?;
        let Some(asset) = current.filter(|asset| rule.admits(asset, now)) else {
            return Ok(());
        };
        let deletion = Deletion {
            at: now,
            erase_at: now.plus(retention.recovery.seconds()),
        };
        let scribe = self.scribe(asset.announced.org);
        let record = scribe.asset(Event::AssetDeleted, asset.id())?;
        let record = record.with("erase_at", deletion.erase_at.0);
        let record = record.with("rule", rule.of.name());
        let record = record.with("days", rule.after.get());
        let deletions = &self.deps.deletions;
        if deletions.delete(&asset, deletion, &record).await? == Change::Applied {
            self.run.deleted += 1;
        }
        Ok(())
    }
}
