//! Many who let support in at once, and an end against staff who come in.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use vault_domain::audit::Record;
use vault_domain::error::Refusal;
use vault_domain::id::{OrgId, RecordId, SupportId, UserId};
use vault_domain::ports::{
    Change, Directory, MAX_SUPPORT, NewOwner, Sessions, Settled, SupportEntries, SupportGrants,
};
use vault_domain::support::{SupportGrant, SupportLevel, SupportPurpose, SupportSeconds};
use vault_domain::token::{Caller, Session};
use vault_domain::usecase::organisation::{Deps, NewSupport, grant_support};

use super::{RUNNERS, Way, together};
use crate::builders;
use crate::entropy::SeedNote;
use crate::sample::Sample;
use crate::support::support_grant;

/// A hundred let support in at once where nothing is granted: never more than [`MAX_SUPPORT`] stand, and when it is quiet
/// exactly as many as can.
pub async fn race_support(
    deps: Arc<Deps>,
    (directory, sessions): (&dyn Directory, &dyn Sessions),
    seed: u64,
    way: Way,
) {
    let _note = SeedNote(seed);
    let sample = Sample::new(seed);
    let owner = sample.owner();
    directory.create_owner(&owner).await.expect("create_owner");
    let caller = signed_in(&deps, sessions, sample.session_of(&owner)).await;
    let runners = (0..RUNNERS).map(|_| granting(Arc::clone(&deps), caller));
    let made = together(way, runners.collect()).await;
    let made = made.into_iter().filter(|made| *made).count();
    let org = owner.organisation.id;
    assert_eq!(
        stand(&*deps.supports, org).await,
        made,
        "what is told stands"
    );
    assert!((1..=MAX_SUPPORT).contains(&made), "{made} were made");
    for _ in made..MAX_SUPPORT {
        assert!(granting(Arc::clone(&deps), caller).await, "there was room");
    }
    assert!(!granting(Arc::clone(&deps), caller).await, "there is none");
    assert_eq!(stand(&*deps.supports, org).await, MAX_SUPPORT, "exactly");
}

async fn stand(supports: &dyn SupportGrants, org: OrgId) -> usize {
    let granted = supports.granted(org).await.expect("granted");
    granted.grants.len()
}

fn granting(deps: Arc<Deps>, caller: Caller) -> BoxFuture<'static, bool> {
    let new = NewSupport {
        purpose: SupportPurpose::parse("A race").expect("a purpose"),
        level: SupportLevel::Look,
        lifetime: SupportSeconds::parse(3_600).expect("an hour"),
        idempotency: None,
    };
    Box::pin(async move {
        match grant_support(&deps, &builders::ask_of(caller), &new).await {
            Ok(_) => true,
            Err(Refusal::LimitReached(_) | Refusal::Unavailable(_)) => false,
            Err(other) => unreachable!("a grant came to {other:?}"),
        }
    })
}

async fn signed_in(deps: &Deps, sessions: &dyn Sessions, session: Session) -> Caller {
    let now = deps.clock.now();
    let session = Session {
        opened_at: now,
        authenticated_at: now,
        rotated_at: now,
        ..session
    };
    sessions
        .open(&session, &builders::record())
        .await
        .expect("sessions.open");
    Caller {
        subject: session.subject(),
        org: session.org,
        ..builders::caller()
    }
}

/// Half a hundred come in while as many end it: it is ended once, those who came are those who were told so, and after the
/// end nobody comes.
pub async fn race_ends(
    (supports, entries): (Arc<dyn SupportGrants>, Arc<dyn SupportEntries>),
    directory: &dyn Directory,
    seed: u64,
    way: Way,
) {
    let _note = SeedNote(seed);
    let sample = Sample::new(seed);
    let owner: NewOwner = sample.owner();
    directory.create_owner(&owner).await.expect("create_owner");
    let grant = SupportGrant {
        id: sample.id(SupportId::from_octets),
        org: owner.organisation.id,
        granted_by: owner.user.id,
        ..support_grant()
    };
    let by = owner.membership;
    let made = supports.grant(&by, 0, &grant, &[], &record(&sample)).await;
    assert_eq!(made.expect("grant"), Settled::Applied);
    let mut runners: Vec<BoxFuture<'static, Option<UserId>>> = Vec::new();
    let mut staff = Vec::new();
    for number in 0..RUNNERS {
        let (record, org, id) = (record(&sample), grant.org, grant.id);
        if number % 2 == 0 {
            let (entries, user) = (Arc::clone(&entries), sample.id(UserId::from_octets));
            staff.push(user);
            runners.push(Box::pin(async move {
                let entered = entries.enter(org, id, user, &record).await;
                (entered.expect("enter") == Change::Applied).then_some(user)
            }));
        } else {
            let supports = Arc::clone(&supports);
            let owner = by.user;
            runners.push(Box::pin(async move {
                let ended = supports.end(&by, id, &record).await;
                (ended.expect("end") == Settled::Applied).then_some(owner)
            }));
        }
    }
    let outcomes: Vec<_> = together(way, runners).await.into_iter().flatten().collect();
    let ends = outcomes.iter().filter(|user| **user == by.user).count();
    assert_eq!(ends, 1, "it is ended once");
    let mut came: Vec<_> = outcomes
        .into_iter()
        .filter(|user| *user != by.user)
        .collect();
    came.sort_unstable();
    let found = entries.support(grant.org, grant.id).await.expect("support");
    let found = found.expect("it is there");
    assert!(found.ended_at.is_some());
    assert_eq!(
        found.used_by, came,
        "those who were let in, and nobody else"
    );
    let record = record(&sample);
    let late = entries.enter(grant.org, grant.id, staff[0], &record);
    assert_eq!(late.await.expect("enter"), Change::NotApplied);
}

fn record(sample: &Sample) -> Record {
    Record {
        id: sample.id(RecordId::from_octets),
        ..builders::record()
    }
}
