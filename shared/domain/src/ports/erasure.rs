//! Port of the erasure of people.

use async_trait::async_trait;

use super::{Settled, Stored};
use crate::audit::Record;
use crate::credential::User;
use crate::id::SessionId;
use crate::member::Person;

/// Takes away what is stored of people.
#[async_trait]
pub trait AccountErasures: Send + Sync {
    /// Removes a login session; repeating is fine.
    async fn forget_session(&self, id: SessionId) -> Stored<()>;
    /// Removes the account of `seen`, which belongs to the organisation of `seen.membership` and to no other; with it the
    /// place there, the address, the password's hash, the second factors and this session; and stores the record. All of
    /// it or nothing. [`Settled::Stale`] if something is not as seen.
    async fn erase(
        &self,
        seen: &Person,
        user: &User,
        session: SessionId,
        record: &Record,
    ) -> Stored<Settled>;
}
