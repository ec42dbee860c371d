//! The directory, budgets of attempts, login sessions.

use futures_util::future::join_all;
use vault_domain::credential::User;
use vault_domain::ports::{Attempt, Directory, Limits, OwnerOutcome, Rotation, Sessions};
use vault_domain::time::Timestamp;
use vault_domain::token::Session;

use crate::clock::GOLDEN_NOW;
use crate::crypto::FakeHasher;
use crate::entropy::SeedNote;
use crate::sample::{FAR_AHEAD, Sample};

/// The directory: both or neither, one owner an address, a hash that can be replaced.
pub async fn directory_contract(port: &dyn Directory, seed: u64) {
    let _note = SeedNote(seed);
    let sample = Sample::new(seed);
    let user = sample.user();
    assert_eq!(port.by_email(&user.email).await.expect("by_email"), None);
    assert_eq!(port.by_id(user.id).await.expect("by_id"), None);

    let created = port
        .create_owner("Contract", &user)
        .await
        .expect("create_owner");
    assert_eq!(created, OwnerOutcome::Created);
    let found = port.by_email(&user.email).await.expect("by_email");
    assert_eq!(
        found.as_ref(),
        Some(&user),
        "all fields read back by address"
    );
    let found = port.by_id(user.id).await.expect("by_id");
    assert_eq!(found.as_ref(), Some(&user), "all fields read back by id");

    let usurper = User {
        email: user.email.clone(),
        ..sample.user()
    };
    let taken = port
        .create_owner("Usurped", &usurper)
        .await
        .expect("create_owner");
    assert_eq!(taken, OwnerOutcome::AddressTaken);
    assert_eq!(
        port.by_id(usurper.id).await.expect("by_id"),
        None,
        "neither was stored"
    );
    let found = port.by_email(&user.email).await.expect("by_email");
    assert_eq!(
        found.as_ref(),
        Some(&user),
        "the first owner stays as they were"
    );

    let hash = FakeHasher::hash_of("another passphrase");
    let at = user.hash_set_at.plus(60);
    port.set_hash(user.id, &hash, at).await.expect("set_hash");
    let renewed = User {
        hash: hash.clone(),
        hash_set_at: at,
        ..user
    };
    assert_eq!(
        port.by_id(renewed.id).await.expect("by_id").as_ref(),
        Some(&renewed)
    );
    let found = port.by_email(&renewed.email).await.expect("by_email");
    assert_eq!(found, Some(renewed), "the new hash is found by address too");

    let stranger = sample.user();
    assert!(
        port.set_hash(stranger.id, &hash, at).await.is_err(),
        "no user is made by a hash"
    );
    assert_eq!(port.by_id(stranger.id).await.expect("by_id"), None);
    owners_race(port, &sample).await;
}

/// Of many owners of one address at once, one is created.
async fn owners_race(port: &dyn Directory, sample: &Sample) {
    let email = sample.user().email;
    let owners: Vec<User> = (0..8)
        .map(|_| User {
            email: email.clone(),
            ..sample.user()
        })
        .collect();
    let outcomes = join_all(owners.iter().map(|o| port.create_owner("Race", o))).await;
    let outcomes: Vec<_> = outcomes
        .into_iter()
        .map(|o| o.expect("create_owner"))
        .collect();
    let created = outcomes
        .iter()
        .filter(|o| **o == OwnerOutcome::Created)
        .count();
    assert_eq!(created, 1, "one owner an address: {outcomes:?}");
    let winner = port
        .by_email(&email)
        .await
        .expect("by_email")
        .expect("the winner");
    let at = outcomes.iter().position(|o| *o == OwnerOutcome::Created);
    assert_eq!(at.map(|at| owners[at].id), Some(winner.id));
}

