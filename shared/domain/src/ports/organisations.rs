//! Port of organisations: their people and their settings.

use async_trait::async_trait;

use super::{Change, Stored};
use crate::audit::Record;
use crate::credential::Email;
use crate::id::{InvitationId, OrgId, UserId};
use crate::member::{After, Invitation, Membership, OrgName, Person};
use crate::time::Timestamp;

/// A member, as those see them who manage the organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Their place.
    pub membership: Membership,
    /// Their address; none if the account is gone.
    pub email: Option<Email>,
    /// Have they a second factor?
    pub second_factor: bool,
}

/// Members in the order of their ids.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MemberPage {
    /// At most as many as were asked for; it may be none although more follow.
    pub members: Vec<Listed>,
    /// After whom the next page begins; none at the end.
    pub next: Option<UserId>,
}

/// What becomes of an organisation; what is `None` stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// Its name.
    pub name: Option<OrgName>,
    /// Must everyone have a second factor?
    pub require_second_factor: Option<bool>,
    /// Sessions of everyone that were opened before are over.
    pub sessions_from: Option<Timestamp>,
}

/// Most invitations of an organisation.
pub const MAX_INVITATIONS: usize = 100;

/// Most invitations that one comes in the place of: what fits into a transaction.
pub const MAX_REMOVED: usize = 90;

/// An organisation's invitations, as read at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Invited {
    /// One more with every invitation that is made: what was read holds as long as this does, but for what was
    /// accepted, revoked or expired since.
    pub version: u64,
    /// All of them, expired ones too.
    pub invitations: Vec<Invitation>,
}

/// What became of a change that was decided on by what was read before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// All of it is stored.
    Applied,
    /// It would leave the organisation without an active owner; nothing was changed.
    LastOwner,
    /// Something is no longer as it was read; nothing was changed.
    Stale,
}

/// Organisations. Each change is all or nothing, is recorded with it, and takes effect only while whoever makes it still has the place
/// that they had when it was decided on.
#[async_trait]
pub trait Organisations: Send + Sync {
    /// Members after this one, at most `limit` (1 to 100), by consistent reads.
    async fn members(&self, org: OrgId, after: Option<UserId>, limit: u32) -> Stored<MemberPage>;
    /// The place of the member who has this address. It costs the same whoever has it.
    async fn by_address(&self, org: OrgId, email: &Email) -> Stored<Option<Membership>>;
    /// Puts `next` into the place of `seen.membership`, keeps count of the active owners, and takes the organisation
    /// out of the account of whoever has no place any more. [`Settled::Stale`] if the place, or the account's list, is
    /// not as seen, or if `by` has not their role any more. [`After::Same`] changes nothing and records nothing.
    async fn replace(
        &self,
        by: &Membership,
        seen: &Person,
        next: After,
        record: &Record,
    ) -> Stored<Settled>;
    /// Changes the organisation of `by`. Sessions that are over stay over.
    async fn settle(
        &self,
        by: &Membership,
        settings: &Settings,
        record: &Record,
    ) -> Stored<Settled>;
    /// The organisation's invitations, by consistent reads.
    async fn invited(&self, org: OrgId) -> Stored<Invited>;
    /// Stores an invitation, and removes those in whose place it comes, at most [`MAX_REMOVED`].
    /// [`Settled::Stale`] if another invitation was made since `version`, if one to be removed is
    /// not there any more, or if `by` has not their role any more. So what was true of all invitations when they were
    /// read is true when this one is stored, however many are made at once.
    async fn invite(
        &self,
        by: &Membership,
        version: u64,
        invitation: &Invitation,
        instead: &[InvitationId],
        record: &Record,
    ) -> Stored<Settled>;
    /// Takes an invitation back: its links are void. Not applied if there is none.
    async fn uninvite(&self, org: OrgId, id: InvitationId, record: &Record) -> Stored<Change>;
}
