//! How assets go: deletions, holds, rules, what is due, and the end; and what the other ports see of it.

use vault_domain::asset::{Asset, AssetState};
use vault_domain::audit::Record;
use vault_domain::deletion::{DAY, Deletion, Due, Hold, Presence, Reason, Tombstone, due_part};
use vault_domain::id::{AssetId, OrgId};
use vault_domain::library::{Description, Filter};
use vault_domain::ports::{
    Assets, Change, Charged, Deletions, Directory, Dues, Erasures, Library, Reservation,
    RetentionChanges, Retentions,
};
use vault_domain::time::Timestamp;

use super::{publish_film, roomy};
use crate::builders;
use crate::clock::GOLDEN_NOW;
use crate::entropy::SeedNote;
use crate::sample::Sample;

/// The ports over one set of tables.
#[derive(Clone, Copy)]
pub struct DeletionStores<'a> {
    /// One by one.
    pub assets: &'a dyn Assets,
    /// As a library.
    pub library: &'a dyn Library,
    /// Deletions and holds.
    pub deletions: &'a dyn Deletions,
    /// What is due.
    pub dues: &'a dyn Dues,
    /// The end.
    pub erasures: &'a dyn Erasures,
    /// Rules.
    pub retentions: &'a dyn Retentions,
    /// Changes of rules.
    pub rules: &'a dyn RetentionChanges,
    /// Makes owners.
    pub directory: &'a dyn Directory,
}

pub(super) const AT: Timestamp = GOLDEN_NOW;
const ERASE_AT: Timestamp = GOLDEN_NOW.plus(30 * DAY);
const LATER: Timestamp = ERASE_AT.plus(1);

/// Deletions, holds, rules, dues and the end.
pub async fn deletion_contract(stores: DeletionStores<'_>, seed: u64) {
    let _note = SeedNote(seed);
    let sample = Sample::new(seed);
    let suite = Suite {
        stores,
        sample: &sample,
    };
    suite.deletion().await;
    suite.hold().await;
    suite.end().await;
    suite.age().await;
    suite.rules().await;
}

#[derive(Clone, Copy)]
pub(super) struct Suite<'a> {
    pub(super) stores: DeletionStores<'a>,
    pub(super) sample: &'a Sample,
}

pub(super) fn record() -> Record {
    builders::record()
}

const fn deletion() -> Deletion {
    Deletion {
        at: AT,
        erase_at: ERASE_AT,
    }
}

fn held(reason: &str) -> Hold {
    Hold {
        reason: Reason::parse(reason).expect("a reason"),
        at: AT,
    }
}

