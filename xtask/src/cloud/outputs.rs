//! `outputs.json`: all that a person or a test needs to use a cloud that is up.

use std::collections::BTreeMap;
use std::fs::{File, Permissions};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use super::{Instance, Ports};
use crate::aws::{ACCOUNT, REGION};

/// Where everything is. Read it back from `outputs.json` in the instance's state folder.
#[derive(Deserialize, Serialize)]
#[expect(
    clippy::struct_field_names,
    reason = "the fields are the names in the file"
)]
pub(crate) struct Outputs {
    /// Base URL of the API.
    pub(crate) api_url: String,
    /// Base URL of encrypted media; the stack's parameter `MediaBaseUrl`.
    pub(crate) media_url: String,
    /// The reference player's page, and the origin that the API allows.
    pub(crate) page_url: String,
    /// `AWS_ENDPOINT_URL` for SDKs, with the credentials test and test.
    pub(crate) aws_endpoint_url: String,
    /// `AWS_ENDPOINT_URL_DYNAMODB`: the same tables, faster.
    pub(crate) dynamodb_endpoint_url: String,
    pub(crate) region: String,
    pub(crate) account: String,
    pub(crate) stack: String,
    /// Outputs of the root stack.
    pub(crate) stack_outputs: BTreeMap<String, String>,
    /// Public half of the key that signs media URLs, under its CloudFront id.
    pub(crate) url_signing_key_id: String,
    pub(crate) url_signing_public_pem: String,
    /// Folder of the logs, `<function name>.log` among them.
    pub(crate) logs: PathBuf,
    /// The first owner, with the password that exists nowhere else.
    pub(crate) owner: Option<Owner>,
}

/// What bootstrap-owner returns.
#[derive(Deserialize, Serialize)]
pub(crate) struct Owner {
    pub(crate) organisation_id: String,
    pub(crate) user_id: String,
    pub(crate) email: String,
    pub(crate) password: String,
}

impl Outputs {
    pub(crate) fn new(
        instance: &Instance,
        stack: &str,
        stack_outputs: BTreeMap<String, String>,
        url_signing_public_pem: String,
    ) -> Self {
        let ports = instance.ports;
        Self {
            api_url: Ports::url(ports.edge()),
            media_url: Ports::url(ports.edge()),
            page_url: Ports::url(ports.page()),
            aws_endpoint_url: Ports::url(ports.localstack()),
            dynamodb_endpoint_url: Ports::url(ports.dynamodb()),
            region: REGION.to_owned(),
            account: ACCOUNT.to_owned(),
            stack: stack.to_owned(),
            url_signing_key_id: stack_outputs
                .get("UrlSigningKeyPairId")
                .cloned()
                .unwrap_or_default(),
            stack_outputs,
            url_signing_public_pem,
            logs: instance.logs(),
            owner: None,
        }
    }

    /// An output of the stack, such as `LoginFunction`.
    pub(crate) fn stack_output(&self, name: &str) -> Result<&str> {
        let value = self
            .stack_outputs
            .get(name)
            .with_context(|| format!("the stack has no output {name}"))?;
        Ok(value)
    }

    /// Writes it for this user alone.
    pub(crate) fn write(&self, instance: &Instance) -> Result<()> {
        let path = path(instance);
        let mut file =
            File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
        file.set_permissions(Permissions::from_mode(0o600))?;
        file.write_all(&serde_json::to_vec_pretty(self)?)?;
        Ok(())
    }

    pub(crate) fn read(instance: &Instance) -> Result<Self> {
        let path = path(instance);
        let text = std::fs::read(&path)
            .with_context(|| format!("cannot read {}; is the cloud up?", path.display()))?;
        Ok(serde_json::from_slice(&text)?)
    }
}

fn path(instance: &Instance) -> PathBuf {
    instance.state.join("outputs.json")
}

/// Empties a state folder.
pub(super) fn clear(state: &Path) -> Result<()> {
    if state.exists() {
        std::fs::remove_dir_all(state)
            .with_context(|| format!("cannot empty {}", state.display()))?;
    }
    std::fs::create_dir_all(state).with_context(|| format!("cannot make {}", state.display()))?;
    std::fs::set_permissions(state, Permissions::from_mode(0o700))?;
    Ok(())
}
