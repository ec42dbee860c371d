//! What a client does around its requests: it reads answers and uploads parts.

use anyhow::{Context as _, Result, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::events::Http;
use crate::aws;

const FORM: &str = "application/x-www-form-urlencoded";

pub(super) fn token_request(form: &str) -> Value {
    let (route, content_type, body) = ("POST /v1/token", FORM, Some(form));
    Http {
        route,
        content_type,
        body,
        ..Http::default()
    }
    .event()
}

/// A reply's body, whose types other than a few come in base64.
pub(super) fn text(answer: &Value) -> Result<String> {
    let body = answer["body"]
        .as_str()
        .context("an answer without a body")?;
    if answer["isBase64Encoded"] == true {
        return Ok(String::from_utf8(STANDARD.decode(body)?)?);
    }
    Ok(body.to_owned())
}

pub(super) fn body(answer: &Value) -> Result<Value> {
    serde_json::from_str(&text(answer)?).context("an answer that is not JSON")
}

pub(super) fn field(answer: &Value, name: &str) -> Result<String> {
    let body = body(answer)?;
    let value = body[name]
        .as_str()
        .with_context(|| format!("an answer without {name}"))?;
    Ok(value.to_owned())
}

/// Uploads as a client does.
pub(super) fn put(part: &Value, film: &[u8]) -> Result<()> {
    let url = part["url"].as_str().context("a part without a URL")?;
    let mut request = aws::agent(std::time::Duration::from_secs(30)).put(url);
    for (name, value) in part["headers"].as_object().into_iter().flatten() {
        if !name.eq_ignore_ascii_case("content-length") {
            request = request.header(name, value.as_str().unwrap_or_default());
        }
    }
    let mut response = request.send(film)?;
    if !response.status().is_success() {
        bail!(
            "PUT: {}: {}",
            response.status(),
            response.body_mut().read_to_string()?
        );
    }
    Ok(())
}
