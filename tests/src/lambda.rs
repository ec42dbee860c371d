//! Functions as they are set up: for tests of what a parameter of the stack would change.

use std::time::Duration;

use serde_json::{Value, json};

use crate::cloud::cloud;
use crate::http::{Http, Request};
use crate::sdk::authorization;
use crate::wait;

const LIMIT: Duration = Duration::from_mins(1);

fn call(method: &str, path: &str, body: Option<&Value>) -> Value {
    let url = format!("{}/2015-03-31/{path}", cloud().aws_endpoint_url);
    let request = Request::new(method, &url).header("authorization", &authorization("lambda"));
    let request = match body {
        Some(body) => request.body("application/json", body.to_string()),
        None => request,
    };
    let told = Http::default().send(&request);
    assert!(matches!(told.status, 200 | 202), "{path}: {}", told.text());
    told.json()
}

/// A function that reads another value of one variable until this is dropped.
#[derive(Debug)]
pub struct Variable {
    function: String,
    before: Value,
}

impl Variable {
    /// From now on, for the function that an output of the stack names.
    pub fn set(output: &str, name: &str, value: &str) -> Self {
        let function = cloud().output(output).to_owned();
        let path = format!("functions/{function}/configuration");
        let before = call("GET", &path, None)["Environment"].clone();
        let mut after = before.clone();
        after["Variables"][name] = json!(value);
        configure(&function, &after);
        Self { function, before }
    }
}

impl Drop for Variable {
    fn drop(&mut self) {
        configure(&self.function, &self.before);
    }
}

fn configure(function: &str, environment: &Value) {
    let path = format!("functions/{function}/configuration");
    call("PUT", &path, Some(&json!({ "Environment": environment })));
    wait::until(&format!("{function} set up anew"), LIMIT, || {
        let told = call("GET", &path, None);
        let done = told["LastUpdateStatus"] == "Successful" && told["State"] == "Active";
        (done && told["Environment"] == *environment).then_some(())
    });
}

/// What feeds a function from a queue, on until this is dropped.
#[derive(Debug)]
pub struct Feed(String);

impl Feed {
    /// From now on, for the queue whose name ends so.
    pub fn on(queue: &str) -> Self {
        let told = call("GET", "event-source-mappings/", None);
        let all = told["EventSourceMappings"].as_array().cloned();
        let of = |mapping: &Value| {
            let arn = mapping["EventSourceArn"].as_str();
            arn.is_some_and(|arn| arn.ends_with(queue))
        };
        let found = all.into_iter().flatten().find(of).expect("a mapping");
        let id = found["UUID"].as_str().expect("an id").to_owned();
        assert_eq!(found["State"], "Disabled", "off, as the template says");
        switch(&id, true, "Enabled");
        Self(id)
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        switch(&self.0, false, "Disabled");
    }
}

fn switch(id: &str, on: bool, state: &str) {
    let path = format!("event-source-mappings/{id}");
    call("PUT", &path, Some(&json!({ "Enabled": on })));
    wait::until(&format!("the mapping is {state}"), LIMIT, || {
        (call("GET", &path, None)["State"] == state).then_some(())
    });
}
