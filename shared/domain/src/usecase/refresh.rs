//! Trade a refresh token for a new pair (RFC 6749 §6), with rotation and reuse detection.

use std::sync::Arc;

use super::TokenPair;
use crate::credential::User;
use crate::error::Refusal;
use crate::ports::{
    AccessTokens, Clock, Entropy, Hashing, RefreshTokens, Rotation, Sessions, Stored, Users,
};
use crate::secret::SecretText;
use crate::time::Timestamp;
use crate::token::{
    ACCESS_TOKEN_SECONDS, Caller, Digest, REFRESH_GRACE_SECONDS, RefreshClaims, Session,
};

/// What a refresh needs.
pub struct Deps {
    /// The directory.
    pub users: Arc<dyn Users>,
    /// Where sessions are kept.
    pub sessions: Arc<dyn Sessions>,
    /// Digests.
    pub hashing: Arc<dyn Hashing>,
    /// Makes access tokens.
    pub access: Arc<dyn AccessTokens>,
    /// Makes and checks refresh tokens.
    pub refresh: Arc<dyn RefreshTokens>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
}

const INVALID: Refusal = Refusal::InvalidToken {
    what: "refresh token",
    why: "it is forged, expired, revoked or of a user who may not sign in",
};

/// Rotates the active token; gives the active one again to its parent within 10 s; ends the session
/// on any other reuse. A forged token is refused before any I/O and ends nothing.
///
/// # Errors
/// [`Refusal::InvalidToken`], [`Refusal::RefreshReused`], [`Refusal::Unavailable`].
pub async fn run(deps: &Deps, token: &SecretText) -> Result<TokenPair, Refusal> {
    let claims = deps.refresh.open(token.expose()).ok_or(INVALID)?;
    let presented = deps.hashing.sha256(token.expose().as_bytes());
    let now = deps.clock.now();

    let session = deps.sessions.get(claims.session).await?.ok_or(INVALID)?;
    let user = deps
        .users
        .by_id(session.user)
        .await?
        .filter(|user| user.active && user.hash_set_at <= session.opened_at());
    let user = match user {
        Some(user) if is_live(&session, now) => user,
        _ => return Err(INVALID),
    };

    let (next, text) = next_of(deps, &session, now)?;
    // Only a session that still stands as it was read can be rotated: the condition is on the digest.
    match deps.sessions.rotate(presented, &next, now).await? {
        Rotation::Rotated => pair(deps, &user, &next, text, now),
        Rotation::Stale(current) => again(deps, &user, presented, &current, now).await,
        Rotation::Gone => Err(INVALID),
    }
}

fn is_live(session: &Session, now: Timestamp) -> bool {
    !session.revoked && now < session.expires_at
}

fn next_of(deps: &Deps, session: &Session, now: Timestamp) -> Stored<(Session, SecretText)> {
    let mut nonce = [0; 16];
    deps.entropy.fill(&mut nonce)?;
    let generation = session.generation + 1;
    let text = deps.refresh.issue(&RefreshClaims {
        session: session.id,
        generation,
        nonce,
    });
    let next = Session {
        generation,
        nonce,
        active: deps.hashing.sha256(text.expose().as_bytes()),
        parent: Some(session.active),
        rotated_at: now,
        ..*session
    };
    Ok((next, text))
}

/// The presented token is genuine but not the active one.
async fn again(
    deps: &Deps,
    user: &User,
    presented: Digest,
    current: &Session,
    now: Timestamp,
) -> Result<TokenPair, Refusal> {
    if !is_live(current, now) {
        return Err(INVALID);
    }
    let in_grace = now.since(current.rotated_at) <= REFRESH_GRACE_SECONDS;
    if current.parent == Some(presented) && in_grace {
        let Session {
            id: session,
            generation,
            nonce,
            ..
        } = *current;
        let active = deps.refresh.issue(&RefreshClaims {
            session,
            generation,
            nonce,
        });
        return pair(deps, user, current, active, now);
    }
    deps.sessions.revoke(current.id).await?;
    Err(Refusal::RefreshReused)
}

fn pair(
    deps: &Deps,
    user: &User,
    session: &Session,
    refresh: SecretText,
    now: Timestamp,
) -> Result<TokenPair, Refusal> {
    let caller = Caller {
        user: user.id,
        org: user.org,
        role: user.role,
        session: session.id,
    };
    let access = deps.access.issue(&caller, now, ACCESS_TOKEN_SECONDS)?;
    Ok(TokenPair {
        access,
        expires_in: ACCESS_TOKEN_SECONDS,
        refresh,
    })
}
