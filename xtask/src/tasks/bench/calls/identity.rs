//! Who someone is: the owner, signing in and being refused, tokens.

use anyhow::Result;
use serde_json::{Value, json};

use super::super::client::{field, token_request};
use super::super::events::Http;
use super::flow::Flow;

const LOGIN: &str = "POST /v1/login";
/// The refusals of a sign-in, which must not differ.
pub(super) const WRONG: &str = "a wrong password";
pub(super) const UNKNOWN: &str = "an unknown address";

fn login(body: &Value) -> Value {
    Http {
        route: LOGIN,
        content_type: "application/json",
        body: Some(&body.to_string()),
        ..Http::default()
    }
    .event()
}

impl Flow<'_> {
    pub(super) fn bootstrap(&mut self) -> Result<()> {
        self.twice("bootstrap-owner", "an owner", |answers| {
            let email = format!("bench-{}@demo.example", answers.len());
            Ok(json!({ "organisation": "Bench Films", "email": email }))
        })
        .map(drop)
    }

    /// Signs the owner in, whose access token the requests after this bear; returns their refresh token.
    pub(super) fn sign_in(&mut self) -> Result<String> {
        let owner = self.owner;
        let right = json!({ "email": owner.email, "password": owner.password });
        let answers = self.same("login", LOGIN, 200, &login(&right))?;
        self.access = field(&answers[1], "access_token")?;
        let refresh = field(&answers[1], "refresh_token")?;

        let mut known = right.clone();
        known["device_token"] = field(&answers[1], "device_token")?.into();
        let request = format!("{LOGIN}: a known device");
        self.same("login", &request, 200, &login(&known))?;
        for (name, email) in [(WRONG, owner.email.as_str()), (UNKNOWN, "x@demo.example")] {
            let body = json!({ "email": email, "password": "not the password of anyone" });
            self.same("login", &format!("{LOGIN}: {name}"), 401, &login(&body))?;
        }
        Ok(refresh)
    }

    /// What anyone gets of the token endpoint, and a session's refreshes.
    pub(super) fn tokens(&mut self, refresh: &str) -> Result<()> {
        let request = "POST /v1/token, refresh_token";
        self.web("mint-token", request, 200, |_, answers| {
            let token = answers.last().map(|answer| field(answer, "refresh_token"));
            let token = token.transpose()?.unwrap_or_else(|| refresh.to_owned());
            let form = format!("grant_type=refresh_token&refresh_token={token}");
            Ok(token_request(&form))
        })?;
        let jwks = Http {
            route: "GET /.well-known/jwks.json",
            ..Http::default()
        };
        self.same("mint-token", jwks.route, 200, &jwks.event())
            .map(drop)
    }

    /// A media token of a scope for each of the two assets.
    pub(super) fn exchange(&mut self, scope: &str) -> Result<Vec<String>> {
        let (access, assets) = (self.access.clone(), self.assets.clone());
        let request = match scope {
            "download" => "POST /v1/token, exchange for a download",
            _ => "POST /v1/token, exchange",
        };
        let answers = self.web("mint-token", request, 200, |n, _| {
            let form = format!(
                "grant_type=urn:ietf:params:oauth:grant-type:token-exchange&subject_token={access}\
                 &subject_token_type=urn:ietf:params:oauth:token-type:access_token\
                 &resource=urn:reelvault:asset:{}&scope={scope}",
                assets[n]
            );
            Ok(token_request(&form))
        })?;
        answers
            .iter()
            .map(|answer| field(answer, "access_token"))
            .collect()
    }
}
