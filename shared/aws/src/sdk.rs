//! Region, credentials, endpoints, one HTTP client, retries and time limits: what all services share.
//!
//! Lambda hands a function its region and credentials in the environment, and they stay as they are for
//! the life of the execution environment. So none of the SDK's other sources (profiles, IMDS, SSO, STS)
//! is linked or asked.

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_http_client::Builder as HttpClientBuilder;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use aws_types::region::Region;
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};

/// A service of this region answers within milliseconds; past this the next try is worth more.
const CONNECT: Duration = Duration::from_secs(1);
const ATTEMPT: Duration = Duration::from_secs(3);
const OPERATION: Duration = Duration::from_secs(10);
const ATTEMPTS: u32 = 3;
const FIRST_BACKOFF: Duration = Duration::from_millis(50);
const LONGEST_BACKOFF: Duration = Duration::from_secs(2);

const ENDPOINT: &str = "AWS_ENDPOINT_URL";
const SERVICES: [&str; 6] = [
    "DynamoDB",
    "S3",
    "Secrets Manager",
    "CloudFront",
    "SQS",
    "SES",
];

/// What the environment should name and does not, all of it at once.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the environment lacks {}", .0.join(", "))]
pub struct MissingEnvironment(pub Vec<&'static str>);

/// Makes the clients; they share one HTTP client and so one set of root certificates.
#[derive(Debug)]
pub struct Sdk {
    config: SdkConfig,
    endpoints: Endpoints,
}

impl Sdk {
    /// Reads `AWS_REGION`, `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`,
    /// `AWS_ENDPOINT_URL` and its per-service forms (`AWS_ENDPOINT_URL_S3` …). The HTTP client itself
    /// honours `SSL_CERT_FILE` and `SSL_CERT_DIR`.
    ///
    /// # Errors
    /// [`MissingEnvironment`] names every variable that is missing.
    pub fn from_lookup(
        lookup: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, MissingEnvironment> {
        let present = |name: &str| lookup(name).filter(|value| !value.is_empty());
        let region = present("AWS_REGION").or_else(|| present("AWS_DEFAULT_REGION"));
        let (id, secret) = (
            present("AWS_ACCESS_KEY_ID"),
            present("AWS_SECRET_ACCESS_KEY"),
        );
        let (Some(region), Some(id), Some(secret)) = (&region, &id, &secret) else {
            let named = [
                (region.is_none(), "AWS_REGION"),
                (id.is_none(), "AWS_ACCESS_KEY_ID"),
                (secret.is_none(), "AWS_SECRET_ACCESS_KEY"),
            ];
            let missing = named
                .into_iter()
                .filter_map(|(gone, name)| gone.then_some(name));
            return Err(MissingEnvironment(missing.collect()));
        };
        let session = present("AWS_SESSION_TOKEN");
        let credentials = Credentials::new(id, secret, session, None, "environment");
        let endpoints = Endpoints::read(&present);
        Ok(Self {
            config: shared_config(region, credentials, endpoints.clone()),
            endpoints,
        })
    }

    /// A DynamoDB client.
    #[cfg(feature = "dynamodb")]
    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        crate::dynamodb::client(&self.config)
    }

    /// An S3 client; with an endpoint of its own it puts the bucket into the path.
    #[cfg(feature = "s3")]
    pub fn s3(&self) -> aws_sdk_s3::Client {
        let path_style = self.endpoints.of("S3").is_some();
        crate::s3::client(&self.config, path_style)
    }

    /// A Secrets Manager client.
    #[cfg(feature = "secrets")]
    pub fn secrets(&self) -> aws_sdk_secretsmanager::Client {
        aws_sdk_secretsmanager::Client::new(&self.config)
    }

    /// A CloudFront client.
    #[cfg(feature = "cloudfront")]
    pub fn cloudfront(&self) -> aws_sdk_cloudfront::Client {
        crate::cloudfront::client(&self.config)
    }

    /// An SQS client.
    #[cfg(feature = "sqs")]
    pub fn sqs(&self) -> aws_sdk_sqs::Client {
        aws_sdk_sqs::Client::new(&self.config)
    }

    /// An SES client.
    #[cfg(feature = "ses")]
    pub fn ses(&self) -> aws_sdk_ses::Client {
        aws_sdk_ses::Client::new(&self.config)
    }

    /// The shared configuration, for a client of a test or tool.
    pub const fn config(&self) -> &SdkConfig {
        &self.config
    }

    /// Is every service asked at an address of its own, as on a local cloud?
    pub fn is_local(&self) -> bool {
        self.endpoints.general.is_some()
    }
}

fn shared_config(region: &str, credentials: Credentials, endpoints: Endpoints) -> SdkConfig {
    let http = HttpClientBuilder::new()
        .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
        .build_https();
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT)
        .operation_attempt_timeout(ATTEMPT)
        .operation_timeout(OPERATION)
        .build();
    let retries = RetryConfig::standard()
        .with_max_attempts(ATTEMPTS)
        .with_initial_backoff(FIRST_BACKOFF)
        .with_max_backoff(LONGEST_BACKOFF);
    let mut config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(region.to_owned()))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(http)
        .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
        .retry_config(retries)
        .timeout_config(timeouts);
    config.set_endpoint_url(endpoints.general.clone());
    config.service_config(endpoints).build()
}

