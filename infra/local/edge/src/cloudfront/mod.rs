//! `CloudFront`: the behaviours of the distribution, and the API that invalidates it.

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
pub mod query;
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
use origin::{Ask, Origin};
use refusal::Refusal;
use viewer::Viewer;

/// The longest URL that `CloudFront` takes.
const URL_LIMIT: usize = 8_192;

/// The distribution: viewers with signed URLs or cookies only.
pub struct Distribution {
    /// The trusted key group.
    pub keys: KeyGroup,
    /// Each behaviour, and the bucket that it leads to.
    pub behaviours: Vec<(Behaviour, Origin)>,
    /// Clock and ids.
    pub ambient: Ambient,
}

impl Distribution {
    /// The behaviour that a path belongs to. Paths of none are the API's here: there is no default behaviour.
    pub fn owner(&self, path: &str) -> Option<&(Behaviour, Origin)> {
        self.behaviours
            .iter()
            .find(|(behaviour, _)| behaviour.owns(path))
    }

    /// Answers one viewer request of a behaviour.
    pub async fn handle<B>(
        &self,
        (behaviour, origin): &(Behaviour, Origin),
        request: &Request<B>,
        peer: SocketAddr,
    ) -> Reply {
        let outcome = self.serve((behaviour, origin), request, peer).await;
        let refusal = outcome.as_ref().err().map(|refusal| refusal.parts().1);
        let mut reply = outcome.unwrap_or_else(Refusal::reply);
        let (status, folder) = (reply.status().as_u16(), &behaviour.folder);
        tracing::info!(status, refusal, folder, "distribution");
        let headers = reply.headers_mut();
        behaviour.headers.apply(
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

    async fn serve<B>(
        &self,
        (behaviour, bucket): (&Behaviour, &Origin),
        request: &Request<B>,
        peer: SocketAddr,
    ) -> Result<Reply, Refusal> {
        let method = request.method();
        if !behaviour.methods.contains(method) {
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
        let key = ObjectKey::parse(viewer.path, &behaviour.folder).ok_or(Refusal::AccessDenied)?;
        if method == Method::OPTIONS {
            return Ok(Reply::new(full("")));
        }
        let ask = Ask {
            method,
            key: &key,
            query: &query::forwarded(viewer.query, &behaviour.forwarded),
            viewer: request.headers(),
        };
        bucket.fetch(&ask, now).await
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
