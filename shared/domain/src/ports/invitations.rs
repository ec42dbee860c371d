//! Invitations into organisations.

use async_trait::async_trait;

use super::{Change, Stored};
use crate::id::{InvitationId, OrgId};
use crate::member::Invitation;

/// The most invitations of a listing.
pub const LISTED_INVITATIONS: usize = 100;

/// Invitations that wait. Accepting one is no business of this port: it changes more than the invitation.
#[async_trait]
pub trait Invitations: Send + Sync {
    /// Stores a new invitation.
    async fn create(&self, invitation: &Invitation) -> Stored<()>;
    /// The invitation, by a consistent read, expired or not.
    async fn get(&self, org: OrgId, id: InvitationId) -> Stored<Option<Invitation>>;
    /// An organisation's invitations by a consistent read, expired ones among them, at most [`LISTED_INVITATIONS`].
    async fn list(&self, org: OrgId) -> Stored<Vec<Invitation>>;
    /// Puts `next` in the place of the invitation of its id, if that is at the attempt before.
    async fn renew(&self, next: &Invitation) -> Stored<Change>;
}
