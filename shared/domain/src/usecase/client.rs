//! Who an OAuth client is: API keys that prove themselves by their secret (RFC 6749 §2.3.1).

use std::net::IpAddr;
use std::sync::Arc;

use crate::api_key::{ApiKey, ApiKeySecret, Denied};
use crate::error::Refusal;
use crate::id::ApiKeyId;
use crate::network::throttle_prefixes;
use crate::ports::{Attempt, Clients, Clock, Hashing, Limits, StoreError};
use crate::secret::SecretText;
use crate::time::Timestamp;

/// Seconds of a throttling window.
pub const WINDOW_SECONDS: u64 = 900;
/// Failed attempts in a window from the narrower of the two networks by which they are counted; the wider one has as
/// many times more as it weighs ([`throttle_prefixes`]).
pub const ATTEMPTS_PER_NETWORK: u32 = 100;
/// Seconds in which a key's use is noted at most once.
pub const USE_NOTED_SECONDS: u64 = 3_600;

/// What it takes to know a client.
pub struct Deps {
    /// The API keys.
    pub clients: Arc<dyn Clients>,
    /// Budgets of failed attempts.
    pub limits: Arc<dyn Limits>,
    /// Digests.
    pub hashing: Arc<dyn Hashing>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// What a client says of itself, unparsed: what is wrong with it is told in one way only.
#[derive(Debug)]
pub struct Presented {
    /// `client_id`
    pub id: String,
    /// `client_secret`
    pub secret: SecretText,
    /// From where.
    pub address: IpAddr,
}

/// Why a client is not admitted. To the client most of these are one and the same ([`Refusal::InvalidClient`]); the
/// log may know which.
#[derive(Debug, thiserror::Error)]
pub enum Rejection {
    /// The id or the secret is none, or they are of two keys: refused before any store is looked at.
    #[error("no API key is made like this")]
    Malformed,
    /// There is no such key.
    #[error("there is no such key")]
    Unknown,
    /// There is, but it does not admit.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// Too many failures before this one.
    #[error("too many attempts; try again in {0} seconds")]
    Throttled(u64),
    /// A store did not do its part.
    #[error(transparent)]
    Unavailable(#[from] StoreError),
}

impl From<Rejection> for Refusal {
    fn from(rejection: Rejection) -> Self {
        match rejection {
            Rejection::Malformed | Rejection::Unknown | Rejection::Denied(_) => Self::InvalidClient,
            Rejection::Throttled(retry_after) => Self::Throttled { retry_after },
            Rejection::Unavailable(error) => Self::Unavailable(error),
        }
    }
}

/// The key that a client proves to be.
///
/// The digest is computed before the key is read, and compared in constant time. An attempt is taken from the budgets
/// of its two networks before the read and given back on success, so that parallel guesses cannot exceed them; what is
/// no key by its shape and checksum costs nothing and learns nothing.
///
/// # Errors
/// [`Rejection`]
pub async fn authenticate(deps: &Deps, presented: &Presented) -> Result<ApiKey, Rejection> {
    let secret = ApiKeySecret::parse(presented.secret.expose());
    let secret = secret.map_err(|_| Rejection::Malformed)?;
    if ApiKeyId::parse(&presented.id) != Ok(secret.id()) {
        return Err(Rejection::Malformed);
    }
    let digest = deps.hashing.sha256(secret.expose().as_bytes());
    let now = deps.clock.now();
    let budgets = budgets(presented.address, now);
    take(deps, &budgets, now).await?;

    let key = deps.clients.get(secret.id()).await?;
    let key = key.ok_or(Rejection::Unknown)?;
    key.admits(digest, presented.address, now)?;
    for (bucket, _) in &budgets {
        // Losing this costs the network one attempt of the window; failing the request would cost more.
        let _ = deps.limits.give_back(bucket).await;
    }
    let noted = Timestamp(now.0.saturating_sub(USE_NOTED_SECONDS));
    if key.last_used.is_none_or(|at| at <= noted) {
        // A note for people: no request fails for it.
        let _ = deps.clients.used(key.id, now, noted).await;
    }
    Ok(key)
}

fn window_end(now: Timestamp) -> Timestamp {
    Timestamp((now.0 / WINDOW_SECONDS + 1) * WINDOW_SECONDS)
}

fn budgets(address: IpAddr, now: Timestamp) -> [(String, u32); 2] {
    let window = now.0 / WINDOW_SECONDS;
    throttle_prefixes(address).map(|prefix| {
        let bucket = format!("client#network#{}#{window}", prefix.network);
        (bucket, ATTEMPTS_PER_NETWORK.saturating_mul(prefix.weight))
    })
}

async fn take(deps: &Deps, budgets: &[(String, u32)], now: Timestamp) -> Result<(), Rejection> {
    let end = window_end(now);
    for (bucket, limit) in budgets {
        if deps.limits.take(bucket, *limit, end).await? == Attempt::Exhausted {
            return Err(Rejection::Throttled(end.since(now).max(1)));
        }
    }
    Ok(())
}
