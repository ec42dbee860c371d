//! API keys of an organisation, managed by its owners and admins. Every secret is told in one reply and never again.

use std::sync::Arc;

use super::scribe::Scribe;
use super::{Ask, IdempotencyKey, present, recent};
use crate::api_key::{ApiKey, ApiKeySecret, KeyRole, Label, Overlap, Scopes};
use crate::audit::{Author, Event, Record};
use crate::entitlement;
use crate::error::{Malformed, Refusal};
use crate::id::{ApiKeyId, UserId};
use crate::member::Actor;
use crate::network::Networks;
use crate::ports::{Change, Clients, Clock, Creation, Entropy, Hashing, Standings, StoreError};
use crate::time::Timestamp;
use crate::token::{Caller, Digest};

/// What managing keys needs.
pub struct Deps {
    /// May the caller still?
    pub standings: Arc<dyn Standings>,
    /// The keys.
    pub clients: Arc<dyn Clients>,
    /// Digests.
    pub hashing: Arc<dyn Hashing>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
}

/// A key to be made.
#[derive(Debug)]
pub struct NewKey {
    /// What people call it.
    pub name: Label,
    /// With which role it acts.
    pub role: KeyRole,
    /// For what it may be used.
    pub scopes: Scopes,
    /// From when it is good no more, if ever.
    pub expires_at: Option<Timestamp>,
    /// From where it may be used.
    pub networks: Networks,
    /// Names this request, so that repeating it makes no second key.
    pub idempotency: Option<IdempotencyKey>,
}

/// A key and its secret, told once.
#[derive(Debug)]
pub struct Told {
    /// The key.
    pub key: ApiKey,
    /// Its active secret.
    pub secret: ApiKeySecret,
}

/// The organisation's keys that are not revoked, the oldest first.
///
/// # Errors
/// [`Refusal::Forbidden`], [`Refusal::InvalidToken`], [`Refusal::Unavailable`].
pub async fn list(deps: &Deps, caller: &Caller) -> Result<Vec<ApiKey>, Refusal> {
    let (role, _) = present(&*deps.standings, caller).await?;
    if !entitlement::may_administer(role) {
        return Err(NOT_THEIRS);
    }
    Ok(deps.clients.list(caller.org).await?)
}

const NOT_THEIRS: Refusal = Refusal::Forbidden("only owners and admins may manage API keys");

/// Makes a key.
///
/// Under an [`IdempotencyKey`] a repetition makes no second key and tells no secret again: the secret is not kept, and
/// a reply that could be had twice could be had by another. Whoever lost the reply rotates the key that it made.
///
/// # Errors
/// [`Refusal::Forbidden`], [`Refusal::ReauthenticationNeeded`], [`Refusal::Malformed`] for an end that is past,
/// [`Refusal::Conflict`] on a repetition, [`Refusal::LimitReached`], [`Refusal::InvalidToken`],
/// [`Refusal::Unavailable`].
pub async fn create(deps: &Deps, ask: &Ask, new: NewKey) -> Result<Told, Refusal> {
    let now = deps.clock.now();
    let creator = changer(deps, &ask.caller, now).await?;
    if new.expires_at.is_some_and(|end| end <= now) {
        return Err(Malformed {
            field: "expires_at",
            expected: "a moment that is yet to come, in seconds of Unix time",
        }
        .into());
    }
    let id = match &new.idempotency {
        Some(name) => {
            let mut owner = ask.caller.org.octets().to_vec();
            owner.extend_from_slice(creator.octets());
            ApiKeyId::from_octets(name.derive(&*deps.hashing, "create_api_key", &owner))
        }
        None => ApiKeyId::random(&*deps.entropy)?,
    };
    let secret = ApiKeySecret::random(id, &*deps.entropy)?;
    let key = ApiKey {
        id,
        org: ask.caller.org,
        name: new.name,
        role: new.role,
        scopes: new.scopes,
        active: digest(deps, &secret),
        previous: None,
        created_by: creator,
        created_at: now,
        expires_at: new.expires_at,
        networks: new.networks,
        last_used: None,
        revoked: false,
    };
    let record = record(deps, ask, Event::ApiKeyCreated, id)?;
    let record = record
        .with("name", key.name.as_str())
        .with("role", key.role.role().as_str())
        .with("scopes", key.scopes);
    match deps.clients.create(&key, &record).await? {
        Creation::Created => Ok(Told { key, secret }),
        Creation::Exists => Err(Refusal::Conflict(
            "this Idempotency-Key made an API key before; its secret was told then: rotate the key for another",
        )),
        Creation::LimitReached => Err(Refusal::LimitReached(
            "an organisation has at most 100 API keys; revoke one",
        )),
    }
}

