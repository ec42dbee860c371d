//! What the distribution keeps of the API's replies, as long as the reply and the behaviour let it: by path alone, since no
//! cache policy of the template before the API has anything else in its key.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use http_body_util::BodyExt as _;

use crate::body::{BoxError, Reply, full};

/// Replies by path. Small: a development tool's.
#[derive(Default)]
pub struct Cache(Mutex<HashMap<String, Kept>>);

struct Kept {
    until: i64,
    headers: HeaderMap,
    body: Bytes,
}

impl Cache {
    /// The reply that is kept for a path at `now`.
    pub fn find(&self, path: &str, now: i64) -> Option<Reply> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = kept.get(path).filter(|found| now < found.until)?;
        let mut reply = Reply::new(full(found.body.clone()));
        reply.headers_mut().clone_from(&found.headers);
        Some(reply)
    }

    /// Keeps a reply for `most` seconds at most, if it is one to be kept, and gives it back.
    ///
    /// # Errors
    /// The body ended early.
    pub async fn keep(
        &self,
        path: &str,
        reply: Reply,
        most: u64,
        now: i64,
    ) -> Result<Reply, BoxError> {
        let seconds = fresh(&reply).min(most);
        if reply.status() != StatusCode::OK || seconds == 0 {
            return Ok(reply);
        }
        let (parts, body) = reply.into_parts();
        let body = body.collect().await?.to_bytes();
        let kept = Kept {
            until: now.saturating_add_unsigned(seconds),
            headers: parts.headers.clone(),
            body: body.clone(),
        };
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, old| now < old.until);
        all.insert(path.to_owned(), kept);
        Ok(Reply::from_parts(parts, full(body)))
    }

    /// Forgets everything: what an invalidation names is among it.
    pub fn clear(&self) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }
}

/// Seconds for which a shared cache may keep a reply (RFC 9111 §5.2.2).
fn fresh(reply: &Reply) -> u64 {
    let policy = reply.headers().get(header::CACHE_CONTROL);
    let policy = policy
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let mut directives = policy.split(',').map(str::trim);
    if directives
        .clone()
        .any(|own| matches!(own, "no-store" | "no-cache" | "private"))
    {
        return 0;
    }
    let age = directives.find_map(|own| own.strip_prefix("max-age="));
    age.and_then(|seconds| seconds.parse().ok()).unwrap_or(0)
}
