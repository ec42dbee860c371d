//! Where the keys of views go, and the rules by which that is looked at.

use std::net::IpAddr;

use futures_util::future::{join, join_all};
use vault_domain::bounds::{Lease, MaxStreams};
use vault_domain::credential::Role;
use vault_domain::playback::PlaybackSession;
use vault_domain::ports::{
    Change, Directory, Grants, Leases, Opening, Refreshing, Sessions, SpreadRules, Standings,
    Trails, Views,
};
use vault_domain::spread::{Next, OnSpread, SpreadRule, Trail, Watch};
use vault_domain::time::Timestamp;

use super::Viewers;
use crate::builders;
use crate::entropy::SeedNote;
use crate::sample::{FAR_AHEAD, Sample};

/// Where [`spread_contract`] looks.
#[derive(Clone, Copy)]
pub struct SpreadStores<'a> {
    /// Opens views, refreshes and ends them.
    pub views: &'a dyn Views,
    /// Takes the tokens.
    pub grants: &'a dyn Grants,
    /// Renews places.
    pub leases: &'a dyn Leases,
    /// Where keys go.
    pub trails: &'a dyn Trails,
    /// Takes rules.
    pub rules: &'a dyn SpreadRules,
    /// Tells them.
    pub standings: &'a dyn Standings,
    /// Takes people.
    pub directory: &'a dyn Directory,
    /// Takes their login sessions.
    pub sessions: &'a dyn Sessions,
}

/// A trail changes from what it was seen to be, and is a sign once, however many keys are fetched at once; a view that ends by
/// that stays so; a rule is read with where its people stand.
pub async fn spread_contract(stores: SpreadStores<'_>, seed: u64) {
    let _note = SeedNote(seed);
    let of = Of {
        stores,
        sample: Sample::new(seed),
    };
    of.trails().await;
    of.signs(OnSpread::Signal).await;
    of.signs(OnSpread::Revoke).await;
    of.places().await;
    of.refreshes_race_keys().await;
    of.signs_race().await;
    of.keys_race().await;
    of.rules().await;
}

struct Of<'a> {
    stores: SpreadStores<'a>,
    sample: Sample,
}

fn rule(answer: OnSpread) -> SpreadRule {
    SpreadRule::parse(answer, (4, 2), 600).expect("a rule")
}

fn home(number: u8) -> IpAddr {
    [192, 0, number, 7].into()
}

/// The view with this trail.
fn with(view: &PlaybackSession, trail: &Trail) -> PlaybackSession {
    let trail = trail.clone();
    let watch = view.watch.as_ref().map(|watch| Watch {
        rule: watch.rule,
        trail,
    });
    PlaybackSession {
        watch,
        ..view.clone()
    }
}

/// What a key to there makes of the view's trail.
fn next(view: &PlaybackSession, number: u8, at: u64) -> Trail {
    let watch = view.watch.as_ref().expect("it is watched");
    match watch.after(home(number), Timestamp(at)) {
        Next::Same => watch.trail.clone(),
        Next::Moved(trail) | Next::Raised(trail, _) => trail,
    }
}

