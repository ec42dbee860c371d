//! The assets and their transitions.

use async_trait::async_trait;
use vault_domain::asset::{Asset, AssetState, Failure, NewAsset};
use vault_domain::audit::Record;
use vault_domain::deletion::Due;
use vault_domain::id::{AssetId, PackageId};
use vault_domain::ports::{
    Assets, Change, Charged, Claim, LadderStep, Ladders, PreviewChanges, PreviewStep, Reopenings,
    Reservation, Scans, Stored,
};
use vault_domain::quota::{Charge, Quota, Usage};
use vault_domain::scan::Scan;
use vault_domain::time::Timestamp;

use super::{FakeCloud, State};

/// Changes the asset and records it, if it is there and admits it; and what it counts for.
pub(super) fn change(
    state: &mut State,
    id: AssetId,
    admits: impl FnOnce(&Asset) -> bool,
    apply: impl FnOnce(&mut Asset),
    record: Option<&Record>,
) -> Change {
    match state.assets.get_mut(&id) {
        Some(asset) if admits(asset) => {
            let (org, before) = (asset.announced.org, asset.charge);
            apply(asset);
            let after = asset.charge;
            state.recharge(org, before, after);
            state.audit.extend(record.cloned());
            Change::Applied
        }
        _ => Change::NotApplied,
    }
}

/// The upload is not under way any more.
fn settle(asset: &mut Asset) {
    asset.charge = asset.charge.map(Charge::settled);
}

fn is_run_of(asset: &Asset, package: PackageId) -> bool {
    asset.state == AssetState::Processing && asset.package == Some(package)
}

fn claimable(asset: &Asset, now: Timestamp) -> bool {
    match asset.state {
        AssetState::Uploaded => true,
        AssetState::Processing => asset.lease_until.is_none_or(|until| until <= now),
        _ => false,
    }
}

pub(super) fn fail(asset: &mut Asset, failure: &Failure) {
    settle(asset);
    if failure.empties() {
        asset.charge = asset.charge.map(Charge::emptied);
    }
    asset.state = AssetState::Failed;
    asset.failure = Some(failure.clone());
    asset.lease_until = None;
}

#[async_trait]
impl Assets for FakeCloud {
    async fn get(&self, id: AssetId) -> Stored<Option<Asset>> {
        self.call("assets.get", |s| Ok(s.assets.get(&id).cloned()))
            .await
    }
    async fn reserve(
        &self,
        asset: &NewAsset,
        defaults: &Quota,
        record: &Record,
    ) -> Stored<Reservation> {
        self.call("assets.reserve", |s| {
            if let Some(known) = s.assets.get(&asset.id) {
                return Ok(Reservation::Exists(Box::new(known.clone())));
            }
            if s.tombstones.contains_key(&asset.id) {
                return Ok(Reservation::Erased);
            }
            let more = Usage::announcement(asset.plan.size);
            let tally = s.tally(asset.org);
            if let Err(much) = tally.admits_film(defaults, asset.plan.size) {
                return Ok(Reservation::TooLarge(much));
            }
            if let Err(exceeded) = tally.admits(defaults, &more) {
                return Ok(Reservation::OverQuota(exceeded));
            }
            s.plant(crate::builders::announced(asset.clone()));
            s.audit.push(record.clone());
            Ok(Reservation::Created)
        })
        .await
    }
    async fn set_multipart(&self, id: AssetId, multipart: &str) -> Stored<Change> {
        self.call("assets.set_multipart", |s| {
            let admits = |a: &Asset| a.state == AssetState::Uploading && a.multipart.is_none();
            let apply = |a: &mut Asset| a.multipart = Some(multipart.to_owned());
            Ok(change(s, id, admits, apply, None))
        })
        .await
    }
    async fn mark_uploaded(&self, id: AssetId, record: &Record) -> Stored<Change> {
        self.call("assets.mark_uploaded", |s| {
            let admits = |a: &Asset| a.state == AssetState::Uploading;
            let apply = |a: &mut Asset| {
                a.state = AssetState::Uploaded;
                settle(a);
            };
            Ok(change(s, id, admits, apply, Some(record)))
        })
        .await
    }
    async fn claim(
        &self,
        id: AssetId,
        package: PackageId,
        (now, lease_until): (Timestamp, Timestamp),
        record: &Record,
    ) -> Stored<Claim> {
        self.call("assets.claim", |s| {
            let Some(asset) = s.assets.get_mut(&id).filter(|a| claimable(a, now)) else {
                return Ok(Claim::NotClaimed);
            };
            let previous = asset.runs.clone();
            let began = asset.state == AssetState::Uploaded;
            asset.state = AssetState::Processing;
            asset.progress = 0;
            asset.package = Some(package);
            asset.lease_until = Some(lease_until);
            asset.runs.push(package);
            if began {
                s.audit.push(record.clone());
            }
            Ok(Claim::Claimed { previous })
        })
        .await
    }
    async fn progress(&self, id: AssetId, package: PackageId, percent: u8) -> Stored<Change> {
        self.call("assets.progress", |s| {
            let admits = |a: &Asset| is_run_of(a, package) && a.progress < percent;
            Ok(change(s, id, admits, |a| a.progress = percent, None))
        })
        .await
    }
    async fn release(&self, id: AssetId, package: PackageId) -> Stored<Change> {
        self.call("assets.release", |s| {
            let admits = |a: &Asset| is_run_of(a, package);
            Ok(change(s, id, admits, |a| a.lease_until = None, None))
        })
        .await
    }
    async fn publish(
        &self,
        id: AssetId,
        package: PackageId,
        (seconds, defaults): (u64, &Quota),
        record: &Record,
    ) -> Stored<Charged> {
        self.call("assets.publish", |s| {
            let asset = s.assets.get(&id).filter(|a| is_run_of(a, package));
            let Some(asset) = asset else {
                return Ok(Charged::NotApplied);
            };
            let counts = asset.charge.is_some();
            let tally = s.tally(asset.announced.org);
            if counts && let Err(exceeded) = tally.admits(defaults, &Usage::film(seconds)) {
                return Ok(Charged::OverQuota(exceeded));
            }
            let apply = |a: &mut Asset| {
                a.state = AssetState::Ready;
                a.lease_until = None;
                a.runs.clear();
                a.charge = a.charge.map(|charge| Charge { seconds, ..charge });
            };
            change(s, id, |_| true, apply, Some(record));
            Ok(Charged::Applied)
        })
        .await
    }
    async fn fail(
        &self,
        id: AssetId,
        package: Option<PackageId>,
        failure: &Failure,
        record: &Record,
    ) -> Stored<Change> {
        self.call("assets.fail", |s| {
            let admits = |a: &Asset| match package {
                Some(package) => is_run_of(a, package),
                None => matches!(
                    a.state,
                    AssetState::Uploading | AssetState::Uploaded | AssetState::Processing
                ),
            };
            let apply = |a: &mut Asset| fail(a, failure);
            Ok(change(s, id, admits, apply, Some(record)))
        })
        .await
    }
    async fn withdraw(&self, id: AssetId, record: &Record) -> Stored<Change> {
        self.call("assets.withdraw", |s| {
            let admits = |a: &Asset| a.state != AssetState::Withdrawn;
            let apply = |a: &mut Asset| {
                a.state = AssetState::Withdrawn;
                a.lease_until = None;
                settle(a);
            };
            Ok(change(s, id, admits, apply, Some(record)))
        })
        .await
    }
}

