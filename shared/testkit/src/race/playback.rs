//! Parallel spends of a media token with one view.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use vault_domain::bounds::{Bounds, MaxStreams};
use vault_domain::error::Refusal;
use vault_domain::id::{AssetId, PlaybackId};
use vault_domain::playback::PlaybackSession;
use vault_domain::ports::{Assets, Directory, Grants, Hashing, Sessions};
use vault_domain::token::{Action, Grant, MediaToken};
use vault_domain::usecase::{IdempotencyKey, authorize_playback, refresh_view};

use super::{RUNNERS, Way, together};
use crate::builders;
use crate::contract::publish_film;
use crate::entropy::SeedNote;
use crate::sample::Sample;

/// The stores that a spend needs to be set up in.
#[derive(Clone, Copy)]
pub struct Setup<'a> {
    /// Takes the token's owner.
    pub directory: &'a dyn Directory,
    /// Takes their login session.
    pub sessions: &'a dyn Sessions,
    /// Takes the film.
    pub assets: &'a dyn Assets,
    /// Takes the grant.
    pub grants: &'a dyn Grants,
}

/// A hundred spends of a one-view token at once: exactly one opens a session, the rest find no view left.
pub async fn race_spends(
    deps: Arc<authorize_playback::Deps>,
    setup: Setup<'_>,
    seed: u64,
    way: Way,
) {
    let _note = SeedNote(seed);
    let outcomes = spend(deps, setup, seed, way, None).await;
    let opened = outcomes.iter().flatten().count();
    assert_eq!(opened, 1, "one view, one session");
}

/// The same with one idempotency key: everyone gets the one session.
pub async fn race_named_spends(
    deps: Arc<authorize_playback::Deps>,
    setup: Setup<'_>,
    seed: u64,
    way: Way,
) {
    let _note = SeedNote(seed);
    let key = Some(builders::idempotency_key("the-same-request"));
    let outcomes = spend(deps, setup, seed, way, key).await;
    assert!(outcomes[0].is_some(), "a named request finds its session");
    assert!(
        outcomes.iter().all(|id| *id == outcomes[0]),
        "everyone finds the same"
    );
}

/// A film, its owner who is signed in, and their media token for one use of it.
pub(super) async fn granted(
    setup: Setup<'_>,
    hashing: &dyn Hashing,
    sample: &Sample,
    action: Action,
) -> (MediaToken, Grant) {
    let of_action = |grant: Grant| Grant { action, ..grant };
    bounded(setup, hashing, sample, of_action).await
}

async fn bounded(
    setup: Setup<'_>,
    hashing: &dyn Hashing,
    sample: &Sample,
    change: impl FnOnce(Grant) -> Grant,
) -> (MediaToken, Grant) {
    let owner = sample.owner();
    let created = setup.directory.create_owner(&owner).await;
    created.expect("create_owner");
    let login = sample.session_of(&owner);
    setup
        .sessions
        .open(&login, &builders::record())
        .await
        .expect("sessions.open");
    let mut new = sample.new_asset(&builders::film(10));
    (new.org, new.owner) = (login.org, login.subject().actor());
    publish_film(setup.assets, &new, sample.package()).await;
    let token = MediaToken::random(&sample.0).expect("seeds never fail");
    let grant = change(Grant {
        digest: hashing.sha256(token.expose().as_bytes()),
        subject: login.subject(),
        org: login.org,
        ..sample.grant(new.id)
    });
    let record = builders::record();
    setup
        .grants
        .create(&grant, &record)
        .await
        .expect("grants.create");
    (token, grant)
}

