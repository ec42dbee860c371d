//! Holds every reply that the tests see, of handlers and of the cloud, against `docs/openapi.json`: its status, its media type, its
//! headers, its body. A body may have nothing that the document does not.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};

use jsonschema::Validator;
use serde_json::{Value, json};

static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../docs/openapi.json")).expect("JSON"));

/// The named schemas, without room for what they do not name.
static STRICT: LazyLock<Value> = LazyLock::new(|| {
    let mut components = json!({ "schemas": DOCUMENT["components"]["schemas"] });
    for schema in components["schemas"]
        .as_object_mut()
        .expect("schemas")
        .values_mut()
    {
        let fields = schema.as_object_mut().expect("a schema");
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
        Some(place) => DOCUMENT
            .pointer(place.trim_start_matches('#'))
            .expect("what is referred to"),
        None => value,
    }
}

const HEAD_TOO_LARGE: u16 = 431;

/// A reply, wherever it comes from.
#[derive(Clone, Copy)]
pub struct Seen<'a> {
    /// HTTP status.
    pub status: u16,
    /// The value of a header, by its name in lower case.
    pub header: &'a dyn Fn(&str) -> Option<String>,
    /// The body.
    pub body: &'a [u8],
}

/// Asserts that the document has such a reply to a request of this method to this path, or to a route as the template
/// writes it. What is no route of ours is left alone.
///
/// # Panics
/// It does not.
pub fn documented(method: &str, path: &str, seen: Seen<'_>) {
    // The gateway's own, to what it hands to no function (RFC 6585 section 5).
    if seen.status == HEAD_TOO_LARGE {
        return;
    }
    let Some((route, operation)) = operation(method, path) else {
        return;
    };
    if let Err(fault) = fault(operation, seen) {
        let status = seen.status;
        panic!("docs/openapi.json: {method} {route} does not answer {status} like this: {fault}");
    }
}

/// The operation of a path: of the route that has most of it literally.
fn operation(method: &str, path: &str) -> Option<(&'static str, &'static Value)> {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let suits = |route: &str| {
        let (known, asked) = (route.split('/'), path.split('/'));
        let segment = |(known, asked): (&str, &str)| known == asked || known.starts_with('{');
        known.clone().count() == asked.clone().count() && known.zip(asked).all(segment)
    };
    let paths = DOCUMENT["paths"].as_object()?.iter();
    let suiting = paths.filter(|(route, _)| suits(route));
    let (route, methods) = suiting.min_by_key(|(route, _)| route.matches('{').count())?;
    let operation = methods.get(method.to_lowercase())?;
    Some((route, operation))
}

fn fault(operation: &Value, seen: Seen<'_>) -> Result<(), String> {
    let response = resolved(&operation["responses"][seen.status.to_string()]);
    if response.is_null() {
        let body = String::from_utf8_lossy(seen.body);
        return Err(format!("the status is not documented: {body}"));
    }
    for (name, header) in response["headers"].as_object().into_iter().flatten() {
        if resolved(header)["required"] == true && (seen.header)(name).is_none() {
            return Err(format!("the header {name} is missing"));
        }
    }
    let media = (seen.header)("content-type").unwrap_or_default();
    let content = &response["content"][&media];
    if content.is_null() {
        return Err(format!("the media type {media:?} is not documented"));
    }
    match &content["schema"] {
        schema if media.ends_with("json") => validated(schema, seen.body),
        _ => Ok(()),
    }
}

fn validated(schema: &Value, body: &[u8]) -> Result<(), String> {
    let body: Value = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    let validator = {
        let mut known = VALIDATORS.lock().expect("no panic under it");
        let made = known.entry(schema.to_string()).or_insert_with(|| {
            let whole = json!({ "components": *STRICT, "allOf": [schema] });
            Arc::new(jsonschema::draft202012::new(&whole).expect("a schema"))
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

    fn of(route: &str, status: u16, media: &str, body: &Value) -> Result<(), String> {
        let (method, path) = route.split_once(' ').unwrap();
        let header = |name: &str| match name {
            "content-type" => Some(media.to_owned()),
            "x-request-id" => Some("r".to_owned()),
            _ => None,
        };
        let body = body.to_string();
        let seen = Seen {
            status,
            header: &header,
            body: body.as_bytes(),
        };
        fault(operation(method, path).unwrap().1, seen)
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
        assert_eq!(of(route, 200, json, &told), Ok(()));
        let problem = "application/problem+json";
        let foreign = json!({
            "type": "urn:reelvault:problem:no_views_left", "title": "t", "status": 403,
            "code": "no_views_left", "detail": "d", "request_id": "r",
        });
        for (what, refused) in [
            ("another status", of(route, 201, json, &told)),
            ("another media type", of(route, 200, problem, &told)),
            (
                "no id",
                of(route, 200, json, &with("organisation_id", json!("org_1"))),
            ),
            (
                "a word that is none",
                of(route, 200, json, &with("role", json!("king"))),
            ),
            (
                "something more",
                of(route, 200, json, &with("secret", json!("s"))),
            ),
            (
                "something less",
                of(route, 200, json, &json!({ "name": "Golden" })),
            ),
            (
                "a missing header",
                of("GET /v1/assets/ast_x", 200, json, &json!({})),
            ),
            ("a code of another route", of(route, 403, problem, &foreign)),
        ] {
            assert!(refused.is_err(), "{what}");
        }
    }

    #[test]
    fn a_path_is_of_the_route_that_has_most_of_it_literally() {
        let route = |method, path| operation(method, path).map(|(route, _)| route);
        let own = "/v1/account/sessions/{session_id}/revoke";
        assert_eq!(
            route("POST", "/v1/account/sessions/ses_x/revoke"),
            Some(own)
        );
        assert_eq!(route("POST", own), Some(own));
        let options = "/v1/account/passkeys/options";
        assert_eq!(
            route("POST", "/v1/account/passkeys/options?a=b"),
            Some(options)
        );
        assert_eq!(route("DELETE", options), None);
        assert_eq!(route("GET", "/v1/nothing"), None);
    }
}