#[async_trait]
impl Ladders for FakeCloud {
    async fn change(
        &self,
        id: AssetId,
        package: PackageId,
        step: LadderStep<'_>,
        record: Option<&Record>,
    ) -> Stored<Change> {
        self.call("ladders.change", |s| {
            let asset = s.assets.get(&id).filter(|asset| asset.plays(package));
            let Some(next) = asset.and_then(|asset| step(asset.ladder.as_deref())) else {
                return Ok(Change::NotApplied);
            };
            Ok(change(s, id, |_| true, |a| a.ladder = Some(next), record))
        })
        .await
    }
}

#[async_trait]
impl PreviewChanges for FakeCloud {
    async fn change(
        &self,
        id: AssetId,
        package: PackageId,
        step: PreviewStep<'_>,
        record: Option<&Record>,
    ) -> Stored<Change> {
        self.call("previews.change", |s| {
            let asset = s.assets.get(&id).filter(|asset| asset.plays(package));
            let Some(next) = asset.and_then(|asset| step(asset.previews.as_ref())) else {
                return Ok(Change::NotApplied);
            };
            Ok(change(s, id, |_| true, |a| a.previews = Some(next), record))
        })
        .await
    }
}

#[async_trait]
impl Reopenings for FakeCloud {
    async fn reopen(&self, seen: &Asset, record: &Record) -> Stored<Change> {
        self.call("reopenings.reopen", |s| {
            let admits = |a: &Asset| {
                let same = a.failure == seen.failure && a.reopened == seen.reopened;
                a.state == AssetState::Failed && same && a.keeping.presence.is_kept()
            };
            let apply = |a: &mut Asset| *a = a.clone().reopened_once();
            Ok(change(s, seen.id(), admits, apply, Some(record)))
        })
        .await
    }
}

#[async_trait]
impl Scans for FakeCloud {
    async fn judge(&self, seen: &Asset, scan: &Scan, record: &Record) -> Stored<Change> {
        self.call("scans.judge", |s| {
            let admits = |a: &Asset| {
                let open = a
                    .scan
                    .as_ref()
                    .is_none_or(|said| said.clean && said != scan);
                open && a.state != AssetState::Withdrawn
            };
            let apply = |a: &mut Asset| a.scan = Some(scan.clone());
            Ok(change(s, seen.id(), admits, apply, Some(record)))
        })
        .await
    }
    async fn wait(&self, due: &Due) -> Stored<Change> {
        self.call("scans.wait", |s| {
            let key = (due.org, due.duty);
            if s.dues.contains_key(&key) {
                return Ok(Change::NotApplied);
            }
            s.dues.insert(key, due.at);
            Ok(Change::Applied)
        })
        .await
    }
    async fn give_up(&self, seen: &Asset, failure: &Failure, record: &Record) -> Stored<Change> {
        self.call("scans.give_up", |s| {
            let admits = |a: &Asset| {
                let same = a.reopened == seen.reopened && a.scan.is_none();
                a.is_in_no_hand(record.at) && same
            };
            let apply = |a: &mut Asset| fail(a, failure);
            Ok(change(s, seen.id(), admits, apply, Some(record)))
        })
        .await
    }
}
