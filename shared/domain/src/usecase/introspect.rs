//! Tell whether a token of one's own organisation is good now, and for what (RFC 7662).

use std::sync::Arc;

use crate::api_key::{ApiKey, Scope, Scopes};
use crate::entitlement;
use crate::error::Refusal;
use crate::id::OrgId;
use crate::member::{Actor, Subject};
use crate::ports::{AccessVerifier, Clock, Grants, Hashing, RefreshTokens, Sessions, Standings};
use crate::secret::SecretText;
use crate::time::Timestamp;
use crate::token::{
    AccessClaims, Action, Caller, Grant, MediaToken, SESSION_IDLE_SECONDS, Session,
};

/// What an introspection needs.
pub struct Deps {
    /// Is the token's subject still one of us?
    pub standings: Arc<dyn Standings>,
    /// Where sessions are kept.
    pub sessions: Arc<dyn Sessions>,
    /// Where media tokens are kept.
    pub grants: Arc<dyn Grants>,
    /// Digests.
    pub hashing: Arc<dyn Hashing>,
    /// Checks refresh tokens.
    pub refresh: Arc<dyn RefreshTokens>,
    /// Checks access tokens.
    pub verifier: Arc<dyn AccessVerifier>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// Who asks, authenticated.
#[derive(Debug)]
pub enum Asker {
    /// An API key by its secret.
    Client(Box<ApiKey>),
    /// A person by an access token.
    Person(Caller),
}

/// Which kind of token it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An access token.
    Access,
    /// The active refresh token of a session.
    Refresh,
    /// A media token with a view left.
    Media,
}

/// What is told of an active token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Active {
    /// Which kind.
    pub kind: Kind,
    /// Who it speaks for; for a refresh token, who its access tokens will speak for.
    pub subject: Subject,
    /// In which organisation.
    pub org: OrgId,
    /// What it may be used for.
    pub scopes: Scopes,
    /// When it was made; nobody keeps that of a media token.
    pub issued_at: Option<Timestamp>,
    /// When it ends, if nothing renews it.
    pub expires_at: Timestamp,
    /// Of a media token, what is stored of it.
    pub grant: Option<Box<Grant>>,
}

impl Active {
    /// `sub`
    pub const fn actor(&self) -> Actor {
        self.subject.actor()
    }
}

/// What there is to tell of a token: nothing, unless it is genuine, of the asker's organisation, and would be
/// accepted now. Whoever is not told learns not even whether it is forged (RFC 7662 §2.2).
///
/// # Errors
/// [`Refusal::Forbidden`] for a key without the scope `read` and a person who is no admin, [`Refusal::InvalidToken`]
/// when the asker's own session is over, [`Refusal::Unavailable`].
pub async fn run(
    deps: &Deps,
    asker: &Asker,
    token: &SecretText,
) -> Result<Option<Active>, Refusal> {
    let org = allowed(deps, asker).await?;
    let now = deps.clock.now();
    let found = match deps.verifier.claims(token.expose(), now) {
        Some(claims) => Some(access(&claims)),
        None if MediaToken::parse(token.expose()).is_ok() => media(deps, token, now).await?,
        None => refresh(deps, token, now).await?,
    };
    let Some(found) = found.filter(|found| found.org == org) else {
        return Ok(None);
    };
    let standing = deps.standings.standing(&found.subject, org).await?;
    let role = standing.role(&found.subject, org, now);
    Ok(role.map(|_| found))
}

async fn allowed(deps: &Deps, asker: &Asker) -> Result<OrgId, Refusal> {
    match asker {
        Asker::Client(key) if key.scopes.contains(Scope::Read) => Ok(key.org),
        Asker::Client(_) => Err(Refusal::Forbidden(
            "this key's scope does not include reading",
        )),
        Asker::Person(caller) => {
            let (role, _) = super::present(&*deps.standings, caller).await?;
            if entitlement::may_administer(role) {
                Ok(caller.org)
            } else {
                Err(Refusal::Forbidden(
                    "only owners and admins may look into tokens",
                ))
            }
        }
    }
}

const fn access(claims: &AccessClaims) -> Active {
    Active {
        kind: Kind::Access,
        subject: claims.caller.subject,
        org: claims.caller.org,
        scopes: claims.caller.scopes,
        issued_at: Some(claims.issued_at),
        expires_at: claims.expires_at,
        grant: None,
    }
}

/// One that would open a view, or a download, as far as it says itself.
async fn media(deps: &Deps, token: &SecretText, now: Timestamp) -> Result<Option<Active>, Refusal> {
    let digest = deps.hashing.sha256(token.expose().as_bytes());
    let grant = deps.grants.grant(digest).await?;
    let opens = |grant: &Grant| {
        let in_time = now < grant.expires_at && grant.bounds.has_begun(now);
        let in_window = grant.play_until.is_none_or(|end| now < end);
        !grant.revoked && in_time && in_window && grant.views < grant.max_views
    };
    Ok(grant.filter(opens).map(|grant| Active {
        kind: Kind::Media,
        subject: grant.subject,
        org: grant.org,
        scopes: Scopes::only(match grant.action {
            Action::Play => Scope::Play,
            Action::Download => Scope::Download,
        }),
        issued_at: None,
        expires_at: grant.expires_at,
        grant: Some(Box::new(grant)),
    }))
}

/// Only the active token: one that was traded in is not, though its lost reply may be asked for again for seconds.
async fn refresh(
    deps: &Deps,
    token: &SecretText,
    now: Timestamp,
) -> Result<Option<Active>, Refusal> {
    let Some(claims) = deps.refresh.open(token.expose()) else {
        return Ok(None);
    };
    let digest = deps.hashing.sha256(token.expose().as_bytes());
    let session = deps.sessions.get(claims.session).await?;
    let session = session.filter(|session| session.active == digest && session.is_live(now));
    Ok(session.as_ref().map(renewing))
}

fn renewing(session: &Session) -> Active {
    let idle = session.rotated_at.plus(SESSION_IDLE_SECONDS);
    Active {
        kind: Kind::Refresh,
        subject: session.subject(),
        org: session.org,
        scopes: Scopes::all(),
        issued_at: Some(session.rotated_at),
        expires_at: idle.min(session.expires_at),
        grant: None,
    }
}
