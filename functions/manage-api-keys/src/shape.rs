//! The JSON of API keys.

use serde::{Deserialize, Serialize};
use vault_domain::api_key::{ApiKey, KeyRole, Label, Scope, Scopes};
use vault_domain::error::Malformed;
use vault_domain::network::{Network, Networks};
use vault_domain::time::Timestamp;
use vault_domain::usecase::IdempotencyKey;
use vault_domain::usecase::manage_api_keys::{self as keys, NewKey};

/// A key to be made. Strict: an end that is spelt wrong must not make a key without one.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "NewApiKey"))]
#[serde(deny_unknown_fields)]
pub(crate) struct New {
    #[cfg_attr(feature = "openapi", schemars(with = "Label"))]
    name: String,
    #[cfg_attr(feature = "openapi", schemars(with = "KeyRole"))]
    role: String,
    #[cfg_attr(feature = "openapi", schemars(length(min = 1)))]
    scopes: Vec<String>,
    expires_at: Option<u64>,
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schemars(length(max = 20)))]
    networks: Vec<String>,
}

impl New {
    pub(crate) const SHAPE: &str = r#"{"name", "role", "scopes": ["play", …], optional "expires_at" and "networks": ["192.0.2.0/24", …]}"#;

    pub(crate) fn parse(self, idempotency: Option<IdempotencyKey>) -> Result<NewKey, Malformed> {
        let networks = self.networks.iter().map(|text| Network::parse(text));
        let networks: Vec<Network> = networks.collect::<Result<_, _>>()?;
        Ok(NewKey {
            name: Label::parse(&self.name)?,
            role: KeyRole::parse(&self.role)?,
            scopes: scopes(&self.scopes)?,
            expires_at: self.expires_at.map(Timestamp),
            networks: Networks::of(networks)?,
            idempotency,
        })
    }
}

fn scopes(names: &[String]) -> Result<Scopes, Malformed> {
    let mut held: Option<Scopes> = None;
    for name in names {
        let scope = Scope::parse(name)?;
        held = Some(held.map_or(Scopes::only(scope), |held| held.with(scope)));
    }
    held.ok_or(Malformed {
        field: "scopes",
        expected: "one or more of play, download, upload, withdraw and read",
    })
}

/// How long the secret before works on.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "ApiKeyRotation"))]
#[serde(deny_unknown_fields)]
pub(crate) struct Rotation {
    pub(crate) overlap_seconds: u64,
}

impl Rotation {
    pub(crate) const SHAPE: &str = r#"{"overlap_seconds": 0}, up to 604800"#;
}

/// A key without anything that proves it.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "ApiKey"))]
pub(crate) struct Shown<'a> {
    key_id: String,
    #[cfg_attr(feature = "openapi", schemars(with = "Label"))]
    name: &'a str,
    #[cfg_attr(feature = "openapi", schemars(with = "KeyRole"))]
    role: &'static str,
    scopes: Vec<&'static str>,
    networks: Vec<String>,
    created_by: String,
    created_at: u64,
    expires_at: Option<u64>,
    /// To the hour.
    last_used_at: Option<u64>,
    /// From when the secret before the active one is good no more.
    previous_until: Option<u64>,
}

impl<'a> Shown<'a> {
    pub(crate) fn of(key: &'a ApiKey) -> Self {
        Self {
            key_id: key.id.to_string(),
            name: key.name.as_str(),
            role: key.role.role().as_str(),
            scopes: key.scopes.iter().map(Scope::as_str).collect(),
            networks: key.networks.iter().map(ToString::to_string).collect(),
            created_by: key.created_by.to_string(),
            created_at: key.created_at.0,
            expires_at: key.expires_at.map(|at| at.0),
            last_used_at: key.last_used.map(|at| at.0),
            previous_until: key.previous.map(|(_, until)| until.0),
        }
    }
}

/// The keys of the organisation.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "ApiKeys"))]
pub(crate) struct Listed<'a> {
    pub(crate) api_keys: Vec<Shown<'a>>,
}

/// A key with its secret, told once.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "ApiKeyWithSecret"))]
pub(crate) struct Told<'a> {
    #[serde(flatten)]
    key: Shown<'a>,
    #[cfg_attr(
        feature = "openapi",
        schemars(with = "vault_domain::api_key::ApiKeySecret")
    )]
    secret: &'a str,
}

impl<'a> Told<'a> {
    pub(crate) fn of(told: &'a keys::Told) -> Self {
        Self {
            key: Shown::of(&told.key),
            secret: told.secret.expose(),
        }
    }
}

/// The key is good no more.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "ApiKeyRevoked"))]
pub(crate) struct Revoked {
    pub(crate) key_id: String,
    pub(crate) revoked: bool,
}
