//! Erasures of accounts: a person is gone with all that is stored of them, or is there as before.

use vault_domain::audit::Record;
use vault_domain::credential::Role;
use vault_domain::factor::FactorSet;
use vault_domain::id::OrgId;
use vault_domain::member::{Account, Membership, Person};
use vault_domain::ports::{
    AccountErasures, Change, Directory, Factors, NewOwner, Sessions, Settled,
};
use vault_domain::token::Session;

use crate::builders;
use crate::entropy::SeedNote;
use crate::sample::Sample;

/// The stores in which people are.
#[derive(Clone, Copy)]
pub struct ErasureStores<'a> {
    /// What is tested.
    pub erasures: &'a dyn AccountErasures,
    /// Users and members.
    pub directory: &'a dyn Directory,
    /// Second factors.
    pub factors: &'a dyn Factors,
    /// Login sessions.
    pub sessions: &'a dyn Sessions,
}

/// Erasures of accounts: all of it or nothing, never the last owner, never someone who belongs elsewhere too.
pub async fn erasures_contract(stores: ErasureStores<'_>, seed: u64) {
    let _note = SeedNote(seed);
    let sample = Sample::new(seed);
    let owner = sample.owner();
    let created = stores.directory.create_owner(&owner).await;
    created.expect("create_owner");
    let org = owner.organisation.id;
    let last = Guest {
        stores,
        org,
        who: &owner,
        session: sample.session_of(&owner),
    };
    last.stays(Settled::LastOwner).await;

    let elsewhere = sample.colleague(&owner, Role::Viewer);
    let created = stores.directory.create_owner(&elsewhere).await;
    created.expect("create_owner");
    let session = sample.session_of(&elsewhere);
    Guest {
        stores,
        org,
        who: &elsewhere,
        session,
    }
    .stays(Settled::Stale)
    .await;

    let colleague = sample.colleague(&owner, Role::Viewer);
    let here_alone = NewOwner {
        account: Account {
            orgs: vec![org],
            ..colleague.account.clone()
        },
        ..colleague
    };
    let created = stores.directory.create_owner(&here_alone).await;
    created.expect("create_owner");
    let session = sample.session_of(&here_alone);
    Guest {
        stores,
        org,
        who: &here_alone,
        session,
    }
    .goes()
    .await;
}

/// Someone in an organisation, with a session and a set of factors.
struct Guest<'a> {
    stores: ErasureStores<'a>,
    org: OrgId,
    who: &'a NewOwner,
    session: Session,
}

impl Guest<'_> {
    async fn person(&self) -> Person {
        let read = self.stores.directory.person(self.who.user.id, self.org);
        read.await.expect("person")
    }
    async fn open(&self) {
        let opened = self
            .stores
            .sessions
            .open(&self.session, &builders::record())
            .await;
        opened.expect("sessions.open");
        let none = FactorSet::none(self.who.user.id);
        let stored = self.stores.factors.replace(&none, &none, &[]).await;
        assert_eq!(stored.expect("factors.replace"), Change::Applied);
    }
    async fn erase(&self, seen: &Person) -> Settled {
        let record = Record {
            org: self.org,
            ..builders::record()
        };
        let (erasures, user) = (self.stores.erasures, &self.who.user);
        let erased = erasures.erase(seen, user, self.session.id, &record).await;
        erased.expect("erase")
    }
    /// All that is stored of them, in the order of the ports.
    async fn stored(&self) -> [bool; 5] {
        let (directory, user) = (self.stores.directory, &self.who.user);
        let set = self.stores.factors.of(user.id).await.expect("factors.of");
        let session = self.stores.sessions.get(self.session.id).await;
        [
            directory
                .by_email(&user.email)
                .await
                .expect("by_email")
                .is_some(),
            directory.by_id(user.id).await.expect("by_id").is_some(),
            directory.account(user.id).await.expect("account").is_some(),
            set.version > 0,
            session.expect("sessions.get").is_some(),
        ]
    }
    async fn stays(&self, settled: Settled) {
        self.open().await;
        let seen = self.person().await;
        assert_eq!(self.erase(&seen).await, settled);
        assert_eq!(self.person().await, seen, "nothing was changed");
        assert_eq!(self.stored().await, [true; 5]);
    }
    async fn goes(&self) {
        self.open().await;
        let seen = self.person().await;
        let moved = Person {
            membership: seen.membership.map(|place| Membership {
                role: Role::Admin,
                ..place
            }),
            ..seen.clone()
        };
        assert_eq!(self.erase(&moved).await, Settled::Stale, "not as seen");
        assert_eq!(self.stored().await, [true; 5]);
        assert_eq!(self.erase(&seen).await, Settled::Applied);
        assert_eq!(self.stored().await, [false; 5]);
        let after = self.person().await;
        assert_eq!((after.account, after.membership), (None, None));
        assert_eq!(after.organisation, seen.organisation);
        assert_eq!(self.erase(&seen).await, Settled::Stale);
        let (erasures, id) = (self.stores.erasures, self.session.id);
        erasures.forget_session(id).await.expect("again");
    }
}
