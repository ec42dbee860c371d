//! A stand-in HTTP client for tests: answers in order, and shows what was asked.

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_http_client::test_util::{ReplayEvent, StaticReplayClient};
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::retry::RetryConfig;
use aws_types::SdkConfig;
use aws_types::region::Region;

#[derive(Debug)]
pub(crate) struct Replay(StaticReplayClient);

impl Replay {
    /// Answers each request with the next status and body.
    pub(crate) fn of(answers: &[(u16, &str)]) -> Self {
        let events = answers.iter().map(|(status, body)| {
            let request = http::Request::new(SdkBody::empty());
            let answer = http::Response::builder()
                .status(*status)
                .body(SdkBody::from(*body));
            ReplayEvent::new(request, answer.unwrap())
        });
        Self(StaticReplayClient::new(events.collect()))
    }

    pub(crate) fn config(&self) -> SdkConfig {
        let credentials = Credentials::new("AKID", "secret", None, None, "test");
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-central-1"))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .retry_config(RetryConfig::disabled())
            .http_client(self.0.clone())
            .build()
    }

    /// How many requests were made.
    pub(crate) fn count(&self) -> usize {
        self.0.actual_requests().count()
    }

    /// The body of the request of this index.
    pub(crate) fn body(&self, index: usize) -> String {
        let request = self.0.actual_requests().nth(index).unwrap();
        String::from_utf8(request.body().bytes().unwrap().to_vec()).unwrap()
    }

    /// The URI of the request of this index.
    pub(crate) fn uri(&self, index: usize) -> String {
        let request = self.0.actual_requests().nth(index).unwrap();
        request.uri().to_owned()
    }

    /// A header of the request of this index.
    pub(crate) fn header(&self, index: usize, name: &str) -> Option<String> {
        let request = self.0.actual_requests().nth(index).unwrap();
        request.headers().get(name).map(str::to_owned)
    }
}
