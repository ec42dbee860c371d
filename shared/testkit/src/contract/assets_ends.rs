//! How assets end: published, failed, withdrawn; and that none is made by a change.

use crate::builders;
use vault_domain::asset::{AssetState, Failure};
use vault_domain::id::{AssetId, PackageId};
use vault_domain::ports::{Change, Charged};

use super::assets::{LEASE, NOW, Suite};
use super::publish_film;

impl Suite<'_> {
    pub(super) async fn publication(&self) {
        let (id, package) = self.claimed().await;
        let publish = async |package| {
            self.port
                .publish(id, package, (6, &builders::QUOTA), &builders::record())
                .await
                .expect("publish")
        };
        let other = self.sample.package();
        assert_eq!(
            publish(other).await,
            Charged::NotApplied,
            "not another's package"
        );
        assert_eq!(publish(package).await, Charged::Applied);
        let asset = self.get(id).await;
        assert_eq!(
            (asset.state, asset.package),
            (AssetState::Ready, Some(package))
        );
        assert!(asset.runs.is_empty(), "nothing is left to remove");
        assert_eq!(publish(package).await, Charged::NotApplied);
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
        self.port
            .fail(id, package, &failure(), &builders::record())
            .await
            .expect("fail")
    }

    pub(super) async fn failure(&self) {
        let new = self.new_asset();
        self.port
            .reserve(&new, &builders::QUOTA, &builders::record())
            .await
            .expect("reserve");
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
        let mark = self
            .port
            .mark_uploaded(id, &builders::record())
            .await
            .expect("mark_uploaded");
        assert_eq!(mark, Change::NotApplied);
        assert_eq!(
            self.claim(id, other, LEASE.plus(9_000)).await,
            None,
            "not once it failed"
        );
    }

    pub(super) async fn withdrawal(&self) {
        let (id, package) = self.claimed().await;
        self.port
            .withdraw(id, &builders::record())
            .await
            .expect("withdraw");
        self.port
            .withdraw(id, &builders::record())
            .await
            .expect("withdrawing again is fine");
        let publish = self
            .port
            .publish(id, package, (6, &builders::QUOTA), &builders::record())
            .await
            .expect("publish");
        assert_eq!(
            publish,
            Charged::NotApplied,
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
        let withdrawn = self
            .port
            .withdraw(new.id, &builders::record())
            .await
            .expect("withdraw");
        assert_eq!(withdrawn, Change::Applied);
        assert_eq!(self.state(new.id).await, AssetState::Withdrawn);

        let new = self.new_asset();
        self.port
            .reserve(&new, &builders::QUOTA, &builders::record())
            .await
            .expect("reserve");
        assert_eq!(
            self.port
                .withdraw(new.id, &builders::record())
                .await
                .expect("withdraw"),
            Change::Applied
        );
        let mark = self
            .port
            .mark_uploaded(new.id, &builders::record())
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

    pub(super) async fn nothing_there(&self) {
        let (id, package) = (self.new_asset().id, self.sample.package());
        let changes = [
            self.port.set_multipart(id, "m").await,
            self.port.mark_uploaded(id, &builders::record()).await,
            self.port.release(id, package).await,
            self.port
                .fail(id, None, &failure(), &builders::record())
                .await,
            self.port
                .fail(id, Some(package), &failure(), &builders::record())
                .await,
            self.port.withdraw(id, &builders::record()).await,
        ];
        let published = self
            .port
            .publish(id, package, (6, &builders::QUOTA), &builders::record())
            .await
            .expect("a change of nothing");
        assert_eq!(published, Charged::NotApplied);
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
}

fn failure() -> Failure {
    Failure {
        code: "unsupported_codec".to_owned(),
        reason: "VP9 is not supported – convert it to H.264".to_owned(),
    }
}
