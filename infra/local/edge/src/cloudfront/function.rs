//! CloudFront Functions (JavaScript runtime 2.0) at viewer requests: the code of the template in an engine of our own, with
//! as much of the modules `cloudfront` and `crypto` as it uses (Developer Guide, "JavaScript runtime 2.0 features").

use std::collections::BTreeMap;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode};
use rquickjs::{CatchResultExt as _, Context, Ctx, Function as Callable, Module, Promise, Runtime};
use serde::Deserialize;
use serde_json::json;

use super::refusal::Refusal;
use crate::body::{Reply, full};

/// The modules that the code may import, over three functions of the host.
const CLOUDFRONT: &str = "export default { kvs: () => ({
    get: async (key) => { const value = host_secret(key); if (value === undefined) throw new Error('no such key'); return value; },
}) };";
const CRYPTO: &str = "export default { createHmac: (name, key) => {
    if (name !== 'sha256') throw new Error('an algorithm that is not here');
    let data = '';
    const hmac = {
        update: (more) => { data += more; return hmac; },
        digest: (encoding) => { if (encoding !== 'base64url') throw new Error('an encoding that is not here'); return host_hmac(key, data); },
    };
    return hmac;
} };";
/// The clock is the edge's, and the handler is reached by one function of texts.
const AROUND: &str = "
;Date.now = () => host_now();
globalThis.host_run = async (event) => JSON.stringify(await handler(JSON.parse(event)));";
/// A function has 2 MB there (Developer Guide, "Quotas on CloudFront Functions").
const MEMORY: usize = 2 * 1024 * 1024;

/// A request as functions see it and leave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The path.
    pub path: String,
    /// The query, without the question mark.
    pub query: String,
    /// Names and values of cookies.
    pub cookies: Vec<(String, String)>,
}

/// What a function makes of a request.
pub enum Outcome {
    /// It goes on, perhaps changed.
    Forward(Seen),
    /// The function answers.
    Answer(Reply),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Given {
    #[serde(rename_all = "camelCase")]
    Answer {
        status_code: u16,
        #[serde(default)]
        headers: BTreeMap<String, Value>,
        body: Option<Body>,
    },
    Request {
        uri: String,
        #[serde(default)]
        querystring: BTreeMap<String, Value>,
        #[serde(default)]
        cookies: BTreeMap<String, Value>,
    },
}

#[derive(Deserialize)]
struct Value {
    value: String,
}

#[derive(Deserialize)]
struct Body {
    data: String,
}

/// Runs `code` on a request of `method` at `now` (milliseconds), with `secrets` as its key value store.
///
/// # Errors
/// [`Refusal::FunctionFailed`]
pub fn run(
    code: &str,
    secrets: &BTreeMap<String, String>,
    (method, seen): (&str, &Seen),
    now: i64,
) -> Result<Outcome, Refusal> {
    let event = json!({
        "version": "1.0",
        "context": { "eventType": "viewer-request" },
        "request": {
            "method": method,
            "uri": seen.path,
            "querystring": pairs(&seen.query),
            "headers": {},
            "cookies": seen.cookies.iter().map(|(name, value)| (name.clone(), json!({ "value": value }))).collect::<serde_json::Map<_, _>>(),
        },
    });
    let answer = evaluate(code, secrets, &event.to_string(), now).map_err(|fault| {
        tracing::warn!(fault, "the function failed");
        Refusal::FunctionFailed
    })?;
    let given = serde_json::from_str(&answer).map_err(|_| Refusal::FunctionFailed)?;
    outcome(given).ok_or(Refusal::FunctionFailed)
}

fn pairs(query: &str) -> serde_json::Map<String, serde_json::Value> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    pairs
        .map(|(name, value)| (name.to_owned(), json!({ "value": value })))
        .collect()
}

fn evaluate(
    code: &str,
    secrets: &BTreeMap<String, String>,
    event: &str,
    now: i64,
) -> Result<String, String> {
    let broken = |error: rquickjs::Error| error.to_string();
    let runtime = Runtime::new().map_err(broken)?;
    runtime.set_memory_limit(MEMORY);
    let context = Context::full(&runtime).map_err(broken)?;
    context.with(|ctx| {
        let run = || -> rquickjs::Result<String> {
            host(&ctx, secrets, now)?;
            Module::declare(ctx.clone(), "cloudfront", CLOUDFRONT)?;
            Module::declare(ctx.clone(), "crypto", CRYPTO)?;
            let source = format!("{code}{AROUND}");
            Module::evaluate(ctx.clone(), "function", source)?.finish::<()>()?;
            let handler: Callable<'_> = ctx.globals().get("host_run")?;
            handler.call::<_, Promise<'_>>((event,))?.finish::<String>()
        };
        run().catch(&ctx).map_err(|error| error.to_string())
    })
}

fn host(ctx: &Ctx<'_>, secrets: &BTreeMap<String, String>, now: i64) -> rquickjs::Result<()> {
    let secrets = secrets.clone();
    let globals = ctx.globals();
    let secret = move |key: String| secrets.get(&key).cloned();
    globals.set("host_secret", Callable::new(ctx.clone(), secret)?)?;
    let hmac = |key: String, data: String| {
        let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes());
        URL_SAFE_NO_PAD.encode(hmac::sign(&key, data.as_bytes()).as_ref())
    };
    globals.set("host_hmac", Callable::new(ctx.clone(), hmac)?)?;
    #[expect(clippy::cast_precision_loss, reason = "as in JavaScript itself")]
    let clock = move || now as f64;
    globals.set("host_now", Callable::new(ctx.clone(), clock)?)
}

fn outcome(given: Given) -> Option<Outcome> {
    Some(match given {
        Given::Answer {
            status_code,
            headers,
            body,
        } => {
            let mut reply = Reply::new(full(Bytes::from(
                body.map(|body| body.data).unwrap_or_default(),
            )));
            *reply.status_mut() = StatusCode::from_u16(status_code).ok()?;
            for (name, Value { value }) in headers {
                let name: HeaderName = name.parse().ok()?;
                let value: HeaderValue = value.parse().ok()?;
                reply.headers_mut().insert(name, value);
            }
            Outcome::Answer(reply)
        }
        Given::Request {
            uri,
            querystring,
            cookies,
        } => {
            let query = querystring.into_iter();
            let query = query.map(|(name, Value { value })| format!("{name}={value}"));
            Outcome::Forward(Seen {
                path: uri,
                query: query.collect::<Vec<_>>().join("&"),
                cookies: cookies
                    .into_iter()
                    .map(|(name, own)| (name, own.value))
                    .collect(),
            })
        }
    })
}

#[cfg(test)]
mod tests;
