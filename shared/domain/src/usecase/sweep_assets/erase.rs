//! The end of one asset: keys, ciphertext, source, shares, and then all that was said of it.

use super::{Step, Sweep};
use crate::audit::{Event, Record};
use crate::deletion::{DAY, Deletion, Due, Presence, Tombstone};
use crate::id::{AssetId, OrgId};
use crate::ports::{Change, Gone, Stored};

/// Seconds after which an erased asset is looked at once more. Whoever was writing to it when that began, and whoever had
/// leave to, is done by then: a signed URL of an upload works for an hour, a packager runs for a quarter of one.
const AGAIN: u64 = 2 * 3_600;

/// How much of an asset was removed.
#[derive(Default)]
struct Removed {
    keys: u64,
    media: u64,
    source: u64,
    shares: u64,
}

#[derive(Clone, Copy)]
enum What {
    Keys,
    Media,
    Source,
    Shares,
}

impl Removed {
    const fn count(&mut self, what: What, removed: u64) {
        match what {
            What::Keys => self.keys += removed,
            What::Media => self.media += removed,
            What::Source => self.source += removed,
            What::Shares => self.shares += removed,
        }
    }

    const fn any(&self) -> bool {
        self.keys + self.media + self.source + self.shares > 0
    }

    fn told(&self, record: Record) -> Record {
        let record = record.with("keys", self.keys);
        let record = record.with("media", self.media);
        record
            .with("source", self.source)
            .with("shares", self.shares)
    }
}

impl Sweep<'_> {
    pub(super) async fn asset(&mut self, due: &Due, id: AssetId) -> Stored<Step> {
        let Some(asset) = self.deps.assets.get(id).await? else {
            return self.again(due, id).await;
        };
        let new = &asset.announced;
        let deletion = match asset.keeping.presence {
            // Its upload was abandoned, or it was had back a moment ago.
            Presence::Kept => return self.clear(due, &asset).await,
            Presence::Deleted(deletion) => {
                if !self.begin(due, id).await? {
                    return Ok(Step::Done);
                }
                deletion
            }
            Presence::Erasing(deletion) => deletion,
        };
        let Some(removed) = self.remove(new.org, id).await? else {
            return Ok(Step::Late);
        };
        let Deletion { at, .. } = deletion;
        let tombstone = Tombstone {
            id,
            org: new.org,
            announced_at: new.created_at,
            deleted_at: at,
            erased_at: self.deps.clock.now(),
        };
        let record = self.scribe(new.org).asset(Event::AssetErased, id)?;
        let record = removed.told(record);
        let again_at = tombstone.erased_at.plus(AGAIN);
        let buried = self.deps.erasures.bury(&tombstone, again_at, &record);
        if buried.await? == Change::Applied {
            self.run.erased += 1;
        }
        Ok(Step::Done)
    }

    /// From here on nothing brings it back. False if something holds it, or it is to be had back longer.
    async fn begin(&self, due: &Due, id: AssetId) -> Stored<bool> {
        let now = self.deps.clock.now();
        let record = self.scribe(due.org).asset(Event::AssetErasing, id)?;
        let begun = self.deps.erasures.begin(id, now, &record).await?;
        if begun == Change::Applied {
            return Ok(true);
        }
        let current = self.deps.assets.get(id).await?;
        let keeping = current.map(|asset| asset.keeping);
        if let Some(keeping) = keeping {
            // Somebody else began it, or this run did and did not hear of it.
            if matches!(keeping.presence, Presence::Erasing(_)) {
                return Ok(true);
            }
            // What is held is not due; should it be, it does not stand in the way of others.
            if keeping.hold.is_some() {
                self.deps.dues.postpone(due, now.plus(DAY)).await?;
            }
        }
        Ok(false)
    }

    /// Keys first: without them the ciphertext is noise. Then the ciphertext, and the source: as long as anything is
    /// left of the film, what is easiest to make use of is gone. Then whom it was shared with. None if the time is over.
    async fn remove(&self, org: OrgId, id: AssetId) -> Stored<Option<Removed>> {
        let mut removed = Removed::default();
        for what in [What::Keys, What::Media, What::Source, What::Shares] {
            loop {
                if self.is_late() {
                    return Ok(None);
                }
                let gone = self.some(what, org, id).await?;
                removed.count(what, gone.removed);
                if !gone.more {
                    break;
                }
            }
        }
        Ok(Some(removed))
    }

    async fn some(&self, what: What, org: OrgId, id: AssetId) -> Stored<Gone> {
        let deps = self.deps;
        match what {
            What::Keys => deps.keys.erase_keys(id).await,
            What::Media => deps.media.erase_media(id).await,
            What::Source => deps.sources.erase_source(org, id).await,
            What::Shares => deps.shares.erase_shares(id).await,
        }
    }

    /// Looks once more at what was erased: a packager or an upload that was under way then may have left something.
    async fn again(&mut self, due: &Due, id: AssetId) -> Stored<Step> {
        let Some(tombstone) = self.deps.erasures.tombstone(id).await? else {
            self.deps.dues.settle(due).await?;
            return Ok(Step::Done);
        };
        let Some(removed) = self.remove(tombstone.org, id).await? else {
            return Ok(Step::Late);
        };
        if removed.any() {
            let record = self.scribe(tombstone.org).asset(Event::AssetErased, id)?;
            let record = removed.told(record).with("late", true);
            self.deps.records.note(&record).await?;
        }
        self.deps.dues.settle(due).await?;
        Ok(Step::Done)
    }
}
