//! Between a function and the local cloud: passes every call on and notes what it was.

use std::io::{BufReader, Read as _, Result as IoResult, Write as _};
use std::net::TcpStream;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;

use super::super::operation;
use super::super::wire::{self, Connection, Request, Server};

/// Where the services are: `host:port`.
#[derive(Clone)]
pub(super) struct Upstreams {
    pub(super) dynamodb: String,
    pub(super) cloudfront: String,
    pub(super) others: String,
}

/// A proxy in front of the local cloud.
pub(super) struct Recorder {
    server: Server,
    calls: Arc<Mutex<Vec<String>>>,
}

impl Recorder {
    pub(super) fn start(upstreams: Upstreams) -> Result<Self> {
        let calls = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&calls);
        let server = Server::start(move |mut connection| {
            let Some(request) = connection.request() else {
                return;
            };
            let call = operation::name(&request.method, &request.target, |h| request.header(h));
            let upstream = upstreams.of(&call).to_owned();
            noted
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(call);
            // A call that fails here fails in the function, whose answer the flow looks at.
            drop(pass_on(&mut connection, &request, &upstream));
        })?;
        Ok(Self { server, calls })
    }

    /// The value of `AWS_ENDPOINT_URL`.
    pub(super) fn url(&self) -> String {
        self.server.url()
    }

    /// The calls since the last time, in order.
    pub(super) fn take(&self) -> Vec<String> {
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

/// One request a connection, on both sides. `Host` stays: signatures cover it.
fn pass_on(connection: &mut Connection, request: &Request, upstream: &str) -> IoResult<()> {
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
    connection.raw(head.as_bytes())?;
    let mut buffer = vec![0; 1 << 16];
    loop {
        match answer.read(&mut buffer)? {
            0 => return Ok(()),
            read => connection.raw(&buffer[..read])?,
        }
    }
}
