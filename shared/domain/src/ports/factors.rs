//! Ports of what people keep in their own account: second factors, passwords, and the ceremonies of passkeys.

use async_trait::async_trait;

use super::{Change, Stored};
use crate::audit::Record;
use crate::credential::PasswordHash;
use crate::factor::FactorSet;
use crate::id::{SessionId, UserId};
use crate::secret::SecretText;
use crate::time::Timestamp;
use crate::token::{Digest, LoginChallenge};

/// Second factors.
#[async_trait]
pub trait Factors: Send + Sync {
    /// A person's factors, by a consistent read; none is a set too.
    async fn of(&self, user: UserId) -> Stored<FactorSet>;
    /// Stores `next`, one version up, if what is stored is still what was `read`. Whether the account has a second
    /// factor is changed with it, and it is recorded: all or nothing.
    async fn replace(
        &self,
        read: &FactorSet,
        next: &FactorSet,
        records: &[Record],
    ) -> Stored<Change>;
}

/// What a person changes of their own account.
#[async_trait]
pub trait Accounts: Send + Sync {
    /// Replaces a hash by one of the same password, if it is still the one that was `checked`. Ends no session.
    async fn upgrade_hash(
        &self,
        user: UserId,
        checked: &PasswordHash,
        next: &PasswordHash,
    ) -> Stored<Change>;
    /// Replaces the hash by one of another password, if it is still the one that was `checked`, ends the sessions
    /// opened before `sessions_from`, and records it: all or nothing.
    async fn change_hash(
        &self,
        user: UserId,
        (checked, next): (&PasswordHash, &PasswordHash),
        sessions_from: Timestamp,
        records: &[Record],
    ) -> Stored<Change>;
    /// Ends the sessions opened before `from` and records it, both or neither; never gives an ended one back.
    async fn end_sessions(
        &self,
        user: UserId,
        from: Timestamp,
        records: &[Record],
    ) -> Stored<Change>;
}

/// What a ceremony with a passkey is for; an answer is good for nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To sign in with it alone.
    SignIn,
    /// To prove a second factor for this session, open or not.
    Proof(SessionId),
    /// To add it to the account, by this session, open or not.
    Registration(SessionId),
}

/// A ceremony under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ceremony {
    /// SHA-256 of its challenge.
    pub digest: Digest,
    /// What it is for.
    pub purpose: Purpose,
    /// When it is over.
    pub expires_at: Timestamp,
}

/// Ceremonies under way: each is answered once.
#[async_trait]
pub trait Ceremonies: Send + Sync {
    /// Stores a new one.
    async fn begin(&self, ceremony: &Ceremony) -> Stored<()>;
    /// Takes one away; nobody gets it twice. It may be over: see `expires_at`.
    async fn take(&self, digest: Digest) -> Stored<Option<Ceremony>>;
}

/// Makes and checks what stands between password and second factor: the MAC is checked before any state is looked
/// at.
pub trait LoginChallenges: Send + Sync {
    /// The token of these claims.
    fn issue(&self, challenge: &LoginChallenge) -> SecretText;
    /// The claims of a genuine token, expired or not.
    fn open(&self, token: &str) -> Option<LoginChallenge>;
}
