//! A small HTTP/1.1 client that sends exactly what it is told: paths as they are, any size, from any
//! loopback address, since the API throttles by address.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use serde_json::Value;
use socket2::{Domain, Socket, Type};

use crate::cloud::cloud;
use crate::documented::{Seen, documented};

const LIMIT: Duration = Duration::from_mins(1);

/// A client at one address.
#[derive(Debug, Clone, Copy)]
pub struct Http {
    source: Ipv4Addr,
}

/// A request.
#[derive(Debug, Clone)]
pub struct Request {
    method: String,
    url: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Request {
    /// A request without a body. The path and query of the URL are sent as they are.
    pub fn new(method: &str, url: &str) -> Self {
        Self {
            method: method.to_owned(),
            url: url.to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// With one more header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With a body of a type.
    #[must_use]
    pub fn body(mut self, media_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self.header("content-type", media_type)
    }

    /// With a body whose type is among the headers, if anywhere.
    #[must_use]
    pub fn octets(mut self, body: Vec<u8>) -> Self {
        self.body = body;
        self
    }

    /// With an access or media token.
    #[must_use]
    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }
}

impl Default for Http {
    /// A client at an address that no other client has.
    fn default() -> Self {
        let [a, b, c, ..] = crate::random::<4>();
        Self {
            source: Ipv4Addr::new(127, a | 1, b, c | 1),
        }
    }
}

impl Http {
    /// The address that servers see.
    pub const fn source(&self) -> Ipv4Addr {
        self.source
    }

    /// Sends and reads the reply.
    ///
    /// # Panics
    /// There is none, it is a failure of the server that no client may ever see, or a reply of the API that
    /// `docs/openapi.json` does not have.
    pub fn send(&self, request: &Request) -> Reply {
        let sent = self.exchange(request);
        let reply =
            sent.unwrap_or_else(|error| panic!("{} {}: {error}", request.method, request.url));
        let broken = matches!(reply.status, 500 | 502 | 504);
        assert!(
            !broken,
            "{} {}: {} {}",
            request.method,
            request.url,
            reply.status,
            reply.text()
        );
        if let Some(path) = request.url.strip_prefix(&cloud().api_url) {
            let header = |name: &str| reply.header(name).map(str::to_owned);
            let seen = Seen {
                status: reply.status,
                header: &header,
                body: &reply.body,
            };
            documented(&request.method, path, seen);
        }
        reply
    }

    /// GET without a credential.
    pub fn get(&self, url: &str) -> Reply {
        self.send(&Request::new("GET", url))
    }

    fn exchange(self, request: &Request) -> std::io::Result<Reply> {
        let rest = request
            .url
            .strip_prefix("http://")
            .expect("a URL of plain HTTP");
        let (authority, target) = match rest.find(['/', '?']) {
            Some(at) => rest.split_at(at),
            None => (rest, "/"),
        };
        let mut head = format!(
            "{} {target} HTTP/1.1\r\nhost: {authority}\r\nconnection: close\r\n",
            request.method
        );
        for (name, value) in &request.headers {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        if !request.body.is_empty() || matches!(request.method.as_str(), "POST" | "PUT") {
            let _ = write!(head, "content-length: {}\r\n", request.body.len());
        }
        head += "\r\n";
        let mut stream = self.connect(authority)?;
        stream.write_all(head.as_bytes())?;
        // A server may answer and hang up before it has read everything: its answer counts.
        let written = stream.write_all(&request.body);
        let mut raw = Vec::new();
        match (stream.read_to_end(&mut raw), written) {
            (Err(error), _) | (Ok(0), Err(error)) if raw.is_empty() => return Err(error),
            _ => {}
        }
        Reply::parse(&raw).ok_or_else(|| std::io::Error::other("no HTTP reply"))
    }

    fn connect(self, authority: &str) -> std::io::Result<std::net::TcpStream> {
        let to: SocketAddr = authority.parse().expect("an address and a port");
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        // Nothing but loopback answers to an address of 127/8.
        socket.bind(&SocketAddr::new(IpAddr::V4(self.source), 0).into())?;
        socket.connect_timeout(&to.into(), LIMIT)?;
        socket.set_read_timeout(Some(LIMIT))?;
        socket.set_write_timeout(Some(LIMIT))?;
        Ok(socket.into())
    }
}

/// A reply of any status.
#[derive(Debug, Clone)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Reply {
    fn parse(raw: &[u8]) -> Option<Self> {
        let end = raw.windows(4).position(|window| window == b"\r\n\r\n")?;
        let head = std::str::from_utf8(&raw[..end]).ok()?;
        let mut lines = head.split("\r\n");
        let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
        let headers = lines.filter_map(|line| line.split_once(':'));
        let headers =
            headers.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()));
        let mut reply = Self {
            status,
            headers: headers.collect(),
            body: raw[end + 4..].to_vec(),
        };
        if reply
            .header("transfer-encoding")
            .is_some_and(|coding| coding.contains("chunked"))
        {
            reply.body = dechunked(&reply.body)?;
        }
        if let Some(length) = reply
            .header("content-length")
            .and_then(|text| text.parse::<usize>().ok())
        {
            // A HEAD has a length and no body; anything else that is shorter was cut off.
            (reply.body.is_empty() || reply.body.len() == length).then_some(())?;
        }
        Some(reply)
    }

    /// The value of a header, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The values of a header that comes several times.
    pub fn headers(&self, name: &str) -> Vec<&str> {
        let found = self.headers.iter().filter(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str()).collect()
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON; null if it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// A text of the JSON body.
    ///
    /// # Panics
    /// It is not there.
    pub fn field(&self, name: &str) -> String {
        let value = self.json()[name].as_str().map(str::to_owned);
        value.unwrap_or_else(|| panic!("no {name} in {} {}", self.status, self.text()))
    }

    /// The stable code of a refusal: ours, API Gateway's message, or that of S3's and CloudFront's XML.
    pub fn code(&self) -> String {
        let document = self.json();
        let named = document["code"]
            .as_str()
            .or_else(|| document["message"].as_str());
        if let Some(named) = named {
            return named.to_owned();
        }
        let text = self.text();
        let tagged = text
            .split_once("<Code>")
            .and_then(|(_, rest)| rest.split_once("</Code>"));
        tagged.map(|(code, _)| code.to_owned()).unwrap_or_default()
    }

    /// Status and code, as assertions show them.
    pub fn shown(&self) -> String {
        format!("{} {}", self.status, self.code())
            .trim_end()
            .to_owned()
    }

    /// The same reply if it has this status.
    ///
    /// # Panics
    /// It has another.
    #[expect(
        clippy::return_self_not_must_use,
        reason = "asserting is what it is for"
    )]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text());
        self
    }
}

/// RFC 9112 §7.1, without trailers.
fn dechunked(mut raw: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = raw.windows(2).position(|window| window == b"\r\n")?;
        let size = std::str::from_utf8(&raw[..end]).ok()?.split(';').next()?;
        let size = usize::from_str_radix(size.trim(), 16).ok()?;
        if size == 0 {
            return Some(body);
        }
        body.extend_from_slice(raw.get(end + 2..end + 2 + size)?);
        raw = raw.get(end + 4 + size..)?;
    }
}
