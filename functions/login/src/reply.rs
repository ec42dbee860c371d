//! What signing in is answered with.

use serde::Serialize;
use vault_domain::factor::Method;
use vault_domain::secret::SecretText;
use vault_domain::usecase::TokenPair;
use vault_domain::usecase::second_factor::Asked;
use vault_http::{Cache, Reply};

/// A session.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "SessionTokens"))]
pub(crate) struct Tokens<'a> {
    access_token: &'a str,
    token_type: &'static str,
    expires_in: u64,
    refresh_token: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    device_token: Option<&'a str>,
    session_id: String,
    organisation_id: String,
}

/// A session, and by what this device is known from now on, if a password was part of it.
pub(crate) fn tokens(pair: &TokenPair, device: Option<&SecretText>) -> Reply {
    let tokens = Tokens {
        access_token: pair.access.expose(),
        token_type: "Bearer",
        expires_in: pair.expires_in,
        refresh_token: pair.refresh.expose(),
        device_token: device.map(SecretText::expose),
        session_id: pair.session.to_string(),
        organisation_id: pair.org.to_string(),
    };
    Reply::json(200, &tokens, Cache::NoStore)
}

/// The password was right; a second factor is needed.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "SecondFactorNeeded"))]
pub(crate) struct Needed<'a> {
    second_factor: Challenge<'a>,
    device_token: &'a str,
}

/// What the second factor is sent with.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "SecondFactorChallenge"))]
pub(crate) struct Challenge<'a> {
    #[cfg_attr(
        feature = "openapi",
        schemars(with = "vault_http::openapi::LoginChallengeToken")
    )]
    token: &'a str,
    methods: Vec<&'static str>,
    enrol: bool,
    expires_in: u64,
}

/// The password was right; a second factor is needed.
pub(crate) fn second_factor(asked: &Asked, device: &SecretText) -> Reply {
    let methods = asked.methods.iter().copied().map(Method::as_str);
    let needed = Needed {
        second_factor: Challenge {
            token: asked.token.expose(),
            methods: methods.collect(),
            enrol: asked.enrol,
            expires_in: asked.expires_in,
        },
        device_token: device.expose(),
    };
    Reply::json(200, &needed, Cache::NoStore)
}
