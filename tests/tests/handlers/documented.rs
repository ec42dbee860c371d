//! Holds every reply that the tests of the handlers see against `docs/openapi.json`: its status, its media type, its
//! headers, its body. A body may have nothing that the document does not.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};

use jsonschema::Validator;
use lambda_http::{Body, Response};
use serde_json::{Value, json};

static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../../docs/openapi.json")).unwrap());

/// The named schemas, without room for what they do not name.
static STRICT: LazyLock<Value> = LazyLock::new(|| {
    let mut components = json!({ "schemas": DOCUMENT["components"]["schemas"] });
    for schema in components["schemas"].as_object_mut().unwrap().values_mut() {
        let fields = schema.as_object_mut().unwrap();
        if fields.contains_key("properties") && !fields.contains_key("additionalProperties") {
            fields.insert("additionalProperties".to_owned(), json!(false));
        }
    }
    components
});

/// Made once each: the tests see thousands of replies.
static VALIDATORS: LazyLock<Mutex<HashMap<String, Arc<Validator>>>> = LazyLock::new(Mutex::default);

/// Follows a reference within the document.
fn resolved(value: &Value) -> &Value {
    match value["$ref"].as_str() {
        Some(place) => DOCUMENT.pointer(place.trim_start_matches('#')).unwrap(),
        None => value,
    }
}

/// Is this reply to a request of the route one that the document has? A route that there is not has its 404.
pub(crate) fn documented(route: &str, reply: &Response<Body>) {
    if let Err(fault) = fault(route, reply) {
        panic!(
            "docs/openapi.json: {route} answers {}: {fault}",
            reply.status()
        );
    }
}

fn fault(route: &str, reply: &Response<Body>) -> Result<(), String> {
    let (method, path) = route.split_once(' ').unwrap_or_default();
    let operation = &DOCUMENT["paths"][path][method.to_lowercase()];
    if operation.is_null() {
        let refused = matches!(reply.status().as_u16(), 401 | 404);
        return if refused {
            Ok(())
        } else {
            Err("there is no such route".to_owned())
        };
    }
    let status = reply.status().as_u16().to_string();
    let response = resolved(&operation["responses"][&status]);
    if response.is_null() {
        let body = String::from_utf8_lossy(reply.body());
        return Err(format!("a status without documentation: {body}"));
    }
    for (name, header) in response["headers"].as_object().unwrap() {
        if resolved(header)["required"] == true && !reply.headers().contains_key(name) {
            return Err(format!("the header {name} is missing"));
        }
    }
    let media = reply.headers()["content-type"].to_str().unwrap();
    let content = &response["content"][media];
    if content.is_null() {
        return Err(format!("the media type {media} is not documented"));
    }
    match &content["schema"] {
        schema if media.ends_with("json") => validated(schema, reply.body()),
        _ => Ok(()),
    }
}

fn validated(schema: &Value, body: &[u8]) -> Result<(), String> {
    let body: Value = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    let validator = {
        let mut known = VALIDATORS.lock().unwrap();
        let made = known.entry(schema.to_string()).or_insert_with(|| {
            let whole = json!({ "components": *STRICT, "allOf": [schema] });
            Arc::new(jsonschema::draft202012::new(&whole).unwrap())
        });
        Arc::clone(made)
    };
    let faults: Vec<String> = validator
        .iter_errors(&body)
        .map(|error| format!("{error} at {}", error.instance_path()))
        .collect();
    if faults.is_empty() {
        return Ok(());
    }
    Err(format!("{} in {body}", faults.join("; ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(status: u16, media: &str, body: &Value) -> Response<Body> {
        let reply = Response::builder().status(status);
        let reply = reply
            .header("content-type", media)
            .header("x-request-id", "r");
        reply.body(Body::Text(body.to_string())).unwrap()
    }

    #[test]
    fn a_reply_that_the_document_does_not_have_is_told() {
        let (route, json) = ("GET /v1/organisation", "application/json");
        let told = json!({
            "organisation_id": "org_geytcmjrgeytcmjrgeytcmjrge", "name": "Golden",
            "require_second_factor": false, "role": "owner",
        });
        let with = |name: &str, value: Value| {
            let mut other = told.clone();
            other[name] = value;
            other
        };
        assert_eq!(fault(route, &reply(200, json, &told)), Ok(()));
        let problem = "application/problem+json";
        for (what, other) in [
            ("another status", reply(201, json, &told)),
            ("another media type", reply(200, problem, &told)),
            (
                "no id",
                reply(200, json, &with("organisation_id", json!("org_1"))),
            ),
            (
                "a word that is none",
                reply(200, json, &with("role", json!("king"))),
            ),
            (
                "something more",
                reply(200, json, &with("secret", json!("s"))),
            ),
            (
                "something less",
                reply(200, json, &json!({ "name": "Golden" })),
            ),
            (
                "a code of another route",
                reply(
                    403,
                    problem,
                    &json!({
                        "type": "urn:reelvault:problem:no_views_left", "title": "t", "status": 403,
                        "code": "no_views_left", "detail": "d", "request_id": "r",
                    }),
                ),
            ),
        ] {
            assert!(fault(route, &other).is_err(), "{what}");
        }
        assert!(fault("GET /v1/nothing", &reply(200, json, &told)).is_err());
    }
}
