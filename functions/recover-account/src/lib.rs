//! `POST /v1/password/forgot`, `/v1/password/reset`, `/v1/invitations/accept`, `/v1/email/verify`: what one-time links
//! are asked for and posted to. None takes a token of a session.

#[cfg(feature = "openapi")]
pub mod openapi;

use serde::{Deserialize, Serialize};
use vault_domain::credential::{Email, Password};
use vault_domain::error::Refusal;
use vault_domain::link::LinkToken;
use vault_domain::usecase::recover_account::{
    Acceptance, Deps, Forgotten, NewSecret, accept, forgot, reset, verify,
};
use vault_http::extract::{self, SMALL_BODY};
use vault_http::{BoxFuture, Cache, Failure, Outcome, Reply, Request};

/// Whose password is forgotten.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "ForgottenPassword"))]
#[serde(deny_unknown_fields)]
pub(crate) struct ForgotBody {
    email: String,
}

/// The token of the link, and the new password.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "PasswordReset"))]
#[serde(deny_unknown_fields)]
pub(crate) struct ResetBody {
    #[cfg_attr(feature = "openapi", schemars(with = "LinkToken"))]
    token: String,
    new_password: String,
}

/// The token of the link; and a password, if the address has no verified account yet.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "InvitationAcceptance"))]
#[serde(deny_unknown_fields)]
pub(crate) struct AcceptBody {
    #[cfg_attr(feature = "openapi", schemars(with = "LinkToken"))]
    token: String,
    password: Option<String>,
}

/// The token of the link.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "EmailVerification"))]
#[serde(deny_unknown_fields)]
pub(crate) struct VerifyBody {
    #[cfg_attr(feature = "openapi", schemars(with = "LinkToken"))]
    token: String,
}

/// What was done.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "Done"))]
pub(crate) struct Taken {
    /// For people.
    status: &'static str,
}

/// Where the person belongs now.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "AcceptedInvitation"))]
pub(crate) struct Place {
    organisation_id: String,
    user_id: String,
    role: &'static str,
}

/// Handles a request, by the end of its path.
pub fn handle<'a>(deps: &'a Deps, request: &'a Request) -> BoxFuture<'a, Outcome> {
    Box::pin(async move {
        let path = request.uri().path();
        let ends = |end: &str| path.ends_with(end);
        if ends("/password/forgot") {
            forgotten(deps, request).await
        } else if ends("/password/reset") {
            renewed(deps, request).await
        } else if ends("/invitations/accept") {
            accepted(deps, request).await
        } else if ends("/email/verify") {
            verified(deps, request).await
        } else {
            Err(Refusal::NotFound("route").into())
        }
    })
}

/// The same reply whether or not the address is anyone's.
async fn forgotten(deps: &Deps, request: &Request) -> Outcome {
    let body: ForgotBody = extract::json(request, SMALL_BODY, r#"{"email": "…"}"#)?;
    let wish = Forgotten {
        email: Email::parse(&body.email)?,
        address: extract::origin(request)?.address,
    };
    forgot(deps, wish).await?;
    let taken = Taken {
        status: "if the address is known, a link is on its way to it",
    };
    Ok(Reply::json(202, &taken, Cache::NoStore))
}

async fn renewed(deps: &Deps, request: &Request) -> Outcome {
    let shape = r#"{"token": "rvl_…", "new_password": "…"}"#;
    let body: ResetBody = extract::json(request, SMALL_BODY, shape)?;
    let wish = NewSecret {
        token: token(&body.token)?,
        password: Password::parse(body.new_password)?,
        source: extract::source(request),
    };
    reset(deps, wish).await?;
    Ok(done("the password is set and all sessions are ended"))
}

async fn accepted(deps: &Deps, request: &Request) -> Outcome {
    let shape = r#"{"token": "rvl_…", "password": "… (for an address without an account)"}"#;
    let body: AcceptBody = extract::json(request, SMALL_BODY, shape)?;
    let wish = Acceptance {
        token: token(&body.token)?,
        password: body.password.map(Password::parse).transpose()?,
        source: extract::source(request),
    };
    let place = accept(deps, wish).await?;
    let place = Place {
        organisation_id: place.org.to_string(),
        user_id: place.user.to_string(),
        role: place.role.as_str(),
    };
    Ok(Reply::json(200, &place, Cache::NoStore))
}

async fn verified(deps: &Deps, request: &Request) -> Outcome {
    let body: VerifyBody = extract::json(request, SMALL_BODY, r#"{"token": "rvl_…"}"#)?;
    verify(deps, &token(&body.token)?).await?;
    Ok(done("the address is verified"))
}

fn done(status: &'static str) -> Reply {
    Reply::json(200, &Taken { status }, Cache::NoStore)
}

/// A token that is none reads like one that is over: a link fails in one way.
fn token(text: &str) -> Result<LinkToken, Failure> {
    LinkToken::parse(text).map_err(|_| Refusal::InvalidLink.into())
}
