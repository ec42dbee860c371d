//! What is granted to support: stored on what was read of all of it, ended for good, and where staff stand by it.

use std::sync::Arc;

use futures_util::future::join_all;
use vault_domain::audit::Record;
use vault_domain::credential::Role;
use vault_domain::id::{OrgId, SupportId, UserId};
use vault_domain::member::{Membership, Subject};
use vault_domain::ports::{
    Change, Directory, Granted, NewOwner, SUPPORT_REMOVED, Sessions, Settled, Standings,
    SupportEntries, SupportGrants,
};
use vault_domain::support::{Staff, SupportGrant};
use vault_domain::time::Timestamp;
use vault_domain::token::Session;

use crate::builders;
use crate::clock::GOLDEN_NOW;
use crate::entropy::SeedNote;
use crate::sample::{FAR_AHEAD, Sample};
use crate::support::support_grant;

/// Standings, read with this organisation as the operator's.
pub type StandingsOf<'a> = &'a (dyn Fn(OrgId) -> Arc<dyn Standings> + Send + Sync);

/// The stores that support is about.
#[derive(Clone, Copy)]
pub struct SupportStores<'a> {
    /// What is granted, as it is managed.
    pub supports: &'a dyn SupportGrants,
    /// What is granted, as staff come by it.
    pub entries: &'a dyn SupportEntries,
    /// Takes people.
    pub directory: &'a dyn Directory,
    /// Takes login sessions.
    pub sessions: &'a dyn Sessions,
    /// Tells where subjects stand.
    pub standings: StandingsOf<'a>,
}

/// An owner, a member of the operator's staff, and what is granted.
struct World<'a> {
    stores: SupportStores<'a>,
    sample: Sample,
    owner: NewOwner,
    operator: NewOwner,
}

/// What is granted to support.
pub async fn support_contract(stores: SupportStores<'_>, seed: u64) {
    let _note = SeedNote(seed);
    let sample = Sample::new(seed);
    let (owner, operator) = (sample.owner(), sample.owner());
    for owner in [&owner, &operator] {
        let made = stores.directory.create_owner(owner).await;
        made.expect("create_owner");
    }
    let world = World {
        stores,
        sample,
        owner,
        operator,
    };
    world.grants().await;
    world.entries().await;
    world.addresses().await;
    world.race().await;
    world.standing().await;
}

fn at(now: Timestamp) -> Record {
    Record {
        at: now,
        ..builders::record()
    }
}

