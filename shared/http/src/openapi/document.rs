//! Sections of operations, gathered into one document of `OpenAPI` 3.1.

use std::collections::{BTreeMap, BTreeSet};

use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::explain::{explained, without_nulls};
use super::operation::{Answer, Credential, Operation, Parameter, Section};
use super::vocabulary::meaning;
use crate::problem::{Code, Document as Problem};

/// The document, and what is wrong with the descriptions that it was made of.
#[derive(Debug)]
pub struct Document {
    /// `OpenAPI` 3.1.
    pub value: Value,
    /// Each a sentence; none in what is committed.
    pub faults: Vec<String>,
}

/// The document of these sections.
pub fn document(sections: &[Section]) -> Document {
    let mut maker = Maker::new();
    let mut paths: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
    let mut ids = BTreeSet::new();
    for section in sections {
        for operation in &section.operations {
            let Some((method, path)) = operation.route.split_once(' ') else {
                maker.fault(format!("{} is no route", operation.route));
                continue;
            };
            let made = maker.operation(section, operation);
            let methods = paths.entry(path.to_owned()).or_default();
            if methods.insert(method.to_lowercase(), made).is_some() || !ids.insert(operation.id) {
                maker.fault(format!("{} or its id is there twice", operation.route));
            }
        }
    }
    let tags = sections.iter();
    let tags = tags.map(|section| json!({ "name": section.name, "description": section.about }));
    let tags: Vec<Value> = tags.collect();
    let components = maker.components();
    let value = json!({
        "openapi": "3.1.1",
        "info": {
            "title": "Reelvault",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "Self-hosted back end for secure media",
            "description": "Made from the code by `cargo xtask openapi`. The API gateway answers by itself what reaches no function, as `GatewayMessage`; 500 and 503 too, should a function fail to answer.",
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": "https://{api}", "variables": { "api": {
            "default": "api.example.org", "description": "The host in the stack's output `ApiUrl`.",
        } } }],
        "tags": tags,
        "paths": paths,
        "components": components,
    });
    Document {
        value,
        faults: maker.faults,
    }
}

struct Maker {
    /// Of requests, and of replies: `serde` may read and write a type in different ways.
    read: SchemaGenerator,
    written: SchemaGenerator,
    responses: BTreeMap<String, Value>,
    faults: Vec<String>,
}

impl Maker {
    fn new() -> Self {
        let settings = || {
            SchemaSettings::draft2020_12().with(|settings| {
                settings.meta_schema = None;
                settings.definitions_path = "/components/schemas".into();
            })
        };
        Self {
            read: settings().for_deserialize().into_generator(),
            written: settings().for_serialize().into_generator(),
            responses: BTreeMap::new(),
            faults: Vec::new(),
        }
    }

    fn fault(&mut self, fault: String) {
        self.faults.push(fault);
    }

    fn operation(&mut self, section: &Section, operation: &Operation) -> Value {
        let mut made = Map::new();
        made.insert("tags".into(), json!([section.name]));
        made.insert("operationId".into(), operation.id.into());
        made.insert("summary".into(), operation.summary.into());
        made.insert("security".into(), security(operation));
        let parameters = self.parameters(operation);
        if !parameters.is_empty() {
            made.insert("parameters".into(), parameters.into());
        }
        if let Some(body) = &operation.body {
            let schema = (body.schema)(&mut self.read).to_value();
            let content = body.media.iter();
            let content: Map<_, _> = content
                .map(|media| ((*media).to_owned(), json!({ "schema": schema })))
                .collect();
            made.insert(
                "requestBody".into(),
                json!({ "required": body.required, "content": content }),
            );
        }
        made.insert("responses".into(), self.answers(operation).into());
        made.into()
    }

    fn parameters(&mut self, operation: &Operation) -> Vec<Value> {
        let named = |name: &str| operation.parameters.iter().find(|known| known.name == name);
        let of_path: Vec<Value> = operation
            .path_names()
            .map(|name| match named(name) {
                Some(parameter) => self.parameter(operation, parameter),
                None => self.parameter(
                    operation,
                    &Parameter {
                        name,
                        place: "path",
                        required: true,
                        schema: None,
                        about: None,
                    },
                ),
            })
            .collect();
        let others = operation.parameters.iter().filter(|p| p.place != "path");
        let others: Vec<Value> = others
            .map(|parameter| self.parameter(operation, parameter))
            .collect();
        [of_path, others].concat()
    }

