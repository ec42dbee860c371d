//! The API, a function a route.

use serde_json::{Value, json};

use crate::cloud::cloud;
use crate::http::{Http, Reply, Request};

/// RFC 8693 §2.1 and §3.
pub const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
/// RFC 8693 §3.
pub const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
/// The type of a form (RFC 6749 §3.2).
pub const FORM: &str = "application/x-www-form-urlencoded";
/// The type of nearly every body.
pub const JSON: &str = "application/json";

/// A client of the API at one address.
#[derive(Debug, Clone, Copy, Default)]
pub struct Api {
    /// What it sends by.
    pub http: Http,
}

/// The URL of a path of the API.
pub fn url(path: &str) -> String {
    format!("{}{path}", cloud().api_url)
}

impl Api {
    /// POST of JSON.
    pub fn post(&self, path: &str, bearer: Option<&str>, body: &Value) -> Reply {
        let request = Request::new("POST", &url(path)).body(JSON, body.to_string());
        self.http.send(&match bearer {
            Some(token) => request.bearer(token),
            None => request,
        })
    }

    /// POST of nothing.
    pub fn post_nothing(&self, path: &str, bearer: &str) -> Reply {
        self.http
            .send(&Request::new("POST", &url(path)).bearer(bearer))
    }

    /// GET.
    pub fn get(&self, path: &str, bearer: &str) -> Reply {
        self.http
            .send(&Request::new("GET", &url(path)).bearer(bearer))
    }

    /// `POST /v1/login`
    pub fn login(&self, email: &str, password: &str) -> Reply {
        self.post(
            "/v1/login",
            None,
            &json!({ "email": email, "password": password }),
        )
    }

    /// `POST /v1/token`
    pub fn token(&self, form: &[(&str, &str)]) -> Reply {
        let pairs: Vec<_> = form
            .iter()
            .map(|(name, value)| format!("{name}={}", quoted(value)))
            .collect();
        self.http
            .send(&Request::new("POST", &url("/v1/token")).body(FORM, pairs.join("&")))
    }

    /// A rotation of a refresh token.
    pub fn refresh(&self, token: &str) -> Reply {
        self.token(&[("grant_type", "refresh_token"), ("refresh_token", token)])
    }

    /// An exchange for a media token, with further or other fields.
    pub fn exchange(&self, access: &str, asset: &str, more: &[(&str, &str)]) -> Reply {
        let resource = format!("urn:reelvault:asset:{asset}");
        let usual = [
            ("grant_type", EXCHANGE),
            ("subject_token", access),
            ("subject_token_type", ACCESS_TOKEN),
            ("resource", resource.as_str()),
        ];
        let replaced = |name: &str| more.iter().any(|(other, _)| *other == name);
        let kept = usual.into_iter().filter(|(name, _)| !replaced(name));
        self.token(&kept.chain(more.iter().copied()).collect::<Vec<_>>())
    }

    /// A media token of one view.
    pub fn media_token(&self, access: &str, asset: &str) -> String {
        self.exchange(access, asset, &[])
            .expect(200)
            .field("access_token")
    }

    /// `POST /v1/assets/{asset_id}/playback`
    pub fn open(&self, media_token: &str, asset: &str) -> Reply {
        self.post_nothing(&format!("/v1/assets/{asset}/playback"), media_token)
    }

    /// The same in a mode of delivery.
    pub fn open_as(&self, media_token: &str, asset: &str, mode: &str) -> Reply {
        let path = format!("/v1/assets/{asset}/playback");
        self.post(&path, Some(media_token), &json!({ "mode": mode }))
    }

    /// The same under an idempotency key.
    pub fn open_named(&self, media_token: &str, asset: &str, key: &str) -> Reply {
        let request = Request::new("POST", &url(&format!("/v1/assets/{asset}/playback")));
        self.http
            .send(&request.bearer(media_token).header("idempotency-key", key))
    }

    /// A media token for one download.
    pub fn download_token(&self, access: &str, asset: &str) -> String {
        self.exchange(access, asset, &[("scope", "download")])
            .expect(200)
            .field("access_token")
    }

    /// `POST /v1/assets/{asset_id}/download`
    pub fn download(&self, media_token: &str, asset: &str) -> Reply {
        self.post_nothing(&format!("/v1/assets/{asset}/download"), media_token)
    }

    /// The same under an idempotency key.
    pub fn download_named(&self, media_token: &str, asset: &str, key: &str) -> Reply {
        let request = Request::new("POST", &url(&format!("/v1/assets/{asset}/download")));
        self.http
            .send(&request.bearer(media_token).header("idempotency-key", key))
    }

    /// `POST /v1/assets/{asset_id}/withdraw`
    pub fn withdraw(&self, access: &str, asset: &str) -> Reply {
        self.post_nothing(&format!("/v1/assets/{asset}/withdraw"), access)
    }

    /// `GET /v1/uploads/{asset_id}`
    pub fn status(&self, access: &str, asset: &str) -> Reply {
        self.get(&format!("/v1/uploads/{asset}"), access)
    }

    /// `POST /v1/uploads/{asset_id}/finalize` without naming parts.
    pub fn finalize(&self, access: &str, asset: &str) -> Reply {
        self.post_nothing(&format!("/v1/uploads/{asset}/finalize"), access)
    }
}

/// Percent-encoded, but for what RFC 3986 leaves alone.
pub fn quoted(text: &str) -> String {
    let quote = |byte: u8| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            char::from(byte).to_string()
        } else {
            format!("%{byte:02X}")
        }
    };
    text.bytes().map(quote).collect()
}

/// Asserts a refusal: status and code, a problem document that no cache keeps, the id of the request.
pub fn refused(reply: &Reply, status: u16, code: &str) {
    assert_eq!(
        reply.shown(),
        format!("{status} {code}"),
        "{}",
        reply.text()
    );
    assert_eq!(
        reply.header("cache-control"),
        Some("no-store"),
        "{}",
        reply.shown()
    );
    let document = reply.json();
    let id = document["request_id"].as_str().unwrap_or_default();
    assert!(
        !id.is_empty() && reply.header("x-request-id") == Some(id),
        "{}",
        reply.text()
    );
    if document.get("error").is_none() {
        assert_eq!(
            reply.header("content-type"),
            Some("application/problem+json")
        );
        assert_eq!(document["status"], status);
        assert_eq!(document["type"], format!("urn:reelvault:problem:{code}"));
    }
}

/// Asserts a refusal of the token endpoint.
pub fn refused_token(reply: &Reply, error: &str, code: &str) {
    refused(reply, 400, code);
    assert_eq!(reply.json()["error"], error, "{}", reply.text());
    assert_eq!(reply.header("pragma"), Some("no-cache"));
}
