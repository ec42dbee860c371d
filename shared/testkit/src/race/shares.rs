//! Parallel views of a share, creations of shares at the limit, and revocations against all of it.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use vault_domain::error::Refusal;
use vault_domain::ports::{Change, Keeping, MAX_SHARES, ShareExchanges, Shares};
use vault_domain::share::{MaxViews, Share};
use vault_domain::token::MediaToken;
use vault_domain::usecase::authorize_playback;

use super::{RUNNERS, Setup, Way, together};
use crate::builders;
use crate::contract::publish_film;
use crate::entropy::SeedNote;
use crate::sample::Sample;

/// Places that the race of creations leaves free, and views that the race of views is for.
const FREE: usize = 5;

/// A hundred creations at once with [`FREE`] places left: exactly as many take effect.
pub async fn race_shares(shares: Arc<dyn Shares>, seed: u64, way: Way) {
    let _note = SeedNote(seed);
    let sample = Sample::new(seed);
    let first = sample.share();
    for _ in 0..MAX_SHARES - FREE {
        let share = sample.share_beside(&first);
        let kept = shares.create(&share, &record_of(&sample)).await;
        assert_eq!(kept.expect("create"), Keeping::Kept);
    }
    let runners = (0..RUNNERS).map(|_| {
        let (shares, share) = (Arc::clone(&shares), sample.share_beside(&first));
        let record = record_of(&sample);
        let runner: BoxFuture<'static, Keeping> =
            Box::pin(async move { shares.create(&share, &record).await.expect("create") });
        runner
    });
    let outcomes = together(way, runners.collect()).await;
    let count = |wanted| outcomes.iter().filter(|o| **o == wanted).count();
    assert_eq!(count(Keeping::Kept), FREE);
    assert_eq!(count(Keeping::Full), RUNNERS - FREE);
}

fn record_of(sample: &Sample) -> vault_domain::audit::Record {
    vault_domain::audit::Record {
        id: sample.id(vault_domain::id::RecordId::from_octets),
        ..builders::record()
    }
}

/// A hundred tokens of one share, which opens [`FREE`] views, are spent at once: exactly as many open.
pub async fn race_shared_views(
    deps: Arc<authorize_playback::Deps>,
    (setup, shares, exchanges): (Setup<'_>, &dyn Shares, &dyn ShareExchanges),
    seed: u64,
    way: Way,
) {
    let _note = SeedNote(seed);
    let sample = Sample::new(seed);
    let new = sample.new_asset(&builders::film(10));
    publish_film(setup.assets, &new, sample.package()).await;
    let film_share = Share {
        org: new.org,
        asset: new.id,
        max_views: Some(MaxViews::parse(FREE as u64).expect("a count")),
        ..sample.share()
    };
    let kept = shares.create(&film_share, &record_of(&sample)).await;
    assert_eq!(kept.expect("create"), Keeping::Kept);
    let mut runners = Vec::new();
    for _ in 0..RUNNERS {
        let token = MediaToken::random(&sample.0).expect("seeds never fail");
        let grant = vault_domain::token::Grant {
            digest: deps.hashing.sha256(token.expose().as_bytes()),
            ..sample.grant_of(&film_share)
        };
        let traded = exchanges
            .exchange(&film_share, &grant, &record_of(&sample))
            .await;
        assert_eq!(traded.expect("exchange"), Change::Applied);
        let (deps, asset) = (Arc::clone(&deps), film_share.asset);
        let runner: BoxFuture<'static, bool> = Box::pin(async move {
            let command = authorize_playback::Command {
                visit: authorize_playback::Visit::default(),
                token,
                asset,
                source: builders::source(),
                idempotency: None,
            };
            match authorize_playback::run(&deps, command).await {
                Ok(_) => true,
                Err(Refusal::NoViewsLeft) => false,
                Err(other) => unreachable!("a view came to {other:?}"),
            }
        });
        runners.push(runner);
    }
    let outcomes = together(way, runners).await;
    let opened = outcomes.into_iter().filter(|opened| *opened).count();
    assert_eq!(opened, FREE, "as many as the share is for");
    let after = shares
        .share(film_share.asset, film_share.id)
        .await
        .expect("share");
    assert_eq!(after.map(|share| share.views), u32::try_from(FREE).ok());
}

/// Half a hundred exchanges while as many revoke: the share is revoked once, and no token that was traded for opens a view.
pub async fn race_revocations(
    deps: Arc<authorize_playback::Deps>,
    (setup, shares, exchanges): (Setup<'_>, Arc<dyn Shares>, Arc<dyn ShareExchanges>),
    seed: u64,
    way: Way,
) {
    let _note = SeedNote(seed);
    let sample = Sample::new(seed);
    let new = sample.new_asset(&builders::film(10));
    publish_film(setup.assets, &new, sample.package()).await;
    let film_share = Share {
        org: new.org,
        asset: new.id,
        ..sample.share()
    };
    let kept = shares.create(&film_share, &record_of(&sample)).await;
    assert_eq!(kept.expect("create"), Keeping::Kept);
    let mut texts = Vec::new();
    let mut runners: Vec<BoxFuture<'static, Change>> = Vec::new();
    for runner in 0..RUNNERS {
        // Of now: what is revoked may vanish a while after.
        let record = vault_domain::audit::Record {
            at: deps.clock.now(),
            ..record_of(&sample)
        };
        if runner % 2 == 0 {
            let token = MediaToken::random(&sample.0).expect("seeds never fail");
            let grant = vault_domain::token::Grant {
                digest: deps.hashing.sha256(token.expose().as_bytes()),
                ..sample.grant_of(&film_share)
            };
            texts.push(token);
            let (exchanges, film_share) = (Arc::clone(&exchanges), film_share.clone());
            runners.push(Box::pin(async move {
                let traded = exchanges.exchange(&film_share, &grant, &record).await;
                traded.expect("exchange")
            }));
        } else {
            let (shares, asset, id) = (Arc::clone(&shares), film_share.asset, film_share.id);
            runners.push(Box::pin(async move {
                let revoked = shares.revoke(asset, id, &record).await;
                revoked.expect("revoke")
            }));
        }
    }
    let outcomes = together(way, runners).await;
    let revoked = outcomes.iter().skip(1).step_by(2);
    let revoked = revoked.filter(|change| **change == Change::Applied);
    assert_eq!(revoked.count(), 1, "once");
    let after = shares
        .share(film_share.asset, film_share.id)
        .await
        .expect("share");
    assert!(!after.expect("the share").stands(deps.clock.now()));
    for token in texts {
        let command = authorize_playback::Command {
            visit: authorize_playback::Visit::default(),
            token,
            asset: film_share.asset,
            source: builders::source(),
            idempotency: None,
        };
        let opened = authorize_playback::run(&deps, command).await;
        assert!(
            matches!(
                opened,
                Err(Refusal::InvalidToken { .. } | Refusal::Forbidden(_))
            ),
            "{opened:?}"
        );
    }
}
