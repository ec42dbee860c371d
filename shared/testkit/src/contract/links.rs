//! One-time links and what they do: once, and only what they are for.

use futures_util::future::join_all;
use vault_domain::credential::{Role, User};
use vault_domain::id::UserId;
use vault_domain::link::{Link, Purpose};
use vault_domain::member::{Account, Invitation, Membership, Person};
use vault_domain::ports::{
    Change, Directory, Invitations, Joiner, Joining, Links, NewOwner, Recovery, Reset,
};
use vault_domain::token::Digest;

use crate::builders;
use crate::clock::GOLDEN_NOW;
use crate::crypto::FakeHasher;
use crate::entropy::SeedNote;
use crate::sample::{FAR_AHEAD, Sample};

/// Stores that links are about.
#[derive(Clone, Copy)]
pub struct LinkStores<'a> {
    /// Keeps links.
    pub links: &'a dyn Links,
    /// Does what they are for.
    pub recovery: &'a dyn Recovery,
    /// Keeps invitations.
    pub invitations: &'a dyn Invitations,
    /// Takes people and organisations.
    pub directory: &'a dyn Directory,
}

impl LinkStores<'_> {
    async fn owner(self, sample: &Sample) -> NewOwner {
        let owner = sample.owner();
        let created = self.directory.create_owner(&owner).await;
        created.expect("create_owner");
        owner
    }

    async fn put(self, sample: &Sample, purpose: Purpose) -> Digest {
        let digest = sample.digest();
        let link = Link {
            purpose,
            expires_at: FAR_AHEAD,
        };
        let put = self.links.put(digest, &link).await.expect("put");
        assert_eq!(put, Change::Applied);
        assert_eq!(self.get(digest).await, Some(link));
        digest
    }

    async fn get(self, digest: Digest) -> Option<Link> {
        self.links.get(digest, GOLDEN_NOW).await.expect("get")
    }

    async fn user(self, id: UserId) -> User {
        self.directory
            .by_id(id)
            .await
            .expect("by_id")
            .expect("a user")
    }

    async fn person(self, place: &Membership) -> Person {
        let person = self.directory.person(place.user, place.org).await;
        person.expect("person")
    }
}

/// Links: kept once, gone when they end, and for a reset the newest alone.
pub async fn links_contract(stores: LinkStores<'_>, seed: u64) {
    let _note = SeedNote(seed);
    let sample = Sample::new(seed);
    let user = sample.owner().user;
    let reset = || Purpose::Reset {
        user: user.id,
        email: user.email.clone(),
    };
    assert_eq!(stores.get(sample.digest()).await, None);
    let first = stores.put(&sample, reset()).await;
    let verify = Purpose::Verify {
        user: user.id,
        email: user.email.clone(),
    };
    stores.put(&sample, verify).await;
    let second = stores.put(&sample, reset()).await;
    assert_eq!(stores.get(first).await, None, "a newer one is there");
    let again = Link {
        purpose: reset(),
        expires_at: FAR_AHEAD,
    };
    let put = stores.links.put(first, &again).await.expect("put");
    assert_eq!(put, Change::NotApplied, "a copy of an order");
    assert!(stores.get(second).await.is_some(), "and it changes nothing");
    let over = stores.links.get(second, FAR_AHEAD).await.expect("get");
    assert_eq!(over, None, "its end");
}

/// What links do: a reset, a verification, an acceptance; each once, and none without its link.
pub async fn recovery_contract(stores: LinkStores<'_>, seed: u64) {
    let _note = SeedNote(seed);
    let sample = Sample::new(seed);
    resets(stores, &sample).await;
    verifications(stores, &sample).await;
    newcomers(stores, &sample).await;
    colleagues(stores, &sample).await;
}

async fn resets(stores: LinkStores<'_>, sample: &Sample) {
    let owner = stores.owner(sample).await;
    let (id, email) = (owner.user.id, owner.user.email.clone());
    let purpose = || Purpose::Reset {
        user: id,
        email: email.clone(),
    };
    let reset = |number: u64| Reset {
        user: id,
        email: email.clone(),
        hash: FakeHasher::hash_of(&format!("passphrase {number}")),
        sessions_from: GOLDEN_NOW.plus(number),
    };
    let apply = async |link, reset: Reset, now| {
        let done = stores
            .recovery
            .reset(link, &reset, now, &[builders::record()])
            .await;
        done.expect("reset")
    };
    let none = apply(sample.digest(), reset(1), GOLDEN_NOW).await;
    assert_eq!(none, Change::NotApplied, "an unknown link");
    let older = stores.put(sample, purpose()).await;
    let link = stores.put(sample, purpose()).await;
    let elsewhere = Reset {
        email: sample.owner().user.email,
        ..reset(1)
    };
    for (link, reset, now, why) in [
        (older, reset(1), GOLDEN_NOW, "a newer link"),
        (link, reset(1), FAR_AHEAD, "a link that is over"),
        (link, elsewhere, GOLDEN_NOW, "another address by now"),
    ] {
        let done = apply(link, reset, now).await;
        assert_eq!(done, Change::NotApplied, "{why}");
        assert_eq!(stores.user(id).await, owner.user, "{why}");
    }
    let tries = join_all((0..20).map(|number| apply(link, reset(number), GOLDEN_NOW)));
    let tries = tries.await;
    let applied: Vec<u64> = (0..)
        .zip(&tries)
        .filter(|(_, done)| **done == Change::Applied)
        .map(|(number, _)| number)
        .collect();
    let [winner] = applied[..] else {
        unreachable!("one use of a link: {applied:?}")
    };
    let wanted = reset(winner);
    assert_eq!(stores.user(id).await.hash, wanted.hash);
    let account = stores.person(&owner.membership).await.account;
    assert_eq!(account.map(|a| a.sessions_from), Some(wanted.sessions_from));
    assert_eq!(stores.get(link).await, None, "used up");
}