/// Gives a key a new secret; the one before stays good for the overlap, the one before that ends at once.
///
/// # Errors
/// [`Refusal::NotFound`], [`Refusal::Conflict`] for a key that is revoked or was rotated at the same time,
/// [`Refusal::Forbidden`], [`Refusal::ReauthenticationNeeded`], [`Refusal::InvalidToken`], [`Refusal::Unavailable`].
pub async fn rotate(
    deps: &Deps,
    ask: &Ask,
    id: ApiKeyId,
    overlap: Overlap,
) -> Result<Told, Refusal> {
    let now = deps.clock.now();
    changer(deps, &ask.caller, now).await?;
    let key = deps.clients.get(id).await?;
    let key = key.filter(|key| key.org == ask.caller.org);
    let key = key.ok_or(Refusal::NotFound("API key"))?;
    if !key.is_live(now) {
        return Err(Refusal::Conflict("the API key is revoked or expired"));
    }
    let secret = ApiKeySecret::random(id, &*deps.entropy)?;
    let next = key.rotated(digest(deps, &secret), overlap, now);
    let record = record(deps, ask, Event::ApiKeyRotated, id)?;
    match deps.clients.rotate(&next, key.active, &record).await? {
        Change::Applied => Ok(Told { key: next, secret }),
        Change::NotApplied => Err(Refusal::Conflict(
            "the API key was changed by somebody else just now",
        )),
    }
}

/// Ends a key for good: no token from this moment, and no content key at the next delivery. Repeating is fine.
///
/// # Errors
/// [`Refusal::NotFound`], [`Refusal::Forbidden`], [`Refusal::ReauthenticationNeeded`], [`Refusal::InvalidToken`],
/// [`Refusal::Unavailable`].
pub async fn revoke(deps: &Deps, ask: &Ask, id: ApiKeyId) -> Result<(), Refusal> {
    changer(deps, &ask.caller, deps.clock.now()).await?;
    let record = record(deps, ask, Event::ApiKeyRevoked, id)?;
    match deps.clients.revoke(id, ask.caller.org, &record).await? {
        Change::Applied => Ok(()),
        Change::NotApplied => Err(Refusal::NotFound("API key")),
    }
}

/// The owner or admin who may change keys now: present, and recently proven. A key is no person, and never one.
async fn changer(deps: &Deps, caller: &Caller, now: Timestamp) -> Result<UserId, Refusal> {
    let (role, standing) = present(&*deps.standings, caller).await?;
    let Actor::User(user) = caller.subject.actor() else {
        return Err(NOT_THEIRS);
    };
    if !entitlement::may_administer(role) {
        return Err(NOT_THEIRS);
    }
    recent(&standing, now)?;
    Ok(user)
}

fn record(deps: &Deps, ask: &Ask, event: Event, id: ApiKeyId) -> Result<Record, StoreError> {
    let scribe = Scribe {
        entropy: &*deps.entropy,
        org: ask.caller.org,
        clock: &*deps.clock,
        author: Author::Caller(ask.caller.subject),
        verdict: None,
        source: ask.source.clone(),
    };
    scribe.of(event, id.to_string())
}

fn digest(deps: &Deps, secret: &ApiKeySecret) -> Digest {
    deps.hashing.sha256(secret.expose().as_bytes())
}
