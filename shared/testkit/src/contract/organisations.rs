//! Organisations: pages of members, places that change as they were seen, the count of active owners, settings.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use vault_domain::credential::Role;
use vault_domain::id::InvitationId;
use vault_domain::member::{After, Invitation, MemberChange, Membership, OrgName, Person};
use vault_domain::ports::{Directory, MAX_REMOVED, NewOwner, Organisations, Settings, Settled};
use vault_domain::time::Timestamp;

use crate::entropy::SeedNote;
use crate::sample::Sample;

/// An organisation in the stores.
struct Org<'a> {
    port: &'a dyn Organisations,
    directory: &'a dyn Directory,
    owner: NewOwner,
}

impl Org<'_> {
    async fn person(&self, of: &NewOwner) -> Person {
        let read = self
            .directory
            .person(of.user.id, self.owner.organisation.id);
        read.await.expect("person")
    }
    async fn place(&self, of: &NewOwner) -> Option<Membership> {
        self.person(of).await.membership
    }
    async fn owners(&self) -> u32 {
        let organisation = self.person(&self.owner).await.organisation;
        organisation.expect("the organisation").owners
    }
    /// A member of a role, who has an organisation of their own beside this one.
    async fn colleague(&self, sample: &Sample, role: Role) -> NewOwner {
        let colleague = sample.colleague(&self.owner, role);
        let created = self.directory.create_owner(&colleague).await;
        created.expect("create_owner");
        colleague
    }
    /// `by` changes `of` as they are now.
    async fn change(&self, by: &NewOwner, of: &NewOwner, change: MemberChange) -> Settled {
        let by = self.place(by).await.expect("a place");
        let seen = self.person(of).await;
        let next = seen.membership.expect("a place").after(change);
        let settled = self.port.replace(&by, &seen, next).await;
        settled.expect("replace")
    }
}

/// Organisations: every change is as it was decided on or not at all, and there is always an active owner.
pub async fn organisations_contract(
    port: &dyn Organisations,
    directory: &dyn Directory,
    seed: u64,
) {
    let _note = SeedNote(seed);
    let sample = Sample::new(seed);
    let owner = sample.owner();
    directory.create_owner(&owner).await.expect("create_owner");
    let org = Org {
        port,
        directory,
        owner,
    };
    lists(&org, &sample).await;
    addresses(&org, &sample).await;
    places(&org, &sample).await;
    owners(&org, &sample).await;
    leavers(&org, &sample).await;
    settings(&org, &sample).await;
    invitations(&org, &sample).await;
    invitations_race(&org, &sample).await;
    removals_race(&org, &sample).await;
}

async fn lists(org: &Org<'_>, sample: &Sample) {
    let mut people = vec![org.owner.clone()];
    for role in [Role::Admin, Role::Editor, Role::Viewer, Role::Viewer] {
        people.push(org.colleague(sample, role).await);
    }
    for limit in [1, 2, 5, 100] {
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let id = org.owner.organisation.id;
            let page = org.port.members(id, after, limit).await.expect("members");
            assert!(page.members.len() <= limit as usize, "a page of {limit}");
            found.extend(page.members);
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        let ids: BTreeSet<_> = found.iter().map(|listed| listed.membership.user).collect();
        let expected: BTreeSet<_> = people.iter().map(|person| person.user.id).collect();
        assert_eq!((ids, found.len()), (expected, people.len()), "each once");
        for listed in found {
            let person = people.iter().find(|p| p.user.id == listed.membership.user);
            let person = person.expect("one of them");
            assert_eq!(listed.email.as_ref(), Some(&person.user.email));
            assert_eq!(Some(listed.membership), org.place(person).await);
            assert_eq!(listed.second_factor, person.account.second_factor);
        }
    }
    let nobody = sample.owner().organisation.id;
    let page = org.port.members(nobody, None, 10).await.expect("members");
    assert_eq!((page.members.len(), page.next), (0, None));
}

