//! The assets: every transition, allowed and refused.

use futures_util::future::join_all;
use vault_domain::asset::{Asset, AssetState, NewAsset};
use vault_domain::id::{AssetId, PackageId};
use vault_domain::ports::{Assets, Change, Charged, Claim, Reservation};
use vault_domain::time::Timestamp;

use crate::builders::{self, announced};
use crate::clock::GOLDEN_NOW;
use crate::entropy::SeedNote;
use crate::sample::Sample;

pub(super) const NOW: Timestamp = GOLDEN_NOW;
pub(super) const LEASE: Timestamp = GOLDEN_NOW.plus(900);

/// A port and the samples of a seed.
#[derive(Clone, Copy)]
pub(super) struct Suite<'a> {
    pub(super) port: &'a dyn Assets,
    pub(super) sample: &'a Sample,
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
    suite.progresses().await;
    suite.publication().await;
    suite.failure().await;
    suite.withdrawal().await;
    suite.nothing_there().await;
    suite.claims_race().await;
}

impl Suite<'_> {
    pub(super) fn new_asset(&self) -> NewAsset {
        self.sample.new_asset(&builders::film(1_000))
    }

    pub(super) async fn get(&self, id: AssetId) -> Asset {
        let asset = self.port.get(id).await.expect("get");
        asset.expect("the asset is there")
    }

    pub(super) async fn state(&self, id: AssetId) -> AssetState {
        self.get(id).await.state
    }

    pub(super) async fn uploaded(&self) -> AssetId {
        let new = self.new_asset();
        self.port
            .reserve(&new, &builders::QUOTA, &builders::record())
            .await
            .expect("reserve");
        let change = self
            .port
            .mark_uploaded(new.id, &builders::record())
            .await
            .expect("mark_uploaded");
        assert_eq!(change, Change::Applied);
        new.id
    }

    /// An asset under a claim of the package.
    pub(super) async fn claimed(&self) -> (AssetId, PackageId) {
        let (id, package) = (self.uploaded().await, self.sample.package());
        assert_eq!(self.claim(id, package, NOW).await, Some(vec![]));
        (id, package)
    }

    /// The previous runs, if the claim was granted.
    pub(super) async fn claim(
        &self,
        id: AssetId,
        package: PackageId,
        now: Timestamp,
    ) -> Option<Vec<PackageId>> {
        let lease = now.plus(900);
        match self
            .port
            .claim(id, package, (now, lease), &builders::record())
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
            let reserved = self
                .port
                .reserve(&new, &builders::QUOTA, &builders::record())
                .await
                .expect("reserve");
            assert!(matches!(reserved, Reservation::Created), "{reserved:?}");
            let expected = announced(new.clone());
            assert_eq!(self.get(new.id).await, expected, "all fields read back");
            let other = NewAsset {
                owner: self.new_asset().owner,
                ..new.clone()
            };
            let again = self
                .port
                .reserve(&other, &builders::QUOTA, &builders::record())
                .await
                .expect("reserve");
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
        self.port
            .reserve(&new, &builders::QUOTA, &builders::record())
            .await
            .expect("reserve");
        let set = async |multipart| {
            let change = self.port.set_multipart(new.id, multipart).await;
            change.expect("set_multipart")
        };
        assert_eq!(set("first").await, Change::Applied);
        assert_eq!(set("second").await, Change::NotApplied);
        assert_eq!(self.get(new.id).await.multipart.as_deref(), Some("first"));
        let mark = async || {
            self.port
                .mark_uploaded(new.id, &builders::record())
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
        self.port
            .reserve(&new, &builders::QUOTA, &builders::record())
            .await
            .expect("reserve");
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

    /// A run tells how far it is, never less than before; another run's word counts nothing, and begins anew.
    async fn progresses(&self) {
        let (id, first) = self.claimed().await;
        let told = async |package, percent| {
            let told = self.port.progress(id, package, percent).await;
            (told.expect("progress"), self.get(id).await.packaged())
        };
        assert_eq!(self.get(id).await.packaged(), Some(0));
        assert_eq!(told(first, 10).await, (Change::Applied, Some(10)));
        for late in [0, 5, 10] {
            assert_eq!(told(first, late).await, (Change::NotApplied, Some(10)));
        }
        let second = self.sample.package();
        assert_eq!(told(second, 50).await, (Change::NotApplied, Some(10)));
        assert_eq!(self.claim(id, second, LEASE).await, Some(vec![first]));
        assert_eq!(self.get(id).await.packaged(), Some(0), "a new run");
        assert_eq!(told(first, 95).await, (Change::NotApplied, Some(0)));
        assert_eq!(told(second, 95).await, (Change::Applied, Some(95)));
        let (film, record) = ((60, &builders::QUOTA), builders::record());
        let ready = self.port.publish(id, second, film, &record);
        assert_eq!(ready.await.expect("publish"), Charged::Applied);
        assert_eq!(told(second, 99).await, (Change::NotApplied, None));
        let nobody = self.sample.asset();
        let none = self.port.progress(nobody, second, 5).await;
        assert_eq!(none.expect("progress"), Change::NotApplied);
        assert_eq!(self.port.get(nobody).await.expect("get"), None);
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
