//! Ports of identity: who someone is, where they stand, their sessions, and the tokens that say so.

use async_trait::async_trait;

use super::{Change, Stored};
use crate::audit::Record;
use crate::credential::{Email, Password, PasswordHash, User};
use crate::id::{OrgId, SessionId, UserId};
use crate::member::{Account, Membership, Organisation, Person, Standing, Subject};
use crate::secret::SecretText;
use crate::time::Timestamp;
use crate::token::{AccessClaims, Caller, Digest, RefreshClaims, Session};

/// The directory of users.
#[async_trait]
pub trait Users: Send + Sync {
    /// The user of an address.
    async fn by_email(&self, email: &Email) -> Stored<Option<User>>;
    /// The user of an id, by a consistent read.
    async fn by_id(&self, id: UserId) -> Stored<Option<User>>;
}

/// Where people stand.
#[async_trait]
pub trait Members: Send + Sync {
    /// A person's account, by a consistent read.
    async fn account(&self, user: UserId) -> Stored<Option<Account>>;
    /// An organisation, by a consistent read.
    async fn organisation(&self, org: OrgId) -> Stored<Option<Organisation>>;
    /// A person in an organisation, in one consistent read.
    async fn person(&self, user: UserId, org: OrgId) -> Stored<Person>;
}

/// Whether a subject may still act.
#[async_trait]
pub trait Standings: Send + Sync {
    /// All that decides it, in one consistent read.
    async fn standing(&self, subject: &Subject, org: OrgId) -> Stored<Standing>;
}

/// A first owner and all that comes with them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewOwner {
    /// The organisation.
    pub organisation: Organisation,
    /// How they prove who they are.
    pub user: User,
    /// Their account.
    pub account: Account,
    /// Their place in the organisation.
    pub membership: Membership,
}

/// What became of the creation of a first owner.
#[derive(Debug, PartialEq, Eq)]
pub enum OwnerOutcome {
    /// Organisation and owner are new.
    Created,
    /// The address is taken; nothing was changed.
    AddressTaken,
}

/// The operator's way into the directory.
#[async_trait]
pub trait Directory: Users + Members {
    /// Stores an organisation and its owner, all of it or nothing.
    async fn create_owner(&self, owner: &NewOwner) -> Stored<OwnerOutcome>;
    /// Replaces the password hash of a user that exists and ends the sessions opened before: both or neither.
    async fn set_hash(
        &self,
        user: UserId,
        hash: &PasswordHash,
        sessions_from: Timestamp,
    ) -> Stored<()>;
}

/// What a budget of attempts answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempt {
    /// One more is taken from the budget.
    Granted,
    /// The budget of this window is used up.
    Exhausted,
}

/// Budgets of attempts in fixed windows, exact under parallel requests.
#[async_trait]
pub trait Limits: Send + Sync {
    /// Takes one attempt from `bucket` unless `limit` are taken; the record may vanish at `expires_at`.
    async fn take(&self, bucket: &str, limit: u32, expires_at: Timestamp) -> Stored<Attempt>;
    /// Gives one attempt back.
    async fn give_back(&self, bucket: &str) -> Stored<()>;
}

/// What became of a rotation.
#[derive(Debug)]
pub enum Rotation {
    /// The presented token was the active one; the next is active now.
    Rotated,
    /// It was not the active one of a live session; this is how the session stands.
    Stale(Box<Session>),
    /// There is no such session.
    Gone,
}

/// Most sessions of one listing.
pub const SESSIONS_LISTED: usize = 100;

/// Login sessions: families of refresh tokens.
#[async_trait]
pub trait Sessions: Send + Sync {
    /// Stores a new session and its record, both or neither.
    async fn open(&self, session: &Session, record: &Record) -> Stored<()>;
    /// The session, by a consistent read.
    async fn get(&self, id: SessionId) -> Stored<Option<Session>>;
    /// Makes `next` the active token if `presented` is, and the session is neither revoked nor over.
    async fn rotate(&self, presented: Digest, next: &Session, now: Timestamp) -> Stored<Rotation>;
    /// Ends a session that is not ended yet and records that, both or neither; repeating is fine.
    async fn revoke(&self, id: SessionId, record: &Record) -> Stored<Change>;
    /// A person's sessions, some that are over among them: the latest [`SESSIONS_LISTED`], or as many that follow after
    /// this one. One that was opened a moment ago may be missing.
    async fn list(&self, user: UserId, after: Option<&Session>) -> Stored<Vec<Session>>;
    /// Records that the person of a live session proved again who they are, by a second factor or without one.
    async fn reauthenticated(
        &self,
        id: SessionId,
        at: Timestamp,
        second_factor: bool,
    ) -> Stored<Change>;
}

/// Password hashing: costly on purpose.
pub trait PasswordHasher: Send + Sync {
    /// A hash of today's cost.
    ///
    /// # Errors
    /// The hasher failed.
    fn hash(&self, password: &Password) -> Stored<PasswordHash>;
    /// Does the password belong to the hash? Without one it costs the same and the answer is no.
    ///
    /// # Errors
    /// The hasher failed.
    fn verify(&self, password: &Password, hash: Option<&PasswordHash>) -> Stored<bool>;
}

/// Makes access tokens.
pub trait AccessTokens: Send + Sync {
    /// A signed JWT (RFC 9068) for the caller, from `now` for `lifetime` seconds.
    ///
    /// # Errors
    /// The signature could not be made.
    fn issue(&self, caller: &Caller, now: Timestamp, lifetime: u64) -> Stored<SecretText>;
}

/// Checks access tokens.
pub trait AccessVerifier: Send + Sync {
    /// What a live, genuine token for this API says.
    fn claims(&self, token: &str, now: Timestamp) -> Option<AccessClaims>;
    /// The caller that it speaks for.
    fn verify(&self, token: &str, now: Timestamp) -> Option<Caller> {
        self.claims(token, now).map(|claims| claims.caller)
    }
}

/// Makes and checks refresh tokens: the MAC is checked before any state is looked at.
pub trait RefreshTokens: Send + Sync {
    /// The token of these claims; the same claims give the same token, until its secret turns.
    fn issue(&self, claims: &RefreshClaims) -> SecretText;
    /// The token of these claims that was made before, by whichever key of its secret that was; `is` knows it when it sees it.
    fn recall(
        &self,
        claims: &RefreshClaims,
        is: &dyn Fn(&SecretText) -> bool,
    ) -> Option<SecretText>;
    /// The claims of a genuine token.
    fn open(&self, token: &str) -> Option<RefreshClaims>;
}
