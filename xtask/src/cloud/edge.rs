//! How the edge is started: our stand-in for API Gateway and CloudFront.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Child;

use anyhow::Result;
use serde_json::json;

use super::{Instance, Outputs, Ports};
use crate::context::Context;
use crate::proc;

pub(super) fn spawn(
    context: &Context,
    instance: &Instance,
    program: &Path,
    outputs: &Outputs,
    path_secrets: &BTreeMap<String, String>,
) -> Result<Child> {
    let ports = instance.ports;
    let config = json!({
        "listen": format!("127.0.0.1:{}", ports.edge()),
        "page_listen": format!("127.0.0.1:{}", ports.page()),
        "localstack": Ports::url(ports.localstack()),
        "template": context.root.join("template.yaml"),
        "stack": outputs.stack,
        "stage": "$default",
        "media_bucket": outputs.stack_output("MediaBucket")?,
        "uploads_bucket": outputs.stack_output("UploadsBucket")?,
        "trusted_keys": [{ "id": outputs.url_signing_key_id, "pem": outputs.url_signing_public_pem }],
        "path_secrets": path_secrets,
        "allowed_origins": [outputs.page_url],
        "page_dir": context.root.join("infra/local/page"),
        "vendor_dir": context.players().join("node_modules/hls.js/dist"),
    });
    let path = instance.state.join("edge.json");
    std::fs::write(&path, serde_json::to_vec_pretty(&config)?)?;
    let mut command = proc::command(program);
    command.arg("--config").arg(&path);
    proc::spawn(
        &mut command,
        &instance.state,
        &instance.logs().join("edge.log"),
    )
}
