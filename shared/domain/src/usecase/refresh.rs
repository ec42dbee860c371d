//! Trade a refresh token for a new pair (RFC 6749 §6), with rotation and reuse detection.

use std::sync::Arc;

use super::TokenPair;
use super::scribe::Scribe;
use super::sign_in::pair;
use crate::audit::{Author, Event, Source};
use crate::credential::Role;
use crate::error::Refusal;
use crate::ports::{
    AccessTokens, Clock, Entropy, Hashing, Members, RefreshTokens, Rotation, Sessions, Stored,
};
use crate::secret::SecretText;
use crate::time::Timestamp;
use crate::token::{Digest, REFRESH_GRACE_SECONDS, RefreshClaims, Session};

/// What a refresh needs.
pub struct Deps {
    /// Where people stand.
    pub members: Arc<dyn Members>,
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
pub async fn run(deps: &Deps, token: &SecretText, source: &Source) -> Result<TokenPair, Refusal> {
    let claims = deps.refresh.open(token.expose()).ok_or(INVALID)?;
    let presented = deps.hashing.sha256(token.expose().as_bytes());
    let now = deps.clock.now();

    let session = deps.sessions.get(claims.session).await?.ok_or(INVALID)?;
    let person = deps.members.person(session.user, session.org).await?;
    let role = person.role(session.sign_in()).ok_or(INVALID)?;
    if !session.is_live(now) {
        return Err(INVALID);
    }

    let (next, text) = next_of(deps, &session, now)?;
    // Only a session that still stands as it was read can be rotated: the condition is on the digest.
    match deps.sessions.rotate(presented, &next, now).await? {
        Rotation::Rotated => Ok(pair(&*deps.access, &next, role, text, now)?),
        Rotation::Stale(current) => again(deps, role, presented, (&current, source), now).await,
        Rotation::Gone => Err(INVALID),
    }
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
        ..session.clone()
    };
    Ok((next, text))
}

/// The presented token is genuine but not the active one.
async fn again(
    deps: &Deps,
    role: Role,
    presented: Digest,
    (current, source): (&Session, &Source),
    now: Timestamp,
) -> Result<TokenPair, Refusal> {
    if !current.is_live(now) {
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
        let claims = RefreshClaims {
            session,
            generation,
            nonce,
        };
        // Another function may have made it by another key; a token that is not the active one would end the session.
        let is =
            |text: &SecretText| deps.hashing.sha256(text.expose().as_bytes()) == current.active;
        let active = deps.refresh.recall(&claims, &is).ok_or(INVALID)?;
        return Ok(pair(&*deps.access, current, role, active, now)?);
    }
    let scribe = Scribe {
        entropy: &*deps.entropy,
        org: current.org,
        clock: &*deps.clock,
        author: Author::System,
        verdict: None,
        source: source.clone(),
    };
    let record = scribe.of(Event::SessionEnded, current.id.to_string())?;
    let record = record.with("user", current.user);
    let record = record.with("because", "refresh_token_reused");
    deps.sessions.revoke(current.id, &record).await?;
    Err(Refusal::RefreshReused)
}
