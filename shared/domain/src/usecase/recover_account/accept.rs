//! Accept an invitation.

use super::{Deps, Opened, new_hash, open};
use crate::audit::{Event, Record, Source};
use crate::credential::{Password, PasswordHash, Role, User};
use crate::entitlement::may_invite;
use crate::error::{Malformed, Refusal};
use crate::id::{OrgId, UserId};
use crate::link::{LinkToken, Purpose};
use crate::member::{Account, Actor, Invitation, MAX_ORGANISATIONS, Membership, Organisation};
use crate::ports::{Change, Joiner, Joining, Reset};
use crate::time::Timestamp;

/// A parsed acceptance.
#[derive(Debug)]
pub struct Acceptance {
    /// Of the link.
    pub token: LinkToken,
    /// A password, for an address that no verified account has; otherwise it is not looked at.
    pub password: Option<Password>,
    /// From where.
    pub source: Source,
}

/// Someone's new place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accepted {
    /// In which organisation.
    pub org: OrgId,
    /// Whose.
    pub user: UserId,
    /// As what.
    pub role: Role,
}

/// Gives the holder of the invited address their place. It opens no session.
///
/// An account whose address was not verified before gets the new password: somebody else may have chosen the old one.
///
/// # Errors
/// [`Refusal::InvalidLink`], [`Refusal::Malformed`] when a password is needed, [`Refusal::WeakPassword`],
/// [`Refusal::Conflict`] and [`Refusal::LimitReached`] (the link stays as it is), [`Refusal::Unavailable`].
pub async fn accept(deps: &Deps, wish: Acceptance) -> Result<Accepted, Refusal> {
    let opened = open(deps, &wish.token).await?;
    let (invitation, organisation) = invitation(deps, &opened).await?;
    let (user, joiner, mut records) =
        joiner(deps, &wish, &invitation, &organisation, opened.now).await?;
    let accepted = Accepted {
        org: invitation.org,
        user,
        role: invitation.role,
    };
    let joining = Joining {
        membership: Membership {
            org: accepted.org,
            user,
            role: accepted.role,
            active: true,
            since: opened.now,
            sessions_from: opened.now,
        },
        joiner,
        invitation,
    };
    let record = deps.record(&wish.source, accepted.org, Event::MemberJoined, user)?;
    let record = record
        .with("role", accepted.role.as_str())
        .with("invited_by", joining.invitation.invited_by);
    records.push(record);
    let done = deps
        .recovery
        .join(opened.digest, &joining, opened.now, &records);
    match done.await? {
        Change::Applied => Ok(accepted),
        Change::NotApplied => Err(Refusal::InvalidLink),
    }
}

async fn invitation(deps: &Deps, opened: &Opened) -> Result<(Invitation, Organisation), Refusal> {
    let Purpose::Invitation {
        org,
        invitation,
        attempt,
    } = opened.link.purpose
    else {
        return Err(Refusal::InvalidLink);
    };
    let invitation = deps.invitations.get(org, invitation).await?;
    let stands = |i: &Invitation| i.attempt == attempt && i.is_live(opened.now);
    let invitation = invitation.filter(stands).ok_or(Refusal::InvalidLink)?;
    may_still_invite(deps, &invitation).await?;
    let organisation = deps.members.organisation(org).await?;
    Ok((invitation, organisation.ok_or(Refusal::InvalidLink)?))
}

/// An invitation ends with the right of whoever made it: who was thrown out does not come in by another mailbox.
async fn may_still_invite(deps: &Deps, invitation: &Invitation) -> Result<(), Refusal> {
    let Actor::User(by) = invitation.invited_by else {
        return Err(Refusal::InvalidLink);
    };
    let person = deps.members.person(by, invitation.org).await?;
    let account = person.account.filter(|account| account.active);
    let place = person.membership.filter(|place| place.active);
    account
        .zip(place)
        .filter(|(_, place)| may_invite(place.role, invitation.role))
        .map(drop)
        .ok_or(Refusal::InvalidLink)
}

/// Who accepts: the account of the invited address, or a new one; and the records of their new password, if they have one.
async fn joiner(
    deps: &Deps,
    wish: &Acceptance,
    invitation: &Invitation,
    organisation: &Organisation,
    now: Timestamp,
) -> Result<(UserId, Joiner, Vec<Record>), Refusal> {
    let hash = || hash(deps, wish, invitation, organisation);
    let Some(user) = deps.users.by_email(&invitation.email).await? else {
        let id = UserId::random(&*deps.entropy)?;
        return Ok((id, newcomer(id, invitation, hash()?, now), Vec::new()));
    };
    let account = deps.members.account(user.id).await?;
    let account = account.filter(|account| account.active);
    let account = account.ok_or(Refusal::InvalidLink)?;
    has_room(&account, invitation.org)?;
    if user.verified {
        return Ok((user.id, Joiner::Known(user.id), Vec::new()));
    }
    let reset = Reset {
        user: user.id,
        email: user.email,
        hash: hash()?,
        // The time after the hash, as in a reset.
        sessions_from: account.sessions_ended(deps.clock.now()),
    };
    let records = deps.password_changed(&wish.source, &account)?;
    Ok((user.id, Joiner::Proven(reset), records))
}

fn has_room(account: &Account, org: OrgId) -> Result<(), Refusal> {
    if account.orgs.contains(&org) {
        return Err(Refusal::Conflict(
            "this account belongs to the organisation already",
        ));
    }
    if account.orgs.len() >= MAX_ORGANISATIONS {
        return Err(Refusal::LimitReached(
            "an account belongs to at most 50 organisations",
        ));
    }
    Ok(())
}

fn hash(
    deps: &Deps,
    wish: &Acceptance,
    invitation: &Invitation,
    organisation: &Organisation,
) -> Result<PasswordHash, Refusal> {
    let password = wish.password.as_ref().ok_or(Malformed {
        field: "password",
        expected: "a password: the invited address has no account yet",
    })?;
    let organisations = std::slice::from_ref(organisation);
    new_hash(deps, password, &invitation.email, organisations)
}

fn newcomer(id: UserId, invitation: &Invitation, hash: PasswordHash, now: Timestamp) -> Joiner {
    let user = User {
        id,
        email: invitation.email.clone(),
        verified: true,
        hash,
    };
    let account = Account {
        user: id,
        active: true,
        sessions_from: now,
        orgs: vec![invitation.org],
        second_factor: false,
    };
    Joiner::New(user, account)
}
