//! `CloudFront`: the `/media/*` behaviour of the distribution, and the API that invalidates it.

pub mod behaviour;
pub mod control;
pub mod credentials;
pub mod encoding;
pub mod headers;
pub mod invalidation;
pub mod key;
pub mod keys;
pub mod origin;
pub mod policy;
pub mod refusal;
pub mod sigv4;
pub mod viewer;

use std::net::SocketAddr;

use http::{HeaderMap, HeaderValue, Method, Request, Uri, header};

use crate::ambient::Ambient;
use crate::body::{Reply, full};
use behaviour::Behaviour;
use key::ObjectKey;
use keys::KeyGroup;
use origin::Origin;
use refusal::Refusal;
use viewer::Viewer;

/// The longest URL that `CloudFront` takes.
const URL_LIMIT: usize = 8_192;

/// The distribution's `/media/*` behaviour: viewers with signed URLs or cookies only.
pub struct Distribution {
    /// The trusted key group.
    pub keys: KeyGroup,
    /// The media bucket.
    pub origin: Origin,
    /// Methods and response headers.
    pub behaviour: Behaviour,
    /// Clock and ids.
    pub ambient: Ambient,
}

impl Distribution {
    /// Whether a request's path belongs to this behaviour.
    pub fn owns(path: &str) -> bool {
        path.starts_with("/media/")
    }

    /// Answers one viewer request.
    pub async fn handle<B>(&self, request: &Request<B>, peer: SocketAddr) -> Reply {
        let outcome = self.serve(request, peer).await;
        let refusal = outcome.as_ref().err().map(|refusal| refusal.parts().1);
        let mut reply = outcome.unwrap_or_else(Refusal::reply);
        tracing::info!(status = reply.status().as_u16(), refusal, "media");
        let headers = reply.headers_mut();
        self.behaviour.headers.apply(
            request.method(),
            request.headers().get(header::ORIGIN),
            headers,
        );
        let cache = if refusal.is_some() {
            "Error from cloudfront"
        } else {
            "Miss from cloudfront"
        };
        headers.insert("x-cache", HeaderValue::from_static(cache));
        if let Ok(id) = HeaderValue::from_str(&(self.ambient.request_id)()) {
            headers.insert("x-amz-cf-id", id);
        }
        reply
    }

    async fn serve<B>(&self, request: &Request<B>, peer: SocketAddr) -> Result<Reply, Refusal> {
        let method = request.method();
        if !self.behaviour.methods.contains(method) {
            return Err(Refusal::MethodNotAllowed);
        }
        let origin =
            viewer_origin(request.uri(), request.headers()).ok_or(Refusal::AccessDenied)?;
        let target = request
            .uri()
            .path_and_query()
            .map_or("", |target| target.as_str());
        if origin.len() + target.len() > URL_LIMIT {
            return Err(Refusal::UrlTooLong);
        }
        let now = (self.ambient.now)();
        let cookies: Vec<&str> = request
            .headers()
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .collect();
        let viewer = Viewer {
            origin: &origin,
            path: request.uri().path(),
            query: request.uri().query().unwrap_or_default(),
            cookies: &cookies,
            address: peer.ip(),
            now: u64::try_from(now.unix_timestamp()).unwrap_or(0),
        };
        viewer::authorize(&self.keys, &viewer)?;
        let key = ObjectKey::parse(viewer.path).ok_or(Refusal::AccessDenied)?;
        if method == Method::OPTIONS {
            return Ok(Reply::new(full("")));
        }
        self.origin
            .fetch(method, &key, request.headers(), now)
            .await
    }
}

/// Scheme and authority as the viewer used them. The edge has no TLS, so the scheme is `http`.
fn viewer_origin(uri: &Uri, headers: &HeaderMap) -> Option<String> {
    let authority = match uri.authority() {
        Some(authority) => authority.as_str(),
        None => headers.get(header::HOST)?.to_str().ok()?,
    };
    Some(format!("http://{authority}"))
}