/// Budgets: exact one after the other and at once, given back one by one, never below nothing.
pub async fn limits_contract(port: &dyn Limits, seed: u64) {
    let _note = SeedNote(seed);
    let sample = Sample::new(seed);
    let end = FAR_AHEAD;
    let bucket = format!("contract#{}", sample.digest().hex());
    for _ in 0..3 {
        assert_eq!(
            port.take(&bucket, 3, end).await.expect("take"),
            Attempt::Granted
        );
    }
    for _ in 0..2 {
        assert_eq!(
            port.take(&bucket, 3, end).await.expect("take"),
            Attempt::Exhausted
        );
    }
    port.give_back(&bucket).await.expect("give_back");
    assert_eq!(
        port.take(&bucket, 3, end).await.expect("take"),
        Attempt::Granted
    );
    assert_eq!(
        port.take(&bucket, 3, end).await.expect("take"),
        Attempt::Exhausted
    );

    let other = format!("contract#{}", sample.digest().hex());
    port.give_back(&other)
        .await
        .expect("giving back what nobody took is fine");
    assert_eq!(
        port.take(&other, 1, end).await.expect("take"),
        Attempt::Granted
    );
    port.give_back(&other).await.expect("give_back");
    port.give_back(&other).await.expect("give_back");
    assert_eq!(
        port.take(&other, 1, end).await.expect("take"),
        Attempt::Granted
    );
    let more = port.take(&other, 1, end).await.expect("take");
    assert_eq!(
        more,
        Attempt::Exhausted,
        "a budget never grows by giving back"
    );

    let busy = format!("contract#{}", sample.digest().hex());
    let taken = join_all((0..50).map(|_| port.take(&busy, 7, end))).await;
    let taken = taken.into_iter().map(|attempt| attempt.expect("take"));
    assert_eq!(
        taken.filter(|a| *a == Attempt::Granted).count(),
        7,
        "exact at once"
    );
}

/// Login sessions: every field reads back; only the active token of a live session rotates.
pub async fn sessions_contract(port: &dyn Sessions, seed: u64) {
    let _note = SeedNote(seed);
    let sample = Sample::new(seed);
    let now = GOLDEN_NOW;
    let session = sample.session();
    assert_eq!(port.get(session.id).await.expect("get"), None);
    let gone = port
        .rotate(session.active, &session, now)
        .await
        .expect("rotate");
    assert!(matches!(gone, Rotation::Gone), "{gone:?}");
    assert_eq!(
        port.get(session.id).await.expect("get"),
        None,
        "nothing is made by a rotation"
    );

    port.open(&session).await.expect("open");
    assert_eq!(port.get(session.id).await.expect("get"), Some(session));

    let next = following(&sample, &session, now.plus(60));
    let rotated = port
        .rotate(session.active, &next, now.plus(60))
        .await
        .expect("rotate");
    assert!(matches!(rotated, Rotation::Rotated), "{rotated:?}");
    assert_eq!(port.get(session.id).await.expect("get"), Some(next));

    let late = following(&sample, &next, now.plus(61));
    let stale = port
        .rotate(session.active, &late, now.plus(61))
        .await
        .expect("rotate");
    assert!(
        matches!(stale, Rotation::Stale(found) if found == next),
        "{stale:?}"
    );
    let over = next.expires_at;
    let stale = port.rotate(next.active, &late, over).await.expect("rotate");
    assert!(
        matches!(stale, Rotation::Stale(found) if found == next),
        "a session that is over"
    );

    port.revoke(session.id).await.expect("revoke");
    port.revoke(session.id)
        .await
        .expect("revoking again is fine");
    let revoked = Session {
        revoked: true,
        ..next
    };
    assert_eq!(port.get(session.id).await.expect("get"), Some(revoked));
    let stale = port
        .rotate(next.active, &late, now.plus(62))
        .await
        .expect("rotate");
    assert!(
        matches!(stale, Rotation::Stale(found) if found == revoked),
        "{stale:?}"
    );
    rotations_race(port, &sample).await;
}

fn following(sample: &Sample, session: &Session, now: Timestamp) -> Session {
    Session {
        generation: session.generation + 1,
        nonce: sample.0.octets(),
        active: sample.digest(),
        parent: Some(session.active),
        rotated_at: now,
        ..*session
    }
}

/// Of many rotations of one token at once, one takes effect; the rest see it.
async fn rotations_race(port: &dyn Sessions, sample: &Sample) {
    let session = sample.session();
    port.open(&session).await.expect("open");
    let nexts: Vec<_> = (0..20)
        .map(|_| following(sample, &session, GOLDEN_NOW))
        .collect();
    let outcomes = join_all(
        nexts
            .iter()
            .map(|next| port.rotate(session.active, next, GOLDEN_NOW)),
    )
    .await;
    let winner = port
        .get(session.id)
        .await
        .expect("get")
        .expect("the session");
    let mut rotated = 0;
    for (outcome, next) in outcomes.into_iter().zip(&nexts) {
        match outcome.expect("rotate") {
            Rotation::Rotated => {
                rotated += 1;
                assert_eq!(*next, winner);
            }
            Rotation::Stale(found) => assert_eq!(found, winner),
            Rotation::Gone => unreachable!("the session is there"),
        }
    }
    assert_eq!(rotated, 1, "one rotation");
}
