//! What every way of signing in ends with: a session in one organisation, and the tokens that go with it.

use std::net::IpAddr;

use super::TokenPair;
use crate::api_key::Scopes;
use crate::error::Refusal;
use crate::id::{OrgId, SessionId};
use crate::member::{Account, Membership, SignIn};
use crate::ports::{AccessTokens, Entropy, Hashing, Members, RefreshTokens, Sessions, Stored};
use crate::secret::SecretText;
use crate::time::Timestamp;
use crate::token::{ACCESS_TOKEN_SECONDS, Caller, Device, RefreshClaims, SESSION_SECONDS, Session};

/// From where someone signs in.
#[derive(Debug, Clone)]
pub struct Origin {
    /// The address as the API saw it.
    pub address: IpAddr,
    /// What the client says it is.
    pub device: Device,
}

/// The ports that open a session.
pub(super) struct Opener<'a> {
    pub(super) sessions: &'a dyn Sessions,
    pub(super) hashing: &'a dyn Hashing,
    pub(super) access: &'a dyn AccessTokens,
    pub(super) refresh: &'a dyn RefreshTokens,
    pub(super) entropy: &'a dyn Entropy,
}

impl Opener<'_> {
    /// Opens the session of this id. The tokens are made first: nothing is stored that nobody could use.
    pub(super) async fn open(
        &self,
        id: SessionId,
        member: &Membership,
        origin: Origin,
        now: Timestamp,
    ) -> Stored<TokenPair> {
        let mut nonce = [0; 16];
        self.entropy.fill(&mut nonce)?;
        let refresh = self.refresh.issue(&RefreshClaims {
            session: id,
            generation: 1,
            nonce,
        });
        let session = Session {
            id,
            user: member.user,
            org: member.org,
            generation: 1,
            nonce,
            active: self.hashing.sha256(refresh.expose().as_bytes()),
            parent: None,
            opened_at: now,
            authenticated_at: now,
            rotated_at: now,
            expires_at: now.plus(SESSION_SECONDS),
            revoked: false,
            second_factor: false,
            device: origin.device,
            address: origin.address,
        };
        let pair = pair(self.access, &session, member.role, refresh, now)?;
        self.sessions.open(&session).await?;
        Ok(pair)
    }
}

/// The active refresh token of a session and an access token beside it.
pub(super) fn pair(
    access: &dyn AccessTokens,
    session: &Session,
    role: crate::credential::Role,
    refresh: SecretText,
    now: Timestamp,
) -> Stored<TokenPair> {
    let caller = Caller {
        subject: session.subject(),
        org: session.org,
        role,
        scopes: Scopes::all(),
    };
    Ok(TokenPair {
        access: access.issue(&caller, now, ACCESS_TOKEN_SECONDS)?,
        expires_in: ACCESS_TOKEN_SECONDS,
        refresh,
        session: session.id,
        org: session.org,
    })
}

/// Where someone who has proved who they are comes in: the organisation that they asked for, or the first that
/// admits them. None says no more than a wrong password does.
pub(super) async fn admission_of(
    members: &dyn Members,
    account: Option<Account>,
    wanted: Option<OrgId>,
    now: Timestamp,
) -> Result<Membership, Refusal> {
    let account = account.filter(|a| a.active);
    let account = account.ok_or(Refusal::BadCredentials)?;
    let of_theirs = account.orgs.iter().copied();
    for org in of_theirs.filter(|org| wanted.is_none_or(|wanted| wanted == *org)) {
        let person = members.person(account.user, org).await?;
        // What the organisation asks for beyond the password comes next.
        let sign_in = SignIn {
            opened_at: now,
            second_factor: true,
        };
        if person.role(sign_in).is_some()
            && let Some(membership) = person.membership
        {
            return Ok(membership);
        }
    }
    Err(Refusal::BadCredentials)
}
