//! As much of AWS's wire format as deploying to the local cloud takes.
//!
//! LocalStack reads the service and the account from the Authorization header and checks no
//! signature there, so a made-up one does. Never meant for AWS itself: that is the SDKs' and
//! `sam deploy`'s work.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;
use ureq::Agent;

/// The account and region of every local cloud.
pub(crate) const ACCOUNT: &str = "000000000000";
pub(crate) const REGION: &str = "us-east-1";

/// A client of one LocalStack.
#[derive(Clone)]
pub(crate) struct Aws {
    agent: Agent,
    endpoint: String,
}

impl Aws {
    pub(crate) fn new(endpoint: &str) -> Self {
        Self {
            agent: agent(Duration::from_mins(2)),
            endpoint: endpoint.to_owned(),
        }
    }

    /// A JSON-protocol call, `target` being `Service.Operation`.
    pub(crate) fn json(&self, service: &str, target: &str, body: &Value) -> Result<Value> {
        let mut response = self
            .agent
            .post(&self.endpoint)
            .header("authorization", authorization(service))
            .header("x-amz-target", target)
            .header("x-amz-date", "20260101T000000Z")
            .header("content-type", media_type(service))
            .send(body.to_string())
            .with_context(|| format!("{target}: no answer"))?;
        let status = response.status();
        let text = response.body_mut().read_to_string()?;
        if !status.is_success() {
            bail!("{target}: {status}: {text}");
        }
        serde_json::from_str(&text).with_context(|| format!("{target}: not JSON: {text}"))
    }

    /// A Query-protocol call; LocalStack answers those in JSON when asked to.
    pub(crate) fn query(
        &self,
        service: &str,
        version: &str,
        action: &str,
        form: &[(String, String)],
    ) -> Result<Value> {
        let mut fields = vec![("Action", action), ("Version", version)];
        fields.extend(
            form.iter()
                .map(|(name, value)| (name.as_str(), value.as_str())),
        );
        let mut response = self
            .agent
            .post(&self.endpoint)
            .header("authorization", authorization(service))
            .header("accept", "application/json")
            .send_form(fields)
            .with_context(|| format!("{action}: no answer"))?;
        let status = response.status();
        let text = response.body_mut().read_to_string()?;
        if !status.is_success() {
            bail!("{action}: {status}: {text}");
        }
        serde_json::from_str(&text).with_context(|| format!("{action}: not JSON: {text}"))
    }

    /// Makes a bucket, if it is not there.
    pub(crate) fn create_bucket(&self, bucket: &str) -> Result<()> {
        self.put(bucket, "", Vec::new())
    }

    /// Writes an object.
    pub(crate) fn put_object(&self, bucket: &str, key: &str, body: Vec<u8>) -> Result<()> {
        self.put(bucket, key, body)
    }

    fn put(&self, bucket: &str, key: &str, body: Vec<u8>) -> Result<()> {
        let mut response = self
            .agent
            .put(format!("{}/{bucket}/{key}", self.endpoint))
            .header("authorization", authorization("s3"))
            .send(body)
            .with_context(|| format!("PUT {bucket}/{key}: no answer"))?;
        if !response.status().is_success() {
            bail!(
                "PUT {bucket}/{key}: {}: {}",
                response.status(),
                response.body_mut().read_to_string()?
            );
        }
        Ok(())
    }

    /// Invokes a function and waits for its answer; a function's error is an error.
    pub(crate) fn invoke(&self, function: &str, payload: &Value) -> Result<Value> {
        let mut response = self
            .agent
            .post(format!(
                "{}/2015-03-31/functions/{function}/invocations",
                self.endpoint
            ))
            .header("authorization", authorization("lambda"))
            .send(payload.to_string())
            .with_context(|| format!("{function}: no answer"))?;
        let failed = response.headers().contains_key("x-amz-function-error")
            || !response.status().is_success();
        let text = response.body_mut().read_to_string()?;
        if failed {
            bail!("{function}: {text}");
        }
        serde_json::from_str(&text).with_context(|| format!("{function}: not JSON: {text}"))
    }
}

/// An HTTP client that returns replies of any status and gives up after `limit`.
pub(crate) fn agent(limit: Duration) -> Agent {
    Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(limit))
        .build()
        .into()
}

/// DynamoDB's version of the JSON protocol is its own.
fn media_type(service: &str) -> &'static str {
    match service {
        "dynamodb" => "application/x-amz-json-1.0",
        _ => "application/x-amz-json-1.1",
    }
}

fn authorization(service: &str) -> String {
    format!(
        "AWS4-HMAC-SHA256 Credential=test/20260101/{REGION}/{service}/aws4_request, SignedHeaders=host, Signature=0"
    )
}
