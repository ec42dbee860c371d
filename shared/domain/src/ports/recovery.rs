//! What one-time links do, each in one transaction with the link's use: all of it or nothing.

use async_trait::async_trait;

use super::{Change, Stored};
use crate::audit::Record;
use crate::credential::{Email, PasswordHash, User};
use crate::id::UserId;
use crate::member::{Account, Invitation, Membership};
use crate::time::Timestamp;
use crate::token::Digest;

/// A password that a link sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reset {
    /// Whose.
    pub user: UserId,
    /// The address that the link went to; it counts as theirs from now on.
    pub email: Email,
    /// The new password's hash.
    pub hash: PasswordHash,
    /// Login sessions that were opened before are over.
    pub sessions_from: Timestamp,
}

/// Who accepts an invitation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Joiner {
    /// A user whose address was verified before.
    Known(UserId),
    /// A user whose address the link verifies. Whoever chose their password may have been somebody else: it is
    /// replaced, and what was opened with it is over.
    Proven(Reset),
    /// Somebody new.
    New(User, Account),
}

/// An invitation that is accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Joining {
    /// The invitation, as it was read.
    pub invitation: Invitation,
    /// By whom.
    pub joiner: Joiner,
    /// Their place from now on.
    pub membership: Membership,
}

/// The effects of one-time links. Each takes place only if the link is live and unused at `now`, and with its records.
#[async_trait]
pub trait Recovery: Send + Sync {
    /// Sets a password, if the link is the user's newest, the account is active and the address still theirs.
    async fn reset(
        &self,
        link: Digest,
        reset: &Reset,
        now: Timestamp,
        records: &[Record],
    ) -> Stored<Change>;
    /// Makes the place and removes the invitation, if that stands at this attempt, the account is active, has room for
    /// one organisation more and no place there. A new owner counts among the organisation's owners.
    async fn join(
        &self,
        link: Digest,
        joining: &Joining,
        now: Timestamp,
        records: &[Record],
    ) -> Stored<Change>;
    /// Marks an address as verified, if it is still the user's.
    async fn verify(
        &self,
        link: Digest,
        user: UserId,
        email: &Email,
        now: Timestamp,
    ) -> Stored<Change>;
}
