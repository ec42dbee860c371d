//! How LocalStack and its DynamoDB are started.

use std::path::Path;
use std::process::Child;

use anyhow::{Context as _, Result};

use super::{Instance, Ports};
use crate::context::{Context, variable};
use crate::proc;
use crate::tools::{SEED, Tools};

/// Settings of the user's shell that would reach LocalStack and change what it does.
const NOT_INHERITED: [&str; 12] = [
    "AWS_ENDPOINT_URL",
    "AWS_PROFILE",
    "AWS_SESSION_TOKEN",
    "CONFIG_PROFILE",
    "DATA_DIR",
    "DEBUG",
    "LOCALSTACK_API_KEY",
    "LOCALSTACK_AUTH_TOKEN",
    "LS_LOG",
    "PERSISTENCE",
    "SERVICES",
    "VIRTUAL_ENV",
];

pub(super) fn spawn_dynamodb(instance: &Instance, tools: &Tools) -> Result<Child> {
    let mut command = proc::command(&tools.dynoxide);
    command.args([
        "serve",
        "--log",
        "quiet",
        "--port",
        &instance.ports.dynamodb().to_string(),
    ]);
    proc::spawn(
        &mut command,
        &instance.state,
        &instance.logs().join("dynamodb.log"),
    )
}

pub(super) fn spawn(context: &Context, instance: &Instance, tools: &Tools) -> Result<Child> {
    let root = instance.state.join("localstack");
    let scratch = root.join("tmp");
    std::fs::create_dir_all(&scratch)?;
    copy_seed(&tools.localstack_seed, &root)?;
    let listen = format!("127.0.0.1:{}", instance.ports.localstack());
    let mut command = proc::command(&tools.python);
    for name in NOT_INHERITED {
        command.env_remove(name);
    }
    command
        .args(["-m", "reelvault_executor"])
        .current_dir(&root)
        .env("PYTHONPATH", context.root.join("infra/local/executor"))
        .env("PYTHONDONTWRITEBYTECODE", "")
        // A state of its own, although it does not run in a container.
        .env("OVERRIDE_IN_DOCKER", "0")
        .env("FILESYSTEM_ROOT", &root)
        .env("CONFIG_DIR", root.join("config"))
        .env("TMPDIR", &scratch)
        .env("GATEWAY_LISTEN", &listen)
        .env("LOCALSTACK_HOST", &listen)
        .env("DNS_ADDRESS", "0")
        .env("SKIP_SSL_CERT_DOWNLOAD", "1")
        .env("DISABLE_EVENTS", "1")
        .env("NO_PROXY", no_proxy())
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .env("AWS_DEFAULT_REGION", crate::aws::REGION)
        // Presigned URLs are checked as S3 does.
        .env("S3_SKIP_SIGNATURE_VALIDATION", "0")
        .env("DYNAMODB_LOCAL_PORT", instance.ports.dynamodb().to_string())
        .env("LAMBDA_RUNTIME_EXECUTOR", "process")
        .env("LAMBDA_SYNCHRONOUS_CREATE", "1")
        // The executor times a start; this clock also counts the wait for its turn.
        .env("LAMBDA_RUNTIME_ENVIRONMENT_TIMEOUT", "300")
        .env("LAMBDA_EVENT_SOURCE_MAPPING_POLL_INTERVAL_SEC", "0.1")
        .env(
            "LAMBDA_EVENT_SOURCE_MAPPING_MAX_BACKOFF_ON_EMPTY_POLL_SEC",
            "0.3",
        )
        .env("REELVAULT_FUNCTION_LOGS", instance.logs());
    for (name, value) in handed_to_functions(instance.ports) {
        command.env(format!("REELVAULT_FN_{name}"), value);
    }
    proc::spawn(
        &mut command,
        &instance.state,
        &instance.logs().join("localstack.log"),
    )
}

/// What every function finds in its environment beside its own settings.
fn handed_to_functions(ports: Ports) -> [(&'static str, String); 3] {
    [
        ("AWS_ENDPOINT_URL", Ports::url(ports.localstack())),
        // LocalStack would only pass it on, ten times slower.
        ("AWS_ENDPOINT_URL_DYNAMODB", Ports::url(ports.dynamodb())),
        ("AWS_ENDPOINT_URL_CLOUDFRONT", Ports::url(ports.edge())),
    ]
}

fn no_proxy() -> String {
    let given = variable("NO_PROXY")
        .or_else(|| variable("no_proxy"))
        .unwrap_or_default();
    format!("127.0.0.1,localhost,{given}")
}

fn copy_seed(seed: &Path, root: &Path) -> Result<()> {
    let target = root.join(SEED);
    std::fs::create_dir_all(&target)?;
    for entry in std::fs::read_dir(seed.join(SEED)).context("the tools are incomplete")? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            std::fs::copy(entry.path(), target.join(entry.file_name()))?;
        }
    }
    Ok(())
}
