//! An origin: objects of a bucket, fetched as origin access control does.

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use time::OffsetDateTime;

use super::key::ObjectKey;
use super::refusal::Refusal;
use super::sigv4;
use crate::body::{BoxError, Reply};
use crate::upstream::Upstream;

/// What a viewer may ask of an object: ranges and conditions.
const FORWARDED: [header::HeaderName; 6] = [
    header::RANGE,
    header::IF_RANGE,
    header::IF_MATCH,
    header::IF_NONE_MATCH,
    header::IF_MODIFIED_SINCE,
    header::IF_UNMODIFIED_SINCE,
];

/// What of the origin's reply a viewer gets.
const RETURNED: [header::HeaderName; 11] = [
    header::ACCEPT_RANGES,
    header::CACHE_CONTROL,
    header::CONTENT_DISPOSITION,
    header::CONTENT_ENCODING,
    header::CONTENT_LANGUAGE,
    header::CONTENT_LENGTH,
    header::CONTENT_RANGE,
    header::CONTENT_TYPE,
    header::ETAG,
    header::EXPIRES,
    header::LAST_MODIFIED,
];

/// A bucket behind the distribution.
#[derive(Clone)]
pub struct Origin {
    upstream: Upstream,
    bucket: String,
}

/// What of a viewer's request the origin gets to see.
#[derive(Clone, Copy)]
pub struct Ask<'a> {
    /// GET or HEAD.
    pub method: &'a Method,
    /// The object.
    pub key: &'a ObjectKey,
    /// The parameters that are passed on ([`super::query::forwarded`]).
    pub query: &'a str,
    /// The viewer's headers, of which ranges and conditions are passed on.
    pub viewer: &'a HeaderMap,
}

impl Origin {
    /// The bucket of this name at the emulator.
    pub fn new(upstream: Upstream, bucket: &str) -> Self {
        Self {
            upstream,
            bucket: bucket.to_owned(),
        }
    }

    /// Fetches an object or, with HEAD, its headers; the body is passed on as it comes.
    pub async fn fetch(&self, ask: &Ask<'_>, now: OffsetDateTime) -> Result<Reply, Refusal> {
        let request = self.request(ask, now)?;
        let answer = self.upstream.send(request).await.map_err(|error| {
            tracing::warn!(%error, "the origin did not answer");
            Refusal::OriginUnreachable
        })?;
        match answer.status() {
            status if status.is_success() => {}
            StatusCode::NOT_MODIFIED
            | StatusCode::PRECONDITION_FAILED
            | StatusCode::RANGE_NOT_SATISFIABLE => {}
            // Without ListBucket, which the bucket's policy does not give, S3 says 403 of what is not there.
            StatusCode::NOT_FOUND | StatusCode::FORBIDDEN => return Err(Refusal::AccessDenied),
            status => {
                tracing::warn!(%status, "the origin failed");
                return Err(Refusal::OriginUnreachable);
            }
        }
        let (parts, body) = answer.into_parts();
        let mut reply = Reply::new(body.map_err(|error| Box::new(error) as BoxError).boxed());
        *reply.status_mut() = parts.status;
        for name in RETURNED {
            if let Some(value) = parts.headers.get(&name) {
                reply.headers_mut().insert(name, value.clone());
            }
        }
        Ok(reply)
    }

    fn request(&self, ask: &Ask<'_>, now: OffsetDateTime) -> Result<Request<Full<Bytes>>, Refusal> {
        let Ask {
            method,
            key,
            query,
            viewer,
        } = *ask;
        let path = format!("/{}/{}", self.bucket, key.encoded());
        let authority = self.upstream.authority();
        let signed = sigv4::sign(method.as_str(), authority, &path, query, now);
        let mark = if query.is_empty() { "" } else { "?" };
        let mut request = Request::builder()
            .method(method)
            .uri(self.upstream.url(&format!("{path}{mark}{query}")))
            .header(header::HOST, self.upstream.authority())
            .header("x-amz-date", signed.date)
            .header("x-amz-content-sha256", signed.payload)
            .header(header::AUTHORIZATION, signed.authorization);
        for name in FORWARDED {
            if let Some(value) = viewer.get(&name) {
                request = request.header(name, value);
            }
        }
        request
            .body(Full::default())
            .map_err(|_| Refusal::AccessDenied)
    }
}
