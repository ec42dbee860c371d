//! Endpoints of an organisation, managed by its owners and admins, and what became of their messages. Every secret is told
//! in one reply and never again.

use std::sync::Arc;

use super::scribe::Scribe;
use super::{Ask, IdempotencyKey, present, recent};
use crate::api_key::Label;
use crate::audit::{Author, Event, Record};
use crate::entitlement;
use crate::error::Refusal;
use crate::id::{DeliveryId, UserId, WebhookId};
use crate::member::Actor;
use crate::page::{self, BAD_CURSOR, PageSize};
use crate::ports::{
    Change, Clock, Deliveries, Entropy, Hashing, Standings, StoreError, Stored, WebhookQueue,
    WebhookSecrets, Webhooks,
};
use crate::time::Timestamp;
use crate::token::{Caller, Digest};
use crate::webhook::{
    Because, Delivery, DeliveryOrder, DeliveryState, Notice, Roll, SigningKey, Topic, Topics,
    Webhook, WebhookSecret, WebhookUrl,
};

/// Times that a change is decided anew because somebody changed the organisation's endpoints meanwhile. Each time somebody
/// got through, and beyond the limit nobody gets through to add one.
const RETRIES: u32 = 30;
const OPERATION: &str = "webhooks.save";

/// What managing endpoints needs.
pub struct Deps {
    /// May the caller still?
    pub standings: Arc<dyn Standings>,
    /// The endpoints.
    pub webhooks: Arc<dyn Webhooks>,
    /// What became of messages.
    pub deliveries: Arc<dyn Deliveries>,
    /// Orders of messages.
    pub queue: Arc<dyn WebhookQueue>,
    /// Their secrets.
    pub secrets: Arc<dyn WebhookSecrets>,
    /// Ids of repeated requests, checks of cursors.
    pub hashing: Arc<dyn Hashing>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
}

/// An endpoint to be made.
#[derive(Debug)]
pub struct NewWebhook {
    /// What people call it.
    pub name: Label,
    /// Where it is.
    pub url: WebhookUrl,
    /// What it is told of.
    pub topics: Topics,
    /// Names this request, so that repeating it makes no second one.
    pub idempotency: Option<IdempotencyKey>,
}

/// What is to change of an endpoint.
#[derive(Debug, Default)]
pub struct WebhookPatch {
    /// What people call it.
    pub name: Option<Label>,
    /// Where it is.
    pub url: Option<WebhookUrl>,
    /// What it is told of.
    pub topics: Option<Topics>,
    /// Whether it is told.
    pub enabled: Option<bool>,
}

/// An endpoint and its secret, told once.
#[derive(Debug)]
pub struct Told {
    /// The endpoint.
    pub webhook: Webhook,
    /// Its active secret.
    pub secret: WebhookSecret,
}

/// A page of deliveries, and what asks for the next one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The latest first; fewer than there was room for, or none, is not the end.
    pub deliveries: Vec<Delivery>,
    /// None at the end.
    pub cursor: Option<String>,
}

const NOT_THEIRS: Refusal = Refusal::Forbidden("only owners and admins may manage webhooks");
const NONE: Refusal = Refusal::NotFound("webhook");

/// The organisation's endpoints, the oldest first.
///
/// # Errors
/// [`Refusal::Forbidden`], [`Refusal::InvalidToken`], [`Refusal::Unavailable`].
pub async fn list(deps: &Deps, caller: &Caller) -> Result<Vec<Webhook>, Refusal> {
    manager(deps, caller).await?;
    Ok(deps.webhooks.of(caller.org).await?.webhooks)
}

/// One of them.
///
/// # Errors
/// [`Refusal::NotFound`], and as [`list`].
pub async fn get(deps: &Deps, caller: &Caller, id: WebhookId) -> Result<Webhook, Refusal> {
    manager(deps, caller).await?;
    let roll = deps.webhooks.of(caller.org).await?;
    roll.find(id).cloned().ok_or(NONE)
}