impl Suite<'_> {
    async fn film(&self) -> Asset {
        let new = self.sample.new_asset(&builders::film(1_000));
        publish_film(self.stores.assets, &new, self.sample.package()).await;
        self.get(new.id).await.expect("a film")
    }

    pub(super) async fn get(&self, id: AssetId) -> Option<Asset> {
        self.stores.assets.get(id).await.expect("get")
    }

    pub(super) async fn delete(&self, seen: &Asset) -> Change {
        let written = record();
        let deleted = self.stores.deletions.delete(seen, deletion(), &written);
        deleted.await.expect("delete")
    }

    async fn restore(&self, seen: &Asset, now: Timestamp) -> Change {
        let moments = (now, now.plus(1));
        let written = record();
        let restored = self
            .stores
            .deletions
            .restore(seen, moments, &builders::QUOTA, &written);
        roomy(restored.await.expect("restore"))
    }

    pub(super) async fn place(&self, seen: &Asset, reason: &str) -> Change {
        let written = record();
        let hold = held(reason);
        let placed = self.stores.deletions.hold(seen, &hold, &written);
        placed.await.expect("hold")
    }

    async fn release(&self, seen: &Asset) -> Change {
        let written = record();
        let released = self.stores.deletions.release(seen, &written);
        released.await.expect("release")
    }

    async fn begin(&self, id: AssetId, now: Timestamp) -> Change {
        let written = record();
        let begun = self.stores.erasures.begin(id, now, &written);
        begun.await.expect("begin")
    }

    /// When this is due, if it is at all.
    pub(super) async fn due(&self, of: &Due) -> Option<Timestamp> {
        let until = Timestamp(u64::MAX >> 8);
        let mut after = None;
        loop {
            let page = self.stores.dues.due(of.part(), until, after.as_ref());
            let (dues, more) = page.await.expect("due");
            let found = dues
                .iter()
                .find(|due| (due.org, due.duty) == (of.org, of.duty));
            if let Some(found) = found {
                return Some(found.at);
            }
            assert!(dues.is_sorted_by_key(|due| due.at), "the earliest first");
            after = dues.last().copied();
            if !more {
                return None;
            }
        }
    }

    async fn listed(&self, org: OrgId, asked: &Filter) -> Vec<AssetId> {
        let listed = self.stores.library.list(org, asked, None, 100);
        let listed = listed.await.expect("list");
        listed.assets.iter().map(Asset::id).collect()
    }

    async fn deletion(&self) {
        let film = self.film().await;
        let (id, org) = (film.id(), film.announced.org);
        let due = Due::asset(org, id, ERASE_AT);
        assert_eq!(
            self.restore(&film, AT).await,
            Change::NotApplied,
            "it is there"
        );
        assert_eq!(self.delete(&film).await, Change::Applied);
        assert_eq!(
            self.delete(&film).await,
            Change::NotApplied,
            "it is deleted"
        );
        let gone = self.get(id).await.expect("still there");
        assert_eq!(gone.keeping.presence, Presence::Deleted(deletion()));
        assert_eq!((gone.state, &gone.package), (film.state, &film.package));
        assert_eq!(self.due(&due).await, Some(ERASE_AT));

        let all = [false, true].map(|deleted| Filter {
            deleted,
            ..Filter::default()
        });
        assert_eq!(self.listed(org, &all[0]).await, []);
        assert_eq!(self.listed(org, &all[1]).await, [id]);
        let ready = Filter {
            state: Some(AssetState::Ready),
            ..Filter::default()
        };
        assert_eq!(self.listed(org, &ready).await, []);
        let next = Description {
            version: 1,
            ..film.description.clone()
        };
        let written = record();
        let described = self.stores.library.describe(id, 0, &next, &written);
        assert_eq!(described.await.expect("describe"), Change::NotApplied);

        assert_eq!(
            self.restore(&gone, ERASE_AT).await,
            Change::NotApplied,
            "too late"
        );
        assert_eq!(self.restore(&gone, AT.plus(5)).await, Change::Applied);
        assert_eq!(self.restore(&gone, AT.plus(5)).await, Change::NotApplied);
        let back = self.get(id).await.expect("there");
        let mut wanted = film.clone();
        wanted.views_from = AT.plus(6);
        wanted.keeping.restored_at = Some(AT.plus(5));
        assert_eq!(back, wanted);
        assert_eq!(self.due(&due).await, None);
        assert_eq!(self.listed(org, &ready).await, [id]);
        assert_eq!(self.listed(org, &all[1]).await, []);
        assert_eq!(
            self.delete(&film).await,
            Change::NotApplied,
            "had back since"
        );
        assert_eq!(self.delete(&back).await, Change::Applied);
    }

    async fn hold(&self) {
        let film = self.film().await;
        let (id, due) = (
            film.id(),
            Due::asset(film.announced.org, film.id(), ERASE_AT),
        );
        assert_eq!(
            self.release(&film).await,
            Change::NotApplied,
            "nothing holds it"
        );
        assert_eq!(self.place(&film, "one").await, Change::Applied);
        assert_eq!(
            self.place(&film, "two").await,
            Change::NotApplied,
            "it is held"
        );
        assert_eq!(self.delete(&film).await, Change::NotApplied, "it is held");
        let first = self.get(id).await.expect("there");
        assert_eq!(first.keeping.hold, Some(held("one")));
        assert_eq!(self.place(&first, "two").await, Change::Applied);
        assert_eq!(
            self.release(&first).await,
            Change::NotApplied,
            "for another reason"
        );
        let second = self.get(id).await.expect("there");
        assert_eq!(self.release(&second).await, Change::Applied);

        let free = self.get(id).await.expect("there");
        assert_eq!(self.delete(&free).await, Change::Applied);
        let gone = self.get(id).await.expect("there");
        assert_eq!(self.place(&gone, "three").await, Change::Applied);
        assert_eq!(self.due(&due).await, None, "what is held is not due");
        assert_eq!(
            self.begin(id, LATER).await,
            Change::NotApplied,
            "nor erased"
        );
        let kept = self.get(id).await.expect("there");
        assert_eq!(self.release(&kept).await, Change::Applied);
        assert_eq!(self.due(&due).await, Some(ERASE_AT));
        assert_eq!(self.place(&gone, "four").await, Change::Applied);
        let kept = self.get(id).await.expect("there");
        assert_eq!(
            self.restore(&kept, LATER).await,
            Change::Applied,
            "however late"
        );
        assert!(self.get(id).await.expect("there").keeping.hold.is_some());
    }

    async fn end(&self) {
        let film = self.film().await;
        let (id, org) = (film.id(), film.announced.org);
        let stone = Tombstone {
            id,
            org,
            announced_at: film.announced.created_at,
            deleted_at: AT,
            erased_at: LATER,
        };
        let written = record();
        let bury = async || {
            let buried = self.stores.erasures.bury(&stone, LATER.plus(9), &written);
            buried.await.expect("bury")
        };
        assert_eq!(
            self.begin(id, LATER).await,
            Change::NotApplied,
            "it is there"
        );
        assert_eq!(bury().await, Change::NotApplied, "it is there");
        assert_eq!(self.delete(&film).await, Change::Applied);
        let gone = self.get(id).await.expect("there");
        assert_eq!(
            self.begin(id, AT).await,
            Change::NotApplied,
            "it can be had back"
        );
        assert_eq!(self.begin(id, ERASE_AT).await, Change::Applied);
        assert_eq!(self.begin(id, ERASE_AT).await, Change::NotApplied);
        let erasing = self.get(id).await.expect("there");
        assert_eq!(erasing.keeping.presence, Presence::Erasing(deletion()));
        assert_eq!(erasing.state, AssetState::Withdrawn);
        assert_eq!(self.restore(&gone, AT).await, Change::NotApplied, "final");
        assert_eq!(self.place(&gone, "late").await, Change::NotApplied, "final");
        assert_eq!(
            self.listed(
                org,
                &Filter {
                    deleted: true,
                    ..Filter::default()
                }
            )
            .await,
            []
        );
        let tombstone = self.stores.erasures.tombstone(id);
        assert_eq!(tombstone.await.expect("tombstone"), None);

        assert_eq!(bury().await, Change::Applied);
        assert_eq!(bury().await, Change::NotApplied);
        let tombstone = self.stores.erasures.tombstone(id);
        assert_eq!(tombstone.await.expect("tombstone"), Some(stone));
        self.nothing_of(&film).await;
        self.dues(Due::asset(org, id, LATER.plus(9))).await;
    }

    /// No port sees anything of what was erased, or brings it back.
    async fn nothing_of(&self, film: &Asset) {
        let (id, org) = (film.id(), film.announced.org);
        assert_eq!(self.get(id).await, None);
        for deleted in [false, true] {
            let filter = Filter {
                deleted,
                ..Filter::default()
            };
            assert_eq!(self.listed(org, &filter).await, []);
        }
        let assets = self.stores.assets;
        let reserved = assets
            .reserve(&film.announced, &builders::QUOTA, &record())
            .await;
        assert!(matches!(reserved.expect("reserve"), Reservation::Erased));
        for seen in [
            film.clone(),
            Asset {
                keeping: held_keeping(),
                ..film.clone()
            },
        ] {
            assert_eq!(self.delete(&seen).await, Change::NotApplied);
            assert_eq!(self.restore(&seen, AT).await, Change::NotApplied);
            assert_eq!(self.place(&seen, "late").await, Change::NotApplied);
            assert_eq!(self.release(&seen).await, Change::NotApplied);
        }
        let package = self.sample.package();
        let changes = [
            assets.withdraw(id, &record()).await,
            assets.mark_uploaded(id, &record()).await,
            assets.set_multipart(id, "m").await,
            assets.release(id, package).await,
        ];
        for change in changes {
            assert_eq!(change.expect("a change of nothing"), Change::NotApplied);
        }
        let film_of = (6, &builders::QUOTA);
        let published = assets.publish(id, package, film_of, &record()).await;
        assert_eq!(published.expect("publish"), Charged::NotApplied);
        let written = record();
        let described = self
            .stores
            .library
            .describe(id, 0, &film.description, &written);
        assert_eq!(described.await.expect("describe"), Change::NotApplied);
        assert_eq!(self.get(id).await, None, "no change makes an asset");
    }

    async fn dues(&self, due: Due) {
        let dues = self.stores.dues;
        assert_eq!(self.due(&due).await, Some(due.at));
        let other = Due {
            at: due.at.plus(1),
            ..due
        };
        let change = dues.postpone(&other, AT).await.expect("postpone");
        assert_eq!(change, Change::NotApplied, "due at another time");
        let change = dues.settle(&other).await.expect("settle");
        assert_eq!(change, Change::NotApplied, "due at another time");
        let change = dues.postpone(&due, other.at).await.expect("postpone");
        assert_eq!(change, Change::Applied);
        assert_eq!(self.due(&due).await, Some(other.at));
        assert_eq!(dues.settle(&other).await.expect("settle"), Change::Applied);
        assert_eq!(self.due(&due).await, None);
        assert_eq!(
            dues.settle(&other).await.expect("settle"),
            Change::NotApplied
        );
        let early = dues.due(due_part(due.org.octets()), Timestamp(0), None);
        assert_eq!(
            early.await.expect("due"),
            (Vec::new(), false),
            "nothing is due yet"
        );
    }
}

fn held_keeping() -> vault_domain::deletion::Keeping {
    vault_domain::deletion::Keeping {
        presence: Presence::Deleted(deletion()),
        hold: Some(held("one")),
        restored_at: None,
    }
}
