//! The directory, budgets of attempts, login sessions.

use futures_util::future::join_all;
use vault_domain::credential::{Role, User};
use vault_domain::member::{Organisation, Person, Standing};
use vault_domain::ports::{
    Attempt, Change, Directory, Limits, NewOwner, OwnerOutcome, Rotation, Sessions, Standings,
};
use vault_domain::time::Timestamp;
use vault_domain::token::Session;

use crate::builders;
use crate::clock::GOLDEN_NOW;
use crate::crypto::FakeHasher;
use crate::entropy::SeedNote;
use crate::sample::{FAR_AHEAD, Sample};

/// The directory: all or nothing, one owner an address, a hash that can be replaced.
pub async fn directory_contract(port: &dyn Directory, seed: u64) {
    let _note = SeedNote(seed);
    let sample = Sample::new(seed);
    let owner = sample.owner();
    assert_eq!(stored(port, &owner).await, (None, None, Person::default()));
    assert_eq!(by_email(port, &owner).await, None);

    let created = port.create_owner(&owner).await.expect("create_owner");
    assert_eq!(created, OwnerOutcome::Created);
    assert_eq!(
        stored(port, &owner).await,
        whole(&owner),
        "all fields read back"
    );
    let user = Some(owner.user.clone());
    assert_eq!(by_email(port, &owner).await, user);
    let account = port.account(owner.user.id).await.expect("account");
    assert_eq!(account.as_ref(), Some(&owner.account));

    let mut usurper = sample.owner();
    usurper.user.email = owner.user.email.clone();
    let taken = port.create_owner(&usurper).await.expect("create_owner");
    assert_eq!(taken, OwnerOutcome::AddressTaken);
    let nothing = (None, None, Person::default());
    assert_eq!(stored(port, &usurper).await, nothing, "nothing was stored");
    assert_eq!(
        by_email(port, &owner).await,
        user,
        "the first stays as it was"
    );

    let hash = FakeHasher::hash_of("another passphrase");
    let (id, from) = (owner.user.id, owner.account.sessions_from.plus(60));
    port.set_hash(id, &hash, from).await.expect("set_hash");
    let mut renewed = owner;
    renewed.user.hash = hash.clone();
    renewed.account.sessions_from = from;
    assert_eq!(stored(port, &renewed).await, whole(&renewed));
    assert_eq!(by_email(port, &renewed).await, Some(renewed.user.clone()));

    let stranger = sample.owner();
    let none = port.set_hash(stranger.user.id, &hash, from).await;
    assert!(none.is_err(), "no user is made by a hash");
    assert_eq!(
        stored(port, &stranger).await,
        (None, None, Person::default())
    );
    owners_race(port, &sample).await;
}

type Everything = (Option<User>, Option<Organisation>, Person);

async fn stored(port: &dyn Directory, owner: &NewOwner) -> Everything {
    let (user, org) = (owner.user.id, owner.organisation.id);
    (
        port.by_id(user).await.expect("by_id"),
        port.organisation(org).await.expect("organisation"),
        port.person(user, org).await.expect("person"),
    )
}

fn whole(owner: &NewOwner) -> Everything {
    let person = Person {
        account: Some(owner.account.clone()),
        membership: Some(owner.membership),
        organisation: Some(owner.organisation.clone()),
        groups: Vec::new(),
    };
    (
        Some(owner.user.clone()),
        Some(owner.organisation.clone()),
        person,
    )
}

async fn by_email(port: &dyn Directory, owner: &NewOwner) -> Option<User> {
    port.by_email(&owner.user.email).await.expect("by_email")
}