/// Sets up an endpoint.
///
/// Under an [`IdempotencyKey`] a repetition makes no second one and tells no secret again, as with API keys.
///
/// # Errors
/// [`Refusal::ReauthenticationNeeded`], [`Refusal::Conflict`] on a repetition, [`Refusal::LimitReached`], and as [`list`].
pub async fn create(deps: &Deps, ask: &Ask, new: NewWebhook) -> Result<Told, Refusal> {
    let now = deps.clock.now();
    let creator = changer(deps, &ask.caller, now).await?;
    let id = match &new.idempotency {
        Some(name) => {
            let id = name.of_caller(&*deps.hashing, "create_webhook", &ask.caller);
            WebhookId::from_octets(id)
        }
        None => WebhookId::random(&*deps.entropy)?,
    };
    let webhook = Webhook {
        id,
        org: ask.caller.org,
        name: new.name,
        url: new.url,
        topics: new.topics,
        disabled: None,
        key: fresh(deps)?,
        previous: None,
        created_by: creator,
        created_at: now,
    };
    let secret = deps.secrets.secret(id, &webhook.key)?;
    let record = record(deps, ask, Event::WebhookCreated, id)?;
    let record = record.with("name", webhook.name.as_str());
    let made = change(deps, ask, &record, |roll| {
        if roll.find(id).is_some() {
            return Err(Refusal::Conflict(
                "this Idempotency-Key made a webhook before; its secret was told then: rotate it for another",
            ));
        }
        let next = roll.with(webhook.clone());
        next.map(Some).ok_or(Refusal::LimitReached(
            "an organisation has at most 10 webhooks; remove one",
        ))
    });
    made.await?;
    Ok(Told { webhook, secret })
}

/// Changes an endpoint. Switched on again, it is told of what happens from now on; what died can be replayed.
///
/// # Errors
/// [`Refusal::NotFound`], [`Refusal::ReauthenticationNeeded`], and as [`list`].
pub async fn patch(
    deps: &Deps,
    ask: &Ask,
    id: WebhookId,
    patch: WebhookPatch,
) -> Result<Webhook, Refusal> {
    let now = deps.clock.now();
    changer(deps, &ask.caller, now).await?;
    let record = record(deps, ask, Event::WebhookChanged, id)?;
    let record = patch
        .enabled
        .into_iter()
        .fold(record, |record, enabled| record.with("enabled", enabled));
    let roll = change(deps, ask, &record, |roll| {
        let webhook = roll.find(id).ok_or(NONE)?;
        let next = patched(webhook, &patch, now);
        Ok((next != *webhook).then(|| roll.clone().with_changed(next)))
    });
    let changed = roll.await?.find(id).cloned().ok_or(NONE)?;
    if patch.enabled == Some(true) {
        // What it failed at before does not count against it.
        deps.deliveries.recovered(id).await?;
    }
    Ok(changed)
}

fn patched(webhook: &Webhook, patch: &WebhookPatch, now: Timestamp) -> Webhook {
    let old = webhook.clone();
    Webhook {
        name: patch.name.clone().unwrap_or(old.name),
        url: patch.url.clone().unwrap_or(old.url),
        topics: patch.topics.clone().unwrap_or(old.topics),
        disabled: match patch.enabled {
            Some(true) => None,
            Some(false) => old.disabled.or(Some((now, Because::Asked))),
            None => old.disabled,
        },
        ..old
    }
}

/// Gives an endpoint another secret; the one before signs as well for a day.
///
/// # Errors
/// [`Refusal::NotFound`], [`Refusal::ReauthenticationNeeded`], and as [`list`].
pub async fn rotate(deps: &Deps, ask: &Ask, id: WebhookId) -> Result<Told, Refusal> {
    let now = deps.clock.now();
    changer(deps, &ask.caller, now).await?;
    let key = fresh(deps)?;
    let secret = deps.secrets.secret(id, &key)?;
    let record = record(deps, ask, Event::WebhookRotated, id)?;
    let roll = change(deps, ask, &record, |roll| {
        let webhook = roll.find(id).ok_or(NONE)?;
        let next = webhook.rotated(key.clone(), now);
        Ok(Some(roll.clone().with_changed(next)))
    });
    let webhook = roll.await?.find(id).cloned().ok_or(NONE)?;
    Ok(Told { webhook, secret })
}

/// Removes an endpoint, and what became of its messages with it. Repeating is fine.
///
/// # Errors
/// [`Refusal::ReauthenticationNeeded`], and as [`list`].
pub async fn remove(deps: &Deps, ask: &Ask, id: WebhookId) -> Result<(), Refusal> {
    changer(deps, &ask.caller, deps.clock.now()).await?;
    let record = record(deps, ask, Event::WebhookDeleted, id)?;
    let gone = change(deps, ask, &record, |roll| {
        let there = roll.find(id).is_some();
        Ok(there.then(|| roll.clone().without(id)))
    });
    gone.await.map(|_| ())
}

