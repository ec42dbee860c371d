//! A client of the API, and of whatever else is asked over HTTP.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;
use ureq::Agent;
use ureq::http::{Request, Response};

use crate::aws;

/// RFC 8693 §2.1 and §3.
const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

/// A reply of any status.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) etag: Option<String>,
    pub(super) cache: Option<String>,
    pub(super) body: Vec<u8>,
}

impl Reply {
    pub(super) fn read(mut response: Response<ureq::Body>) -> Result<Self> {
        let header = |name: &str| {
            response
                .headers()
                .get(name)
                .and_then(|value| value.to_str().ok())
                .map(str::to_owned)
        };
        let (status, etag, cache) = (
            response.status().as_u16(),
            header("etag"),
            header("cache-control"),
        );
        let body = response
            .body_mut()
            .with_config()
            .limit(1 << 30)
            .read_to_vec()?;
        Ok(Self {
            status,
            etag,
            cache,
            body,
        })
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The stable code of a refusal: of a problem document, or of CloudFront's XML.
    pub(super) fn code(&self) -> String {
        let document = self.json();
        let named = document["code"]
            .as_str()
            .or_else(|| document["error"].as_str())
            .map(str::to_owned);
        let text = self.text();
        let tagged = text
            .split_once("<Code>")
            .and_then(|(_, rest)| rest.split_once("</Code>"));
        named
            .or_else(|| tagged.map(|(code, _)| code.to_owned()))
            .unwrap_or_default()
    }

    /// Status and code, as facts name them.
    pub(super) fn shown(&self) -> String {
        format!("{} {}", self.status, self.code())
            .trim_end()
            .to_owned()
    }

    /// The JSON of a reply with this status; of another, an error that says what came instead.
    pub(super) fn expect(self, status: u16) -> Result<Value> {
        if self.status != status {
            let document = self.json();
            let detail = document["detail"]
                .as_str()
                .or_else(|| document["message"].as_str())
                .unwrap_or_default();
            bail!("expected {status}, got {} {detail}", self.shown());
        }
        Ok(self.json())
    }
}

/// The API of one deployment.
#[derive(Clone)]
pub(super) struct Api {
    agent: Agent,
    base: String,
}

impl Api {
    pub(super) fn new(base: &str) -> Self {
        Self {
            agent: aws::agent(Duration::from_mins(1)),
            base: base.to_owned(),
        }
    }

    pub(super) fn agent(&self) -> &Agent {
        &self.agent
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// GET of any URL.
    pub(super) fn fetch(&self, url: &str) -> Result<Reply> {
        Reply::read(self.agent.get(url).call()?)
    }

    pub(super) fn get(&self, path: &str, bearer: &str) -> Result<Reply> {
        Reply::read(
            self.agent
                .get(self.url(path))
                .header("authorization", format!("Bearer {bearer}"))
                .call()?,
        )
    }

    /// POST of JSON, or of nothing.
    pub(super) fn post(
        &self,
        path: &str,
        bearer: Option<&str>,
        body: Option<&Value>,
    ) -> Result<Reply> {
        let mut request = Request::post(self.url(path));
        if let Some(bearer) = bearer {
            request = request.header("authorization", format!("Bearer {bearer}"));
        }
        if body.is_some() {
            request = request.header("content-type", "application/json");
        }
        let text = body.map(Value::to_string).unwrap_or_default();
        Reply::read(self.agent.run(request.body(text)?)?)
    }

    /// POST to the OAuth 2.0 token endpoint.
    pub(super) fn token(&self, form: &[(&str, &str)]) -> Result<Reply> {
        Reply::read(
            self.agent
                .post(self.url("/v1/token"))
                .send_form(form.iter().copied())?,
        )
    }

    /// A media token for one asset (RFC 8693).
    pub(super) fn media_token(
        &self,
        access: &str,
        asset: &str,
        lifetime: u32,
        views: u32,
    ) -> Result<String> {
        let resource = format!("urn:reelvault:asset:{asset}");
        let (lifetime, views) = (lifetime.to_string(), views.to_string());
        let reply = self.token(&[
            ("grant_type", EXCHANGE),
            ("subject_token", access),
            ("subject_token_type", ACCESS_TOKEN),
            ("resource", &resource),
            ("scope", "play"),
            ("lifetime", &lifetime),
            ("max_views", &views),
        ])?;
        text(&reply.expect(200)?, "access_token")
    }

    /// Spends a view of a media token.
    pub(super) fn open(&self, media_token: &str, asset: &str) -> Result<Reply> {
        self.post(
            &format!("/v1/assets/{asset}/playback"),
            Some(media_token),
            None,
        )
    }
}

/// A text member of a JSON object.
pub(super) fn text(value: &Value, name: &str) -> Result<String> {
    value[name]
        .as_str()
        .map(str::to_owned)
        .with_context(|| format!("the reply has no {name}"))
}

#[cfg(test)]
mod tests {
    use super::Reply;

    fn reply(body: &str) -> Reply {
        Reply {
            status: 403,
            etag: None,
            cache: None,
            body: body.into(),
        }
    }

    #[test]
    fn codes_are_found_in_problems_oauth_errors_and_xml() {
        assert_eq!(
            reply(r#"{"status":403,"code":"forbidden"}"#).shown(),
            "403 forbidden"
        );
        assert_eq!(
            reply(r#"{"error":"invalid_grant"}"#).code(),
            "invalid_grant"
        );
        assert_eq!(
            reply("<Error><Code>AccessDenied</Code></Error>").code(),
            "AccessDenied"
        );
        assert_eq!(reply("").shown(), "403");
    }
}
