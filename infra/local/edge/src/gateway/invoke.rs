//! Invoking functions through the emulator's Lambda API.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full};

use crate::body::BoxError;
use crate::upstream::Upstream;

/// The emulator wants the shape of a signature; it does not check it.
const AUTHORIZATION: &str = "AWS4-HMAC-SHA256 \
     Credential=test/20260101/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature=0";

/// What came of an invocation.
#[derive(Debug)]
pub enum Outcome {
    /// The function's answer.
    Answer(Bytes),
    /// The function failed, or cannot be invoked.
    Failed,
    /// Too many invocations at once.
    Throttled,
    /// The event is larger than Lambda takes.
    TooLarge,
    /// No answer in time, or no emulator.
    Unavailable,
}

/// Invokes `function` and waits for its answer, for `timeout` at most.
pub async fn invoke(
    upstream: &Upstream,
    function: &str,
    event: Vec<u8>,
    timeout: Duration,
) -> Outcome {
    match tokio::time::timeout(timeout, call(upstream, function, event)).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(error)) => {
            tracing::warn!(function, %error, "the emulator did not answer");
            Outcome::Unavailable
        }
        Err(_) => {
            tracing::warn!(function, "the function did not answer in time");
            Outcome::Unavailable
        }
    }
}

async fn call(upstream: &Upstream, function: &str, event: Vec<u8>) -> Result<Outcome, BoxError> {
    let path = format!("/2015-03-31/functions/{function}/invocations");
    let request = Request::post(upstream.url(&path))
        .header(header::HOST, upstream.authority())
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::AUTHORIZATION, AUTHORIZATION)
        .body(Full::from(event))?;
    let (parts, body) = upstream.send(request).await?.into_parts();
    let payload = body.collect().await?.to_bytes();
    let failed = parts.headers.contains_key("x-amz-function-error");
    Ok(match parts.status {
        status if status.is_success() && !failed => Outcome::Answer(payload),
        StatusCode::TOO_MANY_REQUESTS => Outcome::Throttled,
        StatusCode::PAYLOAD_TOO_LARGE => Outcome::TooLarge,
        status => {
            let why = String::from_utf8_lossy(&payload[..payload.len().min(500)]);
            tracing::warn!(function, %status, failed, %why, "the invocation failed");
            Outcome::Failed
        }
    })
}
