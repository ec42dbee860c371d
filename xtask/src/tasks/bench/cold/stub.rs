//! Secrets Manager and DynamoDB that answer at once: every secret is there, every table is empty.

use std::collections::BTreeMap;

use anyhow::Result;
use serde_json::{Value, json};

use super::super::wire::{Request, Server};

/// Starts it; its URL is the value of `AWS_ENDPOINT_URL`.
pub(super) fn start(secrets: BTreeMap<String, String>) -> Result<Server> {
    Server::start(move |mut connection| {
        while let Some(request) = connection.request() {
            let answer = answer(&request, &secrets);
            let status = if answer.is_some() { 200 } else { 400 };
            let answer = answer.unwrap_or_else(|| json!({ "__type": "UnknownOperation" }));
            let kind = request.header("content-type").to_owned();
            let headers = [("content-type", kind.as_str())];
            if connection
                .reply(status, &headers, answer.to_string().as_bytes())
                .is_err()
            {
                return;
            }
        }
    })
}

fn answer(request: &Request, secrets: &BTreeMap<String, String>) -> Option<Value> {
    let (_, operation) = request.header("x-amz-target").split_once('.')?;
    match operation {
        "GetItem" => Some(json!({})),
        "BatchGetItem" => Some(json!({ "Responses": {}, "UnprocessedKeys": {} })),
        "GetSecretValue" => {
            let wanted: Value = serde_json::from_slice(&request.body).ok()?;
            let id = wanted["SecretId"].as_str()?;
            let text = secrets.get(id)?;
            Some(json!({ "ARN": id, "Name": id, "SecretString": text, "VersionId": "1" }))
        }
        _ => None,
    }
}
