//! Organisations: pages of members, places that change as they were seen, the count of active owners, settings.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use vault_domain::credential::Role;
use vault_domain::member::{After, MemberChange, Membership, OrgName, Person};
use vault_domain::ports::{Directory, NewOwner, Organisations, Settings, Settled};
use vault_domain::time::Timestamp;

use crate::builders;
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
        let settled = self
            .port
            .replace(&by, &seen, next, &builders::record())
            .await;
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
        org.port
            .replace(by, seen, next, &builders::record())
            .await
            .expect("replace")
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

    let nobody = Person::default();
    assert_eq!(replace(&by, &nobody, After::Gone).await, Settled::Stale);
    ends(org, &admin, &member).await;
    fallen_admins(org, sample, &member).await;
    assert_eq!(org.owners().await, 1, "owners are counted, nobody else");
}

/// Disabling, enabling, and the end of someone's sessions.
async fn ends(org: &Org<'_>, admin: &NewOwner, member: &NewOwner) {
    for (change, active, from) in [
        (MemberChange::Disable(Timestamp(9_000)), false, 9_000),
        (MemberChange::Enable, true, 9_000),
        (MemberChange::EndSessions(Timestamp(9_001)), true, 9_001),
    ] {
        assert_eq!(org.change(admin, member, change).await, Settled::Applied);
        let place = org.place(member).await.expect("a place");
        assert_eq!((place.active, place.sessions_from.0), (active, from));
    }
}

/// An admin who is none any more, or who may not come in, changes nothing.
async fn fallen_admins(org: &Org<'_>, sample: &Sample, member: &NewOwner) {
    let before = org.place(member).await;
    for fall in [
        MemberChange::Role(Role::Viewer),
        MemberChange::Disable(Timestamp(9_000)),
    ] {
        let admin = org.colleague(sample, Role::Admin).await;
        let by = org.place(&admin).await.expect("a place");
        assert_eq!(org.change(&org.owner, &admin, fall).await, Settled::Applied);
        let seen = org.person(member).await;
        let replaced = org
            .port
            .replace(&by, &seen, After::Gone, &builders::record())
            .await;
        assert_eq!(replaced.expect("replace"), Settled::Stale, "{fall:?}");
        let named = Settings {
            name: OrgName::parse("Taken over").ok(),
            ..Settings::default()
        };
        let settled = org
            .port
            .settle(&by, &named, &builders::record())
            .await
            .expect("settle");
        assert_eq!(settled, Settled::Stale, "{fall:?}");
    }
    assert_eq!(org.place(member).await, before, "nothing was changed");
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
    let left = org
        .port
        .replace(&by, &seen, After::Gone, &builders::record())
        .await;
    assert_eq!(left.expect("replace"), Settled::Applied, "by themselves");
    let after = org.person(&member).await;
    let orgs = after.account.expect("their account").orgs;
    assert_eq!(
        orgs,
        [member.organisation.id],
        "their own organisation stays"
    );
    assert_eq!(after.membership, None);
    let again = org
        .port
        .replace(&by, &seen, After::Gone, &builders::record())
        .await;
    assert_eq!(again.expect("replace"), Settled::Stale);
    // An account whose list is not as it was seen.
    let other = org.colleague(sample, Role::Viewer).await;
    let mut seen = org.person(&other).await;
    if let Some(account) = &mut seen.account {
        account.orgs.insert(0, sample.owner().organisation.id);
    }
    let by = org.place(&org.owner).await.expect("a place");
    let stale = org
        .port
        .replace(&by, &seen, After::Gone, &builders::record())
        .await;
    assert_eq!(stale.expect("replace"), Settled::Stale);
    assert!(org.place(&other).await.is_some(), "nothing was changed");
}

async fn settings(org: &Org<'_>, sample: &Sample) {
    let by = org.place(&org.owner).await.expect("a place");
    let settle = async |settings: Settings| {
        org.port
            .settle(&by, &settings, &builders::record())
            .await
            .expect("settle")
    };
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
    let made = org
        .port
        .settle(&stranger, &over(1), &builders::record())
        .await
        .expect("settle");
    assert_eq!(made, Settled::Stale, "nothing is made by it");
}

/// Of many owners who remove each other at once, one stays.
async fn removals_race(org: &Org<'_>, sample: &Sample) {
    let record = builders::record();
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
        .map(|(by, seen)| org.port.replace(by, seen, After::Gone, &record));
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
