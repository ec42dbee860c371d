//! Media tokens, views and their sessions.

use futures_util::future::join_all;
use vault_domain::asset::AssetState;
use vault_domain::credential::Role;
use vault_domain::member::Standing;
use vault_domain::ports::{Assets, Grants, Opening, PlaylistReads, Views};
use vault_domain::time::Timestamp;
use vault_domain::token::{Action, Grant};

use super::{Viewers, publish_film};
use crate::builders;
use crate::clock::GOLDEN_NOW;
use crate::entropy::SeedNote;
use crate::sample::Sample;

/// Grants and views: a view is spent and its session stored, both or neither, however many try at once.
pub async fn views_contract(
    views: &dyn Views,
    grants: &dyn Grants,
    assets: &dyn Assets,
    seed: u64,
) {
    let _note = SeedNote(seed);
    let sample = Sample::new(seed);
    admission(views, grants, assets, &sample).await;
    spending(views, grants, &sample).await;
    refusals(views, grants, &sample).await;
    spends_race(views, grants, &sample).await;
    repeats_race(views, grants, &sample).await;
}

async fn stored(views: &dyn Views, grant: &Grant) -> Option<Grant> {
    let (found, _) = views
        .admission(grant.digest, grant.asset)
        .await
        .expect("admission");
    found
}

fn new_grant(sample: &Sample, max_views: u32) -> Grant {
    let asset = sample.new_asset(&builders::film(10)).id;
    Grant {
        max_views,
        ..sample.grant(asset)
    }
}

async fn admission(views: &dyn Views, grants: &dyn Grants, assets: &dyn Assets, sample: &Sample) {
    let new = sample.new_asset(&builders::film(10));
    let grant = Grant {
        action: Action::Download,
        max_views: 1_000,
        ..sample.grant(new.id)
    };
    let read = async || {
        views
            .admission(grant.digest, new.id)
            .await
            .expect("admission")
    };
    assert_eq!(read().await, (None, None));
    grants
        .create(&grant, &builders::record())
        .await
        .expect("create");
    assert_eq!(
        read().await,
        (Some(grant.clone()), None),
        "all fields read back"
    );
    let package = sample.package();
    publish_film(assets, &new, package).await;
    let (found, asset) = read().await;
    let asset = asset.expect("the asset");
    assert_eq!(found, Some(grant.clone()));
    let alone = grants.grant(grant.digest).await.expect("grant");
    assert_eq!(alone, Some(grant));
    assert_eq!(asset.announced, new);
    assert_eq!(
        (asset.state, asset.package),
        (AssetState::Ready, Some(package))
    );
}

async fn spending(views: &dyn Views, grants: &dyn Grants, sample: &Sample) {
    let grant = new_grant(sample, 2);
    grants
        .create(&grant, &builders::record())
        .await
        .expect("create");
    let (first, second, third) = (
        sample.playback(&grant),
        sample.playback(&grant),
        sample.playback(&grant),
    );
    assert_eq!(views.session(first.id).await.expect("session"), None);
    let open = async |session| {
        views
            .open(session, &builders::record())
            .await
            .expect("open")
    };

    assert_eq!(open(&first).await, Opening::Opened);
    let read = views.session(first.id).await.expect("session");
    assert_eq!(read.as_ref(), Some(&first), "all fields read back");
    assert_eq!(
        stored(views, &grant).await,
        Some(Grant {
            views: 1,
            ..grant.clone()
        })
    );
    assert_eq!(
        open(&first).await,
        Opening::AlreadyOpen,
        "the same session spends once"
    );
    assert_eq!(stored(views, &grant).await.map(|g| g.views), Some(1));

    assert_eq!(open(&second).await, Opening::Opened);
    assert_eq!(open(&third).await, Opening::Refused, "no view is left");
    assert_eq!(
        views.session(third.id).await.expect("session"),
        None,
        "neither was stored"
    );
    assert_eq!(stored(views, &grant).await.map(|g| g.views), Some(2));
    assert_eq!(
        open(&second).await,
        Opening::AlreadyOpen,
        "even when no view is left"
    );
}

async fn refusals(views: &dyn Views, grants: &dyn Grants, sample: &Sample) {
    let revoked = Grant {
        revoked: true,
        ..new_grant(sample, 5)
    };
    grants
        .create(&revoked, &builders::record())
        .await
        .expect("create");
    let unknown = new_grant(sample, 5);
    for grant in [&revoked, &unknown] {
        let session = sample.playback(grant);
        assert_eq!(
            views
                .open(&session, &builders::record())
                .await
                .expect("open"),
            Opening::Refused
        );
        assert_eq!(views.session(session.id).await.expect("session"), None);
    }
    assert_eq!(
        stored(views, &revoked).await,
        Some(revoked),
        "nothing was spent"
    );
    assert_eq!(
        stored(views, &unknown).await,
        None,
        "no grant is made by a spend"
    );

    let grant = new_grant(sample, 5);
    grants
        .create(&grant, &builders::record())
        .await
        .expect("create");
    let late = vault_domain::playback::PlaybackSession {
        opened_at: grant.expires_at,
        ..sample.playback(&grant)
    };
    assert_eq!(
        views.open(&late, &builders::record()).await.expect("open"),
        Opening::Refused,
        "it is over"
    );
    let in_time = vault_domain::playback::PlaybackSession {
        opened_at: Timestamp(grant.expires_at.0 - 1),
        ..sample.playback(&grant)
    };
    assert_eq!(
        views
            .open(&in_time, &builders::record())
            .await
            .expect("open"),
        Opening::Opened
    );
}