async fn addresses(org: &Org<'_>, sample: &Sample) {
    let id = org.owner.organisation.id;
    let find = async |email| org.port.by_address(id, email).await.expect("by_address");
    let found = find(&org.owner.user.email).await;
    assert_eq!(found, org.place(&org.owner).await);
    let elsewhere = sample.owner();
    assert_eq!(find(&elsewhere.user.email).await, None, "nobody's");
    let created = org.directory.create_owner(&elsewhere).await;
    created.expect("create_owner");
    assert_eq!(find(&elsewhere.user.email).await, None, "a stranger's");
}

/// A change takes effect on what was seen, by whoever still has their place.
async fn places(org: &Org<'_>, sample: &Sample) {
    let member = org.colleague(sample, Role::Viewer).await;
    let admin = org.colleague(sample, Role::Admin).await;
    let seen = org.person(&member).await;
    let place = seen.membership.expect("a place");
    let by = org.place(&admin).await.expect("a place");
    let replace = async |by: &Membership, seen: &Person, next: After| {
        org.port.replace(by, seen, next).await.expect("replace")
    };
    let editor = place.after(MemberChange::Role(Role::Editor));
    assert_eq!(replace(&by, &seen, editor).await, Settled::Applied);
    let raised = Membership {
        role: Role::Editor,
        ..place
    };
    assert_eq!(org.place(&member).await, Some(raised));
    assert_eq!(
        replace(&by, &seen, editor).await,
        Settled::Stale,
        "not as seen"
    );
    assert_eq!(replace(&by, &seen, After::Gone).await, Settled::Stale);
    assert_eq!(
        org.place(&member).await,
        Some(raised),
        "nothing was changed"
    );

    let disable = MemberChange::Disable(Timestamp(9_000));
    assert_eq!(org.change(&admin, &member, disable).await, Settled::Applied);
    let disabled = org.place(&member).await.expect("a place");
    assert_eq!((disabled.active, disabled.sessions_from.0), (false, 9_000));
    let enable = MemberChange::Enable;
    assert_eq!(org.change(&admin, &member, enable).await, Settled::Applied);
    let end = MemberChange::EndSessions(Timestamp(9_001));
    assert_eq!(org.change(&admin, &member, end).await, Settled::Applied);
    let ended = org.place(&member).await.expect("a place");
    assert_eq!((ended.active, ended.sessions_from.0), (true, 9_001));
    assert_eq!(
        replace(&by, &Person::default(), After::Gone).await,
        Settled::Stale
    );

    // An admin who is none any more, or who may not come in, changes nothing.
    for fall in [MemberChange::Role(Role::Viewer), disable] {
        let admin = org.colleague(sample, Role::Admin).await;
        let by = org.place(&admin).await.expect("a place");
        assert_eq!(org.change(&org.owner, &admin, fall).await, Settled::Applied);
        let seen = org.person(&member).await;
        let next = ended.after(MemberChange::Role(Role::Viewer));
        assert_eq!(replace(&by, &seen, next).await, Settled::Stale, "{fall:?}");
        let named = Settings {
            name: OrgName::parse("Taken over").ok(),
            ..Settings::default()
        };
        let settled = org.port.settle(&by, &named).await.expect("settle");
        assert_eq!(settled, Settled::Stale, "{fall:?}");
    }
    assert_eq!(org.place(&member).await, Some(ended), "nothing was changed");
    assert_eq!(org.owners().await, 1, "owners are counted, nobody else");
}

