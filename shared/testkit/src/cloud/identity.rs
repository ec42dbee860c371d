//! Users, budgets of attempts, login sessions, media tokens.

use std::cmp::Reverse;

use async_trait::async_trait;
use vault_domain::audit::Record;
use vault_domain::credential::{Email, PasswordHash, User};
use vault_domain::id::{OrgId, SessionId, UserId};
use vault_domain::member::{Account, Organisation, Person, Standing, Subject};
use vault_domain::ports::{
    Attempt, Change, Directory, Grants, Limits, Members, NewOwner, OwnerOutcome, Rotation,
    SESSIONS_LISTED, Sessions, Standings, StoreError, Stored, Users,
};
use vault_domain::time::Timestamp;
use vault_domain::token::{Digest, Grant, Session};

use super::{FakeCloud, State};

fn by_email(state: &State, email: &Email) -> Option<User> {
    state.users.values().find(|u| u.email == *email).cloned()
}

#[async_trait]
impl Users for FakeCloud {
    async fn by_email(&self, email: &Email) -> Stored<Option<User>> {
        self.call("users.by_email", |s| Ok(by_email(s, email)))
            .await
    }
    async fn by_id(&self, id: UserId) -> Stored<Option<User>> {
        self.call("users.by_id", |s| Ok(s.users.get(&id).cloned()))
            .await
    }
}

pub(super) fn person(state: &State, user: UserId, org: OrgId) -> Person {
    Person {
        account: state.accounts.get(&user).cloned(),
        membership: state.memberships.get(&(org, user)).copied(),
        organisation: state.organisations.get(&org).cloned(),
        groups: state.grouped.get(&(org, user)).cloned().unwrap_or_default(),
    }
}

pub(super) fn standing(state: &State, subject: &Subject, org: OrgId) -> Standing {
    let mut standing = Standing {
        spread: state.spread_rules.get(&org).copied(),
        ..Standing::default()
    };
    match subject {
        Subject::Person { user, session } => {
            standing.person = person(state, *user, org);
            standing.session = state.sessions.get(session).cloned();
        }
        Subject::ApiKey(id) => standing.client = state.clients.get(id).cloned(),
        Subject::Share { asset, share } => {
            standing.share = state.shares.get(&(*asset, *share)).cloned();
        }
        Subject::Support(staff) => standing.support = state.support_standing(staff, org),
    }
    standing
}

#[async_trait]
impl Members for FakeCloud {
    async fn account(&self, user: UserId) -> Stored<Option<Account>> {
        self.call("members.account", |s| Ok(s.accounts.get(&user).cloned()))
            .await
    }
    async fn organisation(&self, org: OrgId) -> Stored<Option<Organisation>> {
        let name = "members.organisation";
        self.call(name, |s| Ok(s.organisations.get(&org).cloned()))
            .await
    }
    async fn person(&self, user: UserId, org: OrgId) -> Stored<Person> {
        self.call("members.person", |s| Ok(person(s, user, org)))
            .await
    }
}

#[async_trait]
impl Standings for FakeCloud {
    async fn standing(&self, subject: &Subject, org: OrgId) -> Stored<Standing> {
        self.call("standings.standing", |s| Ok(standing(s, subject, org)))
            .await
    }
}

#[async_trait]
impl Directory for FakeCloud {
    async fn create_owner(&self, owner: &NewOwner) -> Stored<OwnerOutcome> {
        self.call("directory.create_owner", |s| {
            if by_email(s, &owner.user.email).is_some() {
                return Ok(OwnerOutcome::AddressTaken);
            }
            let (user, org) = (owner.user.id, owner.organisation.id);
            s.organisations.insert(org, owner.organisation.clone());
            s.users.insert(user, owner.user.clone());
            s.accounts.insert(user, owner.account.clone());
            let place = owner.membership;
            s.memberships.insert((place.org, place.user), place);
            Ok(OwnerOutcome::Created)
        })
        .await
    }
    async fn set_hash(
        &self,
        user: UserId,
        hash: &PasswordHash,
        sessions_from: Timestamp,
    ) -> Stored<()> {
        const NAME: &str = "directory.set_hash";
        self.call(NAME, |s| {
            let known = s.users.get_mut(&user).zip(s.accounts.get_mut(&user));
            let (known, account) = known.ok_or_else(|| StoreError::new(NAME, "no such user"))?;
            known.hash = hash.clone();
            account.sessions_from = sessions_from;
            Ok(())
        })
        .await
    }
}