/// `AWS_ENDPOINT_URL` and its per-service forms, read once.
#[derive(Debug, Clone, Default)]
struct Endpoints {
    general: Option<String>,
    own: Vec<(&'static str, String)>,
}

impl Endpoints {
    fn read(lookup: &dyn Fn(&str) -> Option<String>) -> Self {
        let own = SERVICES.into_iter().filter_map(|service| {
            let suffix = service.to_uppercase().replace(' ', "_");
            Some((service, lookup(&format!("{ENDPOINT}_{suffix}"))?))
        });
        Self {
            general: lookup(ENDPOINT),
            own: own.collect(),
        }
    }

    fn of(&self, service: &str) -> Option<&str> {
        let own = self.own.iter().find(|(name, _)| *name == service);
        own.map(|(_, url)| url)
            .or(self.general.as_ref())
            .map(String::as_str)
    }
}

impl LoadServiceConfig for Endpoints {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        (key.env() == ENDPOINT)
            .then(|| self.of(key.service_id()))
            .flatten()
            .map(str::to_owned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lookup(pairs: &'static [(&str, &str)]) -> impl Fn(&str) -> Option<String> {
        move |name| {
            let found = pairs.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| (*value).to_owned())
        }
    }

    #[test]
    fn everything_that_is_missing_is_named_at_once() {
        let error = Sdk::from_lookup(&lookup(&[("AWS_REGION", "")])).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the environment lacks AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY"
        );
    }

    #[test]
    fn a_service_prefers_its_own_endpoint_to_the_general_one() {
        let endpoints = Endpoints::read(&lookup(&[
            ("AWS_ENDPOINT_URL", "http://general"),
            ("AWS_ENDPOINT_URL_SECRETS_MANAGER", "http://own"),
        ]));
        assert_eq!(endpoints.of("Secrets Manager"), Some("http://own"));
        assert_eq!(endpoints.of("S3"), Some("http://general"));
        assert_eq!(Endpoints::default().of("S3"), None);
    }

    #[test]
    fn no_secret_is_in_the_debug_form() {
        let sdk = Sdk::from_lookup(&lookup(&[
            ("AWS_REGION", "eu-central-1"),
            ("AWS_ACCESS_KEY_ID", "AKID"),
            ("AWS_SECRET_ACCESS_KEY", "hush-hush"),
            ("AWS_SESSION_TOKEN", "psst-psst"),
        ]))
        .unwrap();
        let shown = format!("{sdk:?}");
        assert!(!shown.contains("hush-hush") && !shown.contains("psst-psst"));
        assert!(!sdk.is_local());
    }
}
