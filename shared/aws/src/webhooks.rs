//! The way to endpoints of webhooks, over HTTP.
//!
//! Where a URL leads is decided by a stranger, so it is looked at when it is connected to: the name is resolved here, all its
//! addresses must be public, and the connection is made to one of just those. There is no second look-up that could answer
//! otherwise, no redirection is followed, no proxy is asked, and every message has a connection of its own.

use std::net::IpAddr;
use std::time::Duration;

use async_trait::async_trait;
use aws_smithy_async::future::timeout::Timeout;
use aws_smithy_async::rt::sleep::{AsyncSleep as _, TokioSleep};
use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::dns::{DnsFuture, ResolveDns, ResolveDnsError};
use aws_smithy_runtime_api::client::http::{HttpConnector as _, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::http::HttpError;
use aws_smithy_types::body::SdkBody;
use vault_domain::network::is_public;
use vault_domain::ports::WebhookPoster;
use vault_domain::webhook::{Reach, Signed, Verdict, WebhookUrl};

/// From the look-up of the name to the head of the answer.
const WITHIN: Duration = Duration::from_secs(10);
/// What we call ourselves.
const AGENT: &str = "Reelvault-Webhooks";

/// Why a name is not connected to: stable words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum Unresolved {
    #[error("address_refused")]
    Refused,
    #[error("name_unknown")]
    Unknown,
}

impl Unresolved {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Refused => "address_refused",
            Self::Unknown => "name_unknown",
        }
    }
}

/// Resolves names, and refuses those of which any address is not within reach.
#[derive(Debug, Clone)]
struct Resolver<L> {
    reach: Reach,
    lookup: L,
}

/// The look-up of a name by the system.
#[derive(Debug, Clone, Copy)]
struct System;

/// How names are looked up.
trait Lookup: Clone + std::fmt::Debug + Send + Sync + 'static {
    /// The addresses of a name; none if it has none.
    fn addresses(&self, name: &str) -> impl Future<Output = Vec<IpAddr>> + Send;
}

impl Lookup for System {
    async fn addresses(&self, name: &str) -> Vec<IpAddr> {
        let found = tokio::net::lookup_host((name, 0)).await;
        found.map_or_else(|_| Vec::new(), |all| all.map(|found| found.ip()).collect())
    }
}

impl<L: Lookup> Resolver<L> {
    async fn resolved(&self, name: &str) -> Result<Vec<IpAddr>, Unresolved> {
        let found = self.lookup.addresses(name).await;
        if found.is_empty() {
            return Err(Unresolved::Unknown);
        }
        let within = |address: &IpAddr| self.reach == Reach::Anywhere || is_public(*address);
        // One that is not is no accident of a good name.
        if !found.iter().all(within) {
            return Err(Unresolved::Refused);
        }
        Ok(found)
    }
}

impl<L: Lookup> ResolveDns for Resolver<L> {
    fn resolve_dns<'a>(&'a self, name: &'a str) -> DnsFuture<'a> {
        let resolved = async move { self.resolved(name).await.map_err(ResolveDnsError::new) };
        DnsFuture::new(resolved)
    }
}

/// Posts messages.
#[derive(Debug)]
pub struct HttpPoster {
    reach: Reach,
    within: Duration,
    connector: SharedHttpConnector,
}

impl HttpPoster {
    /// Posts to endpoints within this reach.
    pub fn new(reach: Reach) -> Self {
        Self::with(reach, System)
    }

    fn with(reach: Reach, lookup: impl Lookup) -> Self {
        let connector = Connector::builder()
            .pool_max_idle_per_host(0)
            .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
            .build_with_resolver(Resolver { reach, lookup });
        Self {
            reach,
            within: WITHIN,
            connector: SharedHttpConnector::new(connector),
        }
    }

    async fn send(&self, request: HttpRequest) -> Verdict {
        match self.connector.call(request).await {
            // The body is not read: the connection ends with it.
            Ok(response) => Verdict::Answered(response.status().as_u16()),
            Err(error) => Verdict::Unreachable(why(&error)),
        }
    }
}

fn request(url: &WebhookUrl, message: &Signed) -> Result<HttpRequest, HttpError> {
    let mut request = HttpRequest::new(SdkBody::from(message.payload.clone()));
    request.set_method("POST")?;
    request.set_uri(url.as_str())?;
    let headers = request.headers_mut();
    headers.insert("content-type", "application/json");
    headers.insert("user-agent", AGENT);
    headers.insert("webhook-id", message.id.to_string());
    headers.insert("webhook-timestamp", message.at.0.to_string());
    headers.insert("webhook-signature", message.signature.clone());
    Ok(request)
}

/// The word for what went wrong: that of our own look-up, if it is behind it. What the error says else names the URL.
fn why(error: &(dyn std::error::Error + 'static)) -> &'static str {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(unresolved) = error.downcast_ref::<Unresolved>() {
            return unresolved.as_str();
        }
        cause = error.source();
    }
    "unreachable"
}

#[async_trait]
impl WebhookPoster for HttpPoster {
    async fn post(&self, url: &WebhookUrl, message: &Signed) -> Verdict {
        // An address in the place of a name would not be looked up, and so not be looked at.
        let Ok(url) = WebhookUrl::parse(url.as_str(), self.reach) else {
            return Verdict::Unreachable("url_refused");
        };
        let Ok(request) = request(&url, message) else {
            return Verdict::Unreachable("url_refused");
        };
        let limit = TokioSleep::new().sleep(self.within);
        let sent = Timeout::new(Box::pin(self.send(request)), limit).await;
        sent.unwrap_or(Verdict::Unreachable("timeout"))
    }
}

#[cfg(test)]
mod tests;