/// What became of an endpoint's messages, the latest first.
///
/// # Errors
/// [`Refusal::NotFound`], [`Refusal::Malformed`] for a cursor of another list, and as [`list`].
pub async fn deliveries(
    deps: &Deps,
    caller: &Caller,
    (id, state): (WebhookId, Option<DeliveryState>),
    cursor: Option<&str>,
    size: PageSize,
) -> Result<Page, Refusal> {
    get(deps, caller, id).await?;
    let (org, webhook) = (caller.org.to_string(), id.to_string());
    let filter = state.map_or("", DeliveryState::as_str);
    let list = ["deliveries", &org, &webhook, filter];
    let after = cursor.map(|text| {
        let place = page::place(&*deps.hashing, &list, text, 16)?;
        let octets = place.try_into().map_err(|_| BAD_CURSOR)?;
        Ok::<_, Refusal>(DeliveryId::from_octets(octets))
    });
    let limit = usize::try_from(size.get()).unwrap_or(usize::MAX);
    let page = deps
        .deliveries
        .deliveries(id, state, after.transpose()?, limit);
    let page = page.await?;
    let cursor = page
        .last
        .map(|last| page::cursor(&*deps.hashing, &list, last.octets()));
    Ok(Page {
        deliveries: page.deliveries,
        cursor,
    })
}

/// Has a message sent again that is over, delivered or not, under its own id.
///
/// # Errors
/// [`Refusal::NotFound`], [`Refusal::Conflict`] while it is on its way or the endpoint is switched off, and as [`list`].
pub async fn replay(
    deps: &Deps,
    caller: &Caller,
    id: WebhookId,
    delivery: DeliveryId,
) -> Result<(), Refusal> {
    let webhook = get(deps, caller, id).await?;
    if webhook.disabled.is_some() {
        return Err(DISABLED);
    }
    let found = deps.deliveries.delivery(id, delivery).await?;
    let found = found.ok_or(Refusal::NotFound("delivery"))?;
    if found.state == DeliveryState::Waiting {
        return Err(Refusal::Conflict("the message is tried again by itself"));
    }
    Ok(deps.queue.order(&[found.replayed()]).await?)
}

const DISABLED: Refusal = Refusal::Conflict("the webhook is switched off; enable it first");

/// Has a test sent: its message's id.
///
/// # Errors
/// [`Refusal::NotFound`], [`Refusal::Conflict`] while the endpoint is switched off, and as [`list`].
pub async fn test(deps: &Deps, caller: &Caller, id: WebhookId) -> Result<DeliveryId, Refusal> {
    let webhook = get(deps, caller, id).await?;
    if webhook.disabled.is_some() {
        return Err(DISABLED);
    }
    let (now, mut octets) = (deps.clock.now(), [0; 32]);
    deps.entropy.fill(&mut octets)?;
    let delivery = DeliveryId::at(now, &Digest(octets).0);
    let order = DeliveryOrder {
        org: caller.org,
        webhook: id,
        delivery,
        round: 0,
        notice: Notice {
            topic: Topic::Test,
            at: now,
            asset: None,
            code: None,
            view: None,
        },
    };
    deps.queue.order(&[order]).await?;
    Ok(delivery)
}

/// Makes a change of the organisation's endpoints as they stand, and records it; none if there is nothing to change.
async fn change(
    deps: &Deps,
    ask: &Ask,
    record: &Record,
    step: impl Fn(Roll) -> Result<Option<Roll>, Refusal>,
) -> Result<Roll, Refusal> {
    let org = ask.caller.org;
    for _ in 0..RETRIES {
        let roll = deps.webhooks.of(org).await?;
        let Some(next) = step(roll.clone())? else {
            return Ok(roll);
        };
        if deps.webhooks.save(org, &next, record).await? == Change::Applied {
            return Ok(next);
        }
    }
    let busy = "the endpoints are changed by too many at once";
    Err(StoreError::new(OPERATION, busy).into())
}

/// An owner or admin, in person: keys are editors at most.
async fn manager(deps: &Deps, caller: &Caller) -> Result<(), Refusal> {
    let (role, _) = present(&*deps.standings, caller).await?;
    if entitlement::may_administer(role) {
        Ok(())
    } else {
        Err(NOT_THEIRS)
    }
}

/// The owner or admin who may change endpoints now: present, and recently proven.
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

fn fresh(deps: &Deps) -> Stored<SigningKey> {
    let mut nonce = [0; 16];
    deps.entropy.fill(&mut nonce)?;
    Ok(deps.secrets.name(nonce))
}

fn record(deps: &Deps, ask: &Ask, event: Event, id: WebhookId) -> Stored<Record> {
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
