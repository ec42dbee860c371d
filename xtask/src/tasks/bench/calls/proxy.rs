//! Between a function and the local cloud: passes every call on and notes what it was.

use std::io::{BufReader, Read as _, Result as IoResult, Write as _};
use std::net::TcpStream;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use serde::Serialize;
use serde_json::Value;

use super::super::operation;
use super::super::wire::{self, Connection, Request, Server};

/// What the name of the table of records has in it: the template calls it so.
const RECORD: &str = "Audit";

/// Where the services are: `host:port`.
#[derive(Clone)]
pub(super) struct Upstreams {
    pub(super) dynamodb: String,
    pub(super) cloudfront: String,
    pub(super) others: String,
}

/// Capacity units that DynamoDB says were taken.
#[derive(Clone, Copy, Default, Serialize)]
pub(super) struct Units {
    pub(super) all: f64,
    /// Of them, those of the record of what was done.
    pub(super) of_record: f64,
}

impl Units {
    /// Of these calls together.
    pub(super) fn of(calls: &[Noted]) -> Self {
        let both = calls.iter().map(|noted| noted.units);
        both.fold(Self::default(), |sum, units| Self {
            all: sum.all + units.all,
            of_record: sum.of_record + units.of_record,
        })
    }
}

/// A call, and what it took.
#[derive(Clone)]
pub(super) struct Noted {
    pub(super) call: String,
    pub(super) units: Units,
}

/// A proxy in front of the local cloud.
pub(super) struct Recorder {
    server: Server,
    calls: Arc<Mutex<Vec<Noted>>>,
}

impl Recorder {
    pub(super) fn start(upstreams: Upstreams) -> Result<Self> {
        let calls = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&calls);
        let server = Server::start(move |mut connection| {
            let Some(mut request) = connection.request() else {
                return;
            };
            let call = operation::name(&request.method, &request.target, |h| request.header(h));
            let upstream = upstreams.of(&call).to_owned();
            let at = {
                let mut noted = noted.lock().unwrap_or_else(PoisonError::into_inner);
                let (call, units) = (call.clone(), Units::default());
                noted.push(Noted { call, units });
                noted.len() - 1
            };
            if !call.starts_with("DynamoDB ") {
                // A call that fails here fails in the function, whose answer the flow looks at.
                drop(pass_on(&mut connection, &request, &upstream, |_| ()));
                return;
            }
            request.body = with_capacity(&request.body).unwrap_or(request.body);
            let told = |body: &[u8]| {
                let mut noted = noted.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(noted) = noted.get_mut(at) {
                    noted.units = units(body);
                }
            };
            drop(pass_on(&mut connection, &request, &upstream, told));
        })?;
        Ok(Self { server, calls })
    }

    /// The value of `AWS_ENDPOINT_URL`.
    pub(super) fn url(&self) -> String {
        self.server.url()
    }

    /// The calls since the last time, in order.
    pub(super) fn take(&self) -> Vec<Noted> {
        std::mem::take(&mut *self.calls.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Upstreams {
    fn of(&self, call: &str) -> &str {
        match call.split(' ').next() {
            Some("DynamoDB") => &self.dynamodb,
            Some("CloudFront") => &self.cloudfront,
            _ => &self.others,
        }
    }
}

/// The same request, asking what it takes. The emulator checks no signature of the body.
fn with_capacity(body: &[u8]) -> Option<Vec<u8>> {
    let mut wish: Value = serde_json::from_slice(body).ok()?;
    wish.as_object_mut()?
        .insert("ReturnConsumedCapacity".to_owned(), "TOTAL".into());
    serde_json::to_vec(&wish).ok()
}

/// What an answer says that it took: of one table, or of several.
fn units(body: &[u8]) -> Units {
    let answer: Value = serde_json::from_slice(body).unwrap_or_default();
    let tables = match &answer["ConsumedCapacity"] {
        Value::Array(all) => all.as_slice(),
        one => std::slice::from_ref(one),
    };
    let mut units = Units::default();
    for table in tables {
        let taken = table["CapacityUnits"].as_f64().unwrap_or_default();
        units.all += taken;
        let name = table["TableName"].as_str().unwrap_or_default();
        if name.contains(RECORD) {
            units.of_record += taken;
        }
    }
    units
}

/// One request a connection, on both sides; `told` sees the answer's body before the function does. `Host` stays:
/// signatures cover it.
fn pass_on(
    connection: &mut Connection,
    request: &Request,
    upstream: &str,
    told: impl FnOnce(&[u8]),
) -> IoResult<()> {
    const OURS: [&str; 4] = [
        "connection",
        "content-length",
        "expect",
        "transfer-encoding",
    ];
    let mut head = format!("{} {} HTTP/1.1\r\n", request.method, request.target);
    let own = |name: &str| OURS.iter().any(|ours| name.eq_ignore_ascii_case(ours));
    for (name, value) in request.headers.iter().filter(|(name, _)| !own(name)) {
        head.extend([name.as_str(), ": ", value, "\r\n"]);
    }
    let length = request.body.len().to_string();
    head.extend(["content-length: ", &length, "\r\nconnection: close\r\n\r\n"]);
    let mut stream = TcpStream::connect(upstream)?;
    stream.write_all(head.as_bytes())?;
    stream.write_all(&request.body)?;

    let mut answer = BufReader::new(stream);
    let mut head = wire::line(&mut answer)? + "\r\n";
    for (name, value) in &wire::headers(&mut answer)? {
        if !name.eq_ignore_ascii_case("connection") {
            head.extend([name.as_str(), ": ", value, "\r\n"]);
        }
    }
    head.push_str("connection: close\r\n\r\n");
    let mut body = Vec::new();
    answer.read_to_end(&mut body)?;
    told(&body);
    connection.raw(head.as_bytes())?;
    connection.raw(&body)
}