/// Of many owners of one address at once, one is created.
async fn owners_race(port: &dyn Directory, sample: &Sample) {
    let email = sample.owner().user.email;
    let owners: Vec<NewOwner> = (0..8)
        .map(|_| {
            let mut owner = sample.owner();
            owner.user.email = email.clone();
            owner
        })
        .collect();
    let outcomes = join_all(owners.iter().map(|o| port.create_owner(o))).await;
    let outcomes: Vec<_> = outcomes
        .into_iter()
        .map(|o| o.expect("create_owner"))
        .collect();
    let created = outcomes
        .iter()
        .filter(|o| **o == OwnerOutcome::Created)
        .count();
    assert_eq!(created, 1, "one owner an address: {outcomes:?}");
    let winner = by_email(port, &owners[0]).await.expect("the winner");
    let at = outcomes.iter().position(|o| *o == OwnerOutcome::Created);
    assert_eq!(at.map(|at| owners[at].user.id), Some(winner.id));
}

/// Standing: one read gives account, place and login session, each if it is there, as they are at that moment.
pub async fn standings_contract(
    port: &dyn Standings,
    directory: &dyn Directory,
    sessions: &dyn Sessions,
    seed: u64,
) {
    let _note = SeedNote(seed);
    let sample = Sample::new(seed);
    let owner = sample.owner();
    let session = sample.session_of(&owner);
    let (subject, org) = (session.subject(), session.org);
    let read = async || port.standing(&subject, org).await.expect("standing");
    assert_eq!(read().await, Standing::default());
    directory.create_owner(&owner).await.expect("create_owner");
    assert_eq!(read().await.person, whole(&owner).2);
    assert_eq!(
        read().await.role(&subject, org, GOLDEN_NOW),
        None,
        "without a session"
    );
    sessions
        .open(&session, &builders::record())
        .await
        .expect("open");
    assert_eq!(read().await.session.as_ref(), Some(&session));
    assert_eq!(
        read().await.role(&subject, org, GOLDEN_NOW),
        Some(Role::Owner)
    );
    let elsewhere = sample.owner().organisation.id;
    let other = port.standing(&subject, elsewhere).await.expect("standing");
    assert_eq!(
        other.role(&subject, elsewhere, GOLDEN_NOW),
        None,
        "of another tenant"
    );
    assert_eq!(read().await.role(&subject, elsewhere, GOLDEN_NOW), None);

    let hash = FakeHasher::hash_of("another passphrase");
    let from = session.opened_at.plus(1);
    directory
        .set_hash(owner.user.id, &hash, from)
        .await
        .expect("set_hash");
    assert_eq!(
        read().await.role(&subject, org, GOLDEN_NOW),
        None,
        "a new password"
    );

    let later = Session {
        opened_at: from,
        ..sample.session_of(&owner)
    };
    sessions
        .open(&later, &builders::record())
        .await
        .expect("open");
    let (subject, org) = (later.subject(), later.org);
    let read = async || port.standing(&subject, org).await.expect("standing");
    assert_eq!(
        read().await.role(&subject, org, GOLDEN_NOW),
        Some(Role::Owner)
    );
    sessions
        .revoke(later.id, &builders::record())
        .await
        .expect("revoke");
    assert_eq!(
        read().await.role(&subject, org, GOLDEN_NOW),
        None,
        "a revoked session"
    );
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

    port.open(&session, &builders::record())
        .await
        .expect("open");
    assert_eq!(
        port.get(session.id).await.expect("get"),
        Some(session.clone())
    );

    let next = following(&sample, &session, now.plus(60));
    let rotated = port
        .rotate(session.active, &next, now.plus(60))
        .await
        .expect("rotate");
    assert!(matches!(rotated, Rotation::Rotated), "{rotated:?}");
    assert_eq!(port.get(session.id).await.expect("get"), Some(next.clone()));

    let late = following(&sample, &next, now.plus(61));
    let stale = port
        .rotate(session.active, &late, now.plus(61))
        .await
        .expect("rotate");
    assert!(
        matches!(&stale, Rotation::Stale(found) if **found == next),
        "{stale:?}"
    );
    let over = next.expires_at;
    let stale = port.rotate(next.active, &late, over).await.expect("rotate");
    assert!(
        matches!(&stale, Rotation::Stale(found) if **found == next),
        "a session that is over"
    );

    let end = async |id| {
        let ended = port.revoke(id, &builders::record()).await;
        ended.expect("revoke")
    };
    assert_eq!(
        end(sample.session().id).await,
        Change::NotApplied,
        "nobody's"
    );
    assert_eq!(end(session.id).await, Change::Applied);
    assert_eq!(end(session.id).await, Change::NotApplied, "once");
    let revoked = Session {
        revoked: true,
        ..next.clone()
    };
    assert_eq!(
        port.get(session.id).await.expect("get"),
        Some(revoked.clone())
    );
    let stale = port
        .rotate(next.active, &late, now.plus(62))
        .await
        .expect("rotate");
    assert!(
        matches!(&stale, Rotation::Stale(found) if **found == revoked),
        "{stale:?}"
    );
    rotations_race(port, &sample).await;
    of_a_person(port, &sample).await;
}

