//! Views that are refreshed.

use futures_util::future::{join, join_all};
use vault_domain::bounds::{Lease, MaxStreams};
use vault_domain::playback::{Before, PlaybackSession, UrlSignature};
use vault_domain::ports::{Change, Grants, Opening, Refreshing, Views};
use vault_domain::time::Timestamp;
use vault_domain::token::{Digest, Grant};

use crate::builders;
use crate::entropy::SeedNote;
use crate::sample::{FAR_AHEAD, Sample};

/// A view is refreshed once from what it was seen as, while its grant is good and it has not ended, however many try at once.
pub async fn refreshes_contract(views: &dyn Views, grants: &dyn Grants, seed: u64) {
    let _note = SeedNote(seed);
    let of = Of {
        views,
        grants,
        sample: Sample::new(seed),
    };
    of.reads_back().await;
    of.refusals().await;
    of.places().await;
    of.races().await;
    of.an_end_races_refreshes().await;
}

struct Of<'a> {
    views: &'a dyn Views,
    grants: &'a dyn Grants,
    sample: Sample,
}

/// The view with a later end, by so many seconds.
fn later(seen: &PlaybackSession, seconds: u64) -> PlaybackSession {
    PlaybackSession {
        expires_at: seen.expires_at.plus(seconds),
        signature: UrlSignature {
            signature: format!("later-{seconds}"),
            ..seen.signature.clone()
        },
        before: Some(Before {
            expires_at: seen.expires_at,
            signature: seen.signature.clone(),
        }),
        ..seen.clone()
    }
}