impl Of<'_> {
    /// A view that is open and looked at by a rule with this answer.
    async fn opened(&self, answer: OnSpread, lease: Option<Lease>) -> PlaybackSession {
        let asset = self.sample.new_asset(&builders::film(10)).id;
        let grant = self.sample.grant(asset);
        let created = self.stores.grants.create(&grant, &builders::record()).await;
        created.expect("create");
        let view = PlaybackSession {
            watch: Some(Watch {
                rule: rule(answer),
                trail: Trail::opened(Some(home(1)), Timestamp(1)),
            }),
            lease,
            refresh_until: Some(FAR_AHEAD.plus(9_000)),
            ..self.sample.playback(&grant)
        };
        let opened = self.stores.views.open(&view, &builders::record()).await;
        assert_eq!(opened.expect("open"), Opening::Opened);
        assert_eq!(
            self.session(&view).await.as_ref(),
            Some(&view),
            "all fields"
        );
        view
    }

    async fn session(&self, view: &PlaybackSession) -> Option<PlaybackSession> {
        self.stores.views.session(view.id).await.expect("session")
    }

    async fn move_on(&self, seen: &PlaybackSession, next: &Trail) -> Change {
        let moved = self.stores.trails.move_on(seen, next).await;
        moved.expect("move_on")
    }

    async fn raise(&self, seen: &PlaybackSession, next: &Trail) -> Change {
        let record = builders::record();
        let raised = self.stores.trails.raise(seen, next, &record);
        raised.await.expect("raise")
    }

    async fn refresh(&self, seen: &PlaybackSession) -> Refreshing {
        let next = PlaybackSession {
            expires_at: seen.expires_at.plus(600),
            ..seen.clone()
        };
        let record = builders::record();
        let refreshed = self.stores.views.refresh(seen, &next, &record);
        refreshed.await.expect("refresh")
    }

    async fn trails(&self) {
        let view = self.opened(OnSpread::Signal, None).await;
        let away = next(&view, 2, 10);
        assert_eq!(self.move_on(&view, &away).await, Change::Applied);
        let moved = with(&view, &away);
        assert_eq!(self.session(&view).await.as_ref(), Some(&moved));
        assert_eq!(
            self.move_on(&view, &next(&view, 3, 11)).await,
            Change::NotApplied,
            "it is another than was seen"
        );
        assert_eq!(self.session(&view).await.as_ref(), Some(&moved));
        let back = next(&moved, 1, 20);
        assert_eq!(self.move_on(&moved, &back).await, Change::Applied);

        let unseen = PlaybackSession {
            watch: None,
            ..self.opened(OnSpread::Signal, None).await
        };
        assert_eq!(self.move_on(&unseen, &away).await, Change::NotApplied);
        let unknown = PlaybackSession {
            id: self.sample.playback(&self.sample.grant(view.asset)).id,
            ..view.clone()
        };
        assert_eq!(self.move_on(&unknown, &away).await, Change::NotApplied);
        assert_eq!(self.raise(&unknown, &away).await, Change::NotApplied);
        assert_eq!(self.session(&unknown).await, None, "none is made by it");
    }

    /// After a sign the trail is as it is; the view ends by it where it is to, and cannot be had back.
    async fn signs(&self, answer: OnSpread) {
        let view = self.opened(answer, None).await;
        let sign = next(&view, 2, 10).with_raised(Some(Timestamp(10)));
        assert_eq!(self.raise(&view, &sign).await, Change::Applied);
        let raised = with(&view, &sign);
        assert_eq!(self.session(&view).await.as_ref(), Some(&raised));
        assert_eq!(raised.has_ended(), answer == OnSpread::Revoke);
        for seen in [&view, &raised] {
            let unmarked = sign.clone().with_raised(None);
            assert_eq!(self.raise(seen, &sign).await, Change::NotApplied);
            assert_eq!(self.move_on(seen, &unmarked).await, Change::NotApplied);
        }
        assert_eq!(self.session(&view).await.as_ref(), Some(&raised));
        let (refreshed, ended) = match answer {
            OnSpread::Revoke => (Refreshing::Stale, Change::NotApplied),
            _ => (Refreshing::Refreshed, Change::Applied),
        };
        assert_eq!(self.refresh(&raised).await, refreshed);
        let end = self.stores.views.end(&raised, &builders::record()).await;
        assert_eq!(end.expect("end"), ended);
    }

    /// A stream that ends by where its keys went makes room.
    async fn places(&self) {
        let at = Timestamp(FAR_AHEAD.0 - 100_000);
        let lease = Lease {
            of: self.sample.digest(),
            most: MaxStreams::parse(1).expect("a count"),
            seconds: 90,
            until: at.plus(90),
        };
        for (answer, kept) in [
            (OnSpread::Revoke, Change::NotApplied),
            (OnSpread::Signal, Change::Applied),
        ] {
            let view = self.opened(answer, Some(lease)).await;
            let sign = next(&view, 2, 10).with_raised(Some(Timestamp(10)));
            assert_eq!(self.raise(&view, &sign).await, Change::Applied);
            let renewed = self.stores.leases.renew(view.id, &lease).await;
            assert_eq!(renewed.expect("renew"), kept);
        }
    }

    /// What a key writes while a view is refreshed stays, whichever comes first.
    async fn refreshes_race_keys(&self) {
        let view = self.opened(OnSpread::Signal, None).await;
        let away = next(&view, 2, 10);
        let (refreshed, moved) = join(self.refresh(&view), self.move_on(&view, &away)).await;
        assert_eq!((refreshed, moved), (Refreshing::Refreshed, Change::Applied));
        let after = self.session(&view).await.expect("a view");
        assert_eq!(after.watch, with(&view, &away).watch);
        assert_eq!(after.expires_at, view.expires_at.plus(600));
        let back = next(&after, 1, 20);
        assert_eq!(self.move_on(&after, &back).await, Change::Applied);
        assert_eq!(
            self.refresh(&after).await,
            Refreshing::Refreshed,
            "whatever was seen of it"
        );
        let last = self.session(&view).await.expect("a view");
        assert_eq!(last.watch, with(&after, &back).watch);
    }

    /// Twenty keys at once that would each be the sign: one is.
    async fn signs_race(&self) {
        let view = self.opened(OnSpread::Revoke, None).await;
        let signs: Vec<_> = (10..30)
            .map(|at| next(&view, 2, at).with_raised(Some(Timestamp(at))))
            .collect();
        let raised = join_all(signs.iter().map(|sign| self.raise(&view, sign))).await;
        let won: Vec<_> = raised
            .iter()
            .zip(&signs)
            .filter(|(change, _)| **change == Change::Applied)
            .collect();
        assert_eq!(won.len(), 1);
        let stored = self.session(&view).await.expect("a view");
        assert_eq!(stored, with(&view, won[0].1));
    }

    /// Two who watch at once, each of their keys read, judged and written at the same time as another's: one sign.
    async fn keys_race(&self) {
        let view = self.opened(OnSpread::Signal, None).await;
        let mut signs = 0;
        for round in 0..12_u64 {
            let key = async |number: u8| {
                let seen = self.session(&view).await.expect("a view");
                let watch = seen.watch.clone().expect("it is watched");
                match watch.after(home(number), Timestamp(10 + round)) {
                    Next::Same => 0,
                    Next::Moved(trail) => {
                        self.move_on(&seen, &trail).await;
                        0
                    }
                    Next::Raised(trail, _) => {
                        usize::from(self.raise(&seen, &trail).await == Change::Applied)
                    }
                }
            };
            let keys = join_all([1, 2, 1, 2].map(key)).await;
            signs += keys.iter().sum::<usize>();
        }
        assert_eq!(signs, 1);
    }

    async fn rules(&self) {
        let viewers = Viewers {
            directory: self.stores.directory,
            sessions: self.stores.sessions,
        };
        let login = viewers.sign_in(&self.sample).await;
        let (subject, org) = (login.subject(), login.org);
        let standing = async || {
            let standing = self.stores.standings.standing(&subject, org).await;
            standing.expect("standing")
        };
        let before = standing().await;
        assert_eq!(before.spread, None);
        let by = before.person.membership.expect("a place");
        let set = async |by, seen: Option<&SpreadRule>, next: &SpreadRule| {
            let record = builders::record();
            let set = self.stores.rules.set_rule(by, (seen, next), &record).await;
            set.expect("set_rule")
        };
        let (first, second) = (rule(OnSpread::Off), rule(OnSpread::Revoke));
        assert_eq!(set(&by, Some(&second), &first).await, Change::NotApplied);
        assert_eq!(set(&by, None, &first).await, Change::Applied);
        assert_eq!(set(&by, None, &second).await, Change::NotApplied);
        assert_eq!(set(&by, Some(&second), &second).await, Change::NotApplied);
        assert_eq!(standing().await.spread, Some(first));
        let mut stranger = by;
        stranger.role = Role::Viewer;
        let denied = set(&stranger, Some(&first), &second).await;
        assert_eq!(denied, Change::NotApplied, "no such place");
        assert_eq!(set(&by, Some(&first), &second).await, Change::Applied);
        let after = standing().await;
        assert_eq!(after.spread, Some(second));
        assert_eq!(after.person, before.person, "and nothing else");
    }
}