    fn parameter(&mut self, operation: &Operation, parameter: &Parameter) -> Value {
        let schema = match parameter.schema {
            Some(schema) => Some(schema(&mut self.read)),
            None => meaning(parameter.name, &mut self.read),
        };
        if schema.is_none() {
            self.fault(format!(
                "{}: the vocabulary does not have {}",
                operation.route, parameter.name
            ));
        }
        let mut made = json!({
            "name": parameter.name, "in": parameter.place, "required": parameter.required,
            "schema": schema.map_or_else(|| json!({}), Schema::to_value),
        });
        if let Some(about) = parameter.about {
            made["description"] = about.into();
        }
        made
    }

    fn answers(&mut self, operation: &Operation) -> Map<String, Value> {
        let mut answers = Map::new();
        for answer in &operation.answers {
            let made = self.answer(answer);
            let status = answer.status.to_string();
            // One status may come in several media types.
            let others = answers.remove(&status);
            answers.insert(status, with_content_of(made, others));
        }
        if answers.is_empty() {
            self.fault(format!("{} replies with nothing", operation.route));
        }
        let mut by_status: BTreeMap<u16, Vec<Code>> = BTreeMap::new();
        for code in &operation.codes {
            by_status.entry(code.status()).or_default().push(*code);
        }
        // What reaches no function is answered by the gateway.
        by_status.entry(429).or_default();
        for (status, codes) in by_status {
            answers
                .entry(status.to_string())
                .or_insert_with(|| self.refusal(status, &codes));
        }
        for status in operation.oauth {
            let made = self.oauth_error(*status);
            answers.insert(status.to_string(), made);
        }
        answers
    }

    fn answer(&mut self, answer: &Answer) -> Value {
        let content = match answer.schema {
            Some(schema) => json!({ "schema": schema(&mut self.written).to_value() }),
            None => json!({}),
        };
        let mut headers = json!({ "x-request-id": reference("headers", "RequestId") });
        for (name, about) in &answer.headers {
            headers[*name] =
                json!({ "description": about, "required": true, "schema": { "type": "string" } });
        }
        json!({
            "description": answer.about, "headers": headers, "content": { answer.media: content },
        })
    }

    /// One response a status and the codes that it may have: many routes share it.
    fn refusal(&mut self, status: u16, codes: &[Code]) -> Value {
        let names: Vec<&str> = codes.iter().copied().map(Code::as_str).collect();
        let titles: Vec<&str> = codes.iter().copied().map(Code::title).collect();
        let mut content = Map::new();
        if !codes.is_empty() {
            let of = json!({ "properties": { "code": { "enum": names }, "status": { "const": status } } });
            let problem = self.written.subschema_for::<Problem<'static>>();
            let schema = json!({ "allOf": [problem.to_value(), of] });
            content.insert(
                "application/problem+json".into(),
                json!({ "schema": schema }),
            );
        }
        if matches!(status, 404 | 413 | 429) {
            content.insert("application/json".into(), gateway());
        }
        let mut headers = json!({});
        match status {
            401 => headers["www-authenticate"] = reference("headers", "WwwAuthenticate"),
            429 | 503 => headers["retry-after"] = reference("headers", "RetryAfter"),
            _ => (),
        }
        let (name, about) = if codes.is_empty() {
            ("gateway".to_owned(), "Too many requests at once".to_owned())
        } else {
            (names.join("."), titles.join("; "))
        };
        self.response(
            format!("{status}.{name}"),
            json!({ "description": about, "headers": headers, "content": content }),
        )
    }

    fn oauth_error(&mut self, status: u16) -> Value {
        let schema = self
            .written
            .subschema_for::<crate::oauth::Document<'static>>()
            .to_value();
        let mut content = json!({ "application/json": { "schema": schema } });
        if matches!(status, 413 | 429) {
            let either = json!([schema, reference("schemas", "GatewayMessage")]);
            content = json!({ "application/json": { "schema": { "anyOf": either } } });
        }
        let headers = match status {
            401 => json!({ "www-authenticate": reference("headers", "WwwAuthenticate") }),
            429 | 503 => json!({ "retry-after": reference("headers", "RetryAfter") }),
            _ => json!({}),
        };
        let about = "An error in the words of RFC 6749";
        self.response(
            format!("{status}.oauth"),
            json!({ "description": about, "headers": headers, "content": content }),
        )
    }

