//! A stand-in HTTP client for tests: answers in order, and shows what was asked. It needs nothing of the SDK's own
//! test features, which would have every SDK crate built once more.

#![expect(
    clippy::unwrap_used,
    reason = "a test's stand-in tells what is wrong by panicking"
)]

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::retry::RetryConfig;
use aws_types::SdkConfig;
use aws_types::region::Region;

/// The answer to a transaction that was cancelled for these reasons, one a write.
#[cfg(feature = "dynamodb")]
pub(crate) fn cancelled(codes: &[&str]) -> String {
    let reasons: Vec<_> = codes
        .iter()
        .map(|code| serde_json::json!({ "Code": code }))
        .collect();
    cancelled_for(&reasons)
}

/// [`cancelled`], for reasons that show the record.
#[cfg(feature = "dynamodb")]
pub(crate) fn cancelled_for(reasons: &[serde_json::Value]) -> String {
    let kind = "com.amazonaws.dynamodb.v20120810#TransactionCanceledException";
    serde_json::json!({ "__type": kind, "Message": "x", "CancellationReasons": reasons })
        .to_string()
}

#[derive(Debug, Clone)]
pub(crate) struct Replay(Arc<Mutex<Tape>>);

#[derive(Debug)]
struct Tape {
    answers: VecDeque<(u16, String)>,
    asked: Vec<HttpRequest>,
    /// Beyond the last answer none comes, rather than no connection.
    #[cfg(feature = "s3")]
    is_silent: bool,
}

impl Replay {
    /// Answers each request with the next status and body; beyond the last no connection can be made.
    pub(crate) fn of(answers: &[(u16, &str)]) -> Self {
        let answers = answers.iter();
        Self(Arc::new(Mutex::new(Tape {
            answers: answers
                .map(|(status, body)| (*status, (*body).to_owned()))
                .collect(),
            asked: Vec::new(),
            #[cfg(feature = "s3")]
            is_silent: false,
        })))
    }

    /// Takes requests, and never answers.
    #[cfg(feature = "s3")]
    pub(crate) fn silent() -> Self {
        let replay = Self::of(&[]);
        replay.tape().is_silent = true;
        replay
    }

    pub(crate) fn config(&self) -> SdkConfig {
        let credentials = Credentials::new("AKID", "secret", None, None, "test");
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-central-1"))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .retry_config(RetryConfig::disabled())
            .http_client(self.clone())
            .build()
    }

    fn tape(&self) -> MutexGuard<'_, Tape> {
        self.0.lock().unwrap()
    }

    /// How many requests were made.
    pub(crate) fn count(&self) -> usize {
        self.tape().asked.len()
    }

    /// The body of the request of this index.
    pub(crate) fn body(&self, index: usize) -> String {
        let octets = self.tape().asked[index].body().bytes().unwrap().to_vec();
        String::from_utf8(octets).unwrap()
    }

    /// The URI of the request of this index.
    #[cfg(feature = "s3")]
    pub(crate) fn uri(&self, index: usize) -> String {
        self.tape().asked[index].uri().to_owned()
    }

    /// A header of the request of this index.
    #[cfg(any(feature = "s3", feature = "dynamodb"))]
    pub(crate) fn header(&self, index: usize, name: &str) -> Option<String> {
        let tape = self.tape();
        tape.asked[index].headers().get(name).map(str::to_owned)
    }
}

impl HttpConnector for Replay {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let mut tape = self.tape();
        tape.asked.push(request);
        #[cfg(feature = "s3")]
        if tape.is_silent {
            return HttpConnectorFuture::new(std::future::pending());
        }
        HttpConnectorFuture::ready(match tape.answers.pop_front() {
            Some((status, body)) => Ok(HttpResponse::new(
                status.try_into().unwrap(),
                SdkBody::from(body),
            )),
            None => Err(ConnectorError::other("no answer is left".into(), None)),
        })
    }
}

impl HttpClient for Replay {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}
