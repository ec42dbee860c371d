//! API Gateway's HTTP API: routes of the template, payload 2.0 events, CORS.

pub mod answer;
pub mod cors;
pub mod event;
pub mod invoke;
pub mod routes;

use std::net::SocketAddr;

use bytes::Bytes;
use http::{HeaderValue, Request, StatusCode, request::Parts};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::Incoming;
use serde_json::json;

use crate::ambient::Ambient;
use crate::body::{Reply, json};
use crate::template::HttpApi;
use crate::upstream::Upstream;
use event::{Api, Door};
use invoke::Outcome;
use routes::Match;

/// API Gateway's limit of a payload.
const PAYLOAD_LIMIT: usize = 10 * 1024 * 1024;
/// Lambda's limit of an event, which a payload in base64 can meet first.
const EVENT_LIMIT: usize = 6 * 1024 * 1024;
/// API Gateway's limit of the request line and header values together.
const HEADER_LIMIT: usize = 10_240;

/// The HTTP API.
pub struct Gateway {
    /// What the template declares.
    pub http_api: HttpApi,
    /// What events say of the API.
    pub api: Api,
    /// The emulator.
    pub upstream: Upstream,
    /// Clock and ids.
    pub ambient: Ambient,
}

impl Gateway {
    /// Answers one request.
    pub async fn handle(&self, request: Request<Incoming>, from: (SocketAddr, Door)) -> Reply {
        let request_id = (self.ambient.request_id)();
        let (parts, body) = request.into_parts();
        let cors = self.http_api.cors.as_ref();
        if let Some(preflight) = cors.and_then(|cors| cors.preflight(&parts.method, &parts.headers))
        {
            return preflight;
        }
        let mut reply = self.route(&parts, body, from, &request_id).await;
        if let Some(cors) = cors {
            cors.apply(&parts.headers, reply.headers_mut());
        }
        if let Ok(id) = HeaderValue::from_str(&request_id) {
            reply.headers_mut().insert("apigw-requestid", id);
        }
        reply
    }

    async fn route(
        &self,
        parts: &Parts,
        body: Incoming,
        from: (SocketAddr, Door),
        request_id: &str,
    ) -> Reply {
        if head_size(parts) > HEADER_LIMIT {
            return refuse(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
        }
        let Some(found) = routes::find(&self.http_api.routes, &parts.method, parts.uri.path())
        else {
            return refuse(StatusCode::NOT_FOUND);
        };
        let body = match Limited::new(body, PAYLOAD_LIMIT).collect().await {
            Ok(body) => body.to_bytes(),
            Err(error) if error.is::<LengthLimitError>() => {
                return refuse(StatusCode::PAYLOAD_TOO_LARGE);
            }
            Err(_) => return refuse(StatusCode::BAD_REQUEST),
        };
        let reply = self.integrate(parts, &body, from, request_id, &found).await;
        // The route and not the path: paths and queries carry tokens.
        tracing::info!(
            request_id,
            route = found.route.key(),
            status = reply.status().as_u16()
        );
        reply
    }

    async fn integrate(
        &self,
        parts: &Parts,
        body: &Bytes,
        from: (SocketAddr, Door),
        request_id: &str,
        found: &Match<'_>,
    ) -> Reply {
        let (peer, door) = from;
        let incoming = event::Incoming {
            method: &parts.method,
            path: parts.uri.path(),
            query: parts.uri.query().unwrap_or_default(),
            protocol: if parts.version == http::Version::HTTP_10 {
                "HTTP/1.0"
            } else {
                "HTTP/1.1"
            },
            headers: &parts.headers,
            body,
            peer,
            door,
            now: (self.ambient.now)(),
            request_id,
        };
        let event = event::build(&self.api, &incoming, found)
            .to_string()
            .into_bytes();
        if event.len() > EVENT_LIMIT {
            return refuse(StatusCode::PAYLOAD_TOO_LARGE);
        }
        let route = found.route;
        match invoke::invoke(&self.upstream, &route.function, event, route.timeout).await {
            Outcome::Answer(payload) => {
                answer::read(&payload).unwrap_or_else(|| refuse(StatusCode::INTERNAL_SERVER_ERROR))
            }
            Outcome::Failed => refuse(StatusCode::INTERNAL_SERVER_ERROR),
            Outcome::TooLarge => refuse(StatusCode::PAYLOAD_TOO_LARGE),
            Outcome::Throttled | Outcome::Unavailable => refuse(StatusCode::SERVICE_UNAVAILABLE),
        }
    }
}

/// API Gateway's own refusal: `{"message":"Not Found"}`.
fn refuse(status: StatusCode) -> Reply {
    let message = match status {
        StatusCode::PAYLOAD_TOO_LARGE => "Request Entity Too Large",
        other => other.canonical_reason().unwrap_or("Error"),
    };
    json(status, &json!({ "message": message }))
}

fn head_size(parts: &Parts) -> usize {
    let line = parts
        .uri
        .path_and_query()
        .map_or(0, |target| target.as_str().len());
    line + parts.headers.values().map(HeaderValue::len).sum::<usize>()
}
