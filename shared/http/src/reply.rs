//! Replies: the cache policy is a required argument.

use lambda_http::{Body, Response};
use serde::Serialize;

/// What caches may do with a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cache {
    /// Nobody keeps it: everything that a credential was needed for, and every error.
    NoStore,
    /// Anyone keeps it for so many seconds: public keys.
    Public(u32),
}

/// A reply to be finished by [`crate::web::Web`].
#[derive(Debug)]
pub struct Reply {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
    text: bool,
}

impl Reply {
    /// JSON of any kind of media type.
    pub fn json_as(
        status: u16,
        media_type: &'static str,
        value: &impl Serialize,
        cache: Cache,
    ) -> Self {
        // Types of replies are plain structs: serialising them does not fail.
        let body = serde_json::to_vec(value).unwrap_or_default();
        Self::new(status, media_type, body, true, cache)
    }

    /// `application/json`.
    pub fn json(status: u16, value: &impl Serialize, cache: Cache) -> Self {
        Self::json_as(status, "application/json", value, cache)
    }

    /// A text of a media type.
    pub fn text(status: u16, media_type: &'static str, text: String, cache: Cache) -> Self {
        Self::new(status, media_type, text.into_bytes(), true, cache)
    }

    /// Octets, sent as they are.
    pub fn octets(status: u16, octets: &[u8], cache: Cache) -> Self {
        Self::new(
            status,
            "application/octet-stream",
            octets.to_vec(),
            false,
            cache,
        )
    }

    /// Octets of a media type, sent as they are.
    pub fn octets_of(status: u16, media_type: &'static str, octets: Vec<u8>, cache: Cache) -> Self {
        Self::new(status, media_type, octets, false, cache)
    }

    fn new(status: u16, media_type: &'static str, body: Vec<u8>, text: bool, cache: Cache) -> Self {
        let policy = match cache {
            Cache::NoStore => "no-store".to_owned(),
            Cache::Public(seconds) => format!("public, max-age={seconds}"),
        };
        let headers = vec![
            ("content-type", media_type.to_owned()),
            ("cache-control", policy),
        ];
        Self {
            status,
            headers,
            body,
            text,
        }
    }

    /// The same reply with one more header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    /// HTTP status.
    pub const fn status(&self) -> u16 {
        self.status
    }
    /// The body.
    pub fn body(&self) -> &[u8] {
        &self.body
    }
    /// The value of a header.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(n, _)| *n == name)
            .map(|(_, v)| v.as_str())
    }

    /// The finished response. A value that is no header value (it never comes from a client) is left out.
    pub fn into_response(self) -> Response<Body> {
        let body = match (self.text, String::from_utf8(self.body)) {
            (true, Ok(text)) => Body::Text(text),
            (false, Ok(text)) => Body::Binary(text.into_bytes()),
            (_, Err(raw)) => Body::Binary(raw.into_bytes()),
        };
        let mut builder = Response::builder().status(self.status);
        for (name, value) in self.headers {
            if let Ok(value) = lambda_http::http::HeaderValue::from_str(&value) {
                builder = builder.header(name, value);
            }
        }
        builder.body(body).unwrap_or_default()
    }
}
