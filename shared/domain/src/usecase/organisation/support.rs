//! Let the operator's support in, see who came, and show them out.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::{Asking, Deps, TRIES, asking, unsettled};
use crate::audit::Event;
use crate::credential::Email;
use crate::entitlement;
use crate::error::Refusal;
use crate::id::{OrgId, SupportId, UserId};
use crate::ports::{
    Granted, MAX_SUPPORT, STAFF_SHOWN, SUPPORT_KEPT, SUPPORT_REMOVED, Settled, StoreError,
};
use crate::support::{SupportGrant, SupportLevel, SupportPurpose, SupportSeconds};
use crate::time::Timestamp;
use crate::token::Caller;
use crate::usecase::{Ask, IdempotencyKey, recent};

/// A parsed request to let support in.
#[derive(Debug)]
pub struct NewSupport {
    /// What for.
    pub purpose: SupportPurpose,
    /// How much.
    pub level: SupportLevel,
    /// For how long.
    pub lifetime: SupportSeconds,
    /// Names this request, so that repeating it lets nobody else in.
    pub idempotency: Option<IdempotencyKey>,
}

/// What was granted, and the addresses of those who came by it, as far as their accounts are there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Supported {
    /// Those that stand, then those that are over, the latest first.
    pub grants: Vec<SupportGrant>,
    /// Addresses of members of the staff.
    pub staff: BTreeMap<UserId, Email>,
}

/// Lets support in. There are never more than [`MAX_SUPPORT`] grants that stand, however many are made at once.
///
/// # Errors
/// [`Refusal::Forbidden`], [`Refusal::ReauthenticationNeeded`], [`Refusal::Conflict`] where there is no support,
/// [`Refusal::LimitReached`], [`Refusal::IdempotencyMismatch`], [`Refusal::InvalidToken`], [`Refusal::Unavailable`].
pub async fn grant_support(
    deps: &Deps,
    ask: &Ask,
    command: &NewSupport,
) -> Result<SupportGrant, Refusal> {
    let id = id_of(deps, &ask.caller, command)?;
    for _ in 0..TRIES {
        let (asking, to, now) = admitted(deps, ask).await?;
        let seen = deps.supports.granted(ask.caller.org).await?;
        if let Some(known) = repeated(&seen, id)? {
            return Ok(known.clone());
        }
        let instead = instead(&seen, now)?;
        let grant = SupportGrant {
            id,
            org: ask.caller.org,
            to,
            purpose: command.purpose.clone(),
            level: command.level,
            granted_by: asking.place.user,
            granted_at: now,
            expires_at: now.plus(command.lifetime.seconds()),
            ended_at: None,
            used_by: Vec::new(),
        };
        let record = asking.record(Event::SupportGranted, &id)?;
        let record = record
            .with("purpose", grant.purpose.as_str())
            .with("level", grant.level.as_str())
            .with("expires_at", grant.expires_at.0)
            .with("to", to);
        let (supports, place) = (&deps.supports, &asking.place);
        let settled = supports.grant(place, seen.version, &grant, &instead, &record);
        if settled.await? == Settled::Applied {
            return Ok(grant);
        }
    }
    Err(unsettled("support.grant"))
}

async fn admitted<'a>(
    deps: &'a Deps,
    ask: &'a Ask,
) -> Result<(Asking<'a>, OrgId, Timestamp), Refusal> {
    let asking = asking(deps, ask).await?;
    if !entitlement::may_grant_support(asking.role) {
        return Err(Refusal::Forbidden("only owners let support in"));
    }
    let now = deps.clock.now();
    recent(&asking.standing, now)?;
    let to = deps.support.ok_or(Refusal::Conflict(
        "whoever operates this service has no support; there is nobody to let in",
    ))?;
    Ok((asking, to, now))
}

/// What an earlier try of this very request granted, whatever became of it since.
fn repeated(seen: &Granted, id: SupportId) -> Result<Option<&SupportGrant>, Refusal> {
    let named = |known: &&SupportGrant| known.id.octets()[..8] == id.octets()[..8];
    match seen.grants.iter().find(named) {
        Some(known) if known.id == id => Ok(Some(known)),
        Some(_) => Err(Refusal::IdempotencyMismatch),
        None => Ok(None),
    }
}

