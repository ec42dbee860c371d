//! Films that failed, and are to be packaged anew.

use vault_domain::asset::{Asset, AssetState, Failure};
use vault_domain::deletion::Deletion;
use vault_domain::id::AssetId;
use vault_domain::ports::{Assets, Change, Claim, Deletions, Reopenings};

use crate::builders;
use crate::entropy::SeedNote;
use crate::sample::{FAR_AHEAD, Sample};

/// Back to `uploaded` once, as it was seen; with its runs, to be claimed by another; not what is deleted, nor what never
/// failed.
pub async fn reopenings_contract(
    port: &dyn Reopenings,
    assets: &dyn Assets,
    deletions: &dyn Deletions,
    seed: u64,
) {
    let _note = SeedNote(seed);
    let sample = Sample::new(seed);
    let suite = Suite {
        port,
        assets,
        sample: &sample,
    };
    let id = suite.failed().await;
    suite.once(id).await;
    suite.as_seen(id).await;
    suite.never_failed().await;
    let gone = suite.get(suite.failed().await).await;
    let deletion = Deletion {
        at: FAR_AHEAD,
        erase_at: FAR_AHEAD.plus(90),
    };
    let written = builders::record();
    let deleted = deletions.delete(&gone, deletion, &written).await;
    assert_eq!(deleted.expect("delete"), Change::Applied);
    assert_eq!(suite.reopen(&gone).await, Change::NotApplied, "deleted");
    assert_eq!(suite.get(gone.id()).await.state, AssetState::Failed);
}

struct Suite<'a> {
    port: &'a dyn Reopenings,
    assets: &'a dyn Assets,
    sample: &'a Sample,
}

impl Suite<'_> {
    async fn get(&self, id: AssetId) -> Asset {
        let asset = self.assets.get(id).await.expect("get");
        asset.expect("the asset is there")
    }

    async fn reopen(&self, seen: &Asset) -> Change {
        let written = builders::record();
        self.port.reopen(seen, &written).await.expect("reopen")
    }

    async fn claim(&self, id: AssetId) -> bool {
        let package = self.sample.package();
        let lease = (FAR_AHEAD, FAR_AHEAD.plus(900));
        let claim = self
            .assets
            .claim(id, package, lease, &builders::record())
            .await;
        matches!(claim.expect("claim"), Claim::Claimed { .. })
    }

    async fn fail(&self, id: AssetId) {
        let failure = Failure {
            code: "gave_up".to_owned(),
            reason: "it had to".to_owned(),
        };
        let package = self.get(id).await.package;
        let failed = self
            .assets
            .fail(id, package, &failure, &builders::record())
            .await;
        assert_eq!(failed.expect("fail"), Change::Applied);
    }

    async fn uploaded(&self) -> AssetId {
        let new = self.sample.new_asset(&builders::film(1_000));
        let reserved = self
            .assets
            .reserve(&new, &builders::QUOTA, &builders::record())
            .await;
        reserved.expect("reserve");
        let marked = self.assets.mark_uploaded(new.id, &builders::record()).await;
        assert_eq!(marked.expect("mark_uploaded"), Change::Applied);
        new.id
    }

    /// Of a run.
    async fn failed(&self) -> AssetId {
        let id = self.uploaded().await;
        assert!(self.claim(id).await);
        self.fail(id).await;
        id
    }

    async fn once(&self, id: AssetId) {
        let seen = self.get(id).await;
        assert_eq!(seen.reopened, 0);
        assert_eq!(self.reopen(&seen).await, Change::Applied);
        assert_eq!(self.reopen(&seen).await, Change::NotApplied, "once");
        let now = self.get(id).await;
        assert_eq!(now, seen.clone().reopened_once());
        assert_eq!((now.state, now.reopened), (AssetState::Uploaded, 1));
        assert_eq!(now.runs, seen.runs, "what they left is still to be removed");
        assert_eq!(now.charge, seen.charge);
        assert!(self.claim(id).await, "another run may have it");
        assert_eq!(self.reopen(&seen).await, Change::NotApplied, "in hand");
        self.fail(id).await;
        assert_eq!(
            self.reopen(&seen).await,
            Change::NotApplied,
            "it failed once more since it was seen"
        );
    }

    async fn as_seen(&self, id: AssetId) {
        let seen = self.get(id).await;
        let other = Asset {
            failure: Some(Failure {
                code: "checksum_mismatch".to_owned(),
                reason: "it had to".to_owned(),
            }),
            ..seen.clone()
        };
        assert_eq!(
            self.reopen(&other).await,
            Change::NotApplied,
            "of another failure"
        );
        assert_eq!(self.reopen(&seen).await, Change::Applied);
        assert_eq!(self.get(id).await.reopened, 2);
    }

    async fn never_failed(&self) {
        let uploaded = self.get(self.uploaded().await).await;
        assert_eq!(self.reopen(&uploaded).await, Change::NotApplied, "uploaded");
        let nothing = Asset {
            announced: self.sample.new_asset(&builders::film(10)),
            ..uploaded
        };
        assert_eq!(
            self.reopen(&nothing).await,
            Change::NotApplied,
            "no such asset"
        );
        let made = self.assets.get(nothing.id()).await.expect("get");
        assert_eq!(made, None);
    }
}
