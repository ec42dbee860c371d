//! `/v1/organisation`: the organisation of the access token, its members, its invitations, and what it grants to support. A route names no other.

mod invitations;
mod members;
#[cfg(feature = "openapi")]
pub mod openapi;
mod settings;
mod spread;
mod support;
mod usage;

use vault_boot::wiring::manage_organisation::Deps;
use vault_domain::error::Refusal;
use vault_domain::usecase::Ask;
use vault_domain::usecase::organisation::{self, Wish};
use vault_http::{BoxFuture, Outcome, Request, extract};

/// One request and whose it is.
struct Call<'a> {
    deps: &'a organisation::Deps,
    request: &'a Request,
    ask: Ask,
}

/// Handles a request to any of the routes.
pub fn handle<'a>(deps: &'a Deps, request: &'a Request) -> BoxFuture<'a, Outcome> {
    Box::pin(async move {
        let (bearer, source) = (extract::bearer(request), extract::source(request));
        let clock = &*deps.organisation.clock;
        let call = Call {
            ask: vault_domain::usecase::ask(&*deps.verifier, clock, bearer, source)?,
            deps: &deps.organisation,
            request,
        };
        match extract::route(request) {
            "GET /v1/organisation" => settings::show(&call).await,
            "GET /v1/organisation/usage" => usage::show(&call).await,
            "GET /v1/organisation/spread" => spread::show(&call).await,
            "PUT /v1/organisation/spread" => spread::set(&call).await,
            "POST /v1/organisation" => settings::change(&call).await,
            "POST /v1/organisation/leave" => settings::leave(&call).await,
            "POST /v1/organisation/end-sessions" => settings::end_sessions(&call).await,
            "GET /v1/organisation/members" => members::list(&call).await,
            "POST /v1/organisation/members/{user_id}/role" => members::role(&call).await,
            "POST /v1/organisation/members/{user_id}/disable" => {
                members::change(&call, Wish::Disable).await
            }
            "POST /v1/organisation/members/{user_id}/enable" => {
                members::change(&call, Wish::Enable).await
            }
            "POST /v1/organisation/members/{user_id}/end-sessions" => {
                members::change(&call, Wish::EndSessions).await
            }
            "POST /v1/organisation/members/{user_id}/remove" => {
                members::change(&call, Wish::Remove).await
            }
            "GET /v1/organisation/invitations" => invitations::list(&call).await,
            "POST /v1/organisation/invitations" => invitations::invite(&call).await,
            "POST /v1/organisation/invitations/{invitation_id}/revoke" => {
                invitations::revoke(&call).await
            }
            "GET /v1/organisation/support" => support::list(&call).await,
            "POST /v1/organisation/support" => support::grant(&call).await,
            "DELETE /v1/organisation/support/{support_id}" => support::end(&call).await,
            _ => Err(Refusal::NotFound("route").into()),
        }
    })
}