/// Those that go when one more is made: the eldest of those that are over.
fn instead(seen: &Granted, now: Timestamp) -> Result<Vec<SupportId>, Refusal> {
    let all = seen.grants.iter();
    let (live, mut over): (Vec<_>, Vec<_>) = all.partition(|grant| grant.is_live(now));
    if live.len() >= MAX_SUPPORT {
        return Err(Refusal::LimitReached(
            "support has 10 ways in already; end some",
        ));
    }
    over.sort_by_key(|grant| Reverse((grant.end(), grant.id)));
    let eldest = over.into_iter().skip(SUPPORT_KEPT).rev();
    Ok(eldest.map(|grant| grant.id).take(SUPPORT_REMOVED).collect())
}

/// What was granted, and who came by it: whoever looks into one's own house is no stranger, so their addresses are told.
///
/// # Errors
/// [`Refusal::Forbidden`], [`Refusal::InvalidToken`], [`Refusal::Unavailable`].
pub async fn supported(deps: &Deps, ask: &Ask) -> Result<Supported, Refusal> {
    let asking = asking(deps, ask).await?;
    if !entitlement::may_end_support(asking.role) {
        return Err(Refusal::Forbidden(
            "only owners and admins see what support was granted",
        ));
    }
    let now = deps.clock.now();
    let mut grants = deps.supports.granted(ask.caller.org).await?.grants;
    grants.sort_by_key(|grant| Reverse((grant.is_live(now), grant.end(), grant.id)));
    let staff = grants.iter().flat_map(|grant| &grant.used_by).copied();
    let staff: BTreeSet<_> = staff.take(STAFF_SHOWN).collect();
    let staff: Vec<_> = staff.into_iter().collect();
    let staff = deps.supports.addresses(&staff).await?;
    Ok(Supported {
        grants,
        staff: staff.into_iter().collect(),
    })
}

/// Ends what was granted, at once. What is over stays so: again is the same. It needs no new proof of who someone is: a door
/// that should be closed is not kept open for that.
///
/// # Errors
/// [`Refusal::NotFound`], [`Refusal::Forbidden`], [`Refusal::InvalidToken`], [`Refusal::Unavailable`].
pub async fn end_support(deps: &Deps, ask: &Ask, id: SupportId) -> Result<(), Refusal> {
    for _ in 0..TRIES {
        let asking = asking(deps, ask).await?;
        if !entitlement::may_end_support(asking.role) {
            return Err(Refusal::Forbidden("only owners and admins end support"));
        }
        let granted = deps.supports.granted(ask.caller.org).await?.grants;
        let known = granted.into_iter().find(|grant| grant.id == id);
        let known = known.ok_or(Refusal::NotFound("support grant"))?;
        if !known.is_live(deps.clock.now()) {
            return Ok(());
        }
        let record = asking.record(Event::SupportEnded, &id)?;
        let record = record.with("purpose", known.purpose.as_str());
        if deps.supports.end(&asking.place, id, &record).await? == Settled::Applied {
            return Ok(());
        }
    }
    Err(unsettled("support.end"))
}

/// Under an idempotency key the first half of the id names the request, and the second what was asked for: see
/// invitations. The id is no secret.
fn id_of(deps: &Deps, caller: &Caller, command: &NewSupport) -> Result<SupportId, StoreError> {
    let Some(key) = &command.idempotency else {
        return SupportId::random(&*deps.entropy);
    };
    let mut owner = caller.org.octets().to_vec();
    owner.extend_from_slice(caller.subject.actor().to_string().as_bytes());
    let request = key.derive(&*deps.hashing, "support", &owner);
    owner.extend_from_slice(command.level.as_str().as_bytes());
    owner.extend_from_slice(&command.lifetime.seconds().to_be_bytes());
    owner.extend_from_slice(command.purpose.as_str().as_bytes());
    let wish = key.derive(&*deps.hashing, "support as", &owner);
    let mut id = [0; 16];
    id[..8].copy_from_slice(&request[..8]);
    id[8..].copy_from_slice(&wish[..8]);
    Ok(SupportId::from_octets(id))
}
