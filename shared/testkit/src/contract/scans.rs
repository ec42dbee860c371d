//! Verdicts about malware in sources, and waits for them.

use vault_domain::asset::{Asset, AssetState};
use vault_domain::deletion::Due;
use vault_domain::id::{AssetId, PackageId};
use vault_domain::ports::{Assets, Change, Claim, Dues, Reopenings, Scans};
use vault_domain::scan::{Scan, SourceVersion, Unscanned, unheard};
use vault_domain::time::Timestamp;

use crate::builders;
use crate::entropy::SeedNote;
use crate::sample::{FAR_AHEAD, Sample};

/// The stores that take part.
#[derive(Clone, Copy)]
pub struct ScanStores<'a> {
    /// Verdicts.
    pub scans: &'a dyn Scans,
    /// Assets.
    pub assets: &'a dyn Assets,
    /// What is had back.
    pub reopenings: &'a dyn Reopenings,
    /// What is due.
    pub dues: &'a dyn Dues,
}

/// What was said last stands, but a threat stands for good; a wait is not prolonged; and it ends only what still waits.
pub async fn scans_contract(stores: ScanStores<'_>, seed: u64) {
    let _note = SeedNote(seed);
    let sample = Sample::new(seed);
    let suite = Suite {
        stores,
        sample: &sample,
    };
    suite.said().await;
    suite.over().await;
    suite.waits().await;
    suite.given_up().await;
    suite.still_wanted().await;
}

struct Suite<'a> {
    stores: ScanStores<'a>,
    sample: &'a Sample,
}

fn scan(version: &str, clean: bool) -> Scan {
    Scan {
        of: SourceVersion::parse(version, "\"abc\"").expect("a version"),
        clean,
    }
}