#[async_trait]
impl Limits for FakeCloud {
    async fn take(&self, bucket: &str, limit: u32, expires_at: Timestamp) -> Stored<Attempt> {
        self.call("limits.take", |s| {
            let entry = s.limits.entry(bucket.to_owned());
            let (taken, _) = entry.or_insert((0, expires_at));
            if *taken >= limit {
                return Ok(Attempt::Exhausted);
            }
            *taken += 1;
            Ok(Attempt::Granted)
        })
        .await
    }
    async fn give_back(&self, bucket: &str) -> Stored<()> {
        self.call("limits.give_back", |s| {
            if let Some((taken, _)) = s.limits.get_mut(bucket) {
                *taken = taken.saturating_sub(1);
            }
            Ok(())
        })
        .await
    }
}

#[async_trait]
impl Sessions for FakeCloud {
    async fn open(&self, session: &Session, record: &Record) -> Stored<()> {
        const NAME: &str = "sessions.open";
        self.call(NAME, |s| match s.sessions.get(&session.id) {
            None => {
                s.sessions.insert(session.id, session.clone());
                s.audit.push(record.clone());
                Ok(())
            }
            Some(there) if there == session => Ok(()),
            Some(_) => Err(StoreError::new(NAME, "there is another record of this id")),
        })
        .await
    }
    async fn get(&self, id: SessionId) -> Stored<Option<Session>> {
        self.call("sessions.get", |s| Ok(s.sessions.get(&id).cloned()))
            .await
    }
    async fn rotate(&self, presented: Digest, next: &Session, now: Timestamp) -> Stored<Rotation> {
        self.call("sessions.rotate", |s| {
            let Some(session) = s.sessions.get_mut(&next.id) else {
                return Ok(Rotation::Gone);
            };
            let live = !session.revoked && now < session.expires_at;
            if session.active != presented || !live {
                return Ok(Rotation::Stale(Box::new(session.clone())));
            }
            *session = Session {
                generation: next.generation,
                nonce: next.nonce,
                active: next.active,
                parent: next.parent,
                rotated_at: next.rotated_at,
                ..session.clone()
            };
            Ok(Rotation::Rotated)
        })
        .await
    }
    async fn revoke(&self, id: SessionId, record: &Record) -> Stored<Change> {
        self.call("sessions.revoke", |s| {
            let session = s.sessions.get_mut(&id).filter(|session| !session.revoked);
            let Some(session) = session else {
                return Ok(Change::NotApplied);
            };
            session.revoked = true;
            s.audit.push(record.clone());
            Ok(Change::Applied)
        })
        .await
    }
    async fn list(&self, user: UserId, after: Option<&Session>) -> Stored<Vec<Session>> {
        let place = |session: &Session| Reverse((session.opened_at, session.id));
        self.call("sessions.list", |s| {
            let follows = |session: &&Session| after.is_none_or(|a| place(session) > place(a));
            let theirs = s.sessions.values().filter(|session| session.user == user);
            let mut theirs: Vec<_> = theirs.filter(follows).cloned().collect();
            theirs.sort_by_key(place);
            theirs.truncate(SESSIONS_LISTED);
            Ok(theirs)
        })
        .await
    }
    async fn reauthenticated(
        &self,
        id: SessionId,
        at: Timestamp,
        second_factor: bool,
    ) -> Stored<Change> {
        self.call("sessions.reauthenticated", |s| {
            let live = s
                .sessions
                .get_mut(&id)
                .filter(|session| session.is_live(at));
            let Some(session) = live else {
                return Ok(Change::NotApplied);
            };
            session.authenticated_at = at;
            session.second_factor |= second_factor;
            Ok(Change::Applied)
        })
        .await
    }
}

#[async_trait]
impl Grants for FakeCloud {
    async fn create(&self, grant: &Grant, record: &Record) -> Stored<()> {
        self.call("grants.create", |s| {
            s.grants.insert(grant.digest.0, grant.clone());
            s.audit.push(record.clone());
            Ok(())
        })
        .await
    }
    async fn grant(&self, digest: Digest) -> Stored<Option<Grant>> {
        self.call("grants.grant", |s| Ok(s.grants.get(&digest.0).cloned()))
            .await
    }
}
