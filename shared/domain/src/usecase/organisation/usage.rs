//! See what an organisation uses, and how much it may.

use super::{Deps, asking};
use crate::entitlement;
use crate::error::Refusal;
use crate::quota::{Quota, Usage};
use crate::usecase::Ask;

/// What the caller's organisation uses, and how much it may; for those who administer it.
///
/// # Errors
/// [`Refusal::InvalidToken`], [`Refusal::Forbidden`], [`Refusal::Unavailable`].
pub async fn usage(deps: &Deps, ask: &Ask) -> Result<(Usage, Quota), Refusal> {
    let asking = asking(deps, ask).await?;
    if !entitlement::may_administer(asking.role) {
        return Err(Refusal::Forbidden(
            "only admins and owners see what the organisation uses",
        ));
    }
    let tally = deps.usages.tally(ask.caller.org).await?;
    Ok((tally.used, tally.own.over(&deps.quota)))
}
