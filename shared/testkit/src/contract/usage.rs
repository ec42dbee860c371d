//! What organisations use: counted with each change, once; within its limits; and given back.

use vault_domain::asset::{Asset, Failure, NewAsset};
use vault_domain::audit::Record;
use vault_domain::deletion::{DAY, Deletion, Tombstone};
use vault_domain::id::{AssetId, OrgId, PackageId};
use vault_domain::ports::{
    Abandonments, Assets, Change, Charged, Claim, Deletions, Directory, Dues, Erasures,
    QuotaChanges, Reservation, Usages,
};
use vault_domain::quota::{ABANDONED_AFTER, Counted, Quota, Tally, Usage};
use vault_domain::time::Timestamp;

use super::{publish_film, roomy};
use crate::builders::{self, QUOTA};
use crate::entropy::SeedNote;
use crate::sample::{FAR_AHEAD, Sample};

/// The ports over one set of tables.
#[derive(Clone, Copy)]
pub struct UsageStores<'a> {
    /// What counts.
    pub assets: &'a dyn Assets,
    /// What is counted.
    pub usages: &'a dyn Usages,
    /// What the operator sets.
    pub quotas: &'a dyn QuotaChanges,
    /// Uploads that nobody brought to an end.
    pub abandonments: &'a dyn Abandonments,
    /// Deletions.
    pub deletions: &'a dyn Deletions,
    /// The end.
    pub erasures: &'a dyn Erasures,
    /// What is due.
    pub dues: &'a dyn Dues,
    /// Makes organisations.
    pub directory: &'a dyn Directory,
}

/// So far ahead that nobody else looks at what is due.
pub(super) const NOW: Timestamp = FAR_AHEAD;
pub(super) const OVER: Timestamp = NOW.plus(ABANDONED_AFTER);
pub(super) const SIZE: u64 = 1_000;

/// Counts, limits, what is given back, what the operator sets, and uploads that nobody brought to an end.
pub async fn usage_contract(stores: UsageStores<'_>, seed: u64) {
    let _note = SeedNote(seed);
    let sample = Sample::new(seed);
    let suite = Suite {
        stores,
        sample: &sample,
    };
    suite.life().await;
    suite.ends_of_uploads().await;
    suite.limits().await;
    suite.minutes().await;
    suite.deletion().await;
    suite.own_quota().await;
    suite.abandonment().await;
}

#[derive(Clone, Copy)]
pub(super) struct Suite<'a> {
    pub(super) stores: UsageStores<'a>,
    pub(super) sample: &'a Sample,
}

pub(super) fn record() -> Record {
    builders::record()
}

pub(super) fn failure(code: &str) -> Failure {
    Failure {
        code: code.to_owned(),
        reason: "it had to".to_owned(),
    }
}

pub(super) const fn used(assets: u64, bytes: u64, seconds: u64, uploads: u64) -> Usage {
    Usage {
        assets,
        bytes,
        seconds,
        uploads,
    }
}

