//! The API as an origin: what of a viewer's request it gets to see, and what is kept of its replies.

use std::net::SocketAddr;

use http::{HeaderName, HeaderValue, Method, Request, header};
use hyper::body::Incoming;

use super::Distribution;
use super::behaviour::Behaviour;
use super::function::Seen;
use super::{query, refusal::Refusal};
use crate::body::Reply;
use crate::gateway::Gateway;
use crate::gateway::event::Door;

/// What is asked of the API.
pub struct Ask<'a> {
    /// By which behaviour.
    pub behaviour: &'a Behaviour,
    /// The request, as a function left it.
    pub seen: &'a Seen,
    /// What comes before the path.
    pub prefix: &'a str,
}

impl Distribution {
    /// Answers from the cache, or asks the API.
    pub(super) async fn ask_api(
        &self,
        ask: Ask<'_>,
        request: Request<Incoming>,
        peer: SocketAddr,
        gateway: &Gateway,
    ) -> Result<Reply, Refusal> {
        let path = &ask.seen.path;
        let now = (self.ambient.now)().unix_timestamp();
        let may_keep = ask.behaviour.kept > 0 && request.method() == Method::GET;
        if let Some(mut kept) = self.cache.find(path, now).filter(|_| may_keep) {
            let hit = HeaderValue::from_static("Hit from cloudfront");
            kept.headers_mut().insert("x-cache", hit);
            return Ok(kept);
        }
        let request = forwarded(&ask, request).ok_or(Refusal::AccessDenied)?;
        let reply = gateway.handle(request, (peer, Door::Distribution)).await;
        if !may_keep {
            return Ok(reply);
        }
        let kept = self.cache.keep(path, reply, ask.behaviour.kept, now);
        kept.await.map_err(|error| {
            tracing::warn!(%error, "the API's reply ended early");
            Refusal::OriginUnreachable
        })
    }
}

/// The request with what the policies of the behaviour name, and nothing else.
fn forwarded(ask: &Ask<'_>, request: Request<Incoming>) -> Option<Request<Incoming>> {
    let Ask {
        behaviour,
        seen,
        prefix,
    } = ask;
    let names = &behaviour.forwarded;
    let query = query::forwarded(&seen.query, &names.query);
    let mark = if query.is_empty() { "" } else { "?" };
    let (mut parts, body) = request.into_parts();
    parts.uri = format!("{prefix}{}{mark}{query}", seen.path).parse().ok()?;
    let passed = |name: &HeaderName| {
        *name == header::HOST || names.headers.iter().any(|known| name.as_str() == known)
    };
    let headers = std::mem::take(&mut parts.headers);
    for (name, value) in &headers {
        if passed(name) {
            parts.headers.append(name.clone(), value.clone());
        }
    }
    let cookies = seen.cookies.iter();
    let cookies = cookies.filter(|(name, _)| names.cookies.contains(name));
    let line: Vec<_> = cookies
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    if !line.is_empty() {
        let line = line.join("; ").parse().ok()?;
        parts.headers.insert(header::COOKIE, line);
    }
    Some(Request::from_parts(parts, body))
}
