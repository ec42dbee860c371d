//! Parallel spends of a media token on downloads.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use vault_domain::download::Rendition;
use vault_domain::error::Refusal;
use vault_domain::id::DownloadId;
use vault_domain::token::{Action, MediaToken};
use vault_domain::usecase::{IdempotencyKey, authorize_download};

use super::playback::granted;
use super::{RUNNERS, Setup, Way, together};
use crate::builders;
use crate::entropy::SeedNote;
use crate::sample::Sample;

/// A hundred spends of one token at once: exactly one opens a download.
pub async fn race_downloads(
    deps: Arc<authorize_download::Deps>,
    setup: Setup<'_>,
    seed: u64,
    way: Way,
) {
    let _note = SeedNote(seed);
    let outcomes = spend(deps, setup, seed, way, None).await;
    assert_eq!(
        outcomes.iter().flatten().count(),
        1,
        "one token, one download"
    );
}

/// The same with one idempotency key: everyone gets the one download.
pub async fn race_named_downloads(
    deps: Arc<authorize_download::Deps>,
    setup: Setup<'_>,
    seed: u64,
    way: Way,
) {
    let _note = SeedNote(seed);
    let key = Some(builders::idempotency_key("the-same-request"));
    let outcomes = spend(deps, setup, seed, way, key).await;
    assert!(outcomes[0].is_some(), "a named request finds its download");
    let same = outcomes.iter().all(|id| *id == outcomes[0]);
    assert!(same, "everyone finds the same");
}

async fn spend(
    deps: Arc<authorize_download::Deps>,
    setup: Setup<'_>,
    seed: u64,
    way: Way,
    key: Option<IdempotencyKey>,
) -> Vec<Option<DownloadId>> {
    let sample = Sample::new(seed);
    let (token, grant) = granted(setup, &*deps.hashing, &sample, Action::Download).await;
    let text = token.expose().to_owned();
    let runners = (0..RUNNERS).map(|_| {
        let (deps, text, key) = (Arc::clone(&deps), text.clone(), key.clone());
        let runner: BoxFuture<'static, Option<DownloadId>> = Box::pin(async move {
            let command = authorize_download::Command {
                origin: None,
                token: MediaToken::parse(&text).expect("a media token"),
                asset: grant.asset,
                rendition: Rendition::Original,
                source: builders::source(),
                idempotency: key,
            };
            match authorize_download::run(&deps, command).await {
                Ok(link) => Some(link.download.id),
                Err(Refusal::NoViewsLeft) => None,
                Err(other) => unreachable!("a spend came to {other:?}"),
            }
        });
        runner
    });
    let outcomes = together(way, runners.collect()).await;
    let after = deps.downloads.admission(grant.digest, grant.asset).await;
    let (after, _) = after.expect("downloads.admission");
    assert_eq!(after.map(|g| g.views), Some(1), "spent once");
    outcomes
}
