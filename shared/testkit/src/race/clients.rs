//! Parallel creations of API keys at the limit, and rotations of a key while it is revoked.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use vault_domain::api_key::{ApiKey, Overlap};
use vault_domain::ports::{Change, Clients, Creation, MAX_CLIENTS};

use super::{RUNNERS, Way, together};
use crate::builders;
use crate::clock::GOLDEN_NOW;
use crate::entropy::SeedNote;
use crate::sample::Sample;

/// Places that the race leaves free.
const FREE: usize = 5;

/// A hundred creations at once with [`FREE`] places left: exactly as many take effect.
pub async fn race_creations(clients: Arc<dyn Clients>, seed: u64, way: Way) {
    let _note = SeedNote(seed);
    let sample = Sample::new(seed);
    let org = sample.owner().organisation.id;
    for _ in 0..MAX_CLIENTS - FREE {
        let created = clients
            .create(&sample.api_key(org), &builders::record())
            .await;
        assert_eq!(created.expect("create"), Creation::Created);
    }
    let runners = (0..RUNNERS).map(|_| {
        let (clients, key) = (Arc::clone(&clients), sample.api_key(org));
        let runner: BoxFuture<'static, Creation> = Box::pin(async move {
            clients
                .create(&key, &builders::record())
                .await
                .expect("create")
        });
        runner
    });
    let outcomes = together(way, runners.collect()).await;
    let count = |wanted| outcomes.iter().filter(|o| **o == wanted).count();
    assert_eq!(count(Creation::Created), FREE);
    assert_eq!(count(Creation::LimitReached), RUNNERS - FREE);
    let listed = clients.list(org).await.expect("list");
    assert_eq!(listed.len(), MAX_CLIENTS);

    // A key that is revoked makes place for one more.
    let revoked = clients
        .revoke(listed[0].id, org, &builders::record())
        .await
        .expect("revoke");
    assert_eq!(revoked, Change::Applied);
    let created = clients
        .create(&sample.api_key(org), &builders::record())
        .await
        .expect("create");
    assert_eq!(created, Creation::Created);
    let full = clients
        .create(&sample.api_key(org), &builders::record())
        .await
        .expect("create");
    assert_eq!(full, Creation::LimitReached);
}

/// Half a hundred rotations of one secret while as many revoke the key: at most one rotation takes effect, and the key
/// is revoked in the end, whatever came last.
pub async fn race_rotations(clients: Arc<dyn Clients>, seed: u64, way: Way) {
    let _note = SeedNote(seed);
    let sample = Sample::new(seed);
    let key = sample.api_key(sample.owner().organisation.id);
    let created = clients
        .create(&key, &builders::record())
        .await
        .expect("create");
    assert_eq!(created, Creation::Created);
    let nexts: Vec<ApiKey> = (0..RUNNERS / 2)
        .map(|_| key.rotated(sample.digest(), Overlap::NONE, GOLDEN_NOW))
        .collect();
    let rotations = nexts.iter().map(|next| {
        let (clients, next, active) = (Arc::clone(&clients), next.clone(), key.active);
        let runner: BoxFuture<'static, Change> = Box::pin(async move {
            clients
                .rotate(&next, active, &builders::record())
                .await
                .expect("rotate")
        });
        runner
    });
    let revocations = (0..RUNNERS / 2).map(|_| {
        let (clients, id, org) = (Arc::clone(&clients), key.id, key.org);
        let runner: BoxFuture<'static, Change> = Box::pin(async move {
            clients
                .revoke(id, org, &builders::record())
                .await
                .expect("revoke")
        });
        runner
    });
    // A rotation goes first, so that some have a chance.
    let outcomes = together(way, rotations.chain(revocations).collect()).await;
    let (rotated, revoked) = outcomes.split_at(nexts.len());
    assert!(revoked.iter().all(|change| *change == Change::Applied));
    let winners = nexts.iter().zip(rotated);
    let winners: Vec<_> = winners.filter(|(_, c)| **c == Change::Applied).collect();
    assert!(
        winners.len() <= 1,
        "{} rotations of one secret",
        winners.len()
    );
    let after = clients.get(key.id).await.expect("get").expect("the key");
    assert!(after.revoked, "no rotation brings a revoked key back");
    let active = winners.first().map_or(key.active, |(next, _)| next.active);
    assert_eq!(after.active, active);
}
