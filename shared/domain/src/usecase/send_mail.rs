//! Fulfil an order of mail: find out whether there is anyone to write to, make the one-time link, send.
//!
//! Orders come at least once. The same order makes the same link, which is stored once, so a copy sends the same link
//! again while it can still be used, and nothing after that. Whether an address is anyone's is found out here, where
//! nobody waits for the answer.

use std::net::IpAddr;
use std::sync::Arc;

use crate::credential::{Email, User};
use crate::id::{InvitationId, OrgId, UserId};
use crate::link::{Link, LinkRequest, LinkToken, Purpose};
use crate::mail::{
    self, Invited, MailOrder, MailSender, Message, NoticeKind, RESET_SECONDS, Sent, VERIFY_SECONDS,
};
use crate::ports::{
    Change, Clock, Hashing, Invitations, LinkTokens, Links, Members, Stored, Users,
};
use crate::time::Timestamp;

/// What sending needs.
pub struct Deps {
    /// Whose addresses are whose.
    pub users: Arc<dyn Users>,
    /// Whether their accounts are active; names of organisations.
    pub members: Arc<dyn Members>,
    /// Invitations.
    pub invitations: Arc<dyn Invitations>,
    /// Where links are kept.
    pub links: Arc<dyn Links>,
    /// Makes their tokens.
    pub tokens: Arc<dyn LinkTokens>,
    /// Digests of tokens.
    pub hashing: Arc<dyn Hashing>,
    /// The service that sends.
    pub sender: Arc<dyn MailSender>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Where links lead.
    pub pages: mail::Links,
}

/// What became of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fulfilled {
    /// A mail is on its way.
    Sent,
    /// There is nothing to send, and why: it names nobody.
    Nothing(&'static str),
    /// The service refuses the address for good: why, without the address.
    Rejected(String),
}

/// Fulfils an order.
///
/// # Errors
/// [`crate::ports::StoreError`] when it is to come again.
pub async fn run(deps: &Deps, order: MailOrder) -> Stored<Fulfilled> {
    match order {
        MailOrder::PasswordReset {
            request,
            email,
            requested_from,
        } => reset(deps, request, &email, requested_from).await,
        MailOrder::Invitation {
            org,
            invitation,
            attempt,
        } => invite(deps, org, invitation, attempt).await,
        MailOrder::VerifyAddress {
            user,
            email,
            request,
        } => verify(deps, user, email, request).await,
        MailOrder::Notice { user, what, at } => notice(deps, user, what, at).await,
    }
}

/// Nothing for an address that nobody has shown to be theirs: whoever set the account up may have mistyped it, and the
/// link would give the account away.
async fn reset(
    deps: &Deps,
    request: [u8; 16],
    email: &Email,
    requested_from: Option<IpAddr>,
) -> Stored<Fulfilled> {
    let Some(user) = deps.users.by_email(email).await? else {
        return Ok(Fulfilled::Nothing("nobody has this address"));
    };
    if !user.verified {
        return Ok(Fulfilled::Nothing("the address is not verified"));
    }
    if !is_active(deps, &user).await? {
        return Ok(Fulfilled::Nothing("the account is not active"));
    }
    let link = Link {
        expires_at: deps.clock.now().plus(RESET_SECONDS),
        purpose: Purpose::Reset {
            user: user.id,
            email: user.email,
        },
    };
    let Some(token) = token(deps, &LinkRequest::Reset(request), &link).await? else {
        return Ok(OVER);
    };
    let pages = &deps.pages;
    send(
        deps,
        &mail::password_reset(email, pages, token.secret(), requested_from),
    )
    .await
}

async fn invite(deps: &Deps, org: OrgId, id: InvitationId, attempt: u32) -> Stored<Fulfilled> {
    let invitation = deps.invitations.get(org, id).await?;
    let now = deps.clock.now();
    let Some(invitation) = invitation.filter(|i| i.attempt == attempt && i.is_live(now)) else {
        return Ok(Fulfilled::Nothing("the invitation does not stand any more"));
    };
    let Some(organisation) = deps.members.organisation(org).await? else {
        return Ok(Fulfilled::Nothing("there is no such organisation"));
    };
    let link = Link {
        expires_at: invitation.expires_at,
        purpose: Purpose::Invitation {
            org,
            invitation: id,
            attempt,
        },
    };
    let request = LinkRequest::Invitation(id, attempt);
    let Some(token) = token(deps, &request, &link).await? else {
        return Ok(OVER);
    };
    let invited = Invited {
        organisation: organisation.name.as_str(),
        role: invitation.role,
    };
    let to = &invitation.email;
    send(
        deps,
        &mail::invitation(to, &deps.pages, token.secret(), invited),
    )
    .await
}

async fn verify(deps: &Deps, id: UserId, email: Email, request: [u8; 16]) -> Stored<Fulfilled> {
    let user = deps.users.by_id(id).await?;
    let Some(user) = user.filter(|user| user.email == email) else {
        return Ok(Fulfilled::Nothing("the address is not the user's any more"));
    };
    if user.verified {
        return Ok(Fulfilled::Nothing("the address is verified already"));
    }
    let link = Link {
        expires_at: deps.clock.now().plus(VERIFY_SECONDS),
        purpose: Purpose::Verify {
            user: id,
            email: user.email,
        },
    };
    let Some(token) = token(deps, &LinkRequest::Verify(request), &link).await? else {
        return Ok(OVER);
    };
    send(
        deps,
        &mail::verify_address(&email, &deps.pages, token.secret()),
    )
    .await
}

async fn notice(deps: &Deps, id: UserId, what: NoticeKind, at: Timestamp) -> Stored<Fulfilled> {
    let user = deps.users.by_id(id).await?;
    let Some(user) = user.filter(|user| user.verified) else {
        return Ok(Fulfilled::Nothing("the user has no verified address"));
    };
    send(deps, &mail::notice(&user.email, &deps.pages, what, at)).await
}

const OVER: Fulfilled = Fulfilled::Nothing("the link is used, over or voided by a newer one");

async fn is_active(deps: &Deps, user: &User) -> Stored<bool> {
    let account = deps.members.account(user.id).await?;
    Ok(account.is_some_and(|account| account.active))
}

/// The token of a link that is stored and can be used; none if it was stored before and cannot be any more.
async fn token(deps: &Deps, request: &LinkRequest, link: &Link) -> Stored<Option<LinkToken>> {
    let token = deps.tokens.token(request);
    let digest = deps.hashing.sha256(token.secret().expose().as_bytes());
    if deps.links.put(digest, link).await? == Change::Applied {
        return Ok(Some(token));
    }
    let kept = deps.links.get(digest, deps.clock.now()).await?;
    Ok(kept.map(|_| token))
}

async fn send(deps: &Deps, message: &Message) -> Stored<Fulfilled> {
    Ok(match deps.sender.send(message).await? {
        Sent::Sent => Fulfilled::Sent,
        Sent::Rejected(why) => Fulfilled::Rejected(why),
    })
}
