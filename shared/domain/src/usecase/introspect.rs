//! Tell whether a token of one's own organisation is good now, and for what (RFC 7662).

use std::sync::Arc;

use crate::api_key::{ApiKey, Scope, Scopes};
use crate::entitlement;
use crate::error::Refusal;
use crate::id::OrgId;
use crate::member::{Actor, Subject};
use crate::ports::{AccessVerifier, Clock, Hashing, RefreshTokens, Sessions, Standings};
use crate::secret::SecretText;
use crate::time::Timestamp;
use crate::token::{AccessClaims, Caller, SESSION_IDLE_SECONDS, Session};

/// What an introspection needs.
pub struct Deps {
    /// Is the token's subject still one of us?
    pub standings: Arc<dyn Standings>,
    /// Where sessions are kept.
    pub sessions: Arc<dyn Sessions>,
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
}

/// What is told of an active token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Active {
    /// Which kind.
    pub kind: Kind,
    /// Who it speaks for; for a refresh token, who its access tokens will speak for.
    pub subject: Subject,
    /// In which organisation.
    pub org: OrgId,
    /// What it may be used for.
    pub scopes: Scopes,
    /// When it was made.
    pub issued_at: Timestamp,
    /// When it ends, if nothing renews it.
    pub expires_at: Timestamp,
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
        issued_at: claims.issued_at,
        expires_at: claims.expires_at,
    }
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
        issued_at: session.rotated_at,
        expires_at: idle.min(session.expires_at),
    }
}
