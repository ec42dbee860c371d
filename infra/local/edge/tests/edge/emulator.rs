//! A stand-in for the emulator: functions that behave by their names, and a bucket with one object.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode, header};
use http_body_util::channel::Channel;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::Notify;

/// The object at every key of the bucket.
pub(crate) const OBJECT: &[u8] = b"0123456789";
const ETAG: &str = "\"0123\"";

type Body = BoxBody<Bytes, Infallible>;

/// One request that arrived.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) target: String,
    pub(crate) headers: HeaderMap,
}

/// What arrived, and the gate before the second half of a slow object.
#[derive(Default)]
pub(crate) struct Emulator {
    seen: Mutex<Vec<Seen>>,
    pub(crate) second_half: Notify,
}

impl Emulator {
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().expect("no panic holds it").clone()
    }
}

/// Starts an emulator on a free port.
pub(crate) async fn start() -> (Arc<Emulator>, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let emulator = Arc::new(Emulator::default());
    let shared = emulator.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let emulator = shared.clone();
            let service = service_fn(move |request| answer(emulator.clone(), request));
            tokio::spawn(async move {
                let _ = http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service)
                    .await;
            });
        }
    });
    (emulator, address)
}

async fn answer(
    emulator: Arc<Emulator>,
    request: Request<Incoming>,
) -> Result<Response<Body>, Infallible> {
    let (parts, body) = request.into_parts();
    let target = parts.uri.to_string();
    let seen = Seen {
        target: target.clone(),
        headers: parts.headers.clone(),
    };
    let event = body.collect().await.expect("a body").to_bytes();
    emulator.seen.lock().expect("no panic holds it").push(seen);
    let function = target
        .strip_prefix("/2015-03-31/functions/")
        .and_then(|rest| rest.strip_suffix("/invocations"));
    match function {
        Some(function) => invoke(function, &event).await,
        None => Ok(object(&emulator, &target, &parts.headers, &parts.method)),
    }
}

async fn invoke(function: &str, event: &[u8]) -> Result<Response<Body>, Infallible> {
    let answer = match function {
        "vault-echo" => json!({
            "statusCode": 201,
            "headers": {"content-type": "application/json", "access-control-allow-origin": "*"},
            "cookies": ["a=1"],
            "body": String::from_utf8_lossy(event),
        }),
        // Refused without a ticket; kept otherwise.
        "vault-kept" if !String::from_utf8_lossy(event).contains("TICKET") => json!({
            "statusCode": 401, "headers": {"cache-control": "no-store"},
        }),
        "vault-kept" => json!({
            "statusCode": 200,
            "headers": {"cache-control": "public, max-age=60"},
            "body": String::from_utf8_lossy(event),
        }),
        "vault-binary" => json!({"statusCode": 200, "body": "AAH/", "isBase64Encoded": true}),
        "vault-nonsense" => json!({"statusCode": "many"}),
        "vault-slow" => std::future::pending().await,
        "vault-throttled" => {
            return Ok(status(StatusCode::TOO_MANY_REQUESTS));
        }
        "vault-failing" => {
            let mut reply = Response::new(full(r#"{"errorMessage":"secret detail"}"#));
            let value = "Unhandled".parse().expect("a value");
            reply.headers_mut().insert("x-amz-function-error", value);
            return Ok(reply);
        }
        _ => return Ok(status(StatusCode::NOT_FOUND)),
    };
    Ok(Response::new(full(answer.to_string())))
}

/// Any key has [`OBJECT`], except `missing` and `broken`.
fn object(
    emulator: &Arc<Emulator>,
    target: &str,
    headers: &HeaderMap,
    method: &Method,
) -> Response<Body> {
    if target.ends_with("missing.ts") {
        return status(StatusCode::NOT_FOUND);
    }
    if target.ends_with("broken.ts") {
        return status(StatusCode::INTERNAL_SERVER_ERROR);
    }
    if target.ends_with("halves.ts") {
        return Response::new(halves(emulator.clone()));
    }
    let builder = Response::builder()
        .header(header::ETAG, ETAG)
        .header(header::CONTENT_TYPE, "video/mp2t")
        .header(header::ACCEPT_RANGES, "bytes")
        .header("x-amz-request-id", "internal")
        .header("access-control-allow-origin", "*");
    if headers
        .get(header::IF_NONE_MATCH)
        .is_some_and(|value| value == ETAG)
    {
        return builder
            .status(StatusCode::NOT_MODIFIED)
            .body(full(""))
            .expect("a reply");
    }
    let range = headers
        .get(header::RANGE)
        .map(|range| range.to_str().expect("text"));
    let reply = match range {
        None => builder.body(if *method == Method::HEAD {
            full("")
        } else {
            full(OBJECT)
        }),
        Some("bytes=2-4") => builder
            .status(StatusCode::PARTIAL_CONTENT)
            .header(header::CONTENT_RANGE, "bytes 2-4/10")
            .body(full(&OBJECT[2..5])),
        Some(_) => builder
            .status(StatusCode::RANGE_NOT_SATISFIABLE)
            .header(header::CONTENT_RANGE, "bytes */10")
            .body(full("")),
    };
    let mut reply = reply.expect("a reply");
    if *method == Method::HEAD {
        reply
            .headers_mut()
            .insert(header::CONTENT_LENGTH, 10.into());
    }
    reply
}

/// Five bytes, and five more once the gate opens.
fn halves(emulator: Arc<Emulator>) -> Body {
    let (mut sender, body) = Channel::new(1);
    tokio::spawn(async move {
        let (first, second) = OBJECT.split_at(5);
        let _ = sender.send_data(Bytes::from_static(first)).await;
        emulator.second_half.notified().await;
        let _ = sender.send_data(Bytes::from_static(second)).await;
    });
    body.boxed()
}

fn status(status: StatusCode) -> Response<Body> {
    let mut reply = Response::new(full("{}"));
    *reply.status_mut() = status;
    reply
}

fn full(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).boxed()
}
