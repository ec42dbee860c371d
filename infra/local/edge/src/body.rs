//! Bodies: whole ones made here, and streams passed on without being held.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full, combinators::BoxBody};

/// Any error that a body or an upstream can end with.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The body of every reply of the edge.
pub type Body = BoxBody<Bytes, BoxError>;

/// A reply of the edge.
pub type Reply = Response<Body>;

/// A body held in memory.
pub fn full(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into())
        .map_err(|never| match never {})
        .boxed()
}

/// A whole reply of one content type.
pub fn reply(status: StatusCode, content_type: &'static str, bytes: impl Into<Bytes>) -> Reply {
    let mut reply = Response::new(full(bytes));
    *reply.status_mut() = status;
    reply
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    reply
}

/// A JSON reply.
pub fn json(status: StatusCode, value: &serde_json::Value) -> Reply {
    reply(status, "application/json", value.to_string())
}
