//! As much HTTP/1.1 as the stand-ins of a bench take: one thread a connection, whole bodies.

use std::io::{BufRead, BufReader, Read as _, Result as IoResult, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Result;

/// A request with its whole body.
pub(super) struct Request {
    pub(super) method: String,
    /// Path and query as sent.
    pub(super) target: String,
    /// As sent, in order.
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Request {
    /// A header's value, or nothing.
    pub(super) fn header(&self, name: &str) -> &str {
        let found = self
            .headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map_or("", |(_, value)| value)
    }
}

/// One connection of a client.
pub(super) struct Connection {
    reader: BufReader<TcpStream>,
}

impl Connection {
    /// The next request; none once the client is gone.
    pub(super) fn request(&mut self) -> Option<Request> {
        self.read().ok().flatten()
    }

    fn read(&mut self) -> IoResult<Option<Request>> {
        let first = line(&mut self.reader)?;
        let mut words = first.split(' ');
        let (Some(method), Some(target)) = (words.next(), words.next()) else {
            return Ok(None);
        };
        let mut request = Request {
            method: method.to_owned(),
            target: target.to_owned(),
            headers: headers(&mut self.reader)?,
            body: Vec::new(),
        };
        if !request.header("expect").is_empty() {
            self.reader
                .get_mut()
                .write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        if request
            .header("transfer-encoding")
            .eq_ignore_ascii_case("chunked")
        {
            request.body = chunks(&mut self.reader)?;
        } else {
            request.body = vec![0; request.header("content-length").parse().unwrap_or(0)];
            self.reader.read_exact(&mut request.body)?;
        }
        Ok(Some(request))
    }

    /// Answers in one write.
    pub(super) fn reply(
        &mut self,
        status: u16,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> IoResult<()> {
        let mut bytes = format!("HTTP/1.1 {status} -\r\ncontent-length: {}\r\n", body.len());
        for &(name, value) in headers {
            bytes.extend([name, ": ", value, "\r\n"]);
        }
        bytes.push_str("\r\n");
        let mut bytes = bytes.into_bytes();
        bytes.extend_from_slice(body);
        self.raw(&bytes)
    }

    /// Answers with bytes that are a whole response, or a piece of one.
    pub(super) fn raw(&mut self, bytes: &[u8]) -> IoResult<()> {
        self.reader.get_mut().write_all(bytes)
    }
}

/// The headers up to the empty line, of a request or a response.
pub(super) fn headers(reader: &mut impl BufRead) -> IoResult<Vec<(String, String)>> {
    let mut headers = Vec::new();
    loop {
        let line = line(reader)?;
        let Some((name, value)) = line.split_once(':') else {
            return Ok(headers);
        };
        headers.push((name.to_owned(), value.trim().to_owned()));
    }
}

/// One line without its end.
pub(super) fn line(reader: &mut impl BufRead) -> IoResult<String> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    Ok(line.trim_end().to_owned())
}

fn chunks(reader: &mut impl BufRead) -> IoResult<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let head = line(reader)?;
        let size = head.split(';').next().unwrap_or_default().trim();
        let size = usize::from_str_radix(size, 16).unwrap_or(0);
        let start = body.len();
        body.resize(start + size, 0);
        reader.read_exact(&mut body[start..])?;
        if size == 0 {
            headers(reader)?;
            return Ok(body);
        }
        line(reader)?;
    }
}

/// A server on a free port of the loopback, until it is dropped.
pub(super) struct Server {
    pub(super) address: SocketAddr,
    open: Arc<AtomicBool>,
}

impl Server {
    /// Serves every connection on a thread of its own.
    pub(super) fn start(serve: impl Fn(Connection) + Send + Sync + 'static) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let open = Arc::new(AtomicBool::new(true));
        let (serve, still_open) = (Arc::new(serve), Arc::clone(&open));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if !still_open.load(Ordering::Relaxed) {
                    return;
                }
                // Otherwise Nagle adds 40 ms to an answer of two packets.
                drop(stream.set_nodelay(true));
                let serve = Arc::clone(&serve);
                let connection = Connection {
                    reader: BufReader::new(stream),
                };
                std::thread::spawn(move || serve(connection));
            }
        });
        Ok(Self { address, open })
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.open.store(false, Ordering::Relaxed);
        // Wakes the listener up, which then sees that it is over.
        drop(TcpStream::connect(self.address));
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    #[test]
    fn a_chunked_body_is_read_whole() {
        let mut text = BufReader::new("3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n".as_bytes());
        assert_eq!(super::chunks(&mut text).unwrap(), b"abcde");
    }
}
