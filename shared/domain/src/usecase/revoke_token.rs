//! End the session of a token (RFC 7009). Whoever has the token may: the front end is a public client, and all that
//! a thief could do with this is to sign their victim out.

use std::sync::Arc;

use super::scribe::Scribe;
use crate::api_key::ApiKeySecret;
use crate::audit::{Author, Event, Source};
use crate::error::Refusal;
use crate::id::SessionId;
use crate::member::Subject;
use crate::ports::{AccessVerifier, Clock, Entropy, RefreshTokens, Sessions};
use crate::secret::SecretText;
use crate::token::MediaToken;

/// What a revocation needs.
pub struct Deps {
    /// Where sessions are kept.
    pub sessions: Arc<dyn Sessions>,
    /// Checks refresh tokens.
    pub refresh: Arc<dyn RefreshTokens>,
    /// Checks access tokens.
    pub verifier: Arc<dyn AccessVerifier>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Ids of records.
    pub entropy: Arc<dyn Entropy>,
}

/// What became of the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revocation {
    /// It is good for nothing now, or never was.
    Done,
    /// It is of a kind that cannot be ended here: a media token, an API key, or an access token of an API key
    /// or of support, which ends with what was granted. Saying that
    /// it is done would be a lie (RFC 7009 §2.2.1).
    Unsupported,
}

/// Ends the session of a refresh token, the active one or any before it, or of an access token. An unknown, forged or
/// expired token is as good as revoked (RFC 7009 §2.2).
///
/// # Errors
/// [`Refusal::Unavailable`]
pub async fn run(deps: &Deps, token: &SecretText, source: Source) -> Result<Revocation, Refusal> {
    let text = token.expose();
    if let Some(claims) = deps.refresh.open(text) {
        return end(deps, claims.session, source).await;
    }
    let caller = deps.verifier.verify(text, deps.clock.now());
    match caller.map(|caller| caller.subject) {
        Some(Subject::Person { session, .. }) => return end(deps, session, source).await,
        Some(Subject::ApiKey(_) | Subject::Share { .. } | Subject::Support(_)) => {
            return Ok(Revocation::Unsupported);
        }
        None if MediaToken::parse(text).is_ok() => return Ok(Revocation::Unsupported),
        None if ApiKeySecret::parse(text).is_ok() => return Ok(Revocation::Unsupported),
        None => {}
    }
    Ok(Revocation::Done)
}

/// One that is over, or unknown, stays as it is.
async fn end(deps: &Deps, id: SessionId, source: Source) -> Result<Revocation, Refusal> {
    let session = deps.sessions.get(id).await?;
    if let Some(session) = session.filter(|session| !session.revoked) {
        let scribe = Scribe {
            entropy: &*deps.entropy,
            org: session.org,
            clock: &*deps.clock,
            // Whoever has the token speaks for its session.
            author: Author::Caller(session.subject()),
            verdict: None,
            source,
        };
        let record = scribe.of(Event::SessionEnded, id.to_string())?;
        let record = record.with("because", "token_revoked");
        deps.sessions.revoke(id, &record).await?;
    }
    Ok(Revocation::Done)
}
