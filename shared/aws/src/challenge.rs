//! Challenge proofs checked over HTTP, in the way that Turnstile, hCaptcha and reCAPTCHA share: a form of
//! `secret`, `response` and `remoteip` is posted, and JSON with `success` comes back.
//! Sources: Cloudflare, "Validate the token" (Turnstile siteverify); hCaptcha, "Verify the user response
//! server side".

use std::net::IpAddr;
use std::time::Duration;

use async_trait::async_trait;
use aws_smithy_async::future::timeout::Timeout;
use aws_smithy_async::rt::sleep::{AsyncSleep as _, TokioSleep};
use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::{HttpConnector as _, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use http::Uri;
use serde::Deserialize;
use vault_domain::challenge::{ChallengeProof, ChallengeVerifier, Proof};
use vault_domain::error::Malformed;
use vault_domain::ports::{StoreError, Stored};
use vault_domain::secret::SecretText;

const OPERATION: &str = "challenge.verify";

/// From the look-up of the name to the last octet of the reply. There is one try: a second would show the
/// proof twice, and a spent proof is a bad one.
const WITHIN: Duration = Duration::from_secs(3);

/// A reply has a few hundred octets.
const LARGEST_REPLY: usize = 16 * 1024;

/// Codes that blame us or the verifier and say nothing of the proof. To the client they are an outage; to
/// the operator they must not look like a wave of bad proofs.
const NOT_THE_PROOF: [&str; 9] = [
    "missing-input-secret",
    "invalid-input-secret",
    "sitekey-secret-mismatch",
    "missing-remoteip",
    "invalid-remoteip",
    "not-using-dummy-passcode",
    "not-using-dummy-secret",
    "bad-request",
    "internal-error",
];

type Fault = Box<dyn std::error::Error + Send + Sync>;

/// A verifier behind a URL.
#[derive(Debug)]
pub struct SiteVerify {
    url: Uri,
    secret: SecretText,
    hostname: Option<String>,
    within: Duration,
    connector: SharedHttpConnector,
}

/// What a verifier answers; `challenge_ts` and what else there may be is not looked at, for the verifier
/// itself refuses a proof that is old.
#[derive(Deserialize)]
struct Reply {
    success: bool,
    hostname: Option<String>,
    #[serde(rename = "error-codes", default)]
    codes: Vec<String>,
}

impl SiteVerify {
    /// A verifier at `https://…`, or for a stand-in on this machine `http://localhost…`, which is asked
    /// with the secret of our site.
    ///
    /// # Errors
    /// [`Malformed`] for another URL or an empty secret.
    pub fn new(url: &str, secret: SecretText) -> Result<Self, Malformed> {
        if secret.expose().is_empty() {
            return Err(Malformed {
                field: "challenge secret",
                expected: "the secret that the verifier gave to this site",
            });
        }
        // A connection that a frozen execution environment kept may be dead when it thaws, and there is
        // no second try: each check makes its own.
        let connector = Connector::builder()
            .pool_max_idle_per_host(0)
            .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
            .build();
        Ok(Self {
            url: address(url)?,
            secret,
            hostname: None,
            within: WITHIN,
            connector: SharedHttpConnector::new(connector),
        })
    }

    /// Takes only proofs that were earned on a page of this host.
    #[must_use]
    pub fn on(mut self, hostname: impl Into<String>) -> Self {
        self.hostname = Some(hostname.into());
        self
    }

    async fn ask(&self, form: String) -> Result<Proof, Fault> {
        let mut request = HttpRequest::new(SdkBody::from(form));
        request.set_method("POST")?;
        request.set_uri(self.url.clone())?;
        let headers = request.headers_mut();
        headers.insert("content-type", "application/x-www-form-urlencoded");
        headers.insert("accept", "application/json");
        let response = self.connector.call(request).await?;
        let status = response.status().as_u16();
        if status != 200 {
            return Err(format!("the verifier answered {status}").into());
        }
        let reply = bounded(response.into_body()).await?;
        // Without the parser's own words: they may repeat what it read.
        let reply = serde_json::from_slice(&reply).map_err(|_| "the reply is not a verifier's")?;
        self.judge(&reply)
    }

    /// Good is what succeeded, without a complaint, and on the right host.
    fn judge(&self, reply: &Reply) -> Result<Proof, Fault> {
        let complaint = |code: &&str| reply.codes.iter().any(|told| told == code);
        if let Some(code) = NOT_THE_PROOF.into_iter().find(complaint) {
            return Err(format!("the verifier complains of {code}").into());
        }
        let here = match (&self.hostname, &reply.hostname) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(ours), Some(theirs)) => ours.eq_ignore_ascii_case(theirs),
        };
        let good = reply.success && reply.codes.is_empty() && here;
        Ok(if good { Proof::Good } else { Proof::Bad })
    }
}

#[async_trait]
impl ChallengeVerifier for SiteVerify {
    fn is_on(&self) -> bool {
        true
    }
    async fn verify(&self, proof: &ChallengeProof, address: IpAddr) -> Stored<Proof> {
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("secret", self.secret.expose())
            .append_pair("response", proof.expose())
            .append_pair("remoteip", &address.to_canonical().to_string())
            .finish();
        let limit = TokioSleep::new().sleep(self.within);
        let answer = Timeout::new(Box::pin(self.ask(form)), limit).await;
        let late = |error| StoreError::new(OPERATION, error);
        let failed = |fault: Fault| StoreError::new(OPERATION, fault);
        answer.map_err(late)?.map_err(failed)
    }
}

/// A URL to which the secret may be sent.
fn address(url: &str) -> Result<Uri, Malformed> {
    let malformed = Malformed {
        field: "challenge URL",
        expected: "https://host/path, or http://localhost:port/path",
    };
    let uri: Uri = url.parse().map_err(|_| malformed)?;
    let host = uri.host().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let at_home = bare == "localhost" || bare.parse().is_ok_and(|ip: IpAddr| ip.is_loopback());
    let private = match uri.scheme_str() {
        Some("https") => !host.is_empty(),
        Some("http") => at_home,
        _ => false,
    };
    if private && !url.contains(['@', '#']) {
        Ok(uri)
    } else {
        Err(malformed)
    }
}

/// The whole body, unless it is too large.
async fn bounded(body: SdkBody) -> Result<Vec<u8>, Fault> {
    let (mut body, mut held) = (ByteStream::new(body), Vec::new());
    while let Some(octets) = body.try_next().await? {
        if held.len() + octets.len() > LARGEST_REPLY {
            return Err("the reply is too large".into());
        }
        held.extend_from_slice(&octets);
    }
    Ok(held)
}

#[cfg(test)]
mod tests;
