//! One edge before one emulator, and a client of it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use time::OffsetDateTime;
use vault_edge::ambient::Ambient;
use vault_edge::config::{Config, TrustedKey};
use vault_edge::server::Edge;

use crate::emulator::{self, Emulator};

/// The moment at which every test happens.
pub(crate) const NOW: i64 = 1_767_225_600;
/// The origin that the template's parameter allows.
pub(crate) const PAGE: &str = "http://page.test";

/// Everything that a test needs.
pub(crate) struct World {
    pub(crate) emulator: Arc<Emulator>,
    pub(crate) edge: SocketAddr,
    pub(crate) page: SocketAddr,
    client: Client<HttpConnector, Full<Bytes>>,
}

/// A reply, read whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("text")
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }
}

impl World {
    /// Starts an edge that trusts `keys`.
    pub(crate) async fn new(keys: &[TrustedKey]) -> Self {
        Self::of(|localstack| config(localstack, keys)).await
    }

    /// Starts an edge with the distribution that ships, which has `secret` as the first of tokens in paths.
    pub(crate) async fn shipped(keys: &[TrustedKey], secret: &str) -> Self {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
        Self::of(|localstack| Config {
            edge_template: Some(root.join("edge.yaml")),
            path_secrets: [("1".to_owned(), secret.to_owned())].into(),
            ..config(localstack, keys)
        })
        .await
    }

    async fn of(config: impl FnOnce(&str) -> Config) -> Self {
        let (emulator, address) = emulator::start().await;
        let config = config(&format!("http://{address}"));
        let ambient = Ambient {
            now: || OffsetDateTime::from_unix_timestamp(NOW).expect("a time"),
            request_id: next_id,
        };
        let edge = Edge::bind(&config, ambient).await.expect("an edge");
        let (api, page) = edge.addresses().expect("addresses");
        tokio::spawn(edge.serve());
        let client = Client::builder(TokioExecutor::new()).build_http();
        Self {
            emulator,
            edge: api,
            page,
            client,
        }
    }

    /// Sends a request to the edge; its URI is a path.
    pub(crate) async fn send(&self, request: http::request::Builder, body: &[u8]) -> Answer {
        let (parts, body) = self.open(request, body).await.into_parts();
        let body = body.collect().await.expect("a body").to_bytes();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body,
        }
    }

    /// Sends a request; the reply's body is not read yet.
    pub(crate) async fn open(
        &self,
        request: http::request::Builder,
        body: &[u8],
    ) -> Response<Incoming> {
        let mut request = request.body(Full::from(body.to_vec())).expect("a request");
        let path = request.uri().path_and_query().expect("a path").as_str();
        *request.uri_mut() = format!("http://{}{path}", self.edge)
            .parse()
            .expect("a URI");
        self.client.request(request).await.expect("a reply")
    }

    /// GETs a path of the page's origin.
    pub(crate) async fn get_page(&self, path: &str) -> Answer {
        let uri = format!("http://{}{path}", self.page);
        let request = Request::get(uri).body(Full::default()).expect("a request");
        let (parts, body) = self
            .client
            .request(request)
            .await
            .expect("a reply")
            .into_parts();
        let body = body.collect().await.expect("a body").to_bytes();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body,
        }
    }
}

fn next_id() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    format!("{:016X}", NEXT.fetch_add(1, Ordering::Relaxed))
}

fn config(localstack: &str, keys: &[TrustedKey]) -> Config {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/edge");
    Config {
        listen: "127.0.0.1:0".parse().expect("an address"),
        page_listen: "127.0.0.1:0".parse().expect("an address"),
        localstack: localstack.to_owned(),
        template: here.join("template.yaml"),
        edge_template: None,
        stack: "vault".into(),
        media_bucket: "media-bucket".into(),
        uploads_bucket: "uploads-bucket".into(),
        trusted_keys: keys.to_vec(),
        path_secrets: std::collections::BTreeMap::new(),
        allowed_origins: vec![PAGE.into()],
        page_dir: here.join("../../../page"),
        vendor_dir: Some(here.clone()),
        public_url: None,
        connect_origins: vec![],
        stage: "$default".into(),
        account: "000000000000".into(),
    }
}
