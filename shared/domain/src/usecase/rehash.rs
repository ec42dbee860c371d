//! A hash of today's cost in the place of a cheaper one, at the one moment when the password is at hand.

use crate::credential::{Password, User};
use crate::password::CURRENT_COST;
use crate::ports::{Accounts, PasswordHasher, Stored};

/// Makes the hash of a password that was right anew if it is cheaper than today's.
pub(super) async fn upgrade(
    accounts: &dyn Accounts,
    hasher: &dyn PasswordHasher,
    user: &User,
    password: &Password,
) -> Stored<()> {
    if !user.hash.is_below(CURRENT_COST) {
        return Ok(());
    }
    let next = hasher.hash(password)?;
    // Another hash by now is a newer one: it stays.
    accounts.upgrade_hash(user.id, &user.hash, &next).await?;
    Ok(())
}
