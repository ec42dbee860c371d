//! Ask for a link that sets a new password.

use std::net::IpAddr;

use super::Deps;
use crate::credential::Email;
use crate::error::Refusal;
use crate::mail::MailOrder;
use crate::network::throttle_prefixes;
use crate::ports::{Attempt, Stored};
use crate::time::Timestamp;

/// Seconds of a budget's window.
pub const WINDOW_SECONDS: u64 = 3_600;
/// Mails to one address in a window, so that nobody's mailbox is flooded by us.
pub const PER_ADDRESS: u32 = 3;
/// Requests from one holder of addresses in a window, for whichever accounts.
pub const PER_NETWORK: u32 = 20;

/// A parsed request for a link.
#[derive(Debug)]
pub struct Forgotten {
    /// The address, whether or not it is anyone's.
    pub email: Email,
    /// From where.
    pub address: IpAddr,
}

/// Orders a mail, whether or not the address is anyone's: nothing is looked up here, so nothing can tell.
///
/// When the budget of an address is used up the request is taken all the same and nothing is ordered: the budgets go
/// by what was asked for, not by what exists.
///
/// # Errors
/// [`Refusal::Throttled`] when the network's budget is used up, [`Refusal::Unavailable`].
pub async fn forgot(deps: &Deps, wish: Forgotten) -> Result<(), Refusal> {
    let now = deps.clock.now();
    let window = now.0 / WINDOW_SECONDS;
    let end = Timestamp((window + 1) * WINDOW_SECONDS);
    for prefix in throttle_prefixes(wish.address) {
        let bucket = format!("forgot#network#{}#{window}", prefix.network);
        let limit = PER_NETWORK.saturating_mul(prefix.weight);
        if is_spent(deps, &bucket, limit, end).await? {
            return Err(Refusal::Throttled {
                retry_after: end.since(now).max(1),
            });
        }
    }
    let digest = deps.hashing.sha256(wish.email.as_str().as_bytes()).hex();
    let bucket = format!("forgot#address#{digest}#{window}");
    if is_spent(deps, &bucket, PER_ADDRESS, end).await? {
        return Ok(());
    }
    let mut request = [0; 16];
    deps.entropy.fill(&mut request)?;
    let order = MailOrder::PasswordReset {
        request,
        email: wish.email,
        requested_from: Some(wish.address),
    };
    Ok(deps.mail.order(&order).await?)
}

async fn is_spent(deps: &Deps, bucket: &str, limit: u32, end: Timestamp) -> Stored<bool> {
    let attempt = deps.limits.take(bucket, limit, end).await?;
    Ok(attempt == Attempt::Exhausted)
}