impl Suite<'_> {
    async fn get(&self, id: AssetId) -> Asset {
        let asset = self.stores.assets.get(id).await.expect("get");
        asset.expect("the asset is there")
    }

    async fn announced(&self) -> AssetId {
        let new = self.sample.new_asset(&builders::film(1_000));
        let assets = self.stores.assets;
        let reserved = assets
            .reserve(&new, &builders::QUOTA, &builders::record())
            .await;
        reserved.expect("reserve");
        new.id
    }

    async fn uploaded(&self) -> AssetId {
        let id = self.announced().await;
        let marked = self
            .stores
            .assets
            .mark_uploaded(id, &builders::record())
            .await;
        assert_eq!(marked.expect("mark_uploaded"), Change::Applied);
        id
    }

    async fn judge(&self, id: AssetId, scan: &Scan) -> Change {
        let seen = self.get(id).await;
        let written = builders::record();
        let judged = self.stores.scans.judge(&seen, scan, &written);
        judged.await.expect("judge")
    }

    async fn give_up(&self, seen: &Asset) -> Change {
        let (failure, written) = (unheard(), builders::record());
        let given_up = self.stores.scans.give_up(seen, &failure, &written);
        given_up.await.expect("give_up")
    }

    async fn reopen(&self, failed: &Asset) {
        let written = builders::record();
        let reopened = self.stores.reopenings.reopen(failed, &written).await;
        assert_eq!(reopened.expect("reopen"), Change::Applied);
    }

    async fn claim(&self, id: AssetId) -> PackageId {
        let lease = (FAR_AHEAD, FAR_AHEAD.plus(900));
        let record = builders::record();
        let package = self.sample.package();
        let claim = self.stores.assets.claim(id, package, lease, &record);
        assert!(matches!(claim.await.expect("claim"), Claim::Claimed { .. }));
        package
    }

    async fn said(&self) {
        let id = self.announced().await;
        let before = self.get(id).await;
        assert_eq!(before.scan, None, "nothing was said yet");
        let clean = scan("v1", true);
        assert_eq!(self.judge(id, &clean).await, Change::Applied);
        assert_eq!(self.judge(id, &clean).await, Change::NotApplied, "again");
        let said = Asset {
            scan: Some(clean.clone()),
            ..before
        };
        assert_eq!(self.get(id).await, said, "and nothing else changed");
        let other = scan("v2", true);
        assert_eq!(self.judge(id, &other).await, Change::Applied, "of another");
        assert_eq!(self.judge(id, &clean).await, Change::Applied, "and back");
        let threat = scan("v1", false);
        assert_eq!(self.judge(id, &threat).await, Change::Applied);
        for late in [&clean, &other, &threat, &scan("v2", false)] {
            let judged = self.judge(id, late).await;
            assert_eq!(judged, Change::NotApplied, "a threat stands");
        }
        assert_eq!(self.get(id).await.scan, Some(threat));
    }

    async fn over(&self) {
        let id = self.uploaded().await;
        let withdrawn = self.stores.assets.withdraw(id, &builders::record()).await;
        assert_eq!(withdrawn.expect("withdraw"), Change::Applied);
        let judged = self.judge(id, &scan("v1", true)).await;
        assert_eq!(judged, Change::NotApplied, "withdrawn");
        let nothing = Asset {
            announced: self.sample.new_asset(&builders::film(10)),
            ..self.get(id).await
        };
        let (clean, written) = (scan("v1", true), builders::record());
        let judged = self.stores.scans.judge(&nothing, &clean, &written).await;
        assert_eq!(judged.expect("judge"), Change::NotApplied, "no such asset");
        assert_eq!(self.give_up(&nothing).await, Change::NotApplied);
        let made = self.stores.assets.get(nothing.id()).await.expect("get");
        assert_eq!(made, None);
    }

    async fn due(&self, of: &Due) -> Option<Timestamp> {
        let mut after = None;
        loop {
            let page = self
                .stores
                .dues
                .due(of.part(), FAR_AHEAD.plus(9), after.as_ref());
            let (dues, more) = page.await.expect("due");
            let found = dues.iter().find(|due| due.duty == of.duty);
            if let Some(found) = found {
                assert_eq!(found.org, of.org);
                return Some(found.at);
            }
            after = dues.last().copied();
            if !more {
                return None;
            }
        }
    }

    async fn waits(&self) {
        let asset = self.get(self.uploaded().await).await;
        let of = |reopened| (asset.announced.org, asset.id(), reopened);
        let (first, second) = (
            Due::verdict(of(0), FAR_AHEAD),
            Due::verdict(of(1), FAR_AHEAD.plus(5)),
        );
        let prolonged = Due::verdict(of(0), FAR_AHEAD.plus(1));
        let (scans, dues) = (self.stores.scans, self.stores.dues);
        for (due, change) in [
            (&first, Change::Applied),
            (&prolonged, Change::NotApplied),
            (&second, Change::Applied),
        ] {
            assert_eq!(scans.wait(due).await.expect("wait"), change, "{due:?}");
        }
        assert_eq!(self.due(&first).await, Some(first.at), "not prolonged");
        assert_eq!(self.due(&second).await, Some(second.at));
        let erasure = Due::asset(asset.announced.org, asset.id(), FAR_AHEAD);
        assert_eq!(self.due(&erasure).await, None, "nothing is to be erased");
        let settled = dues.settle(&prolonged).await.expect("settle");
        assert_eq!(settled, Change::NotApplied);
        let settled = dues.settle(&first).await.expect("settle");
        assert_eq!(settled, Change::Applied);
        assert_eq!(self.due(&first).await, None);
        assert_eq!(self.due(&second).await, Some(second.at), "another wait");
    }

    async fn given_up(&self) {
        let id = self.uploaded().await;
        let seen = self.get(id).await;
        assert_eq!(self.give_up(&seen).await, Change::Applied);
        assert_eq!(self.give_up(&seen).await, Change::NotApplied, "once");
        let failed = self.get(id).await;
        assert_eq!(
            (failed.state, &failed.failure),
            (AssetState::Failed, &Some(unheard()))
        );
        assert_eq!(failed.charge, seen.charge, "its bytes stay");
        let judged = self.judge(id, &scan("v1", true)).await;
        assert_eq!(judged, Change::Applied, "a late verdict is noted");
        self.reopen(&failed).await;
        for seen in [seen, self.get(id).await] {
            assert_eq!(self.give_up(&seen).await, Change::NotApplied, "it came");
        }
    }

    async fn still_wanted(&self) {
        let uploading = self.get(self.announced().await).await;
        assert_eq!(self.give_up(&uploading).await, Change::NotApplied);
        let id = self.uploaded().await;
        let seen = self.get(id).await;
        self.claim(id).await;
        assert_eq!(self.give_up(&seen).await, Change::NotApplied, "in hand");
        let assets = self.stores.assets;
        let left = self.uploaded().await;
        let package = self.claim(left).await;
        let released = assets.release(left, package).await;
        assert_eq!(released.expect("release"), Change::Applied);
        let handed_on = self.get(left).await;
        assert_eq!(self.give_up(&handed_on).await, Change::Applied);
        let failure = Unscanned::Failed.failure();
        let failed = assets.fail(id, None, &failure, &builders::record()).await;
        assert_eq!(failed.expect("fail"), Change::Applied);
        self.reopen(&self.get(id).await).await;
        let now = self.get(id).await;
        assert_eq!((now.state, now.reopened), (AssetState::Uploaded, 1));
        assert_eq!(self.give_up(&seen).await, Change::NotApplied, "of before");
        assert_eq!(self.give_up(&now).await, Change::Applied);
    }
}