/// The count of active owners is exact and never becomes none.
async fn owners(org: &Org<'_>, sample: &Sample) {
    let second = org.colleague(sample, Role::Editor).await;
    let fallen = [
        MemberChange::Role(Role::Admin),
        MemberChange::Disable(Timestamp(10_000)),
        MemberChange::Remove,
    ];
    for fall in fallen {
        let before = org.person(&org.owner).await;
        let last = org.change(&org.owner, &org.owner, fall).await;
        assert_eq!(last, Settled::LastOwner, "{fall:?}");
        assert_eq!(org.person(&org.owner).await, before, "nothing was changed");
    }
    let raise = MemberChange::Role(Role::Owner);
    assert_eq!(
        org.change(&org.owner, &second, raise).await,
        Settled::Applied
    );
    assert_eq!(org.owners().await, 2);
    let [demote, disable, remove] = fallen;
    assert_eq!(org.change(&second, &second, demote).await, Settled::Applied);
    assert_eq!(org.owners().await, 1, "whoever steps back counts no more");
    assert_eq!(
        org.change(&org.owner, &second, raise).await,
        Settled::Applied
    );
    assert_eq!(
        org.change(&org.owner, &second, disable).await,
        Settled::Applied
    );
    assert_eq!(org.owners().await, 1, "a disabled owner does not count");
    let last = org.change(&org.owner, &org.owner, demote).await;
    assert_eq!(last, Settled::LastOwner, "a disabled owner is no help");
    let enable = MemberChange::Enable;
    assert_eq!(
        org.change(&org.owner, &second, enable).await,
        Settled::Applied
    );
    assert_eq!(org.owners().await, 2);
    assert_eq!(
        org.change(&org.owner, &second, remove).await,
        Settled::Applied
    );
    assert_eq!((org.owners().await, org.place(&second).await), (1, None));
}

/// Whoever belongs no more has the organisation no more in their account, and the others as before.
async fn leavers(org: &Org<'_>, sample: &Sample) {
    let member = org.colleague(sample, Role::Viewer).await;
    let seen = org.person(&member).await;
    let by = org.place(&member).await.expect("a place");
    let left = org.port.replace(&by, &seen, After::Gone).await;
    assert_eq!(left.expect("replace"), Settled::Applied, "by themselves");
    let after = org.person(&member).await;
    let orgs = after.account.expect("their account").orgs;
    assert_eq!(
        orgs,
        [member.organisation.id],
        "their own organisation stays"
    );
    assert_eq!(after.membership, None);
    let again = org.port.replace(&by, &seen, After::Gone).await;
    assert_eq!(again.expect("replace"), Settled::Stale);
    // An account whose list is not as it was seen.
    let other = org.colleague(sample, Role::Viewer).await;
    let mut seen = org.person(&other).await;
    if let Some(account) = &mut seen.account {
        account.orgs.insert(0, sample.owner().organisation.id);
    }
    let by = org.place(&org.owner).await.expect("a place");
    let stale = org.port.replace(&by, &seen, After::Gone).await;
    assert_eq!(stale.expect("replace"), Settled::Stale);
    assert!(org.place(&other).await.is_some(), "nothing was changed");
}

async fn settings(org: &Org<'_>, sample: &Sample) {
    let by = org.place(&org.owner).await.expect("a place");
    let settle = async |settings: Settings| org.port.settle(&by, &settings).await.expect("settle");
    let name = OrgName::parse("Another name").expect("a name");
    let named = Settings {
        name: Some(name.clone()),
        ..Settings::default()
    };
    assert_eq!(settle(named.clone()).await, Settled::Applied);
    assert_eq!(settle(named).await, Settled::Applied, "again");
    let strict = Settings {
        require_second_factor: Some(true),
        ..Settings::default()
    };
    assert_eq!(settle(strict).await, Settled::Applied);
    let over = |from| Settings {
        sessions_from: Some(Timestamp(from)),
        ..Settings::default()
    };
    assert_eq!(settle(over(20_000)).await, Settled::Applied);
    assert_eq!(settle(over(19_000)).await, Settled::Stale, "they stay over");
    let found = org.person(&org.owner).await.organisation;
    let found = found.expect("the organisation");
    assert_eq!(
        (
            &found.name,
            found.require_second_factor,
            found.sessions_from.0,
            found.owners
        ),
        (&name, true, 20_000, 1)
    );
    let stranger = sample.owner().membership;
    let made = org.port.settle(&stranger, &over(1)).await.expect("settle");
    assert_eq!(made, Settled::Stale, "nothing is made by it");
}