/// A hundred views of one token at once, of which [`PLACES`] may play: exactly as many open, and no view is spent beside.
pub async fn race_streams(
    deps: Arc<authorize_playback::Deps>,
    setup: Setup<'_>,
    seed: u64,
    way: Way,
) {
    let _note = SeedNote(seed);
    let sample = Sample::new(seed);
    let bound = |grant: Grant| Grant {
        max_views: 1_000,
        bounds: Bounds {
            max_streams: MaxStreams::parse(PLACES).ok(),
            ..Bounds::default()
        },
        ..grant
    };
    let (token, grant) = bounded(setup, &*deps.hashing, &sample, bound).await;
    let runners = (0..RUNNERS).map(|_| {
        let (deps, text) = (Arc::clone(&deps), token.expose().to_owned());
        let runner: BoxFuture<'static, bool> = Box::pin(async move {
            let command = command(&text, grant.asset, None);
            match authorize_playback::run(&deps, command).await {
                Ok(_) => true,
                Err(Refusal::TooManyStreams) => false,
                Err(other) => unreachable!("a view came to {other:?}"),
            }
        });
        runner
    });
    let outcomes = together(way, runners.collect()).await;
    let opened = outcomes.into_iter().filter(|opened| *opened).count();
    assert_eq!(u32::try_from(opened), Ok(PLACES), "as many as may play");
    let found = deps.views.admission(grant.digest, grant.asset).await;
    let (after, _) = found.expect("views.admission");
    assert_eq!(after.map(|g| g.views), Some(PLACES));
}

/// A hundred refreshes at once of a view that was opened where views are short: one takes effect, and everyone is told that.
pub async fn race_view_refreshes(
    (short, deps): (Arc<authorize_playback::Deps>, Arc<authorize_playback::Deps>),
    setup: Setup<'_>,
    seed: u64,
    way: Way,
) {
    let _note = SeedNote(seed);
    let sample = Sample::new(seed);
    let (token, grant) = granted(setup, &*deps.hashing, &sample, Action::Play).await;
    let command = command(token.expose(), grant.asset, None);
    let view = authorize_playback::run(&short, command).await;
    let view = view.expect("a view");
    let renewal = view.renewal(&deps).expect("it may be refreshed");
    assert_eq!(renewal.seconds, 0, "at once, where views are long");
    let runners = (0..RUNNERS).map(|_| {
        let (deps, token) = (Arc::clone(&deps), renewal.token.expose().to_owned());
        let runner: BoxFuture<'static, PlaybackSession> = Box::pin(async move {
            let command = refresh_view::Command {
                token,
                source: builders::source(),
                visit: authorize_playback::Visit::default(),
            };
            let view = refresh_view::run(&deps, command).await;
            view.expect("a view that lives longer").session
        });
        runner
    });
    let told = together(way, runners.collect()).await;
    let stored = deps.views.session(view.session.id).await;
    let stored = stored.expect("views.session").expect("it was opened");
    assert!(told.iter().all(|session| *session == stored), "one view");
    assert_eq!(stored.opened_at, view.session.opened_at);
    let before = stored.before.expect("what was told first");
    assert_eq!(before.signature, view.session.signature, "refreshed once");
}

/// Streams that may play at once in [`race_streams`].
const PLACES: u32 = 3;

fn command(
    token: &str,
    asset: AssetId,
    idempotency: Option<IdempotencyKey>,
) -> authorize_playback::Command {
    authorize_playback::Command {
        visit: authorize_playback::Visit::default(),
        token: MediaToken::parse(token).expect("a media token"),
        asset,
        source: builders::source(),
        idempotency,
    }
}

async fn spend(
    deps: Arc<authorize_playback::Deps>,
    setup: Setup<'_>,
    seed: u64,
    way: Way,
    key: Option<IdempotencyKey>,
) -> Vec<Option<PlaybackId>> {
    let sample = Sample::new(seed);
    let (token, grant) = granted(setup, &*deps.hashing, &sample, Action::Play).await;
    let text = token.expose().to_owned();
    let runners = (0..RUNNERS).map(|_| {
        let (deps, text, key) = (Arc::clone(&deps), text.clone(), key.clone());
        let runner: BoxFuture<'static, Option<PlaybackId>> = Box::pin(async move {
            let command = command(&text, grant.asset, key);
            match authorize_playback::run(&deps, command).await {
                Ok(view) => Some(view.session.id),
                Err(Refusal::NoViewsLeft) => None,
                Err(other) => unreachable!("a spend came to {other:?}"),
            }
        });
        runner
    });
    let outcomes = together(way, runners.collect()).await;
    let (after, _) = deps
        .views
        .admission(grant.digest, grant.asset)
        .await
        .expect("views.admission");
    assert_eq!(after.map(|g| g.views), Some(1), "views that are spent");
    outcomes
}
