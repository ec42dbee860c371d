//! Erases the caller's account (GDPR article 17): `POST /v1/account/erase`.

#[cfg(feature = "openapi")]
pub mod openapi;

use serde::{Deserialize, Serialize};
use vault_boot::wiring::erase_account::Deps;
use vault_domain::credential::Email;
use vault_domain::usecase::erase_account;
use vault_http::extract::{self, SMALL_BODY};
use vault_http::{BoxFuture, Cache, Outcome, Reply, Request};

/// The caller's own address: a request that does not know it was not meant.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "Erasure"))]
pub(crate) struct Body {
    email: String,
}

const SHAPE: &str = r#"{"email": "the address of your account"}"#;

/// Whose account is gone.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "Erased"))]
pub(crate) struct Erased {
    user_id: String,
    erased: bool,
}

/// Handles a request.
pub fn handle<'a>(deps: &'a Deps, request: &'a Request) -> BoxFuture<'a, Outcome> {
    Box::pin(async move {
        let (bearer, source) = (extract::bearer(request), extract::source(request));
        let ask = vault_domain::usecase::ask(&*deps.verifier, &*deps.erase.clock, bearer, source)?;
        let body: Body = extract::json(request, SMALL_BODY, SHAPE)?;
        let user = erase_account::run(&deps.erase, &ask, &Email::parse(&body.email)?).await?;
        let told = Erased {
            user_id: user.to_string(),
            erased: true,
        };
        Ok(Reply::json(200, &told, Cache::NoStore))
    })
}
