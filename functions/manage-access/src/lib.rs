//! Who may do what: `/v1/assets/{asset_id}/access`, `/v1/collections`, `/v1/spaces` and `/v1/groups`.

mod access;
mod containers;
mod groups;
#[cfg(feature = "openapi")]
pub mod openapi;
mod shape;

use vault_boot::wiring::manage_access::Deps;
use vault_domain::error::Refusal;
use vault_domain::usecase::{Ask, access as usecase};
use vault_http::{BoxFuture, Outcome, Request, extract};

/// One request and whose it is.
struct Call<'a> {
    deps: &'a usecase::Deps,
    request: &'a Request,
    ask: Ask,
}

/// Handles a request to any of the routes.
pub fn handle<'a>(deps: &'a Deps, request: &'a Request) -> BoxFuture<'a, Outcome> {
    Box::pin(async move {
        let (bearer, source) = (extract::bearer(request), extract::source(request));
        let ask = vault_domain::usecase::ask(&*deps.verifier, &*deps.clock, bearer, source)?;
        let call = Call {
            deps: &deps.access,
            request,
            ask,
        };
        let route = extract::route(request);
        if route.contains("/v1/assets") {
            access::answer(&call, route).await
        } else if route.contains("/v1/collections") || route.contains("/v1/spaces") {
            containers::answer(&call, route).await
        } else if route.contains("/v1/groups") {
            groups::answer(&call, route).await
        } else {
            Err(no_route())
        }
    })
}

fn no_route() -> vault_http::Failure {
    Refusal::NotFound("route").into()
}
