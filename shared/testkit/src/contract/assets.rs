//! The assets: every transition, allowed and refused.

use futures_util::future::join_all;
use vault_domain::asset::{Asset, AssetState, Failure, NewAsset};
use vault_domain::id::{AssetId, PackageId};
use vault_domain::ports::{Assets, Change, Claim, Reservation};
use vault_domain::time::Timestamp;

use super::publish_film;
use crate::builders::{self, announced};
use crate::clock::GOLDEN_NOW;
use crate::entropy::SeedNote;
use crate::sample::Sample;

const NOW: Timestamp = GOLDEN_NOW;
const LEASE: Timestamp = GOLDEN_NOW.plus(900);

/// A port and the samples of a seed.
#[derive(Clone, Copy)]
struct Suite<'a> {
    port: &'a dyn Assets,
    sample: &'a Sample,
}

/// Reservation, the upload's states, claims and leases, failure, publication, withdrawal.
pub async fn assets_contract(port: &dyn Assets, seed: u64) {
    let _note = SeedNote(seed);
    let sample = Sample::new(seed);
    let suite = Suite {
        port,
        sample: &sample,
    };
    suite.reservation().await;
    suite.upload().await;
    suite.claims().await;
    suite.publication().await;
    suite.failure().await;
    suite.withdrawal().await;
    suite.nothing_there().await;
    suite.claims_race().await;
}