impl Of<'_> {
    async fn grant(&self, revoked: bool) -> Grant {
        let asset = self.sample.new_asset(&builders::film(10)).id;
        let grant = Grant {
            max_views: 9,
            revoked,
            ..self.sample.grant(asset)
        };
        let created = self.grants.create(&grant, &builders::record()).await;
        created.expect("create");
        grant
    }

    fn view(&self, grant: &Grant) -> PlaybackSession {
        PlaybackSession {
            refresh_until: Some(FAR_AHEAD.plus(9_000)),
            ..self.sample.playback(grant)
        }
    }

    async fn opened(&self, view: PlaybackSession) -> PlaybackSession {
        let opened = self.views.open(&view, &builders::record()).await;
        assert_eq!(opened.expect("open"), Opening::Opened);
        view
    }

    async fn refresh(&self, seen: &PlaybackSession, next: &PlaybackSession) -> Refreshing {
        let refreshed = self.views.refresh(seen, next, &builders::record()).await;
        refreshed.expect("refresh")
    }

    async fn session(&self, view: &PlaybackSession) -> Option<PlaybackSession> {
        self.views.session(view.id).await.expect("session")
    }

    async fn reads_back(&self) {
        let grant = self.grant(false).await;
        let seen = self.opened(self.view(&grant)).await;
        let next = later(&seen, 600);
        assert_eq!(self.refresh(&seen, &next).await, Refreshing::Refreshed);
        assert_eq!(
            self.session(&seen).await.as_ref(),
            Some(&next),
            "all fields"
        );
        assert_eq!(
            self.refresh(&seen, &later(&seen, 900)).await,
            Refreshing::Stale,
            "it is another than was seen"
        );
        assert_eq!(self.session(&seen).await.as_ref(), Some(&next));
        let last = later(&next, 600);
        assert_eq!(self.refresh(&next, &last).await, Refreshing::Refreshed);
        assert_eq!(self.session(&seen).await.as_ref(), Some(&last));
        let stored = self.grants.grant(grant.digest).await.expect("grant");
        assert_eq!(stored.map(|grant| grant.views), Some(1), "no view is spent");
    }

    async fn refusals(&self) {
        let unopened = self.view(&self.grant(false).await);
        let next = later(&unopened, 600);
        assert_eq!(self.refresh(&unopened, &next).await, Refreshing::Stale);
        assert_eq!(self.session(&unopened).await, None, "none is made by it");

        let ended = self.opened(self.view(&self.grant(false).await)).await;
        let end = self.views.end(&ended, &builders::record()).await;
        assert_eq!(end.expect("end"), Change::Applied);
        let next = later(&ended, 600);
        assert_eq!(self.refresh(&ended, &next).await, Refreshing::Stale);
        let still = self.session(&ended).await.map(|there| there.revoked);
        assert_eq!(still, Some(true), "what was ended stays so");

        for other in [
            self.grant(true).await.digest,
            self.view(&unknown(&self.sample)).grant,
        ] {
            let good = self.opened(self.view(&self.grant(false).await)).await;
            let of_another = PlaybackSession {
                grant: other,
                ..good.clone()
            };
            let next = later(&of_another, 600);
            let refused = self.refresh(&of_another, &next).await;
            assert_eq!(refused, Refreshing::Refused, "revoked, or none");
            assert_eq!(self.session(&good).await.as_ref(), Some(&good));
        }
    }

    /// The view with the one place.
    fn stream(&self, grant: &Grant, of: Digest, at: Timestamp) -> PlaybackSession {
        let lease = Lease {
            of,
            most: MaxStreams::parse(1).expect("a count"),
            seconds: 90,
            until: at.plus(90),
        };
        PlaybackSession {
            lease: Some(lease),
            opened_at: at,
            ..self.view(grant)
        }
    }

    async fn places(&self) {
        let grant = self.grant(false).await;
        let now = builders::record().at;
        // Its lease was over when another took the place.
        let first = self.opened(self.stream(&grant, grant.digest, Timestamp(now.0 - 900)));
        let first = first.await;
        let second = self.opened(self.stream(&grant, grant.digest, now)).await;
        let longer = |view: &PlaybackSession, until: u64| {
            let lease = view.lease.map(|lease| Lease {
                until: now.plus(until),
                ..lease
            });
            PlaybackSession {
                lease,
                ..later(view, 600)
            }
        };
        let full = self.refresh(&first, &longer(&first, 95)).await;
        assert_eq!(full, Refreshing::Full, "another has the place");
        assert_eq!(self.session(&first).await.as_ref(), Some(&first));
        let next = longer(&second, 100);
        assert_eq!(self.refresh(&second, &next).await, Refreshing::Refreshed);
        assert_eq!(self.session(&second).await.as_ref(), Some(&next));
        let end = self.views.end(&next, &builders::record()).await;
        assert_eq!(end.expect("end"), Change::Applied);
        let free = self.refresh(&first, &longer(&first, 95)).await;
        assert_eq!(free, Refreshing::Refreshed, "a place anew");
    }

    /// Many refreshes of one view at once: one takes effect.
    async fn races(&self) {
        let seen = self.opened(self.view(&self.grant(false).await)).await;
        let nexts: Vec<_> = (1..=20).map(|by| later(&seen, by)).collect();
        let outcomes = join_all(nexts.iter().map(|next| self.refresh(&seen, next))).await;
        let done = |outcome: &Refreshing| *outcome == Refreshing::Refreshed;
        let winners = outcomes.iter().zip(&nexts).filter(|(told, _)| done(told));
        let winners: Vec<_> = winners.map(|(_, next)| next).collect();
        assert_eq!(winners.len(), 1);
        assert_eq!(self.session(&seen).await.as_ref(), Some(winners[0]));
        let others = outcomes.iter().filter(|o| **o == Refreshing::Stale).count();
        assert_eq!(others, 19);
    }

    /// Whatever comes first, a view that was ended stays so.
    async fn an_end_races_refreshes(&self) {
        let seen = self.opened(self.view(&self.grant(false).await)).await;
        let next = later(&seen, 600);
        let record = builders::record();
        let end = self.views.end(&seen, &record);
        let (refreshed, ended) = join(self.refresh(&seen, &next), end).await;
        assert_eq!(ended.expect("end"), Change::Applied);
        assert!(matches!(
            refreshed,
            Refreshing::Refreshed | Refreshing::Stale
        ));
        let after = self.session(&seen).await.map(|there| there.revoked);
        assert_eq!(after, Some(true));
    }
}

fn unknown(sample: &Sample) -> Grant {
    let asset = sample.new_asset(&builders::film(10)).id;
    Grant {
        digest: Digest([0xaa; 32]),
        ..sample.grant(asset)
    }
}
