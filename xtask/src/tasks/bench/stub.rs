//! Secrets Manager and DynamoDB that answer at once: every secret is there, every table is empty at first.
//!
//! Records that are put are found again by their keys, and by no query. An update is granted and changes nothing: nobody here looks at conditions.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use serde_json::{Map, Value, json};

use super::operation;
use super::wire::{Request, Server};

/// A running stub; it stops when this is dropped.
pub(super) struct Stub {
    server: Server,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    secrets: BTreeMap<String, String>,
    /// By table, partition key and sort key.
    records: BTreeMap<[String; 3], Value>,
    calls: Vec<String>,
}

impl Stub {
    pub(super) fn start(secrets: BTreeMap<String, String>) -> Result<Self> {
        let state = Arc::new(Mutex::new(State {
            secrets,
            ..State::default()
        }));
        let shared = Arc::clone(&state);
        let server = Server::start(move |mut connection| {
            while let Some(request) = connection.request() {
                let answer = locked(&shared).answer(&request);
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
        })?;
        Ok(Self { server, state })
    }

    /// `host:port`.
    pub(super) fn address(&self) -> String {
        self.server.address.to_string()
    }

    /// The value of `AWS_ENDPOINT_URL`.
    pub(super) fn url(&self) -> String {
        self.server.url()
    }

    /// The calls since the last time, in order.
    pub(super) fn take(&self) -> Vec<String> {
        std::mem::take(&mut locked(&self.state).calls)
    }
}

fn locked(state: &Mutex<State>) -> std::sync::MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl State {
    /// None for what no bench calls.
    fn answer(&mut self, request: &Request) -> Option<Value> {
        self.calls.push(operation::name(
            &request.method,
            &request.target,
            |header| request.header(header),
        ));
        let (_, operation) = request.header("x-amz-target").split_once('.')?;
        let asked: Value = serde_json::from_slice(&request.body).ok()?;
        match operation {
            "GetItem" => {
                let found = self.record(asked["TableName"].as_str()?, &asked["Key"]);
                Some(found.map_or_else(|| json!({}), |item| json!({ "Item": item })))
            }
            "BatchGetItem" => self.batch(asked["RequestItems"].as_object()?),
            "PutItem" => self.put(&asked),
            "TransactWriteItems" => {
                for item in asked["TransactItems"].as_array()? {
                    self.put(&item["Put"])?;
                }
                Some(json!({}))
            }
            "UpdateItem" => Some(json!({})),
            "Query" => Some(json!({ "Items": [], "Count": 0, "ScannedCount": 0 })),
            "GetSecretValue" => {
                let id = asked["SecretId"].as_str()?;
                let text = self.secrets.get(id)?;
                Some(json!({ "ARN": id, "Name": id, "SecretString": text, "VersionId": "1" }))
            }
            _ => None,
        }
    }

    fn record(&self, table: &str, key: &Value) -> Option<&Value> {
        self.records.get(&place(table, key))
    }

    fn batch(&self, wanted: &Map<String, Value>) -> Option<Value> {
        let mut responses = Map::new();
        for (table, asked) in wanted {
            let keys = asked["Keys"].as_array()?;
            let found = keys.iter().filter_map(|key| self.record(table, key));
            responses.insert(table.clone(), found.cloned().collect());
        }
        Some(json!({ "Responses": responses, "UnprocessedKeys": {} }))
    }

    fn put(&mut self, put: &Value) -> Option<Value> {
        let table = put["TableName"].as_str()?;
        self.records
            .insert(place(table, &put["Item"]), put["Item"].clone());
        Some(json!({}))
    }
}

/// Where a record is, by itself or by its key; without a sort key where a table has none.
fn place(table: &str, record: &Value) -> [String; 3] {
    let key = |name: &str| record[name]["S"].as_str().unwrap_or_default().to_owned();
    [table.to_owned(), key("pk"), key("sk")]
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::wire::Request;
    use super::State;

    fn call(state: &mut State, operation: &str, body: &Value) -> Option<Value> {
        state.answer(&Request {
            method: "POST".to_owned(),
            target: "/".to_owned(),
            headers: vec![(
                "x-amz-target".to_owned(),
                format!("DynamoDB_20120810.{operation}"),
            )],
            body: body.to_string().into_bytes(),
        })
    }

    #[test]
    fn what_was_put_is_found_by_its_key_and_every_call_is_noted() {
        let mut state = State::default();
        let item = json!({ "pk": { "S": "a" }, "sk": { "S": "b" }, "n": { "N": "1" } });
        let put = json!({ "TransactItems": [{ "Put": { "TableName": "t", "Item": item } }] });
        call(&mut state, "TransactWriteItems", &put).unwrap();
        let key = json!({ "pk": { "S": "a" }, "sk": { "S": "b" } });
        let one = json!({ "TableName": "t", "Key": key });
        assert_eq!(call(&mut state, "GetItem", &one).unwrap()["Item"], item);
        let other = json!({ "TableName": "u", "Key": key });
        assert_eq!(call(&mut state, "GetItem", &other).unwrap(), json!({}));
        let both = json!({ "RequestItems": { "t": { "Keys": [key, { "pk": { "S": "x" } }] } } });
        let found = call(&mut state, "BatchGetItem", &both).unwrap();
        assert_eq!(found["Responses"]["t"], json!([item]));
        assert!(call(&mut state, "DeleteTable", &json!({})).is_none());
        assert_eq!(state.calls.len(), 5);
        assert_eq!(state.calls[0], "DynamoDB TransactWriteItems");
    }
}