async fn verifications(stores: LinkStores<'_>, sample: &Sample) {
    let mut owner = sample.owner();
    owner.user.verified = false;
    let created = stores.directory.create_owner(&owner).await;
    created.expect("create_owner");
    let (id, email) = (owner.user.id, owner.user.email.clone());
    let purpose = Purpose::Verify {
        user: id,
        email: email.clone(),
    };
    let link = stores.put(sample, purpose).await;
    let verify = async |address| {
        let done = stores.recovery.verify(link, id, address, GOLDEN_NOW).await;
        done.expect("verify")
    };
    let other = sample.owner().user.email;
    assert_eq!(verify(&other).await, Change::NotApplied);
    assert!(!stores.user(id).await.verified);
    assert_eq!(verify(&email).await, Change::Applied);
    assert!(stores.user(id).await.verified);
    assert_eq!(verify(&email).await, Change::NotApplied, "used up");
}

async fn invited(stores: LinkStores<'_>, sample: &Sample, invitation: &Invitation) -> Digest {
    let created = stores.invitations.create(invitation).await;
    created.expect("invitations.create");
    let purpose = Purpose::Invitation {
        org: invitation.org,
        invitation: invitation.id,
        attempt: invitation.attempt,
    };
    stores.put(sample, purpose).await
}

fn place(invitation: &Invitation, user: UserId) -> Membership {
    Membership {
        org: invitation.org,
        user,
        role: invitation.role,
        active: true,
        since: GOLDEN_NOW,
        sessions_from: GOLDEN_NOW,
    }
}

async fn newcomers(stores: LinkStores<'_>, sample: &Sample) {
    let owner = stores.owner(sample).await;
    let invitation = Invitation {
        role: Role::Owner,
        ..sample.invitation_of(&owner)
    };
    let link = invited(stores, sample, &invitation).await;
    let joinings: Vec<Joining> = (0..20)
        .map(|_| {
            let made = sample.owner();
            let user = User {
                email: invitation.email.clone(),
                ..made.user
            };
            let account = Account {
                orgs: vec![invitation.org],
                ..made.account
            };
            Joining {
                membership: place(&invitation, user.id),
                joiner: Joiner::New(user, account),
                invitation: invitation.clone(),
            }
        })
        .collect();
    let late = Joining {
        invitation: Invitation {
            attempt: 2,
            ..invitation.clone()
        },
        ..joinings[0].clone()
    };
    let join = async |joining: &Joining| {
        let done = stores
            .recovery
            .join(link, joining, GOLDEN_NOW, &[builders::record()])
            .await;
        done.expect("join")
    };
    assert_eq!(join(&late).await, Change::NotApplied, "another attempt");
    let outcomes = join_all(joinings.iter().map(join)).await;
    let mut winners = joinings.iter().zip(&outcomes);
    let winners: Vec<_> = winners
        .by_ref()
        .filter(|(_, done)| **done == Change::Applied)
        .collect();
    assert_eq!(winners.len(), 1, "one use of a link: {outcomes:?}");
    let joined = winners[0].0;
    let found = stores.directory.by_email(&invitation.email).await;
    let found = found.expect("by_email").expect("the newcomer");
    assert_eq!(found.id, joined.membership.user);
    let person = stores.person(&joined.membership).await;
    assert_eq!(person.membership, Some(joined.membership));
    assert_eq!(person.account.expect("an account").orgs, [invitation.org]);
    let organisation = person.organisation.expect("the organisation");
    assert_eq!(organisation.owners, owner.organisation.owners + 1);
    let left = stores.invitations.get(invitation.org, invitation.id).await;
    assert_eq!(left.expect("get"), None, "the invitation is gone");
}

async fn colleagues(stores: LinkStores<'_>, sample: &Sample) {
    let (host, guest) = (stores.owner(sample).await, stores.owner(sample).await);
    let invitation = Invitation {
        email: guest.user.email.clone(),
        ..sample.invitation_of(&host)
    };
    let link = invited(stores, sample, &invitation).await;
    let joining = Joining {
        membership: place(&invitation, guest.user.id),
        joiner: Joiner::Known(guest.user.id),
        invitation: invitation.clone(),
    };
    let join = async |link, joining: &Joining| {
        let done = stores
            .recovery
            .join(link, joining, GOLDEN_NOW, &[builders::record()])
            .await;
        done.expect("join")
    };
    assert_eq!(join(link, &joining).await, Change::Applied);
    let person = stores.person(&joining.membership).await;
    assert_eq!(person.membership, Some(joining.membership));
    let orgs = person.account.map(|account| account.orgs);
    let both = vec![guest.organisation.id, host.organisation.id];
    assert_eq!(orgs, Some(both));
    assert_eq!(person.organisation, Some(host.organisation.clone()));
    assert_eq!(stores.user(guest.user.id).await, guest.user);

    let second = Invitation {
        email: guest.user.email.clone(),
        ..sample.invitation_of(&host)
    };
    let link = invited(stores, sample, &second).await;
    let again = Joining {
        invitation: second,
        ..joining
    };
    let done = join(link, &again).await;
    assert_eq!(done, Change::NotApplied, "a place is there already");
}
