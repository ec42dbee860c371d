//! Two owners who remove each other; many who invite at once.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use vault_domain::credential::{Email, Role};
use vault_domain::error::Refusal;
use vault_domain::id::UserId;
use vault_domain::member::{MemberChange, Person};
use vault_domain::ports::{Directory, MAX_INVITATIONS, NewOwner, Sessions, Settled};
use vault_domain::token::{Caller, Session};
use vault_domain::usecase::organisation::{
    Deps, INVITATIONS_PER_HOUR, Invite, Wish, change, invite,
};

use super::{RUNNERS, Way, together};
use crate::builders;
use crate::entropy::SeedNote;
use crate::sample::Sample;

/// Fifty times each of two owners removes the other, at once: one of a hundred succeeds, and one owner is left.
pub async fn race_removals(
    deps: Arc<Deps>,
    directory: &dyn Directory,
    sessions: &dyn Sessions,
    seed: u64,
    way: Way,
) {
    let _note = SeedNote(seed);
    let sample = Sample::new(seed);
    let first = sample.owner();
    directory.create_owner(&first).await.expect("create_owner");
    let second = second_owner(&deps, directory, &first, &sample).await;
    let org = first.organisation.id;
    let mut callers = Vec::new();
    for owner in [&first, &second] {
        let session = Session {
            org,
            ..sample.session_of(owner)
        };
        callers.push(signed_in(&deps, sessions, session).await);
    }
    let others = [second.user.id, first.user.id];
    let runners = (0..RUNNERS)
        .map(|number| removing(Arc::clone(&deps), callers[number % 2], others[number % 2]));
    let removed = together(way, runners.collect()).await;
    assert_eq!(
        removed.into_iter().filter(|done| *done).count(),
        1,
        "one removal"
    );
    let mut left = Vec::new();
    for owner in [&first, &second] {
        let person: Person = directory.person(owner.user.id, org).await.expect("person");
        assert_eq!(person.organisation.expect("it is there").owners, 1);
        left.extend(person.membership);
    }
    assert_eq!(left.len(), 1, "one owner is left");
}

fn removing(deps: Arc<Deps>, caller: Caller, other: UserId) -> BoxFuture<'static, bool> {
    Box::pin(async move {
        match change(&deps, &builders::ask_of(caller), other, Wish::Remove).await {
            Ok(_) => true,
            // They are gone already, or the caller is.
            Err(
                Refusal::NotFound(_)
                | Refusal::InvalidToken { .. }
                | Refusal::Conflict(_)
                | Refusal::Unavailable(_),
            ) => false,
            Err(other) => unreachable!("a removal came to {other:?}"),
        }
    })
}

async fn second_owner(
    deps: &Deps,
    directory: &dyn Directory,
    first: &NewOwner,
    sample: &Sample,
) -> NewOwner {
    let second = sample.colleague(first, Role::Admin);
    directory.create_owner(&second).await.expect("create_owner");
    let org = first.organisation.id;
    let seen = directory.person(second.user.id, org).await.expect("person");
    let place = seen.membership.expect("a place");
    let raise = place.after(MemberChange::Role(Role::Owner));
    let record = builders::record();
    let settled = deps
        .organisations
        .replace(&first.membership, &seen, raise, &record);
    assert_eq!(settled.await.expect("replace"), Settled::Applied);
    second
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

/// A hundred invite, half of them the same address, when there is room for one more: one invites. As many as the
/// organisation's budget of an hour allows come as far as that.
pub async fn race_invitations(
    deps: Arc<Deps>,
    directory: &dyn Directory,
    sessions: &dyn Sessions,
    seed: u64,
    way: Way,
) {
    let _note = SeedNote(seed);
    let sample = Sample::new(seed);
    let owner = sample.owner();
    directory.create_owner(&owner).await.expect("create_owner");
    let org = owner.organisation.id;
    let caller = signed_in(&deps, sessions, sample.session_of(&owner)).await;
    fill(&deps, &owner, &sample).await;
    let same = sample.owner().user.email;
    let runners = (0..RUNNERS).map(|number| {
        let email = if number % 2 == 0 {
            same.clone()
        } else {
            sample.owner().user.email
        };
        inviting(Arc::clone(&deps), caller, email)
    });
    let outcomes = together(way, runners.collect()).await;
    let counted = outcomes.iter().filter(|outcome| outcome.is_some()).count();
    assert_eq!(
        u32::try_from(counted),
        Ok(INVITATIONS_PER_HOUR),
        "the budget is exact"
    );
    assert!(outcomes.contains(&Some(true)), "there was room for one");
    let after = deps.organisations.invited(org).await.expect("invited");
    assert_eq!(after.invitations.len(), MAX_INVITATIONS, "exactly");
    let open = after.invitations.iter().filter(|i| i.email == same).count();
    assert!(open <= 1, "one open invitation of an address");
}

/// Leaves room for one more invitation.
async fn fill(deps: &Deps, owner: &NewOwner, sample: &Sample) {
    for _ in 1..MAX_INVITATIONS {
        let org = owner.organisation.id;
        let before = deps.organisations.invited(org).await.expect("invited");
        let invitation = sample.invitation_of(owner);
        let (by, record) = (&owner.membership, builders::record());
        let stored = deps
            .organisations
            .invite(by, before.version, &invitation, &[], &record);
        assert_eq!(stored.await.expect("invite"), Settled::Applied);
    }
}

/// Was the address invited; nothing if the budget was used up.
fn inviting(deps: Arc<Deps>, caller: Caller, email: Email) -> BoxFuture<'static, Option<bool>> {
    let wish = Invite {
        email,
        role: Role::Viewer,
        idempotency: None,
    };
    Box::pin(async move {
        match invite(&deps, &builders::ask_of(caller), &wish).await {
            Ok(_) => Some(true),
            Err(Refusal::LimitReached(_) | Refusal::Unavailable(_)) => Some(false),
            Err(Refusal::Throttled { .. }) => None,
            Err(other) => unreachable!("an invitation came to {other:?}"),
        }
    })
}
