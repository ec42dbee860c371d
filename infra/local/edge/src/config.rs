//! The edge's configuration: one JSON file.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;

/// Everything that the edge needs to know.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where API Gateway and `CloudFront` are answered for. Port 0 picks a free one.
    pub listen: SocketAddr,
    /// Where the reference player is served: another origin.
    pub page_listen: SocketAddr,
    /// The emulator's address, such as `http://127.0.0.1:4566`.
    pub localstack: String,
    /// The SAM template whose routes are served.
    pub template: PathBuf,
    /// The `CloudFront` template; by default `infra/edge.yaml` beside the SAM template.
    #[serde(default)]
    pub edge_template: Option<PathBuf>,
    /// The stack's name, which prefixes function names.
    pub stack: String,
    /// The bucket behind `/media/*`.
    pub media_bucket: String,
    /// The bucket behind `/uploads/*`.
    pub uploads_bucket: String,
    /// The key group of the distribution.
    pub trusted_keys: Vec<TrustedKey>,
    /// The key value store of the distribution's functions: the secrets of tokens in paths, by version.
    #[serde(default)]
    pub path_secrets: BTreeMap<String, String>,
    /// What the template's `AllowedOrigins` parameter was deployed with.
    pub allowed_origins: Vec<String>,
    /// The reference player's files.
    pub page_dir: PathBuf,
    /// The directory served as `/vendor/` on the page's origin.
    #[serde(default)]
    pub vendor_dir: Option<PathBuf>,
    /// What the page calls the API; by default `http://` and `listen`.
    #[serde(default)]
    pub public_url: Option<String>,
    /// Further origins that the page may connect to, beside the API and the emulator.
    #[serde(default)]
    pub connect_origins: Vec<String>,
    /// The API's stage.
    #[serde(default = "default_stage")]
    pub stage: String,
    /// The account id in events.
    #[serde(default = "default_account")]
    pub account: String,
}

/// One public key of the key group.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustedKey {
    /// What signers name in `Key-Pair-Id`.
    pub id: String,
    /// The key as `-----BEGIN PUBLIC KEY-----` (SPKI): RSA 2048 or ECDSA P-256.
    pub pem: String,
}

/// The configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not the JSON that is expected.
    #[error("{path} is not an edge configuration")]
    Parse {
        /// The file.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
}

impl Config {
    /// Reads the file at `path`.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read(path).map_err(|source| ConfigError::Read {
            path: path.to_owned(),
            source,
        })?;
        serde_json::from_slice(&text).map_err(|source| ConfigError::Parse {
            path: path.to_owned(),
            source,
        })
    }

    /// The `CloudFront` template's path.
    pub fn edge_template(&self) -> PathBuf {
        self.edge_template.clone().unwrap_or_else(|| {
            self.template
                .parent()
                .unwrap_or(Path::new("."))
                .join("infra/edge.yaml")
        })
    }
}

fn default_stage() -> String {
    "$default".to_owned()
}

fn default_account() -> String {
    "000000000000".to_owned()
}