/// Many sessions at once on a grant of three views: three open.
async fn spends_race(views: &dyn Views, grants: &dyn Grants, sample: &Sample) {
    let grant = new_grant(sample, 3);
    grants
        .create(&grant, &builders::record())
        .await
        .expect("create");
    let sessions: Vec<_> = (0..30).map(|_| sample.playback(&grant)).collect();
    let open = async |session| views.open(session, &builders::record()).await;
    let outcomes = join_all(sessions.iter().map(open)).await;
    let mut opened = 0;
    for (outcome, session) in outcomes.into_iter().zip(&sessions) {
        let outcome = outcome.expect("open");
        let there = views.session(session.id).await.expect("session").is_some();
        assert_eq!(
            outcome == Opening::Opened,
            there,
            "both or neither: {outcome:?}"
        );
        opened += u32::from(there);
    }
    assert_eq!(opened, 3, "as many sessions as views");
    assert_eq!(stored(views, &grant).await.map(|g| g.views), Some(3));
}

/// One session many times at once: it opens once, and one view is spent.
async fn repeats_race(views: &dyn Views, grants: &dyn Grants, sample: &Sample) {
    let grant = new_grant(sample, 9);
    grants
        .create(&grant, &builders::record())
        .await
        .expect("create");
    let session = sample.playback(&grant);
    let open = async |_| views.open(&session, &builders::record()).await;
    let outcomes = join_all((0..20).map(open)).await;
    let outcomes = outcomes.into_iter().map(|outcome| outcome.expect("open"));
    let outcomes: Vec<_> = outcomes.collect();
    let opened = outcomes.iter().filter(|o| **o == Opening::Opened).count();
    let again = outcomes
        .iter()
        .filter(|o| **o == Opening::AlreadyOpen)
        .count();
    assert_eq!((opened, again), (1, 19));
    assert_eq!(stored(views, &grant).await.map(|g| g.views), Some(1));
}

/// Where [`playlist_reads_contract`] puts what it reads.
#[derive(Clone, Copy)]
pub struct PlaylistStores<'a> {
    /// Who watches.
    pub viewers: Viewers<'a>,
    /// The playback sessions.
    pub views: &'a dyn Views,
    /// The grants.
    pub grants: &'a dyn Grants,
    /// The assets.
    pub assets: &'a dyn Assets,
}

/// One read gives the session, the asset and the viewer's standing, each if it is there.
pub async fn playlist_reads_contract(
    port: &dyn PlaylistReads,
    stores: PlaylistStores<'_>,
    seed: u64,
) {
    let _note = SeedNote(seed);
    let sample = Sample::new(seed);
    let new = sample.new_asset(&builders::film(10));
    let login = sample.session();
    let grant = Grant {
        subject: login.subject(),
        org: login.org,
        ..sample.grant(new.id)
    };
    let session = vault_domain::playback::PlaybackSession {
        opened_at: GOLDEN_NOW.plus(1),
        ..sample.playback(&grant)
    };
    let ticket = session.ticket();
    let read = async || port.bundle(&ticket).await.expect("bundle");
    let nothing = read().await;
    assert!(nothing.session.is_none() && nothing.asset.is_none());
    assert_eq!(nothing.standing, Standing::default());
    stores
        .grants
        .create(&grant, &builders::record())
        .await
        .expect("create");
    stores
        .views
        .open(&session, &builders::record())
        .await
        .expect("open");
    let found = read().await;
    assert_eq!(found.session.as_ref(), Some(&session), "all fields");
    assert!(found.asset.is_none());
    publish_film(stores.assets, &new, session.package).await;
    let found = read().await;
    assert_eq!(found.session.as_ref(), Some(&session));
    let asset = found.asset.expect("the asset");
    assert_eq!(
        (asset.state, asset.package),
        (AssetState::Ready, Some(session.package))
    );
    stores
        .assets
        .withdraw(new.id, &builders::record())
        .await
        .expect("withdraw");
    let state = read().await.asset.map(|a| a.state);
    assert_eq!(state, Some(AssetState::Withdrawn), "from that moment on");

    let login = stores.viewers.sign_in(&sample).await;
    let (subject, org) = (login.subject(), login.org);
    let ticket = vault_domain::playback::Ticket {
        subject,
        org,
        ..ticket
    };
    let stands = async || port.bundle(&ticket).await.expect("bundle").standing;
    assert_eq!(
        stands().await.role(&subject, org, GOLDEN_NOW),
        Some(Role::Owner)
    );
    let revoked = stores
        .viewers
        .sessions
        .revoke(login.id, &builders::record())
        .await;
    revoked.expect("revoke");
    assert_eq!(stands().await.role(&subject, org, GOLDEN_NOW), None);
}
