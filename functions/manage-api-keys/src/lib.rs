//! API keys of the caller's organisation, for its owners and admins: `POST` and `GET /v1/api-keys`,
//! `POST /v1/api-keys/{key_id}/rotate` and `…/revoke`.

#[cfg(feature = "openapi")]
pub mod openapi;
mod shape;

use vault_boot::wiring::manage_api_keys::Deps;
use vault_domain::api_key::Overlap;
use vault_domain::id::ApiKeyId;
use vault_domain::token::Caller;
use vault_domain::usecase::{Ask, manage_api_keys as keys};
use vault_http::extract::{self, SMALL_BODY};
use vault_http::{BoxFuture, Cache, Outcome, Reply, Request};

use shape::{Listed, New, Revoked, Rotation, Shown, Told};

/// Handles a request to any of the routes.
pub fn handle<'a>(deps: &'a Deps, request: &'a Request) -> BoxFuture<'a, Outcome> {
    Box::pin(async move {
        let (clock, bearer) = (&*deps.manage.clock, extract::bearer(request));
        let source = extract::source(request);
        let ask = vault_domain::usecase::ask(&*deps.verifier, clock, bearer, source)?;
        if request.method() == "GET" {
            return listed(deps, &ask.caller).await;
        }
        let Ok(id) = extract::path(request, "key_id") else {
            return created(deps, &ask, request).await;
        };
        let id = ApiKeyId::parse(&id)?;
        if extract::route(request).ends_with("/revoke") {
            revoked(deps, &ask, id).await
        } else {
            rotated(deps, &ask, id, request).await
        }
    })
}

async fn listed(deps: &Deps, caller: &Caller) -> Outcome {
    let keys = keys::list(&deps.manage, caller).await?;
    let listed = Listed {
        api_keys: keys.iter().map(Shown::of).collect(),
    };
    Ok(Reply::json(200, &listed, Cache::NoStore))
}

async fn created(deps: &Deps, ask: &Ask, request: &Request) -> Outcome {
    let body: New = extract::json(request, SMALL_BODY, New::SHAPE)?;
    let new = body.parse(extract::idempotency_key(request)?)?;
    let told = keys::create(&deps.manage, ask, new).await?;
    Ok(Reply::json(201, &Told::of(&told), Cache::NoStore))
}

async fn rotated(deps: &Deps, ask: &Ask, id: ApiKeyId, request: &Request) -> Outcome {
    let body: Rotation = extract::json(request, SMALL_BODY, Rotation::SHAPE)?;
    let overlap = Overlap::parse(body.overlap_seconds)?;
    let told = keys::rotate(&deps.manage, ask, id, overlap).await?;
    Ok(Reply::json(200, &Told::of(&told), Cache::NoStore))
}

async fn revoked(deps: &Deps, ask: &Ask, id: ApiKeyId) -> Outcome {
    keys::revoke(&deps.manage, ask, id).await?;
    let revoked = Revoked {
        key_id: id.to_string(),
        revoked: true,
    };
    Ok(Reply::json(200, &revoked, Cache::NoStore))
}
