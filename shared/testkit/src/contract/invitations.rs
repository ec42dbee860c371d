//! Invitations.

use futures_util::future::join_all;
use vault_domain::id::OrgId;
use vault_domain::member::Invitation;
use vault_domain::ports::{Change, Invitations};

use crate::entropy::SeedNote;
use crate::sample::Sample;

/// Invitations: every field reads back, a renewal follows the attempt before, a revocation leaves nothing.
pub async fn invitations_contract(port: &dyn Invitations, seed: u64) {
    let _note = SeedNote(seed);
    let sample = Sample::new(seed);
    let (owner, other) = (sample.owner(), sample.owner());
    let invitation = sample.invitation_of(&owner);
    let (org, id) = (invitation.org, invitation.id);
    let get = async |org: OrgId| port.get(org, id).await.expect("get");
    assert_eq!(get(org).await, None);
    port.create(&invitation).await.expect("create");
    assert_eq!(get(org).await.as_ref(), Some(&invitation));
    assert_eq!(get(other.organisation.id).await, None, "another tenant");

    let second = sample.invitation_of(&owner);
    for more in [&second, &sample.invitation_of(&other)] {
        port.create(more).await.expect("create");
    }
    let mut listed = port.list(org).await.expect("list");
    listed.sort_by_key(|invitation| invitation.id);
    let mut both = vec![invitation.clone(), second];
    both.sort_by_key(|invitation| invitation.id);
    assert_eq!(listed, both);

    let next = Invitation {
        attempt: 2,
        expires_at: invitation.expires_at.plus(60),
        ..invitation.clone()
    };
    let renewals = join_all((0..8).map(|extra| {
        let next = Invitation {
            expires_at: next.expires_at.plus(extra),
            ..next.clone()
        };
        async move { port.renew(&next).await.expect("renew") }
    }));
    let applied = renewals.await.into_iter();
    let applied = applied.filter(|change| *change == Change::Applied).count();
    assert_eq!(applied, 1, "one renewal of an attempt");
    let renewed = get(org).await.expect("the invitation");
    assert_eq!(renewed.attempt, 2);
    let skipped = Invitation {
        attempt: 4,
        ..renewed.clone()
    };
    let change = port.renew(&skipped).await.expect("renew");
    assert_eq!(change, Change::NotApplied, "not the attempt after");
    assert_eq!(get(org).await, Some(renewed.clone()));
}
