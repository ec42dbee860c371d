//! What every use of a media token checks before anything else.

use crate::bounds::Visitor;
use crate::error::Refusal;
use crate::id::AssetId;
use crate::time::Timestamp;
use crate::token::{Action, Grant};

/// A media token opens nothing, and why.
pub(super) const fn invalid(why: &'static str) -> Refusal {
    Refusal::InvalidToken {
        what: "media token",
        why,
    }
}

/// A known media token that is of this asset and action, neither revoked nor over, begun, and used from where it may be.
///
/// # Errors
/// [`Refusal::InvalidToken`] (unknown, expired, revoked, not begun), [`Refusal::Forbidden`] (another asset or action),
/// [`Refusal::OutsideNetwork`], [`Refusal::OtherOrigin`].
pub(super) fn usable(
    grant: Option<Grant>,
    (asset, action): (AssetId, Action),
    visitor: &Visitor,
    now: Timestamp,
) -> Result<Grant, Refusal> {
    let grant = grant.ok_or(invalid("it is unknown"))?;
    if grant.revoked {
        return Err(invalid("it is revoked"));
    }
    if now >= grant.expires_at {
        return Err(invalid("it is expired"));
    }
    if grant.asset != asset {
        return Err(Refusal::Forbidden("this media token is for another asset"));
    }
    if grant.action != action {
        return Err(Refusal::Forbidden(match action {
            Action::Play => "this media token is not for playing",
            Action::Download => "this media token is not for downloads",
        }));
    }
    if !grant.bounds.has_begun(now) {
        return Err(invalid("it is not valid yet"));
    }
    grant.bounds.admit(visitor)?;
    Ok(grant)
}
