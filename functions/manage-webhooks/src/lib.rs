//! Webhooks of the caller's organisation, for its owners and admins: `/v1/webhooks`.

#[cfg(feature = "openapi")]
pub mod openapi;
mod shape;

use vault_boot::wiring::manage_webhooks::Deps;
use vault_domain::error::{Malformed, Refusal};
use vault_domain::id::{DeliveryId, WebhookId};
use vault_domain::page::PageSize;
use vault_domain::token::Caller;
use vault_domain::usecase::{Ask, manage_webhooks as manage};
use vault_domain::webhook::DeliveryState;
use vault_http::extract::{self, SMALL_BODY};
use vault_http::{BoxFuture, Cache, Failure, Outcome, Reply, Request};

use shape::{Changed, Delivered, Listed, New, Ordered, Removed, Shown, Told};

/// Handles a request to any of the routes.
pub fn handle<'a>(deps: &'a Deps, request: &'a Request) -> BoxFuture<'a, Outcome> {
    Box::pin(async move {
        let (clock, bearer) = (&*deps.manage.clock, extract::bearer(request));
        let source = extract::source(request);
        let ask = vault_domain::usecase::ask(&*deps.verifier, clock, bearer, source)?;
        match extract::route(request) {
            "GET /v1/webhooks" => list(deps, &ask.caller).await,
            "POST /v1/webhooks" => create(deps, &ask, request).await,
            "GET /v1/webhooks/{webhook_id}" => {
                let webhook = manage::get(&deps.manage, &ask.caller, id(request)?).await?;
                Ok(Reply::json(200, &Shown::of(&webhook), Cache::NoStore))
            }
            "PATCH /v1/webhooks/{webhook_id}" => patch(deps, &ask, request).await,
            "DELETE /v1/webhooks/{webhook_id}" => remove(deps, &ask, request).await,
            "POST /v1/webhooks/{webhook_id}/rotate" => {
                let told = manage::rotate(&deps.manage, &ask, id(request)?).await?;
                let secret = told.secret.text();
                let told = Told::of(&told.webhook, &secret);
                Ok(Reply::json(200, &told, Cache::NoStore))
            }
            "POST /v1/webhooks/{webhook_id}/test" => test(deps, &ask.caller, request).await,
            "GET /v1/webhooks/{webhook_id}/deliveries" => {
                deliveries(deps, &ask.caller, request).await
            }
            "POST /v1/webhooks/{webhook_id}/deliveries/{delivery_id}/replay" => {
                replay(deps, &ask.caller, request).await
            }
            _ => Err(Refusal::NotFound("route").into()),
        }
    })
}

fn id(request: &Request) -> Result<WebhookId, Failure> {
    Ok(WebhookId::parse(&extract::path(request, "webhook_id")?)?)
}

async fn list(deps: &Deps, caller: &Caller) -> Outcome {
    let webhooks = manage::list(&deps.manage, caller).await?;
    let listed = Listed {
        webhooks: webhooks.iter().map(Shown::of).collect(),
    };
    Ok(Reply::json(200, &listed, Cache::NoStore))
}

async fn create(deps: &Deps, ask: &Ask, request: &Request) -> Outcome {
    let body: New = extract::json(request, SMALL_BODY, New::SHAPE)?;
    let new = body.parse(deps.reach, extract::idempotency_key(request)?)?;
    let told = manage::create(&deps.manage, ask, new).await?;
    let (secret, location) = (
        told.secret.text(),
        format!("/v1/webhooks/{}", told.webhook.id),
    );
    let told = Told::of(&told.webhook, &secret);
    Ok(Reply::json(201, &told, Cache::NoStore).header("location", location))
}

async fn patch(deps: &Deps, ask: &Ask, request: &Request) -> Outcome {
    let id = id(request)?;
    let body: Changed = extract::merge_patch(request, SMALL_BODY, Changed::SHAPE)?;
    let patch = body.parse(deps.reach)?;
    let webhook = manage::patch(&deps.manage, ask, id, patch).await?;
    Ok(Reply::json(200, &Shown::of(&webhook), Cache::NoStore))
}

async fn remove(deps: &Deps, ask: &Ask, request: &Request) -> Outcome {
    let id = id(request)?;
    manage::remove(&deps.manage, ask, id).await?;
    let removed = Removed {
        webhook_id: id.to_string(),
        removed: true,
    };
    Ok(Reply::json(200, &removed, Cache::NoStore))
}

async fn test(deps: &Deps, caller: &Caller, request: &Request) -> Outcome {
    let delivery = manage::test(&deps.manage, caller, id(request)?).await?;
    Ok(ordered(delivery))
}

async fn replay(deps: &Deps, caller: &Caller, request: &Request) -> Outcome {
    let delivery = DeliveryId::parse(&extract::path(request, "delivery_id")?)?;
    manage::replay(&deps.manage, caller, id(request)?, delivery).await?;
    Ok(ordered(delivery))
}

fn ordered(delivery: DeliveryId) -> Reply {
    let ordered = Ordered {
        delivery_id: delivery.to_string(),
    };
    Reply::json(202, &ordered, Cache::NoStore)
}

async fn deliveries(deps: &Deps, caller: &Caller, request: &Request) -> Outcome {
    let state = extract::query(request, "state");
    let state = state.as_deref().map(|text| {
        DeliveryState::parse(text).ok_or(Malformed {
            field: "state",
            expected: "waiting, delivered or dead",
        })
    });
    let size = extract::query(request, "limit");
    let size = size.as_deref().map(PageSize::parse).transpose()?;
    let cursor = extract::query(request, "cursor");
    let of = (id(request)?, state.transpose()?);
    let size = size.unwrap_or_default();
    let page = manage::deliveries(&deps.manage, caller, of, cursor.as_deref(), size).await?;
    let listed = Delivered {
        deliveries: page.deliveries.iter().map(shape::Delivery::of).collect(),
        cursor: page.cursor,
    };
    Ok(Reply::json(200, &listed, Cache::NoStore))
}
