//! Where the local cloud is: `outputs.json`, as `cargo xtask` writes it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::OnceLock;

use serde::Deserialize;

/// What `outputs.json` holds.
#[derive(Debug, Deserialize)]
pub struct Cloud {
    /// Base URL of the API.
    pub api_url: String,
    /// Base URL of encrypted media.
    pub media_url: String,
    /// The one origin that the API allows.
    pub page_url: String,
    /// Endpoint of all services.
    pub aws_endpoint_url: String,
    /// Endpoint of DynamoDB.
    pub dynamodb_endpoint_url: String,
    /// Region.
    pub region: String,
    /// Outputs of the root stack.
    pub stack_outputs: BTreeMap<String, String>,
    /// CloudFront's id of the key that signs media URLs.
    pub url_signing_key_id: String,
    /// Its public half.
    pub url_signing_public_pem: String,
    /// Folder of the logs.
    pub logs: PathBuf,
}

impl Cloud {
    /// An output of the root stack.
    pub fn output(&self, name: &str) -> &str {
        let value = self.stack_outputs.get(name);
        value.unwrap_or_else(|| panic!("the stack has no output {name}"))
    }
}

/// A variable of the environment.
#[expect(
    clippy::disallowed_methods,
    reason = "tests are told by their environment where the cloud is"
)]
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The cloud that is up.
pub fn cloud() -> &'static Cloud {
    static CLOUD: OnceLock<Cloud> = OnceLock::new();
    CLOUD.get_or_init(|| {
        let path = variable("REELVAULT_OUTPUTS");
        let path = path.expect("REELVAULT_OUTPUTS names no cloud: run `cargo xtask test`");
        let text = std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
        serde_json::from_slice(&text).expect("outputs.json")
    })
}
