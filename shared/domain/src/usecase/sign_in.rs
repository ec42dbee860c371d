//! What every way of signing in ends with: a session in one organisation, and the tokens that go with it.

use std::net::IpAddr;

use super::TokenPair;
use super::scribe::Scribe;
use crate::api_key::Scopes;
use crate::audit::{Author, Event, Source};
use crate::error::Refusal;
use crate::id::{OrgId, SessionId, UserId};
use crate::member::{Account, Membership, Organisation, SignIn};
use crate::ports::{
    AccessTokens, Clock, Entropy, Hashing, Members, RefreshTokens, Sessions, Stored,
};
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
    /// By which request; at most 128 characters.
    pub request: String,
}

impl Origin {
    /// The same, for the record.
    pub fn source(&self) -> Source {
        Source {
            address: Some(self.address),
            device: self.device.clone(),
            request: self.request.clone(),
        }
    }
}

/// The ports that open a session.
pub(super) struct Opener<'a> {
    pub(super) sessions: &'a dyn Sessions,
    pub(super) hashing: &'a dyn Hashing,
    pub(super) access: &'a dyn AccessTokens,
    pub(super) refresh: &'a dyn RefreshTokens,
    pub(super) entropy: &'a dyn Entropy,
    pub(super) clock: &'a dyn Clock,
}

/// How a session begins.
#[derive(Clone, Copy)]
pub(super) struct Start {
    pub(super) id: SessionId,
    /// Of its first refresh token.
    pub(super) nonce: [u8; 16],
    pub(super) opened_at: Timestamp,
    pub(super) second_factor: bool,
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
        let start = Start {
            id,
            nonce,
            opened_at: now,
            second_factor: false,
        };
        self.begin(start, member, origin, now).await
    }

    /// Opens a session that begins like this.
    pub(super) async fn begin(
        &self,
        start: Start,
        member: &Membership,
        origin: Origin,
        now: Timestamp,
    ) -> Stored<TokenPair> {
        let (nonce, opened_at) = (start.nonce, start.opened_at);
        let refresh = self.refresh.issue(&RefreshClaims {
            session: start.id,
            generation: 1,
            nonce,
        });
        let source = origin.source();
        let session = Session {
            id: start.id,
            user: member.user,
            org: member.org,
            generation: 1,
            nonce,
            active: self.hashing.sha256(refresh.expose().as_bytes()),
            parent: None,
            opened_at,
            authenticated_at: opened_at,
            rotated_at: opened_at,
            expires_at: opened_at.plus(SESSION_SECONDS),
            revoked: false,
            second_factor: start.second_factor,
            device: origin.device,
            address: origin.address,
        };
        let pair = pair(self.access, &session, member.role, refresh, now)?;
        let scribe = Scribe {
            entropy: self.entropy,
            org: session.org,
            clock: self.clock,
            author: Author::Caller(session.subject()),
            verdict: None,
            source,
        };
        let record = scribe.of(Event::SessionOpened, session.id.to_string())?;
        let record = record.with("second_factor", session.second_factor);
        self.sessions.open(&session, &record).await?;
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

/// Someone whose organisation lets them in, as far as what they bring is enough.
pub(super) struct Admitted {
    pub(super) membership: Membership,
    pub(super) organisation: Organisation,
}

/// [`admission_of`] whoever this is.
pub(super) async fn admission(
    members: &dyn Members,
    user: UserId,
    wanted: Option<OrgId>,
    now: Timestamp,
) -> Result<Admitted, Refusal> {
    let account = members.account(user).await?;
    admission_of(members, account, wanted, now).await
}

/// Where someone who has proved who they are comes in: the organisation that they asked for, or the first that
/// admits them. None says no more than a wrong password does.
pub(super) async fn admission_of(
    members: &dyn Members,
    account: Option<Account>,
    wanted: Option<OrgId>,
    now: Timestamp,
) -> Result<Admitted, Refusal> {
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
            && let (Some(membership), Some(organisation)) = (person.membership, person.organisation)
        {
            return Ok(Admitted {
                membership,
                organisation,
            });
        }
    }
    Err(Refusal::BadCredentials)
}
