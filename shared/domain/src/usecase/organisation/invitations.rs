//! Invite people into an organisation. Each gets a link by mail; what it opens is another use case's.

use super::{Asking, Deps, TRIES, asking, unsettled};
use crate::audit::Event;
use crate::credential::{Email, Role};
use crate::entitlement;
use crate::error::Refusal;
use crate::id::{InvitationId, OrgId};
use crate::mail::{INVITATION_SECONDS, MailOrder};
use crate::member::{Actor, Invitation};
use crate::ports::{Attempt, Invited, MAX_INVITATIONS, MAX_REMOVED, Settled, StoreError};
use crate::time::Timestamp;
use crate::token::Caller;
use crate::usecase::{Ask, IdempotencyKey, recent};

/// Invitations that an organisation may send in an hour: what a mailer for spam would find too few.
pub const INVITATIONS_PER_HOUR: u32 = 50;
/// Seconds of a window of that budget.
const WINDOW_SECONDS: u64 = 3_600;

/// A parsed request to invite.
#[derive(Debug)]
pub struct Invite {
    /// Whom.
    pub email: Email,
    /// As what.
    pub role: Role,
    /// Names this request, so that repeating it sends no other link.
    pub idempotency: Option<IdempotencyKey>,
}

/// Invites an address, or invites it again: a new invitation comes in the place of the one before, whose link is
/// void. There are never more than [`MAX_INVITATIONS`] open ones, nor two of one address, however many invite at once.
///
/// # Errors
/// [`Refusal::Forbidden`], [`Refusal::Throttled`], [`Refusal::Conflict`] for a member, [`Refusal::LimitReached`],
/// [`Refusal::IdempotencyMismatch`], [`Refusal::ReauthenticationNeeded`], [`Refusal::InvalidToken`],
/// [`Refusal::Unavailable`].
pub async fn invite(deps: &Deps, ask: &Ask, command: &Invite) -> Result<Invitation, Refusal> {
    let now = deps.clock.now();
    let id = id_of(deps, &ask.caller, command)?;
    admitted(deps, ask, command, now).await?;
    throttle(deps, ask.caller.org, now).await?;
    let invitation = stored(deps, ask, command, id, now).await?;
    // The order after the invitation: one that is told stands. Both are repeated with the request.
    let order = MailOrder::Invitation {
        org: invitation.org,
        invitation: invitation.id,
        attempt: invitation.attempt,
    };
    deps.mail.order(&order).await?;
    Ok(invitation)
}

/// The organisation's open invitations.
///
/// # Errors
/// [`Refusal::Forbidden`], [`Refusal::InvalidToken`], [`Refusal::Unavailable`].
pub async fn invitations(deps: &Deps, ask: &Ask) -> Result<Vec<Invitation>, Refusal> {
    let asking = asking(deps, ask).await?;
    if !entitlement::may_see_members(asking.role) {
        return Err(Refusal::Forbidden("only owners and admins see invitations"));
    }
    let now = deps.clock.now();
    let mut open = deps.invitations.list(ask.caller.org).await?;
    open.retain(|invitation| invitation.is_live(now));
    Ok(open)
}

/// Takes an invitation back: its link is void. What is taken back is not found again.
///
/// # Errors
/// [`Refusal::NotFound`], [`Refusal::Forbidden`], [`Refusal::ReauthenticationNeeded`], [`Refusal::InvalidToken`],
/// [`Refusal::Unavailable`].
pub async fn revoke(deps: &Deps, ask: &Ask, id: InvitationId) -> Result<(), Refusal> {
    let asking = asking(deps, ask).await?;
    recent(&asking.standing, deps.clock.now())?;
    if !entitlement::may_see_members(asking.role) {
        return Err(Refusal::Forbidden(
            "only owners and admins take invitations back",
        ));
    }
    let known = deps.invitations.get(ask.caller.org, id).await?;
    known.ok_or(Refusal::NotFound("invitation"))?;
    let record = asking.record(Event::InvitationRevoked, &id)?;
    // Who else took it back at the same time has recorded it.
    let organisations = &deps.organisations;
    organisations.uninvite(ask.caller.org, id, &record).await?;
    Ok(())
}

async fn admitted<'a>(
    deps: &'a Deps,
    ask: &'a Ask,
    command: &Invite,
    now: Timestamp,
) -> Result<Asking<'a>, Refusal> {
    let asking = asking(deps, ask).await?;
    if !entitlement::may_invite(asking.role, command.role) {
        return Err(Refusal::Forbidden(
            "owners and admins invite admins, editors and viewers; owners are made of members",
        ));
    }
    recent(&asking.standing, now)?;
    Ok(asking)
}

