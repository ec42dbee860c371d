//! `CloudFront`: the behaviours of the distribution, and the API that invalidates it.

pub mod api;
pub mod behaviour;
pub mod cache;
pub mod control;
pub mod credentials;
pub mod encoding;
pub mod function;
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

use std::collections::BTreeMap;
use std::net::SocketAddr;

use http::{HeaderMap, HeaderValue, Method, Request, Uri, header};
use hyper::body::Incoming;
use time::OffsetDateTime;

use crate::ambient::Ambient;
use crate::body::Reply;
use crate::gateway::Gateway;
use behaviour::Behaviour;
use cache::Cache;
use function::{Outcome, Seen};
use key::ObjectKey;
use keys::KeyGroup;
use origin::{Ask, Origin};
use refusal::Refusal;
use viewer::Viewer;

/// The longest URL that `CloudFront` takes.
const URL_LIMIT: usize = 8_192;

/// Who answers for a behaviour.
pub enum Source {
    /// Objects of a bucket.
    Bucket(Box<Origin>),
    /// The API, below a path.
    Api(String),
}

/// The distribution: viewers whom a signature, cookies or a function lets in.
pub struct Distribution {
    /// The trusted key group.
    pub keys: KeyGroup,
    /// The key value store of the functions.
    pub secrets: BTreeMap<String, String>,
    /// Each behaviour, and who answers for it.
    pub behaviours: Vec<(Behaviour, Source)>,
    /// What is kept of the API's replies.
    pub cache: Cache,
    /// Clock and ids.
    pub ambient: Ambient,
}

impl Distribution {
    /// The behaviour that a path belongs to. Paths of none are the API's here: there is no default behaviour.
    pub fn owner(&self, path: &str) -> Option<&(Behaviour, Source)> {
        self.behaviours
            .iter()
            .find(|(behaviour, _)| behaviour.owns(path))
    }

    /// Answers one viewer request of a behaviour.
    pub async fn handle(
        &self,
        (behaviour, source): &(Behaviour, Source),
        request: Request<Incoming>,
        peer: SocketAddr,
        gateway: &Gateway,
    ) -> Reply {
        let asked = (
            request.method().clone(),
            request.headers().get(header::ORIGIN).cloned(),
        );
        let served = self.serve((behaviour, source), request, peer, gateway);
        let outcome = served.await;
        let refusal = outcome.as_ref().err().map(|refusal| refusal.parts().1);
        let mut reply = outcome.unwrap_or_else(Refusal::reply);
        let (status, pattern) = (reply.status().as_u16(), &behaviour.pattern);
        tracing::info!(status, refusal, pattern, "distribution");
        let headers = reply.headers_mut();
        behaviour.headers.apply(&asked.0, asked.1.as_ref(), headers);
        let cache = if refusal.is_some() {
            "Error from cloudfront"
        } else {
            "Miss from cloudfront"
        };
        headers
            .entry("x-cache")
            .or_insert(HeaderValue::from_static(cache));
        if let Ok(id) = HeaderValue::from_str(&(self.ambient.request_id)()) {
            headers.insert("x-amz-cf-id", id);
        }
        reply
    }

    async fn serve(
        &self,
        (behaviour, source): (&Behaviour, &Source),
        request: Request<Incoming>,
        peer: SocketAddr,
        gateway: &Gateway,
    ) -> Result<Reply, Refusal> {
        if !behaviour.methods.contains(request.method()) {
            return Err(Refusal::MethodNotAllowed);
        }
        let now = (self.ambient.now)();
        if behaviour.signed {
            self.authorize(&request, peer, now)?;
        }
        let mut seen = seen(&request);
        if let Some(code) = &behaviour.function {
            let millis = i64::try_from(now.unix_timestamp_nanos() / 1_000_000).unwrap_or(0);
            let asked = (request.method().as_str(), &seen);
            match function::run(code, &self.secrets, asked, millis)? {
                Outcome::Forward(changed) => seen = changed,
                Outcome::Answer(reply) => return Ok(reply),
            }
        }
        match source {
            Source::Api(prefix) => {
                let ask = api::Ask {
                    behaviour,
                    seen: &seen,
                    prefix,
                };
                self.ask_api(ask, request, peer, gateway).await
            }
            Source::Bucket(bucket) => {
                let key = ObjectKey::parse(&seen.path, &behaviour.origin);
                let key = key.ok_or(Refusal::AccessDenied)?;
                if request.method() == Method::OPTIONS {
                    return Ok(Reply::new(crate::body::full("")));
                }
                let ask = Ask {
                    method: request.method(),
                    key: &key,
                    query: &query::forwarded(&seen.query, &behaviour.forwarded.query),
                    viewer: request.headers(),
                };
                bucket.fetch(&ask, now).await
            }
        }
    }

    /// Checks the signature of a viewer, in the URL or in cookies.
    fn authorize(
        &self,
        request: &Request<Incoming>,
        peer: SocketAddr,
        now: OffsetDateTime,
    ) -> Result<(), Refusal> {
        let uri = request.uri();
        let origin = viewer_origin(uri, request.headers()).ok_or(Refusal::AccessDenied)?;
        let target = uri.path_and_query().map_or("", |target| target.as_str());
        if origin.len() + target.len() > URL_LIMIT {
            return Err(Refusal::UrlTooLong);
        }
        let viewer = Viewer {
            origin: &origin,
            path: uri.path(),
            query: uri.query().unwrap_or_default(),
            cookies: &cookies(request.headers()),
            address: peer.ip(),
            now: u64::try_from(now.unix_timestamp()).unwrap_or(0),
        };
        viewer::authorize(&self.keys, &viewer)
    }
}

fn cookies(headers: &HeaderMap) -> Vec<&str> {
    let lines = headers.get_all(header::COOKIE).iter();
    lines.filter_map(|value| value.to_str().ok()).collect()
}

/// A request as it goes on if no function changes it.
fn seen(request: &Request<Incoming>) -> Seen {
    let lines = cookies(request.headers());
    let pairs = lines.iter().flat_map(|line| line.split(';'));
    let pairs = pairs.filter_map(|pair| pair.trim().split_once('='));
    Seen {
        path: request.uri().path().to_owned(),
        query: request.uri().query().unwrap_or_default().to_owned(),
        cookies: pairs
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
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
