//! HTTP requests as payload format 2.0 events (Developer Guide, "Create AWS Lambda proxy integrations
//! for HTTP APIs"), with what the guide leaves open as observed on AWS: `rawPath` is decoded, and ends
//! at a decoded question mark; only `text/*` and three kinds of `application/*` are not base64.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, Method, header};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;

use super::routes::Match;

/// The API that the events come from.
#[derive(Debug, Clone)]
pub struct Api {
    /// The account id.
    pub account: String,
    /// The stage.
    pub stage: String,
    /// The port that clients connect to.
    pub port: u16,
}

/// By which of the two APIs a request comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// Clients' own.
    Api,
    /// That of the distribution, whose stage says so (`MediaApiStage`).
    Distribution,
}

/// A request, with its whole body.
#[derive(Debug)]
pub struct Incoming<'a> {
    /// The method.
    pub method: &'a Method,
    /// The path as sent.
    pub path: &'a str,
    /// The query as sent.
    pub query: &'a str,
    /// The protocol, such as `HTTP/1.1`.
    pub protocol: &'a str,
    /// The headers as sent.
    pub headers: &'a HeaderMap,
    /// The body.
    pub body: &'a [u8],
    /// The other end of the connection.
    pub peer: SocketAddr,
    /// By which API.
    pub door: Door,
    /// The moment of arrival.
    pub now: OffsetDateTime,
    /// The request's id.
    pub request_id: &'a str,
}

/// Builds the event.
pub fn build(api: &Api, request: &Incoming<'_>, found: &Match<'_>) -> Value {
    let key = found.route.key();
    let (headers, cookies) = headers(api, request);
    let (body, is_base64) = body(request);
    let context = context(api, request, &key, &headers);
    let mut event = json!({
        "version": "2.0",
        "routeKey": key,
        "rawPath": raw_path(api, request.path),
        "rawQueryString": request.query,
        "headers": headers,
        "requestContext": context,
        "isBase64Encoded": is_base64,
    });
    let optional = [
        ("cookies", (!cookies.is_empty()).then(|| json!(cookies))),
        (
            "queryStringParameters",
            query(request.query).map(|parameters| json!(parameters)),
        ),
        ("pathParameters", variables(found)),
        (
            "stageVariables",
            (request.door == Door::Distribution).then(|| json!({ "door": "distribution" })),
        ),
        ("body", body.map(Value::String)),
    ];
    if let Some(event) = event.as_object_mut() {
        for (name, value) in optional {
            if let Some(value) = value {
                event.insert(name.to_owned(), value);
            }
        }
    }
    event
}

fn context(
    api: &Api,
    request: &Incoming<'_>,
    key: &str,
    headers: &BTreeMap<String, String>,
) -> Value {
    let host = headers.get("host").map_or("", String::as_str);
    let domain = host.rsplit_once(':').map_or(host, |(name, _)| name);
    json!({
        "accountId": api.account,
        "apiId": "local",
        "domainName": domain,
        "domainPrefix": domain.split('.').next().unwrap_or_default(),
        "http": {
            "method": request.method.as_str(),
            "path": raw_path(api, request.path),
            "protocol": request.protocol,
            "sourceIp": request.peer.ip().to_canonical().to_string(),
            "userAgent": headers.get("user-agent").map_or("", String::as_str),
        },
        "requestId": request.request_id,
        "routeKey": key,
        "stage": api.stage,
        "time": common_log_time(request.now),
        "timeEpoch": u64::try_from(request.now.unix_timestamp_nanos() / 1_000_000).unwrap_or(0),
    })
}

/// The decoded path; a stage other than `$default` comes first.
fn raw_path(api: &Api, path: &str) -> String {
    let decoded = percent_decode_str(path).decode_utf8_lossy();
    let decoded = decoded.split('?').next().unwrap_or_default();
    if api.stage == "$default" {
        decoded.to_owned()
    } else {
        format!("/{}{decoded}", api.stage)
    }
}

/// Header names in lower case, several values joined by commas; cookies apart.
/// What says where the request comes from is the gateway's own, whatever the client sent.
fn headers(api: &Api, request: &Incoming<'_>) -> (BTreeMap<String, String>, Vec<String>) {
    let mut headers: BTreeMap<String, String> = BTreeMap::new();
    let mut cookies = Vec::new();
    for (name, value) in request.headers {
        let value = String::from_utf8_lossy(value.as_bytes());
        if name == header::COOKIE {
            cookies.extend(value.split(';').map(|cookie| cookie.trim().to_owned()));
        } else if !HOP_BY_HOP.contains(&name.as_str()) {
            headers
                .entry(name.as_str().to_owned())
                .and_modify(|values| {
                    values.push(',');
                    values.push_str(&value);
                })
                .or_insert_with(|| value.into_owned());
        }
    }
    cookies.retain(|cookie| !cookie.is_empty());
    let seconds = request.now.unix_timestamp();
    for (name, value) in [
        (
            "x-forwarded-for",
            request.peer.ip().to_canonical().to_string(),
        ),
        ("x-forwarded-port", api.port.to_string()),
        ("x-forwarded-proto", "http".to_owned()),
        (
            "x-amzn-trace-id",
            format!("Root=1-{seconds:08x}-{:0>24}", request.request_id),
        ),
        ("content-length", request.body.len().to_string()),
    ] {
        headers.insert(name.to_owned(), value);
    }
    headers.remove("forwarded");
    (headers, cookies)
}

/// Headers of one connection, which no event carries.
pub(super) const HOP_BY_HOP: [&str; 8] = [
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Decoded query parameters, several values of a name joined by commas.
fn query(query: &str) -> Option<BTreeMap<String, String>> {
    let mut parameters: BTreeMap<String, String> = BTreeMap::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let value = form_decode(value);
        parameters
            .entry(form_decode(name))
            .and_modify(|values| {
                values.push(',');
                values.push_str(&value);
            })
            .or_insert(value);
    }
    (!parameters.is_empty()).then_some(parameters)
}

fn form_decode(text: &str) -> String {
    percent_decode_str(&text.replace('+', " "))
        .decode_utf8_lossy()
        .into_owned()
}

fn variables(found: &Match<'_>) -> Option<Value> {
    let variables: Map<String, Value> = found
        .variables
        .iter()
        .map(|(name, value)| (name.clone(), Value::String(value.clone())))
        .collect();
    (!variables.is_empty()).then_some(Value::Object(variables))
}

/// The body as text where its content type is one of text, otherwise in base64; none if it is empty.
fn body(request: &Incoming<'_>) -> (Option<String>, bool) {
    if request.body.is_empty() {
        return (None, false);
    }
    let content_type = request.headers.get(header::CONTENT_TYPE);
    let content_type = content_type
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let media_type = content_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    let textual = media_type.starts_with("text/")
        || [
            "application/json",
            "application/xml",
            "application/javascript",
        ]
        .contains(&media_type.as_str());
    match std::str::from_utf8(request.body) {
        Ok(text) if textual => (Some(text.to_owned()), false),
        _ => (Some(STANDARD.encode(request.body)), true),
    }
}

/// `12/Mar/2020:19:03:58 +0000`.
fn common_log_time(now: OffsetDateTime) -> String {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let month = MONTHS[usize::from(u8::from(now.month())) - 1];
    let (hour, minute, second) = now.to_hms();
    format!(
        "{:02}/{month}/{:04}:{hour:02}:{minute:02}:{second:02} +0000",
        now.day(),
        now.year()
    )
}

#[cfg(test)]
mod tests;