/// Counted whatever comes of it: a link that is sent again is a mail as well.
async fn throttle(deps: &Deps, org: OrgId, now: Timestamp) -> Result<(), Refusal> {
    let window = now.0 / WINDOW_SECONDS;
    let end = Timestamp((window + 1) * WINDOW_SECONDS);
    let bucket = format!("invite#{org}#{window}");
    match deps.limits.take(&bucket, INVITATIONS_PER_HOUR, end).await? {
        Attempt::Granted => Ok(()),
        Attempt::Exhausted => Err(Refusal::Throttled {
            retry_after: end.since(now).max(1),
        }),
    }
}

async fn stored(
    deps: &Deps,
    ask: &Ask,
    command: &Invite,
    id: InvitationId,
    now: Timestamp,
) -> Result<Invitation, Refusal> {
    for _ in 0..TRIES {
        let asking = admitted(deps, ask, command, now).await?;
        let by = asking.place;
        let seen = deps.organisations.invited(ask.caller.org).await?;
        if let Some(known) = repeated(&seen, id, now)? {
            return Ok(known.clone());
        }
        let member = deps
            .organisations
            .by_address(ask.caller.org, &command.email);
        if member.await?.is_some() {
            return Err(Refusal::Conflict("this address belongs to a member"));
        }
        let plan = Plan::of(&seen, command, now)?;
        let invitation = Invitation {
            id,
            org: ask.caller.org,
            email: command.email.clone(),
            role: command.role,
            attempt: plan.attempt,
            expires_at: now.plus(INVITATION_SECONDS),
            invited_by: Actor::User(by.user),
        };
        let instead: Vec<_> = plan.instead.into_iter().filter(|old| *old != id).collect();
        let record = asking.record(Event::MemberInvited, &id)?;
        let record = record.with("role", command.role.as_str());
        let organisations = &deps.organisations;
        let settled = organisations
            .invite(&by, seen.version, &invitation, &instead, &record)
            .await?;
        if settled == Settled::Applied {
            return Ok(invitation);
        }
    }
    Err(unsettled("organisations.invite"))
}

/// The invitation that an earlier try of this very request made.
fn repeated(
    seen: &Invited,
    id: InvitationId,
    now: Timestamp,
) -> Result<Option<&Invitation>, Refusal> {
    let named = |known: &&Invitation| known.id.octets()[..8] == id.octets()[..8];
    let mut live = seen.invitations.iter().filter(|known| known.is_live(now));
    match live.find(named) {
        Some(known) if known.id == id => Ok(Some(known)),
        Some(_) => Err(Refusal::IdempotencyMismatch),
        None => Ok(None),
    }
}

/// What becomes of the invitations that are there.
struct Plan {
    attempt: u32,
    instead: Vec<InvitationId>,
}

impl Plan {
    fn of(seen: &Invited, command: &Invite, now: Timestamp) -> Result<Self, Refusal> {
        let all = seen.invitations.iter();
        let (same, others): (Vec<_>, Vec<_>) = all.partition(|known| known.email == command.email);
        let (open, over): (Vec<_>, Vec<_>) = others.into_iter().partition(|k| k.is_live(now));
        if open.len() >= MAX_INVITATIONS {
            return Err(Refusal::LimitReached(
                "100 invitations are open; revoke some",
            ));
        }
        let before = same.iter().map(|known| known.attempt).max();
        // Those of this address first: the rest is swept up as far as it fits.
        let instead = same.into_iter().chain(over).map(|known| known.id);
        Ok(Self {
            attempt: before.unwrap_or_default().saturating_add(1),
            instead: instead.take(MAX_REMOVED).collect(),
        })
    }
}

/// Under an idempotency key the first half of the id names the request, and the second what was asked for: the same
/// again is the same invitation, and another wish under the same key is told from it. The id is no secret.
fn id_of(deps: &Deps, caller: &Caller, command: &Invite) -> Result<InvitationId, StoreError> {
    let Some(key) = &command.idempotency else {
        return InvitationId::random(&*deps.entropy);
    };
    let mut owner = caller.org.octets().to_vec();
    owner.extend_from_slice(caller.subject.actor().to_string().as_bytes());
    let request = key.derive(&*deps.hashing, "invite", &owner);
    owner.extend_from_slice(command.role.as_str().as_bytes());
    owner.push(0);
    owner.extend_from_slice(command.email.as_str().as_bytes());
    let wish = key.derive(&*deps.hashing, "invite as", &owner);
    let mut id = [0; 16];
    id[..8].copy_from_slice(&request[..8]);
    id[8..].copy_from_slice(&wish[..8]);
    Ok(InvitationId::from_octets(id))
}