impl Suite<'_> {
    fn new_asset(&self) -> NewAsset {
        self.sample.new_asset(&builders::film(1_000))
    }

    async fn get(&self, id: AssetId) -> Asset {
        let asset = self.port.get(id).await.expect("get");
        asset.expect("the asset is there")
    }

    async fn state(&self, id: AssetId) -> AssetState {
        self.get(id).await.state
    }

    async fn uploaded(&self) -> AssetId {
        let new = self.new_asset();
        self.port.reserve(&new).await.expect("reserve");
        let change = self
            .port
            .mark_uploaded(new.id)
            .await
            .expect("mark_uploaded");
        assert_eq!(change, Change::Applied);
        new.id
    }

    /// An asset under a claim of the package.
    async fn claimed(&self) -> (AssetId, PackageId) {
        let (id, package) = (self.uploaded().await, self.sample.package());
        assert_eq!(self.claim(id, package, NOW).await, Some(vec![]));
        (id, package)
    }

    /// The previous runs, if the claim was granted.
    async fn claim(
        &self,
        id: AssetId,
        package: PackageId,
        now: Timestamp,
    ) -> Option<Vec<PackageId>> {
        let lease = now.plus(900);
        match self
            .port
            .claim(id, package, now, lease)
            .await
            .expect("claim")
        {
            Claim::Claimed { previous } => Some(previous),
            Claim::NotClaimed => None,
        }
    }

    async fn reservation(&self) {
        let plain = NewAsset {
            checksum: None,
            ..self.new_asset()
        };
        let parts = self.sample.new_multipart_asset(&builders::film(1_000), 400);
        for new in [self.new_asset(), plain, parts] {
            assert_eq!(self.port.get(new.id).await.expect("get"), None);
            let reserved = self.port.reserve(&new).await.expect("reserve");
            assert!(matches!(reserved, Reservation::Created), "{reserved:?}");
            let expected = announced(new.clone());
            assert_eq!(self.get(new.id).await, expected, "all fields read back");
            let other = NewAsset {
                owner: self.new_asset().owner,
                ..new.clone()
            };
            let again = self.port.reserve(&other).await.expect("reserve");
            assert!(matches!(again, Reservation::Exists(found) if *found == expected));
            assert_eq!(
                self.get(new.id).await,
                expected,
                "a second reservation changes nothing"
            );
        }
    }

    async fn upload(&self) {
        let new = self.new_asset();
        self.port.reserve(&new).await.expect("reserve");
        let set = async |multipart| {
            let change = self.port.set_multipart(new.id, multipart).await;
            change.expect("set_multipart")
        };
        assert_eq!(set("first").await, Change::Applied);
        assert_eq!(set("second").await, Change::NotApplied);
        assert_eq!(self.get(new.id).await.multipart.as_deref(), Some("first"));
        let mark = async || {
            self.port
                .mark_uploaded(new.id)
                .await
                .expect("mark_uploaded")
        };
        assert_eq!(mark().await, Change::Applied);
        assert_eq!(self.state(new.id).await, AssetState::Uploaded);
        assert_eq!(mark().await, Change::NotApplied, "once is enough");
        let late = self.uploaded().await;
        let change = self
            .port
            .set_multipart(late, "late")
            .await
            .expect("set_multipart");
        assert_eq!(change, Change::NotApplied, "not after it was uploaded");
    }

    async fn claims(&self) {
        let new = self.new_asset();
        self.port.reserve(&new).await.expect("reserve");
        let package = self.sample.package();
        assert_eq!(
            self.claim(new.id, package, NOW).await,
            None,
            "not while uploading"
        );

        let (id, first) = self.claimed().await;
        let asset = self.get(id).await;
        assert_eq!(asset.state, AssetState::Processing);
        assert_eq!(
            (asset.package, asset.lease_until),
            (Some(first), Some(LEASE))
        );
        assert_eq!(asset.runs, [first]);

        let second = self.sample.package();
        assert_eq!(
            self.claim(id, second, Timestamp(LEASE.0 - 1)).await,
            None,
            "another's lease"
        );
        assert_eq!(
            self.get(id).await.package,
            Some(first),
            "a refused claim changes nothing"
        );
        assert_eq!(
            self.claim(id, second, LEASE).await,
            Some(vec![first]),
            "a lease that is over"
        );
        assert_eq!(self.get(id).await.package, Some(second));

        let release = async |package| self.port.release(id, package).await.expect("release");
        assert_eq!(
            release(first).await,
            Change::NotApplied,
            "not by an overtaken run"
        );
        let third = self.sample.package();
        assert_eq!(self.claim(id, third, LEASE).await, None);
        assert_eq!(release(second).await, Change::Applied);
        let dead = vec![first, second];
        assert_eq!(
            self.claim(id, third, LEASE).await,
            Some(dead),
            "no dead run is forgotten"
        );
        assert_eq!(self.get(id).await.runs, [first, second, third]);
    }

    async fn publication(&self) {
        let (id, package) = self.claimed().await;
        let publish = async |package| self.port.publish(id, package).await.expect("publish");
        let other = self.sample.package();
        assert_eq!(
            publish(other).await,
            Change::NotApplied,
            "not another's package"
        );
        assert_eq!(publish(package).await, Change::Applied);
        let asset = self.get(id).await;
        assert_eq!(
            (asset.state, asset.package),
            (AssetState::Ready, Some(package))
        );
        assert!(asset.runs.is_empty(), "nothing is left to remove");
        assert_eq!(publish(package).await, Change::NotApplied);
        assert_eq!(
            self.claim(id, other, LEASE.plus(9_000)).await,
            None,
            "not once it is ready"
        );
        let release = self.port.release(id, package).await.expect("release");
        assert_eq!(release, Change::NotApplied);
        assert_eq!(
            self.fail(id, Some(package)).await,
            Change::NotApplied,
            "ready stays ready"
        );
        assert_eq!(
            self.fail(id, None).await,
            Change::NotApplied,
            "ready stays ready"
        );
        assert_eq!(self.get(id).await, asset);
    }

    async fn fail(&self, id: AssetId, package: Option<PackageId>) -> Change {
        self.port.fail(id, package, &failure()).await.expect("fail")
    }

    async fn failure(&self) {
        let new = self.new_asset();
        self.port.reserve(&new).await.expect("reserve");
        let package = self.sample.package();
        assert_eq!(
            self.fail(new.id, Some(package)).await,
            Change::NotApplied,
            "no such run"
        );
        assert_eq!(self.fail(new.id, None).await, Change::Applied, "uploading");
        assert_eq!(
            self.fail(self.uploaded().await, None).await,
            Change::Applied,
            "uploaded"
        );

        let (id, package) = self.claimed().await;
        let other = self.sample.package();
        assert_eq!(
            self.fail(id, Some(other)).await,
            Change::NotApplied,
            "another's run"
        );
        assert_eq!(self.fail(id, Some(package)).await, Change::Applied);
        let asset = self.get(id).await;
        assert_eq!(
            (asset.state, asset.failure),
            (AssetState::Failed, Some(failure()))
        );
        assert_eq!(
            asset.runs,
            [package],
            "its runs stay on record until they are removed"
        );
        assert_eq!(asset.package, Some(package));
        assert_eq!(
            self.fail(id, None).await,
            Change::NotApplied,
            "failed stays as it failed"
        );
        let mark = self.port.mark_uploaded(id).await.expect("mark_uploaded");
        assert_eq!(mark, Change::NotApplied);
        assert_eq!(
            self.claim(id, other, LEASE.plus(9_000)).await,
            None,
            "not once it failed"
        );
    }

    async fn withdrawal(&self) {
        let (id, package) = self.claimed().await;
        self.port.withdraw(id).await.expect("withdraw");
        self.port
            .withdraw(id)
            .await
            .expect("withdrawing again is fine");
        let publish = self.port.publish(id, package).await.expect("publish");
        assert_eq!(
            publish,
            Change::NotApplied,
            "a withdrawal wins over a publication"
        );
        assert_eq!(self.fail(id, Some(package)).await, Change::NotApplied);
        assert_eq!(self.fail(id, None).await, Change::NotApplied);
        assert_eq!(
            self.claim(id, self.sample.package(), LEASE.plus(9_000))
                .await,
            None
        );
        let asset = self.get(id).await;
        assert_eq!(asset.state, AssetState::Withdrawn);
        assert_eq!(
            (asset.package, asset.runs),
            (Some(package), vec![package]),
            "on record"
        );

        let new = self.new_asset();
        publish_film(self.port, &new, self.sample.package()).await;
        let withdrawn = self.port.withdraw(new.id).await.expect("withdraw");
        assert_eq!(withdrawn, Change::Applied);
        assert_eq!(self.state(new.id).await, AssetState::Withdrawn);

        let new = self.new_asset();
        self.port.reserve(&new).await.expect("reserve");
        assert_eq!(
            self.port.withdraw(new.id).await.expect("withdraw"),
            Change::Applied
        );
        let mark = self
            .port
            .mark_uploaded(new.id)
            .await
            .expect("mark_uploaded");
        assert_eq!(mark, Change::NotApplied, "withdrawn for ever");
        let set = self
            .port
            .set_multipart(new.id, "m")
            .await
            .expect("set_multipart");
        assert_eq!(set, Change::NotApplied, "withdrawn for ever");
    }

    async fn nothing_there(&self) {
        let (id, package) = (self.new_asset().id, self.sample.package());
        let changes = [
            self.port.set_multipart(id, "m").await,
            self.port.mark_uploaded(id).await,
            self.port.release(id, package).await,
            self.port.publish(id, package).await,
            self.port.fail(id, None, &failure()).await,
            self.port.fail(id, Some(package), &failure()).await,
            self.port.withdraw(id).await,
        ];
        for change in changes {
            assert_eq!(change.expect("a change of nothing"), Change::NotApplied);
        }
        assert_eq!(self.claim(id, package, NOW).await, None);
        assert_eq!(
            self.port.get(id).await.expect("get"),
            None,
            "no change makes an asset"
        );
    }

    /// Of many claims at once, one is granted.
    async fn claims_race(&self) {
        let id = self.uploaded().await;
        let packages: Vec<_> = (0..20).map(|_| self.sample.package()).collect();
        let claims = join_all(packages.iter().map(|p| self.claim(id, *p, NOW))).await;
        let granted: Vec<_> = packages
            .iter()
            .zip(&claims)
            .filter(|(_, c)| c.is_some())
            .collect();
        assert_eq!(granted.len(), 1, "one claim");
        assert_eq!(self.get(id).await.package, Some(*granted[0].0));
        assert_eq!(self.get(id).await.runs, [*granted[0].0]);
    }
}

fn failure() -> Failure {
    Failure {
        code: "unsupported_codec".to_owned(),
        reason: "VP9 is not supported – convert it to H.264".to_owned(),
    }
}