/// A person's sessions are listed, nobody else's; only a live one is authenticated again.
async fn of_a_person(port: &dyn Sessions, sample: &Sample) {
    let first = sample.session();
    let mut theirs = vec![first.clone()];
    theirs.extend((0..3).map(|_| Session {
        user: first.user,
        ..sample.session()
    }));
    for session in theirs.iter().chain([&sample.session()]) {
        port.open(session, &builders::record()).await.expect("open");
    }
    let mut listed = port.list(first.user, None).await.expect("list");
    for (place, session) in listed.iter().enumerate() {
        let rest = port.list(first.user, Some(session)).await;
        assert_eq!(rest.expect("list"), listed[place + 1..], "what follows");
    }
    listed.sort_by_key(|session| session.id);
    theirs.sort_by_key(|session| session.id);
    assert_eq!(listed, theirs);
    let nobody = sample.session();
    assert_eq!(port.list(nobody.user, None).await.expect("list"), vec![]);

    let again = async |id, at| {
        let done = port.reauthenticated(id, at, true).await;
        done.expect("reauthenticated")
    };
    let at = first.opened_at.plus(60);
    assert_eq!(again(first.id, at).await, Change::Applied);
    let found = port.get(first.id).await.expect("get");
    let found = found.map(|s| (s.authenticated_at, s.second_factor));
    assert_eq!(found, Some((at, true)));
    let other = theirs.iter().find(|session| session.id != first.id);
    let other = other.expect("four sessions");
    let plain = port.reauthenticated(other.id, at, false).await;
    assert_eq!(plain.expect("reauthenticated"), Change::Applied);
    let found = port.get(other.id).await.expect("get");
    let found = found.map(|s| (s.authenticated_at, s.second_factor));
    assert_eq!(found, Some((at, other.second_factor)));
    assert_eq!(again(nobody.id, at).await, Change::NotApplied);
    assert_eq!(port.get(nobody.id).await.expect("get"), None);
    assert_eq!(again(first.id, first.expires_at).await, Change::NotApplied);
    port.revoke(first.id, &builders::record())
        .await
        .expect("revoke");
    assert_eq!(again(first.id, at).await, Change::NotApplied);
}

fn following(sample: &Sample, session: &Session, now: Timestamp) -> Session {
    Session {
        generation: session.generation + 1,
        nonce: sample.0.octets(),
        active: sample.digest(),
        parent: Some(session.active),
        rotated_at: now,
        ..session.clone()
    }
}

/// Of many rotations of one token at once, one takes effect; the rest see it.
async fn rotations_race(port: &dyn Sessions, sample: &Sample) {
    let session = sample.session();
    port.open(&session, &builders::record())
        .await
        .expect("open");
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
            Rotation::Stale(found) => assert_eq!(*found, winner),
            Rotation::Gone => unreachable!("the session is there"),
        }
    }
    assert_eq!(rotated, 1, "one rotation");
}
