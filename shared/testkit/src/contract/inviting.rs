//! Inviting: an invitation is stored on what was read of all of them.

use futures_util::future::join_all;
use vault_domain::id::InvitationId;
use vault_domain::member::Invitation;
use vault_domain::ports::{Change, Directory, MAX_REMOVED, NewOwner, Organisations, Settled};

use crate::builders;
use crate::entropy::SeedNote;
use crate::sample::Sample;

/// Inviting: what was true of all invitations when they were read is true when one is stored.
pub async fn inviting_contract(port: &dyn Organisations, directory: &dyn Directory, seed: u64) {
    let _note = SeedNote(seed);
    let sample = Sample::new(seed);
    let owner = sample.owner();
    directory.create_owner(&owner).await.expect("create_owner");
    invitations(port, &owner, &sample).await;
    invitations_race(port, &owner, &sample).await;
}

/// An invitation is stored on the invitations that were read, in the place of some of them.
async fn invitations(port: &dyn Organisations, owner: &NewOwner, sample: &Sample) {
    let (id, by) = (owner.organisation.id, &owner.membership);
    let invited = async || port.invited(id).await.expect("invited");
    let invite = async |version, invitation: &Invitation, instead: &[InvitationId]| {
        let settled = port
            .invite(by, version, invitation, instead, &builders::record())
            .await;
        settled.expect("invite")
    };
    let nothing = invited().await;
    assert_eq!((nothing.version, nothing.invitations.len()), (0, 0));
    let first = sample.invitation_of(owner);
    assert_eq!(invite(0, &first, &[]).await, Settled::Applied);
    let seen = invited().await;
    assert_eq!(
        seen.invitations.first(),
        Some(&first),
        "all fields read back"
    );
    let second = sample.invitation_of(owner);
    assert_eq!(
        invite(0, &second, &[]).await,
        Settled::Stale,
        "one came between"
    );
    let missing = [sample.invitation_of(owner).id];
    assert_eq!(
        invite(seen.version, &second, &missing).await,
        Settled::Stale
    );
    let stranger = sample.owner().membership;
    let settled = port
        .invite(&stranger, seen.version, &second, &[], &builders::record())
        .await;
    assert_eq!(
        settled.expect("invite"),
        Settled::Stale,
        "by nobody of ours"
    );
    assert_eq!(invited().await, seen, "nothing was changed");
    let instead = [first.id];
    assert_eq!(
        invite(seen.version, &second, &instead).await,
        Settled::Applied
    );
    assert_eq!(
        invited().await.invitations,
        std::slice::from_ref(&second),
        "in its place"
    );

    let (org, id) = (second.org, second.id);
    for change in [Change::Applied, Change::NotApplied] {
        let taken = port.uninvite(org, id, &builders::record()).await;
        assert_eq!(taken.expect("uninvite"), change);
        assert_eq!(invited().await.invitations, []);
    }
    assert_eq!(
        invite(invited().await.version, &second, &[]).await,
        Settled::Applied
    );
    let mut old = vec![invited().await.invitations.remove(0).id];
    while old.len() < MAX_REMOVED {
        let one = sample.invitation_of(owner);
        let version = invited().await.version;
        assert_eq!(invite(version, &one, &[]).await, Settled::Applied);
        old.push(one.id);
    }
    let seen = invited().await;
    assert_eq!(seen.invitations.len(), MAX_REMOVED);
    let last = sample.invitation_of(owner);
    assert_eq!(invite(seen.version, &last, &old).await, Settled::Applied);
    assert_eq!(
        invited().await.invitations,
        [last],
        "in the place of as many"
    );
}

/// Of many invitations at once that were decided on by the same ones, one is stored.
async fn invitations_race(port: &dyn Organisations, owner: &NewOwner, sample: &Sample) {
    let record = builders::record();
    let (id, by) = (owner.organisation.id, &owner.membership);
    let seen = port.invited(id).await.expect("invited");
    let all: Vec<_> = (0..20).map(|_| sample.invitation_of(owner)).collect();
    let invites = all
        .iter()
        .map(|one| port.invite(by, seen.version, one, &[], &record));
    let outcomes = join_all(invites).await;
    let stored = outcomes.into_iter().map(|outcome| outcome.expect("invite"));
    assert_eq!(stored.filter(|o| *o == Settled::Applied).count(), 1);
    let after = port.invited(id).await.expect("invited");
    assert_eq!(after.invitations.len(), seen.invitations.len() + 1);
}
