//! Parallel announcements against a quota, and everything that ends an upload at once.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use vault_domain::asset::{AssetState, Failure, NewAsset};
use vault_domain::error::Refusal;
use vault_domain::ports::{Change, Usages};
use vault_domain::quota::{Counted, Quota};
use vault_domain::token::Caller;
use vault_domain::usecase::begin_upload::{self, Command};
use vault_domain::usecase::{finalize_upload, resume_upload};

use super::{RUNNERS, Way, together};
use crate::builders;
use crate::contract::{Put, Viewers};
use crate::entropy::SeedNote;
use crate::sample::Sample;

/// What the race of announcements is limited to.
pub const PLACES: u64 = 10;

/// A quota that has [`PLACES`] of one, and enough of all else.
pub const fn tight(counted: Counted, film: u64) -> Quota {
    let quota = builders::QUOTA;
    match counted {
        Counted::Assets => Quota {
            assets: PLACES,
            ..quota
        },
        Counted::Bytes => Quota {
            bytes: PLACES * film + film - 1,
            ..quota
        },
        Counted::Uploads => Quota {
            uploads: PLACES,
            ..quota
        },
        Counted::Minutes => quota,
    }
}

fn caller(session: &vault_domain::token::Session) -> Caller {
    Caller {
        subject: session.subject(),
        org: session.org,
        ..builders::caller()
    }
}

fn announcement(caller: Caller, key: Option<&str>) -> Command {
    let new = builders::new_asset(&builders::film(10));
    Command {
        ask: builders::ask_of(caller),
        title: new.title,
        media_type: new.media_type,
        plan: new.plan,
        checksum: new.checksum,
        idempotency: key.map(builders::idempotency_key),
    }
}

/// A hundred announcements at once of films of ten octets, with room for [`PLACES`]: exactly as many are taken, the
/// others are told how full it is, and it is counted so.
pub async fn race_announcements(
    deps: Arc<begin_upload::Deps>,
    (viewers, usages): (Viewers<'_>, &dyn Usages),
    (of, seed): (Counted, u64),
    way: Way,
) {
    let _note = SeedNote(seed);
    let session = viewers.sign_in(&Sample::new(seed)).await;
    let caller = caller(&session);
    let runners = (0..RUNNERS).map(|_| {
        let deps = Arc::clone(&deps);
        let runner: BoxFuture<'static, bool> = Box::pin(async move {
            match begin_upload::run(&deps, announcement(caller, None)).await {
                Ok(_) => true,
                Err(Refusal::QuotaExceeded(exceeded)) => {
                    assert_eq!(exceeded.of, of);
                    assert!(exceeded.used + exceeded.needed > exceeded.limit);
                    false
                }
                Err(other) => unreachable!("an announcement came to {other:?}"),
            }
        });
        runner
    });
    let taken = together(way, runners.collect()).await;
    let taken = taken.into_iter().filter(|taken| *taken).count();
    assert_eq!(
        u64::try_from(taken),
        Ok(PLACES),
        "as many as there is room for"
    );
    let used = usages.tally(session.org).await.expect("tally").used;
    let counted = (used.assets, used.bytes, used.uploads);
    assert_eq!(counted, (PLACES, 10 * PLACES, PLACES));
}

/// A hundred announcements of one name at once are one upload, and count once.
pub async fn race_named_announcements(
    deps: Arc<begin_upload::Deps>,
    (viewers, usages): (Viewers<'_>, &dyn Usages),
    seed: u64,
    way: Way,
) {
    let _note = SeedNote(seed);
    let session = viewers.sign_in(&Sample::new(seed)).await;
    let caller = caller(&session);
    let runners = (0..RUNNERS).map(|_| {
        let deps = Arc::clone(&deps);
        let runner: BoxFuture<'static, _> = Box::pin(async move {
            let slot = begin_upload::run(&deps, announcement(caller, Some("once"))).await;
            slot.expect("an announcement").asset.id()
        });
        runner
    });
    let ids = together(way, runners.collect()).await;
    assert!(ids.iter().all(|id| *id == ids[0]), "one upload");
    let used = usages.tally(session.org).await.expect("tally").used;
    assert_eq!((used.assets, used.bytes, used.uploads), (1, 10, 1));
}

/// One upload is completed, failed, withdrawn, given up and told of by S3, a hundred times at once: its place among the uploads is
/// given back once, and what it counts for afterwards is what it came to.
pub async fn race_slots(
    deps: Arc<finalize_upload::Deps>,
    (viewers, usages, put): (Viewers<'_>, &dyn Usages, Put<'_>),
    seed: u64,
    way: Way,
) {
    let _note = SeedNote(seed);
    let sample = Sample::new(seed);
    let film = builders::film(1_000);
    let session = viewers.sign_in(&sample).await;
    let new = NewAsset {
        org: session.org,
        owner: session.subject().actor(),
        ..sample.new_asset(&film)
    };
    // Another upload, whose place must stay its own.
    let other = NewAsset {
        id: sample.asset(),
        ..new.clone()
    };
    for new in [&new, &other] {
        let reserved = deps
            .assets
            .reserve(new, &builders::QUOTA, &builders::record())
            .await;
        reserved.expect("assets.reserve");
    }
    let part = deps.uploads.presign_object(&new).await;
    let part = part.expect("uploads.presign_object");
    put(part, film).await.expect("the client's PUT");
    let caller = caller(&session);
    let runners = (0..RUNNERS).map(|number| ending(Arc::clone(&deps), (caller, &new), number));
    let outcomes = together(way, runners.collect()).await;
    let applied = outcomes.iter().filter(|change| **change == Change::Applied);
    assert!(
        applied.count() <= 3,
        "it arrived, failed, was withdrawn, each once"
    );
    let asset = deps.assets.get(new.id).await.expect("assets.get");
    let asset = asset.expect("the asset");
    assert_eq!(asset.state, AssetState::Withdrawn);
    let used = usages.tally(session.org).await.expect("tally").used;
    let bytes = asset.charge.expect("it counts").bytes;
    let counted = (used.assets, used.bytes, used.uploads);
    assert_eq!(
        counted,
        (2, 1_000 + bytes, 1),
        "the other's place is its own"
    );
}

fn ending(
    deps: Arc<finalize_upload::Deps>,
    (caller, new): (Caller, &NewAsset),
    number: usize,
) -> BoxFuture<'static, Change> {
    let (id, record) = (new.id, builders::record());
    Box::pin(async move {
        let assets = &deps.assets;
        let changed = match number % 5 {
            0 => assets.mark_uploaded(id, &record).await,
            1 => assets.withdraw(id, &record).await,
            2 => {
                let failure = Failure {
                    code: Failure::CHECKSUM.to_owned(),
                    reason: "it is another".to_owned(),
                };
                assets.fail(id, None, &failure, &record).await
            }
            3 => {
                let ask = builders::ask_of(caller);
                match resume_upload::cancel(&deps, &ask, id).await {
                    Err(Refusal::Unavailable(error)) => Err(error),
                    _ => Ok(Change::NotApplied),
                }
            }
            _ => {
                let command = finalize_upload::Command {
                    ask: builders::ask_of(caller),
                    asset: id,
                    parts: None,
                };
                match finalize_upload::run(&deps, command).await {
                    Ok(_) | Err(Refusal::UploadIncomplete(_) | Refusal::UploadMismatch(_)) => {
                        Ok(Change::NotApplied)
                    }
                    Err(other) => unreachable!("a completion came to {other:?}"),
                }
            }
        };
        changed.expect("a change")
    })
}