impl Suite<'_> {
    /// A new asset of an organisation that has none.
    pub(super) fn first(&self) -> NewAsset {
        let new = self.sample.new_asset(&builders::film(1_000));
        let org = self.sample.id(OrgId::from_octets);
        NewAsset {
            org,
            created_at: NOW,
            ..new
        }
    }

    pub(super) fn beside(&self, new: &NewAsset) -> NewAsset {
        let id = self.sample.asset();
        NewAsset { id, ..new.clone() }
    }

    pub(super) async fn used(&self, org: OrgId) -> Usage {
        self.tally(org).await.used
    }

    pub(super) async fn tally(&self, org: OrgId) -> Tally {
        let tally = self.stores.usages.tally(org).await;
        tally.expect("tally")
    }

    pub(super) async fn get(&self, id: AssetId) -> Asset {
        let asset = self.stores.assets.get(id).await.expect("get");
        asset.expect("the asset is there")
    }

    pub(super) async fn reserve(&self, new: &NewAsset, quota: &Quota) -> Reservation {
        let reserved = self.stores.assets.reserve(new, quota, &record()).await;
        reserved.expect("reserve")
    }

    pub(super) async fn announced(&self, new: &NewAsset) {
        let reserved = self.reserve(new, &QUOTA).await;
        assert!(matches!(reserved, Reservation::Created), "{reserved:?}");
    }

    async fn claimed(&self, new: &NewAsset) -> PackageId {
        let (assets, package) = (self.stores.assets, self.sample.package());
        self.announced(new).await;
        let marked = assets.mark_uploaded(new.id, &record()).await;
        assert_eq!(marked.expect("mark_uploaded"), Change::Applied);
        let claim = assets
            .claim(new.id, package, (NOW, NOW.plus(900)), &builders::record())
            .await;
        assert!(matches!(claim.expect("claim"), Claim::Claimed { .. }));
        package
    }

    /// From its announcement to its tombstone, each step done twice.
    async fn life(&self) {
        let (assets, new) = (self.stores.assets, self.first());
        let (id, org) = (new.id, new.org);
        assert_eq!(self.tally(org).await, Tally::default());
        self.announced(&new).await;
        for _ in 0..2 {
            let again = self.reserve(&new, &QUOTA).await;
            assert!(matches!(again, Reservation::Exists(_)));
            assert_eq!(self.used(org).await, used(1, SIZE, 0, 1));
        }
        for wanted in [Change::Applied, Change::NotApplied] {
            let marked = assets.mark_uploaded(id, &record()).await;
            assert_eq!(marked.expect("mark_uploaded"), wanted);
            assert_eq!(self.used(org).await, used(1, SIZE, 0, 0));
        }
        let package = self.sample.package();
        let claim = assets
            .claim(id, package, (NOW, NOW.plus(900)), &builders::record())
            .await;
        assert!(matches!(claim.expect("claim"), Claim::Claimed { .. }));
        for wanted in [Charged::Applied, Charged::NotApplied] {
            let film = (90, &QUOTA);
            let published = assets.publish(id, package, film, &record()).await;
            assert_eq!(published.expect("publish"), wanted);
            assert_eq!(self.used(org).await, used(1, SIZE, 90, 0));
        }
        for wanted in [Change::Applied, Change::NotApplied] {
            let withdrawn = assets.withdraw(id, &record()).await;
            assert_eq!(withdrawn.expect("withdraw"), wanted);
            assert_eq!(self.used(org).await, used(1, SIZE, 90, 0), "it takes room");
        }
        self.erased(&new).await;
        assert_eq!(self.used(org).await, Usage::NONE);
        let again = self.reserve(&new, &QUOTA).await;
        assert!(matches!(again, Reservation::Erased));
        assert_eq!(self.used(org).await, Usage::NONE);
    }

    /// Deletes and erases, each step twice.
    async fn erased(&self, new: &NewAsset) {
        let (seen, before) = (self.get(new.id).await, self.used(new.org).await);
        let deletion = Deletion {
            at: NOW,
            erase_at: NOW,
        };
        let written = record();
        let deleted = self.stores.deletions.delete(&seen, deletion, &written);
        assert_eq!(deleted.await.expect("delete"), Change::Applied);
        let erasures = self.stores.erasures;
        let begun = erasures.begin(new.id, NOW, &record()).await;
        assert_eq!(begun.expect("begin"), Change::Applied);
        let stone = Tombstone {
            id: new.id,
            org: new.org,
            announced_at: new.created_at,
            deleted_at: NOW,
            erased_at: NOW,
        };
        let kept = before.uploads - u64::from(seen.charge.is_some_and(|charge| charge.upload));
        assert_eq!(self.used(new.org).await.uploads, kept);
        for wanted in [Change::Applied, Change::NotApplied] {
            let written = record();
            let buried = erasures.bury(&stone, NOW.plus(9), &written).await;
            assert_eq!(buried.expect("bury"), wanted);
        }
    }

    async fn ends_of_uploads(&self) {
        let assets = self.stores.assets;
        for (code, bytes) in [("unsupported_codec", SIZE), (Failure::CHECKSUM, 0)] {
            let new = self.first();
            self.announced(&new).await;
            for wanted in [Change::Applied, Change::NotApplied] {
                let failed = assets.fail(new.id, None, &failure(code), &record()).await;
                assert_eq!(failed.expect("fail"), wanted);
                assert_eq!(self.used(new.org).await, used(1, bytes, 0, 0), "{code}");
            }
            let withdrawn = assets.withdraw(new.id, &record()).await;
            assert_eq!(withdrawn.expect("withdraw"), Change::Applied);
            assert_eq!(self.used(new.org).await, used(1, bytes, 0, 0), "{code}");
            self.erased(&new).await;
            assert_eq!(self.used(new.org).await, Usage::NONE, "{code}");
        }
        let new = self.first();
        self.announced(&new).await;
        let withdrawn = assets.withdraw(new.id, &record()).await;
        assert_eq!(withdrawn.expect("withdraw"), Change::Applied);
        assert_eq!(self.used(new.org).await, used(1, SIZE, 0, 0));
        let new = self.first();
        let package = self.claimed(&new).await;
        let failed = assets
            .fail(new.id, Some(package), &failure("x"), &record())
            .await;
        assert_eq!(failed.expect("fail"), Change::Applied);
        assert_eq!(self.used(new.org).await, used(1, SIZE, 0, 0));
    }

    async fn limits(&self) {
        let quota = Quota {
            assets: 2,
            bytes: 2 * SIZE,
            minutes: 1,
            uploads: 2,
            ..QUOTA
        };
        for (of, tight) in [
            (Counted::Assets, Quota { assets: 1, ..quota }),
            (
                Counted::Bytes,
                Quota {
                    bytes: 2 * SIZE - 1,
                    ..quota
                },
            ),
            (
                Counted::Minutes,
                Quota {
                    minutes: 0,
                    ..quota
                },
            ),
            (
                Counted::Uploads,
                Quota {
                    uploads: 1,
                    ..quota
                },
            ),
        ] {
            let first = self.first();
            let second = self.beside(&first);
            self.announced(&first).await;
            let refused = self.reserve(&second, &tight).await;
            let Reservation::OverQuota(exceeded) = refused else {
                unreachable!("{of:?}: {refused:?}");
            };
            assert_eq!(exceeded.of, of);
            assert_eq!(exceeded.limit, tight.of(of));
            assert_eq!(exceeded.used, self.used(first.org).await.of(of));
            let there = self.stores.assets.get(second.id).await.expect("get");
            assert_eq!(there, None, "nothing is written");
            assert_eq!(self.used(first.org).await, used(1, SIZE, 0, 1));
            let again = self.reserve(&first, &tight).await;
            assert!(
                matches!(again, Reservation::Exists(_)),
                "whoever repeats it is told, however full it is"
            );
            let fits = self.reserve(&second, &quota).await;
            assert!(matches!(fits, Reservation::Created), "{fits:?}");
        }
    }

    async fn minutes(&self) {
        let assets = self.stores.assets;
        let quota = Quota {
            minutes: 2,
            ..QUOTA
        };
        let first = self.first();
        let package = self.claimed(&first).await;
        let published = assets
            .publish(first.id, package, (60, &quota), &record())
            .await;
        assert_eq!(published.expect("publish"), Charged::Applied);
        let second = self.beside(&first);
        let package = self.claimed(&second).await;
        let published = assets
            .publish(second.id, package, (61, &quota), &record())
            .await;
        let Charged::OverQuota(exceeded) = published.expect("publish") else {
            unreachable!("121 seconds fit into two minutes");
        };
        let told = (exceeded.of, exceeded.limit, exceeded.used);
        assert_eq!(told, (Counted::Minutes, 2, 1));
        assert_eq!(self.used(first.org).await, used(2, 2 * SIZE, 60, 0));
        let published = assets
            .publish(second.id, package, (60, &quota), &record())
            .await;
        assert_eq!(published.expect("publish"), Charged::Applied);
        assert_eq!(self.used(first.org).await, used(2, 2 * SIZE, 120, 0));
    }

    /// An upload that is deleted gives its place back, and needs one to go on.
    async fn deletion(&self) {
        let first = self.first();
        self.announced(&first).await;
        let deletion = Deletion {
            at: NOW,
            erase_at: NOW.plus(DAY),
        };
        let seen = self.get(first.id).await;
        let deletions = self.stores.deletions;
        for wanted in [Change::Applied, Change::NotApplied] {
            let written = record();
            let deleted = deletions.delete(&seen, deletion, &written).await;
            assert_eq!(deleted.expect("delete"), wanted);
            assert_eq!(self.used(first.org).await, used(1, SIZE, 0, 0));
        }
        let second = self.beside(&first);
        let one = Quota {
            uploads: 1,
            ..QUOTA
        };
        let reserved = self.reserve(&second, &one).await;
        assert!(matches!(reserved, Reservation::Created), "{reserved:?}");
        let gone = self.get(first.id).await;
        let restore = async || {
            let (moments, written) = ((NOW, NOW.plus(1)), record());
            let restored = deletions.restore(&gone, moments, &one, &written);
            restored.await.expect("restore")
        };
        assert!(matches!(restore().await, Charged::OverQuota(_)));
        assert!(self.get(first.id).await.keeping.presence.is_deleted());
        assert_eq!(self.used(first.org).await, used(2, 2 * SIZE, 0, 1));
        let marked = self.stores.assets.mark_uploaded(second.id, &record()).await;
        assert_eq!(marked.expect("mark_uploaded"), Change::Applied);
        assert_eq!(restore().await, Charged::Applied);
        assert_eq!(self.used(first.org).await, used(2, 2 * SIZE, 0, 1));
        assert_eq!(restore().await, Charged::NotApplied);
        let marked = self.stores.assets.mark_uploaded(first.id, &record()).await;
        assert_eq!(marked.expect("mark_uploaded"), Change::Applied);
        assert_eq!(self.used(first.org).await, used(2, 2 * SIZE, 0, 0));
        // A film that is deleted counts as before, and had back as before.
        let film = self.beside(&first);
        publish_film(self.stores.assets, &film, self.sample.package()).await;
        let before = self.used(first.org).await;
        let seen = self.get(film.id).await;
        let written = record();
        let deleted = deletions.delete(&seen, deletion, &written).await;
        assert_eq!(deleted.expect("delete"), Change::Applied);
        let gone = self.get(film.id).await;
        let none = Quota {
            uploads: 0,
            ..QUOTA
        };
        let written = record();
        let restored = deletions.restore(&gone, (NOW, NOW), &none, &written).await;
        assert_eq!(roomy(restored.expect("restore")), Change::Applied);
        assert_eq!(self.used(first.org).await, before);
    }
}
