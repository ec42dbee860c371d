//! Users, budgets of attempts, login sessions, media tokens.

use async_trait::async_trait;
use vault_domain::credential::{Email, PasswordHash, User};
use vault_domain::id::{SessionId, UserId};
use vault_domain::ports::{
    Attempt, Directory, Grants, Limits, OwnerOutcome, Rotation, Sessions, StoreError, Stored, Users,
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

#[async_trait]
impl Directory for FakeCloud {
    async fn create_owner(&self, organisation: &str, owner: &User) -> Stored<OwnerOutcome> {
        self.call("directory.create_owner", |s| {
            if by_email(s, &owner.email).is_some() {
                return Ok(OwnerOutcome::AddressTaken);
            }
            s.organisations.insert(owner.org, organisation.to_owned());
            s.users.insert(owner.id, owner.clone());
            Ok(OwnerOutcome::Created)
        })
        .await
    }
    async fn set_hash(&self, user: UserId, hash: &PasswordHash, at: Timestamp) -> Stored<()> {
        const NAME: &str = "directory.set_hash";
        self.call(NAME, |s| {
            let known = s.users.get_mut(&user);
            let known = known.ok_or_else(|| StoreError::new(NAME, "no such user"))?;
            (known.hash, known.hash_set_at) = (hash.clone(), at);
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
    async fn open(&self, session: &Session) -> Stored<()> {
        self.call("sessions.open", |s| {
            s.sessions.insert(session.id, *session);
            Ok(())
        })
        .await
    }
    async fn get(&self, id: SessionId) -> Stored<Option<Session>> {
        self.call("sessions.get", |s| Ok(s.sessions.get(&id).copied()))
            .await
    }
    async fn rotate(&self, presented: Digest, next: &Session, now: Timestamp) -> Stored<Rotation> {
        self.call("sessions.rotate", |s| {
            let Some(session) = s.sessions.get_mut(&next.id) else {
                return Ok(Rotation::Gone);
            };
            let live = !session.revoked && now < session.expires_at;
            if session.active != presented || !live {
                return Ok(Rotation::Stale(*session));
            }
            *session = Session {
                generation: next.generation,
                nonce: next.nonce,
                active: next.active,
                parent: next.parent,
                rotated_at: next.rotated_at,
                ..*session
            };
            Ok(Rotation::Rotated)
        })
        .await
    }
    async fn revoke(&self, id: SessionId) -> Stored<()> {
        self.call("sessions.revoke", |s| {
            if let Some(session) = s.sessions.get_mut(&id) {
                session.revoked = true;
            }
            Ok(())
        })
        .await
    }
}

#[async_trait]
impl Grants for FakeCloud {
    async fn create(&self, grant: &Grant) -> Stored<()> {
        self.call("grants.create", |s| {
            s.grants.insert(grant.digest.0, *grant);
            Ok(())
        })
        .await
    }
}