/// An invitation is stored on the invitations that were read, in the place of some of them.
async fn invitations(org: &Org<'_>, sample: &Sample) {
    let id = org.owner.organisation.id;
    let by = org.place(&org.owner).await.expect("a place");
    let invited = async || org.port.invited(id).await.expect("invited");
    let invite = async |version, invitation: &Invitation, instead: &[InvitationId]| {
        let settled = org.port.invite(&by, version, invitation, instead).await;
        settled.expect("invite")
    };
    let nothing = invited().await;
    assert_eq!((nothing.version, nothing.invitations.len()), (0, 0));
    let first = sample.invitation_of(&org.owner);
    assert_eq!(invite(0, &first, &[]).await, Settled::Applied);
    let seen = invited().await;
    assert_eq!(seen.invitations, [first.clone()], "all fields read back");
    let second = sample.invitation_of(&org.owner);
    assert_eq!(
        invite(0, &second, &[]).await,
        Settled::Stale,
        "one came between"
    );
    let missing = [second.id];
    assert_eq!(
        invite(seen.version, &second, &missing).await,
        Settled::Stale
    );
    let stranger = sample.owner().membership;
    let settled = org.port.invite(&stranger, seen.version, &second, &[]).await;
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
    assert_eq!(invited().await.invitations, [second], "in its place");

    let mut old = vec![invited().await.invitations.remove(0).id];
    while old.len() < MAX_REMOVED {
        let one = sample.invitation_of(&org.owner);
        let version = invited().await.version;
        assert_eq!(invite(version, &one, &[]).await, Settled::Applied);
        old.push(one.id);
    }
    let seen = invited().await;
    assert_eq!(seen.invitations.len(), MAX_REMOVED);
    let last = sample.invitation_of(&org.owner);
    assert_eq!(invite(seen.version, &last, &old).await, Settled::Applied);
    assert_eq!(
        invited().await.invitations,
        [last],
        "in the place of as many"
    );
}

/// Of many invitations at once that were decided on by the same ones, one is stored.
async fn invitations_race(org: &Org<'_>, sample: &Sample) {
    let id = org.owner.organisation.id;
    let by = org.place(&org.owner).await.expect("a place");
    let seen = org.port.invited(id).await.expect("invited");
    let all: Vec<_> = (0..20).map(|_| sample.invitation_of(&org.owner)).collect();
    let invites = all
        .iter()
        .map(|one| org.port.invite(&by, seen.version, one, &[]));
    let outcomes = join_all(invites).await;
    let stored = outcomes.into_iter().map(|outcome| outcome.expect("invite"));
    assert_eq!(stored.filter(|o| *o == Settled::Applied).count(), 1);
    let after = org.port.invited(id).await.expect("invited");
    assert_eq!(after.invitations.len(), seen.invitations.len() + 1);
}

/// Of many owners who remove each other at once, one stays.
async fn removals_race(org: &Org<'_>, sample: &Sample) {
    let mut owners = vec![org.owner.clone()];
    for _ in 0..4 {
        let other = org.colleague(sample, Role::Admin).await;
        let raise = MemberChange::Role(Role::Owner);
        assert_eq!(
            org.change(&org.owner, &other, raise).await,
            Settled::Applied
        );
        owners.push(other);
    }
    let mut duels = Vec::new();
    for by in &owners {
        for of in owners.iter().filter(|of| of.user.id != by.user.id) {
            duels.push((org.place(by).await.expect("a place"), org.person(of).await));
        }
    }
    let fights = duels
        .iter()
        .map(|(by, seen)| org.port.replace(by, seen, After::Gone));
    let outcomes = join_all(fights).await;
    let removed = outcomes.into_iter().map(|o| o.expect("replace"));
    let removed = removed.filter(|o| *o == Settled::Applied).count();
    let mut left = 0;
    for owner in &owners {
        if org.place(owner).await.is_some() {
            left += 1;
        }
    }
    assert_eq!(left + removed, 5, "each removal is one fewer");
    let any = org.directory.organisation(org.owner.organisation.id).await;
    let counted = any.expect("organisation").expect("it is there").owners;
    assert_eq!(usize::try_from(counted), Ok(left), "the count is exact");
    assert!(left >= 1, "there is always an owner");
}
