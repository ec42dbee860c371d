//! Parallel completions of one upload, parallel deliveries of one event.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use vault_domain::asset::{Asset, AssetState, NewAsset};
use vault_domain::credential::Role;
use vault_domain::token::Caller;
use vault_domain::usecase::process_upload::{Outcome, Retry};
use vault_domain::usecase::{finalize_upload, process_upload};

use super::{RUNNERS, Way, together};
use crate::builders;
use crate::contract::{Put, Viewers, begin_in_parts};
use crate::entropy::SeedNote;
use crate::sample::Sample;

/// Octets of a part in these races: S3's least.
const PART: u64 = 5 << 20;

/// A hundred completions of one upload of two parts at once: all get the same asset, and the object is there.
pub async fn race_finalizes(
    deps: Arc<finalize_upload::Deps>,
    (viewers, put): (Viewers<'_>, Put<'_>),
    seed: u64,
    way: Way,
) -> Asset {
    let _note = SeedNote(seed);
    let sample = Sample::new(seed);
    let film = builders::film((5 << 20) + 1_000);
    let session = viewers.sign_in(&sample).await;
    let new = NewAsset {
        org: session.org,
        owner: session.subject().actor(),
        // A hundred checksums of five megabytes would be most of the race.
        checksum: None,
        ..sample.new_multipart_asset(&film, PART)
    };
    deps.assets
        .reserve(&new, &builders::QUOTA, &builders::record())
        .await
        .expect("assets.reserve");
    let (multipart, _) = begin_in_parts(&*deps.uploads, put, &new, &film).await;
    deps.assets
        .set_multipart(new.id, &multipart)
        .await
        .expect("assets.set_multipart");

    let caller = Caller {
        subject: session.subject(),
        org: new.org,
        role: Role::Owner,
        scopes: vault_domain::api_key::Scopes::all(),
    };
    let runners = (0..RUNNERS).map(|_| {
        let (deps, asset) = (Arc::clone(&deps), new.id);
        let runner: BoxFuture<'static, Asset> = Box::pin(async move {
            let command = finalize_upload::Command {
                ask: builders::ask_of(caller),
                asset,
                parts: None,
            };
            finalize_upload::run(&deps, command)
                .await
                .expect("a completion of all parts")
        });
        runner
    });
    let outcomes = together(way, runners.collect()).await;
    assert_eq!(outcomes[0].state, AssetState::Uploaded);
    assert!(
        outcomes.iter().all(|asset| *asset == outcomes[0]),
        "the same answer for all"
    );
    let head = deps
        .uploads
        .head(&new)
        .await
        .expect("uploads.head")
        .expect("the object");
    assert_eq!(head.size, new.plan.size);
    let parts = deps
        .uploads
        .list_parts(&new, &multipart)
        .await
        .expect("uploads.list_parts");
    assert_eq!(parts, None, "no multipart upload is left");
    outcomes.into_iter().next().expect("a hundred outcomes")
}

/// A hundred deliveries of one event at once, and again those that were told to come again: one of them packages
/// the film. Gives the asset, for the caller to see that no other package left anything.
pub async fn race_deliveries(
    deps: Arc<process_upload::Deps>,
    put: Put<'_>,
    seed: u64,
    way: Way,
) -> Asset {
    let _note = SeedNote(seed);
    let film = builders::film(1_000);
    let new = Sample::new(seed).new_asset(&film);
    deps.assets
        .reserve(&new, &builders::QUOTA, &builders::record())
        .await
        .expect("assets.reserve");
    let part = deps
        .uploads
        .presign_object(&new)
        .await
        .expect("uploads.presign_object");
    put(part, film).await.expect("the client's PUT");

    let first = deliver(&deps, &new, RUNNERS, way).await;
    let busy = first.iter().filter(|o| o.is_none()).count();
    let second = deliver(&deps, &new, busy, way).await;
    let done = first.iter().chain(&second).flatten();
    let ready = done.filter(|o| **o == Outcome::Ready).count();
    assert_eq!(ready, 1, "one package");
    assert!(
        second.iter().all(|o| *o == Some(Outcome::Nothing)),
        "nothing was left to do"
    );
    let asset = deps
        .assets
        .get(new.id)
        .await
        .expect("assets.get")
        .expect("the asset");
    assert_eq!(asset.state, AssetState::Ready);
    asset
}

/// What so many deliveries came to; `None` when they are to come again.
async fn deliver(
    deps: &Arc<process_upload::Deps>,
    new: &NewAsset,
    count: usize,
    way: Way,
) -> Vec<Option<Outcome>> {
    let command = process_upload::Command {
        org: new.org,
        asset: new.id,
        deadline: deps.clock.now().plus(900),
        last_try: false,
        request: "req-1".to_owned(),
    };
    let runners = (0..count).map(|_| {
        let (deps, command) = (Arc::clone(deps), command.clone());
        let runner: BoxFuture<'static, Option<Outcome>> = Box::pin(async move {
            match process_upload::run(&deps, command).await {
                Ok(outcome) => Some(outcome),
                Err(Retry::Busy) => None,
                Err(Retry::Store(error)) => unreachable!("a delivery came to {error:?}"),
            }
        });
        runner
    });
    together(way, runners.collect()).await
}