impl World<'_> {
    fn new_grant(&self) -> SupportGrant {
        SupportGrant {
            id: self.sample.id(SupportId::from_octets),
            org: self.owner.organisation.id,
            to: self.operator.organisation.id,
            granted_by: self.owner.user.id,
            expires_at: FAR_AHEAD,
            ..support_grant()
        }
    }

    async fn granted(&self) -> Granted {
        let org = self.owner.organisation.id;
        self.stores.supports.granted(org).await.expect("granted")
    }

    async fn grant(&self, version: u64, grant: &SupportGrant, instead: &[SupportId]) -> Settled {
        let (by, record) = (&self.owner.membership, builders::record());
        let supports = self.stores.supports;
        let settled = supports.grant(by, version, grant, instead, &record).await;
        settled.expect("grant")
    }

    async fn granted_now(&self) -> SupportGrant {
        let grant = self.new_grant();
        let version = self.granted().await.version;
        assert_eq!(self.grant(version, &grant, &[]).await, Settled::Applied);
        grant
    }

    /// A grant is stored on those that were read, in the place of some of them, and ended once.
    async fn grants(&self) {
        assert_eq!(self.granted().await, Granted::default());
        let first = self.new_grant();
        assert_eq!(self.grant(0, &first, &[]).await, Settled::Applied);
        let seen = self.granted().await;
        assert_eq!(
            seen.grants,
            std::slice::from_ref(&first),
            "all fields read back"
        );
        let second = self.new_grant();
        assert_eq!(
            self.grant(0, &second, &[]).await,
            Settled::Stale,
            "one came between"
        );
        let missing = [self.new_grant().id];
        assert_eq!(
            self.grant(seen.version, &second, &missing).await,
            Settled::Stale
        );
        assert_eq!(
            self.grant(seen.version, &first, &[]).await,
            Settled::Stale,
            "its id is taken"
        );
        let (supports, record) = (self.stores.supports, builders::record());
        let stranger = Membership {
            org: self.owner.organisation.id,
            ..self.sample.owner().membership
        };
        for by in [
            stranger,
            Membership {
                role: Role::Admin,
                ..self.owner.membership
            },
        ] {
            let settled = supports
                .grant(&by, seen.version, &second, &[], &record)
                .await;
            assert_eq!(
                settled.expect("grant"),
                Settled::Stale,
                "not theirs to grant"
            );
            let settled = supports.end(&by, first.id, &record).await;
            assert_eq!(settled.expect("end"), Settled::Stale, "not theirs to end");
        }
        assert_eq!(self.granted().await, seen, "nothing was changed");
        assert_eq!(
            self.grant(seen.version, &second, &[first.id]).await,
            Settled::Applied
        );
        assert_eq!(
            self.granted().await.grants,
            std::slice::from_ref(&second),
            "in its place"
        );
        for wanted in [Settled::Applied, Settled::Stale] {
            let (by, record) = (&self.owner.membership, at(GOLDEN_NOW.plus(7)));
            let ended = supports.end(by, second.id, &record).await;
            assert_eq!(ended.expect("end"), wanted, "once");
        }
        let ended = self.granted().await.grants.remove(0);
        assert_eq!(ended.ended_at, Some(GOLDEN_NOW.plus(7)));
        assert_eq!(
            SupportGrant {
                ended_at: None,
                ..ended
            },
            second
        );
        let unknown = supports
            .end(&self.owner.membership, first.id, &record)
            .await;
        assert_eq!(
            unknown.expect("end"),
            Settled::Stale,
            "nothing is made by an end"
        );
        let mut old = vec![second.id];
        while old.len() < SUPPORT_REMOVED {
            old.push(self.granted_now().await.id);
        }
        let version = self.granted().await.version;
        let last = self.new_grant();
        assert_eq!(self.grant(version, &last, &old).await, Settled::Applied);
        assert_eq!(
            self.granted().await.grants,
            [last],
            "in the place of as many"
        );
    }

    /// Whoever comes is noted once, while it stands.
    async fn entries(&self) {
        let (entries, grant) = (self.stores.entries, self.granted_now().await);
        let (org, id) = (grant.org, grant.id);
        let found = async || entries.support(org, id).await.expect("support");
        assert_eq!(found().await, Some(grant.clone()));
        let foreign = entries.support(self.operator.organisation.id, id).await;
        assert_eq!(foreign.expect("support"), None, "another organisation's");
        let mut staff: Vec<_> = (0..3)
            .map(|_| self.sample.id(UserId::from_octets))
            .collect();
        let enter = async |user, now| {
            let entered = entries.enter(org, id, user, &at(now)).await;
            entered.expect("enter")
        };
        for user in staff.iter().chain(&staff) {
            assert_eq!(enter(*user, GOLDEN_NOW).await, Change::Applied);
        }
        staff.sort_unstable();
        assert_eq!(
            found().await.map(|grant| grant.used_by),
            Some(staff.clone())
        );
        assert_eq!(
            enter(staff[0], grant.expires_at).await,
            Change::NotApplied,
            "it is over"
        );
        let (by, record) = (&self.owner.membership, builders::record());
        let ended = self.stores.supports.end(by, id, &record).await;
        assert_eq!(ended.expect("end"), Settled::Applied);
        assert_eq!(
            enter(staff[0], GOLDEN_NOW).await,
            Change::NotApplied,
            "it was ended"
        );
        let unknown = entries
            .enter(org, self.new_grant().id, staff[0], &record)
            .await;
        assert_eq!(unknown.expect("enter"), Change::NotApplied, "there is none");
    }

    /// Addresses are told of those who are there.
    async fn addresses(&self) {
        let nobody = self.sample.id(UserId::from_octets);
        let (user, supports) = (&self.operator.user, self.stores.supports);
        let told = supports.addresses(&[nobody, user.id]).await;
        assert_eq!(told.expect("addresses"), [(user.id, user.email.clone())]);
        assert_eq!(supports.addresses(&[]).await.expect("addresses"), []);
        let many: Vec<_> = (0..150)
            .map(|_| self.sample.id(UserId::from_octets))
            .collect();
        assert_eq!(supports.addresses(&many).await.expect("addresses"), []);
    }

    /// Of many grants at once that were decided on by the same ones, one is stored.
    async fn race(&self) {
        let seen = self.granted().await;
        let all: Vec<_> = (0..20).map(|_| self.new_grant()).collect();
        let grants = all.iter().map(|one| self.grant(seen.version, one, &[]));
        let stored = join_all(grants).await;
        assert_eq!(stored.iter().filter(|o| **o == Settled::Applied).count(), 1);
        assert_eq!(self.granted().await.grants.len(), seen.grants.len() + 1);
    }

    /// All that decides is in the one read: what is granted, the staff, their session, and whoever granted it.
    async fn standing(&self) {
        let grant = self.granted_now().await;
        let session = Session {
            second_factor: true,
            ..self.sample.session_of(&self.operator)
        };
        let sessions = self.stores.sessions;
        sessions
            .open(&session, &builders::record())
            .await
            .expect("sessions.open");
        let staff = Staff {
            user: self.operator.user.id,
            session: session.id,
            support: grant.id,
            granted_by: grant.granted_by,
        };
        let operator = self.operator.organisation.id;
        let stands = async |of: OrgId, staff: Staff, org: OrgId| {
            let (subject, standings) = (Subject::Support(staff), (self.stores.standings)(of));
            let standing = standings.standing(&subject, org).await.expect("standing");
            let own = standing.person.membership.is_none() && standing.session.is_none();
            assert!(
                own && standing.client.is_none(),
                "nobody of the organisation"
            );
            let role = standing.role(&subject, org, GOLDEN_NOW);
            assert!(role.is_none_or(|role| role == Role::Viewer));
            role.is_some()
        };
        assert!(stands(operator, staff, grant.org).await);
        assert!(
            !stands(grant.org, staff, grant.org).await,
            "another operator"
        );
        assert!(
            !stands(operator, staff, operator).await,
            "another organisation's"
        );
        let other = |change: fn(&mut Staff, &Sample)| {
            let mut other = staff;
            change(&mut other, &self.sample);
            other
        };
        for other in [
            other(|staff, sample| staff.user = sample.id(UserId::from_octets)),
            other(|staff, sample| staff.session = sample.session().id),
            other(|staff, sample| staff.support = sample.id(SupportId::from_octets)),
            other(|staff, sample| staff.granted_by = sample.id(UserId::from_octets)),
        ] {
            assert!(!stands(operator, other, grant.org).await, "{other}");
        }
        self.own_staff().await;
        let (by, record) = (&self.owner.membership, builders::record());
        let ended = self.stores.supports.end(by, grant.id, &record).await;
        assert_eq!(ended.expect("end"), Settled::Applied);
        assert!(!stands(operator, staff, grant.org).await, "it was ended");
        sessions
            .revoke(session.id, &builders::record())
            .await
            .expect("revoke");
    }

    /// Whoever is owner and staff in one is not asked for twice.
    async fn own_staff(&self) {
        let (home, user) = (&self.operator.organisation.id, self.operator.user.id);
        let grant = SupportGrant {
            id: self.sample.id(SupportId::from_octets),
            org: *home,
            granted_by: user,
            ..self.new_grant()
        };
        let (by, record) = (&self.operator.membership, builders::record());
        let made = self
            .stores
            .supports
            .grant(by, 0, &grant, &[], &record)
            .await;
        assert_eq!(made.expect("grant"), Settled::Applied);
        let session = Session {
            second_factor: true,
            ..self.sample.session_of(&self.operator)
        };
        let opened = self
            .stores
            .sessions
            .open(&session, &builders::record())
            .await;
        opened.expect("sessions.open");
        let subject = Subject::Support(Staff {
            user,
            session: session.id,
            support: grant.id,
            granted_by: user,
        });
        let standings = (self.stores.standings)(*home);
        let standing = standings.standing(&subject, *home).await.expect("standing");
        assert_eq!(
            standing.role(&subject, *home, GOLDEN_NOW),
            Some(Role::Viewer)
        );
    }
}