    fn response(&mut self, name: String, response: Value) -> Value {
        let made = reference("responses", &name);
        self.responses.insert(name, response);
        made
    }

    fn components(&mut self) -> Value {
        let mut schemas = BTreeMap::from([("GatewayMessage".to_owned(), gateway_message())]);
        let (read, mut faults) = explained(&mut self.read);
        let (mut written, more) = explained(&mut self.written);
        written.values_mut().for_each(without_nulls);
        faults.extend(more);
        for (name, schema) in read.into_iter().chain(written) {
            let before = schemas.insert(name.clone(), schema.clone());
            // A second type of one name is told apart by a number.
            if before.is_some_and(|before| before != schema) || name.ends_with(char::is_numeric) {
                faults.push(format!("there are two schemas of the name {name}"));
            }
        }
        self.faults.extend(faults);
        json!({
            "schemas": schemas,
            "responses": self.responses,
            "headers": headers(),
            "securitySchemes": schemes(),
        })
    }
}

fn security(operation: &Operation) -> Value {
    let mut ways: Vec<Value> = operation
        .credentials
        .iter()
        .map(|credential| json!({ scheme(*credential): [] }))
        .collect();
    if operation.anonymous {
        ways.push(json!({}));
    }
    ways.into()
}

const fn scheme(credential: Credential) -> &'static str {
    match credential {
        Credential::AccessToken => "accessToken",
        Credential::LoginChallenge => "loginChallenge",
        Credential::MediaToken => "mediaToken",
        Credential::ApiKey => "apiKey",
        Credential::Ticket => "ticket",
        Credential::TicketCookie => "ticketCookie",
    }
}

fn schemes() -> Value {
    json!({
        "accessToken": {
            "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
            "description": "An access token of a person (`login`, `refreshOrExchangeToken`) or of an API key (`client_credentials`).",
        },
        "loginChallenge": {
            "type": "http", "scheme": "bearer",
            "description": "`rvc_…`: the token of a sign-in whose person has no second factor yet, for the first one.",
        },
        "mediaToken": {
            "type": "http", "scheme": "bearer", "description": "`rvm_…`: opens views, or one download.",
        },
        "apiKey": {
            "type": "http", "scheme": "basic",
            "description": "Id and secret of an API key, both form-encoded (RFC 6749 section 2.3.1).",
        },
        "ticket": {
            "type": "apiKey", "in": "query", "name": "token",
            "description": "The playback ticket that a playlist has in its URLs.",
        },
        "ticketCookie": {
            "type": "apiKey", "in": "cookie", "name": "reelvault_ticket",
            "description": "The playback ticket as a cookie of the media host: see `setPlaybackCookies`.",
        },
    })
}

fn headers() -> Value {
    json!({
        "RequestId": {
            "description": "The id of the request, as in the logs.", "required": true, "schema": { "type": "string" },
        },
        "RetryAfter": {
            "description": "Seconds after which a repeat may succeed.", "schema": { "type": "integer", "minimum": 0 },
        },
        "WwwAuthenticate": {
            "description": "How to authenticate (RFC 6750 section 3, RFC 6749 section 5.2).", "schema": { "type": "string" },
        },
    })
}

fn gateway_message() -> Value {
    json!({
        "type": "object", "description": "What the API gateway answers by itself.",
        "required": ["message"], "properties": { "message": { "type": "string", "description": "What was wrong." } },
    })
}

fn gateway() -> Value {
    json!({ "schema": reference("schemas", "GatewayMessage") })
}

fn reference(kind: &str, name: &str) -> Value {
    json!({ "$ref": format!("#/components/{kind}/{name}") })
}

/// An answer that may also come as another does.
fn with_content_of(mut made: Value, other: Option<Value>) -> Value {
    let of = |value: &mut Value| value.get_mut("content").map(Value::take);
    let other = other.and_then(|mut other| of(&mut other));
    if let (Some(Value::Object(content)), Some(Value::Object(other))) =
        (made.get_mut("content"), other)
    {
        content.extend(other);
    }
    made
}
