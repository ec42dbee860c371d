//! Requests to the emulator.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, Uri};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};

use crate::body::BoxError;

/// A client of the emulator, with a pool of connections.
#[derive(Clone)]
pub struct Upstream {
    client: Client<HttpConnector, Full<Bytes>>,
    base: String,
    authority: String,
}

/// The emulator's address is not `http://host:port`.
#[derive(Debug, thiserror::Error)]
#[error("the emulator's address is not of the form http://host:port: {0}")]
pub struct BadAddress(String);

impl Upstream {
    /// A client of the emulator at `base`.
    pub fn new(base: &str) -> Result<Self, BadAddress> {
        let base = base.trim_end_matches('/');
        let uri: Uri = base.parse().map_err(|_| BadAddress(base.to_owned()))?;
        let plain = uri.scheme_str() == Some("http");
        let authority = uri.authority().filter(|_| plain && uri.path() == "/");
        let authority = authority
            .ok_or_else(|| BadAddress(base.to_owned()))?
            .to_string();
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            // Shorter than any server keeps an idle connection, so that none is used as it closes.
            .pool_idle_timeout(Duration::from_secs(1))
            .build_http();
        Ok(Self {
            client,
            base: base.to_owned(),
            authority,
        })
    }

    /// What requests carry as `Host`.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// The address of a path, which starts with a slash.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// Sends a request; the reply's body is not read yet.
    pub async fn send(
        &self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, BoxError> {
        Ok(self.client.request(request).await?)
    }
}
