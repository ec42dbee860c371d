//! What the operator sets, and uploads that nobody brought to an end.

use vault_domain::asset::{Asset, Failure, NewAsset};
use vault_domain::deletion::{DAY, Due, Hold, Reason};
use vault_domain::id::{AssetId, OrgId};
use vault_domain::ports::{Change, Reservation};
use vault_domain::quota::{Counted, Measure, OwnQuota, PerFilm};

use super::usage::{NOW, OVER, SIZE, Suite, failure, record, used};
use crate::builders::QUOTA;

impl Suite<'_> {
    pub(super) async fn own_quota(&self) {
        let owner = self.sample.owner();
        let quotas = self.stores.quotas;
        let org = owner.organisation.id;
        let next = OwnQuota {
            uploads: Some(1),
            bytes: Some(10 * SIZE),
            version: 1,
            ..OwnQuota::default()
        };
        let nothing = OwnQuota::default();
        let set = async |seen: &OwnQuota, next: &OwnQuota| {
            let written = record();
            let set = quotas.set_quota(org, (seen, next), &written).await;
            set.expect("set_quota")
        };
        assert!(!quotas.is_known(org).await.expect("is_known"));
        assert_eq!(
            set(&nothing, &next).await,
            Change::NotApplied,
            "no such one"
        );
        let created = self.stores.directory.create_owner(&owner).await;
        created.expect("create_owner");
        assert!(quotas.is_known(org).await.expect("is_known"));
        assert_eq!(set(&nothing, &next).await, Change::Applied);
        assert_eq!(set(&nothing, &next).await, Change::NotApplied, "as seen");
        assert_eq!(self.tally(org).await.own, next);
        let first = NewAsset {
            org,
            ..self.first()
        };
        self.announced(&first).await;
        let second = self.beside(&first);
        let refused = self.reserve(&second, &QUOTA).await;
        let Reservation::OverQuota(exceeded) = refused else {
            unreachable!("{refused:?}");
        };
        assert_eq!((exceeded.of, exceeded.limit), (Counted::Uploads, 1));
        let last = OwnQuota {
            assets: Some(0),
            version: 2,
            ..nothing
        };
        assert_eq!(
            set(&next, &last).await,
            Change::Applied,
            "below what is used"
        );
        let tally = self.tally(org).await;
        assert_eq!((tally.own, tally.used), (last, used(1, SIZE, 0, 1)));
        let marked = self.stores.assets.mark_uploaded(first.id, &record()).await;
        assert_eq!(marked.expect("mark_uploaded"), Change::Applied);
        let refused = self.reserve(&second, &QUOTA).await;
        assert!(matches!(refused, Reservation::OverQuota(_)), "{refused:?}");
        let film = OwnQuota {
            film: PerFilm {
                bytes: Some(SIZE - 1),
                minutes: Some(3),
                long_side: Some(0),
                short_side: None,
            },
            version: 3,
            ..nothing
        };
        assert_eq!(set(&last, &film).await, Change::Applied);
        assert_eq!(self.tally(org).await.own, film);
        self.film_too_large(&first, &second).await;
    }

    /// What is larger than a film of its organisation may be is not announced.
    async fn film_too_large(&self, first: &NewAsset, second: &NewAsset) {
        let refused = self.reserve(second, &QUOTA).await;
        let Reservation::TooLarge(much) = refused else {
            unreachable!("{refused:?}");
        };
        let told = (much.of, much.limit, much.found);
        assert_eq!(told, (Measure::Bytes, SIZE - 1, SIZE));
        let there = self.stores.assets.get(second.id).await.expect("get");
        assert_eq!(there, None, "nothing is written");
        assert_eq!(self.used(first.org).await, used(1, SIZE, 0, 0));
        let again = self.reserve(first, &QUOTA).await;
        assert!(
            matches!(again, Reservation::Exists(_)),
            "whoever repeats it is told, whatever may come in by now"
        );
    }

    /// When the organisation is to be looked at, if it is.
    async fn waits(&self, org: OrgId) -> Option<Due> {
        let part = Due::organisation(org, NOW).part();
        let mut after = None;
        loop {
            let waiting = self
                .stores
                .abandonments
                .waiting(part, OVER.plus(DAY), after.as_ref());
            let (dues, more) = waiting.await.expect("waiting");
            if let Some(due) = dues.iter().find(|due| due.org == org) {
                return Some(*due);
            }
            after = dues.last().copied();
            if !more || after.is_none() {
                return None;
            }
        }
    }

    async fn under_way(&self, org: OrgId) -> Vec<AssetId> {
        let (mut ids, mut after) = (Vec::new(), None);
        loop {
            let page = self.stores.abandonments.under_way(org, after).await;
            let (some, more) = page.expect("under_way");
            ids.extend(some.into_iter().map(|(id, _)| id));
            after = more;
            if after.is_none() {
                return ids;
            }
        }
    }

    pub(super) async fn abandonment(&self) {
        let ends = self.stores.abandonments;
        let first = self.first();
        let later = |seconds: u64, new: NewAsset| NewAsset {
            created_at: NOW.plus(seconds),
            ..new
        };
        let second = later(10, self.beside(&first));
        let third = later(20, self.beside(&first));
        let held = later(30, self.beside(&first));
        let org = first.org;
        assert_eq!(self.waits(org).await, None);
        for new in [&first, &second, &third, &held] {
            self.announced(new).await;
        }
        let due = Due::organisation(org, OVER);
        assert_eq!(self.waits(org).await, Some(due), "by the oldest");
        let claim = Hold {
            reason: Reason::parse("a case").expect("a reason"),
            at: NOW,
        };
        let (seen, written) = (self.get(held.id).await, record());
        let placed = self.stores.deletions.hold(&seen, &claim, &written).await;
        assert_eq!(placed.expect("hold"), Change::Applied);
        assert_eq!(
            self.under_way(org).await,
            [first.id, second.id, third.id],
            "what is held is not among them"
        );
        let abandon = async |seen: &Asset| {
            let (failure, written) = (failure(Failure::ABANDONED), record());
            let ended = ends.abandon(seen, &failure, OVER, &written).await;
            ended.expect("abandon")
        };
        let seen = self.get(held.id).await;
        assert_eq!(abandon(&seen).await, Change::NotApplied, "it is held");
        let seen = self.get(first.id).await;
        assert_eq!(abandon(&seen).await, Change::Applied);
        assert_eq!(abandon(&seen).await, Change::NotApplied);
        assert_eq!(self.used(org).await, used(4, 3 * SIZE, 0, 3));
        let ended = self.get(first.id).await;
        assert_eq!(ended.failure, Some(failure(Failure::ABANDONED)));
        let clear = Due::asset(org, first.id, OVER);
        let settled = self.stores.dues.settle(&clear).await;
        assert_eq!(settled.expect("settle"), Change::Applied, "it was due");
        let seen = self.get(second.id).await;
        let marked = self.stores.assets.mark_uploaded(second.id, &record()).await;
        assert_eq!(marked.expect("mark_uploaded"), Change::Applied);
        assert_eq!(abandon(&seen).await, Change::NotApplied, "it arrived");
        assert_eq!(self.under_way(org).await, [third.id]);

        let none = async |due: &Due| ends.none_under_way(due).await.expect("none_under_way");
        assert_eq!(none(&due).await, Change::NotApplied, "there are two");
        let next = Due::organisation(org, OVER.plus(20));
        let again = ends.look_again(&due, next.at).await;
        assert_eq!(again.expect("look_again"), Change::Applied);
        let again = ends.look_again(&due, next.at).await;
        assert_eq!(again.expect("look_again"), Change::NotApplied, "as seen");
        assert_eq!(self.waits(org).await, Some(next));
        for new in [&third, &held] {
            let marked = self.stores.assets.mark_uploaded(new.id, &record()).await;
            assert_eq!(marked.expect("mark_uploaded"), Change::Applied);
        }
        assert_eq!(none(&due).await, Change::NotApplied, "due at another time");
        assert_eq!(none(&next).await, Change::Applied);
        assert_eq!(self.waits(org).await, None);
        let fourth = later(40, self.beside(&first));
        self.announced(&fourth).await;
        let due = Due::organisation(org, OVER.plus(40));
        assert_eq!(self.waits(org).await, Some(due), "from the next one on");
    }
}
