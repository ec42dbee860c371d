//! What a function answers, as an HTTP reply (Developer Guide, "Lambda function response for format 2.0").

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Deserialize;
use serde_json::Value;

use super::event::HOP_BY_HOP;
use crate::body::{Reply, full, reply};

/// A structured answer.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    status_code: u16,
    #[serde(default)]
    headers: Option<BTreeMap<String, Scalar>>,
    #[serde(default)]
    multi_value_headers: Option<BTreeMap<String, Vec<Scalar>>>,
    #[serde(default)]
    cookies: Option<Vec<String>>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
}

/// A header's value: JSON text, number or boolean.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Scalar {
    Text(String),
    Number(serde_json::Number),
    Boolean(bool),
}

/// Turns the function's answer into a reply; `None` if it is not one that API Gateway understands.
pub fn read(payload: &[u8]) -> Option<Reply> {
    let value: Value = serde_json::from_slice(payload).ok()?;
    if value.get("statusCode").is_none() {
        let body = match value {
            Value::String(text) => text,
            other => other.to_string(),
        };
        return Some(reply(StatusCode::OK, "application/json", body));
    }
    structured(serde_json::from_value(value).ok()?)
}

fn structured(answer: Answer) -> Option<Reply> {
    let body = answer.body.unwrap_or_default();
    let body = if answer.is_base64_encoded {
        STANDARD.decode(body).ok()?
    } else {
        body.into_bytes()
    };
    let mut reply = Reply::new(full(body));
    *reply.status_mut() = StatusCode::from_u16(answer.status_code).ok()?;
    let headers = reply.headers_mut();
    for (name, value) in answer.headers.unwrap_or_default() {
        let name: HeaderName = name.parse().ok()?;
        if !is_of_connection(&name) {
            headers.insert(name, header_value(&value)?);
        }
    }
    // Not part of format 2.0; libraries that speak both formats send it too. `headers` has the word.
    for (name, values) in answer.multi_value_headers.unwrap_or_default() {
        let name: HeaderName = name.parse().ok()?;
        if is_of_connection(&name) || headers.contains_key(&name) {
            continue;
        }
        for value in &values {
            headers.append(name.clone(), header_value(value)?);
        }
    }
    for cookie in answer.cookies.unwrap_or_default() {
        headers.append(header::SET_COOKIE, cookie.parse().ok()?);
    }
    let plain = HeaderValue::from_static("text/plain;charset=UTF-8");
    headers.entry(header::CONTENT_TYPE).or_insert(plain);
    Some(reply)
}

/// Whether a header belongs to the connection, which is not the function's to say.
fn is_of_connection(name: &HeaderName) -> bool {
    HOP_BY_HOP.contains(&name.as_str()) || name == header::CONTENT_LENGTH
}

fn header_value(value: &Scalar) -> Option<HeaderValue> {
    match value {
        Scalar::Text(text) => text.parse(),
        Scalar::Number(number) => number.to_string().parse(),
        Scalar::Boolean(flag) => flag.to_string().parse(),
    }
    .ok()
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;

    async fn text(payload: &str) -> (StatusCode, http::HeaderMap, Vec<u8>) {
        let (parts, body) = read(payload.as_bytes()).expect("an answer").into_parts();
        (
            parts.status,
            parts.headers,
            body.collect().await.expect("a body").to_bytes().to_vec(),
        )
    }

    #[tokio::test]
    async fn a_structured_answer_becomes_its_reply() {
        let (status, headers, body) = text(
            r#"{"statusCode":201,"headers":{"Content-Type":"application/octet-stream","x-n":1,
                "connection":"close","content-length":"999"},
                "multiValueHeaders":{"x-n":["2"],"vary":["a","b"]},
                "cookies":["a=1; Secure","b=2"],"body":"AAH/","isBase64Encoded":true}"#,
        )
        .await;
        assert_eq!((status, body), (StatusCode::CREATED, vec![0, 1, 255]));
        assert_eq!(headers["content-type"], "application/octet-stream");
        assert_eq!(headers["x-n"], "1");
        assert_eq!(headers.get_all("vary").iter().count(), 2);
        assert_eq!(headers.get_all("set-cookie").iter().count(), 2);
        assert!(!headers.contains_key("connection") && !headers.contains_key("content-length"));
    }

    #[tokio::test]
    async fn an_answer_without_a_status_is_json_and_200() {
        let (status, headers, body) = text(r#"{"a":1}"#).await;
        assert_eq!((status, body), (StatusCode::OK, br#"{"a":1}"#.to_vec()));
        assert_eq!(headers["content-type"], "application/json");
    }

    #[test]
    fn what_is_not_an_answer_is_refused() {
        for payload in [
            "",
            "{",
            r#"{"statusCode":"200"}"#,
            r#"{"statusCode":99999}"#,
            r#"{"statusCode":200,"body":{"a":1}}"#,
            r#"{"statusCode":200,"headers":{"a b":"c"}}"#,
            r#"{"statusCode":200,"headers":{"a":"c\nd"}}"#,
            r#"{"statusCode":200,"body":"*","isBase64Encoded":true}"#,
        ] {
            assert!(read(payload.as_bytes()).is_none(), "{payload}");
        }
    }
}
