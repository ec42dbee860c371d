//! Show that an address is one's own.

use super::{Deps, open};
use crate::error::Refusal;
use crate::link::{LinkToken, Purpose};
use crate::ports::Change;

/// Marks the address that the link went to as verified, if it is still its user's.
///
/// # Errors
/// [`Refusal::InvalidLink`], [`Refusal::Unavailable`].
pub async fn verify(deps: &Deps, token: &LinkToken) -> Result<(), Refusal> {
    let opened = open(deps, token).await?;
    let Purpose::Verify { user, email } = &opened.link.purpose else {
        return Err(Refusal::InvalidLink);
    };
    let done = deps
        .recovery
        .verify(opened.digest, *user, email, opened.now);
    match done.await? {
        Change::Applied => Ok(()),
        Change::NotApplied => Err(Refusal::InvalidLink),
    }
}
