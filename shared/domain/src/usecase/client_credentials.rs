//! An access token for an API key itself (RFC 6749 §4.4).

use crate::api_key::{ApiKey, Scopes};
use crate::error::Refusal;
use crate::member::Subject;
use crate::ports::AccessTokens;
use crate::secret::SecretText;
use crate::time::Timestamp;
use crate::token::{ACCESS_TOKEN_SECONDS, Caller};

/// An access token and what it is good for. There is no refresh token (RFC 6749 §4.4.3): the key itself is one.
#[derive(Debug)]
pub struct Issued {
    /// A JWT (RFC 9068).
    pub access: SecretText,
    /// Seconds that it lives: never longer than its key.
    pub expires_in: u64,
    /// What it may be used for.
    pub scopes: Scopes,
}

/// A token of the scopes that are wanted and that the key has; of all of the key's if none are named.
///
/// # Errors
/// [`Refusal::Forbidden`] when the key has none of them, [`Refusal::Unavailable`].
pub fn run(
    access: &dyn AccessTokens,
    key: &ApiKey,
    wanted: Option<Scopes>,
    now: Timestamp,
) -> Result<Issued, Refusal> {
    let scopes = key.scopes.common(wanted.unwrap_or(key.scopes));
    let scopes = scopes.ok_or(Refusal::Forbidden("this key has none of these scopes"))?;
    let left = key
        .expires_at
        .map_or(ACCESS_TOKEN_SECONDS, |end| end.since(now));
    let expires_in = left.min(ACCESS_TOKEN_SECONDS);
    let caller = Caller {
        subject: Subject::ApiKey(key.id),
        org: key.org,
        role: key.role.role(),
        scopes,
    };
    Ok(Issued {
        access: access.issue(&caller, now, expires_in)?,
        expires_in,
        scopes,
    })
}
