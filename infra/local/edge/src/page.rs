//! The reference player's origin: a few static files under a strict content security policy.

use std::path::{Path, PathBuf};

use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use serde_json::json;

use crate::body::{Reply, full, json, reply};

/// The player page and its vendored library.
pub struct Page {
    dir: PathBuf,
    vendor: Option<PathBuf>,
    api: String,
    policy: HeaderValue,
}

impl Page {
    /// Serves `dir` and `vendor`; the page talks to `api` and may also connect to `origins`.
    pub fn new(dir: &Path, vendor: Option<&Path>, api: &str, origins: &[String]) -> Self {
        let connect = origins.join(" ");
        // hls.js runs its worker from a blob and feeds the video element through one.
        let policy = format!(
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: {api}; \
             media-src blob: {api}; worker-src blob:; connect-src 'self' {api} {connect}; \
             base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        );
        Self {
            dir: dir.to_owned(),
            vendor: vendor.map(Path::to_owned),
            api: api.to_owned(),
            policy: HeaderValue::from_str(&policy)
                .unwrap_or(HeaderValue::from_static("default-src 'none'")),
        }
    }

    /// Answers one request.
    pub async fn handle(&self, method: &Method, path: &str) -> Reply {
        let mut reply = self.serve(method, path).await;
        self.secure(reply.headers_mut());
        reply
    }

    async fn serve(&self, method: &Method, path: &str) -> Reply {
        if !matches!(*method, Method::GET | Method::HEAD) {
            return plain(StatusCode::METHOD_NOT_ALLOWED);
        }
        if path == "/config.json" {
            return json(StatusCode::OK, &json!({ "api": self.api }));
        }
        let Some(file) = self.file(path) else {
            return plain(StatusCode::NOT_FOUND);
        };
        match tokio::fs::read(&file).await {
            Ok(bytes) => reply(StatusCode::OK, content_type(&file), bytes),
            Err(_) => plain(StatusCode::NOT_FOUND),
        }
    }

    /// The file of a path: one name in the page's directory or below `/vendor/`, nothing deeper.
    fn file(&self, path: &str) -> Option<PathBuf> {
        let name = if path == "/" {
            "index.html"
        } else {
            path.strip_prefix('/')?
        };
        let (dir, name) = match name.strip_prefix("vendor/") {
            Some(name) => (self.vendor.as_deref()?, name),
            None => (self.dir.as_path(), name),
        };
        let known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        let plain = !name.is_empty() && !name.starts_with('.') && name.bytes().all(known);
        plain.then(|| dir.join(name))
    }

    fn secure(&self, headers: &mut HeaderMap) {
        headers.insert(header::CONTENT_SECURITY_POLICY, self.policy.clone());
        for (name, value) in [
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::REFERRER_POLICY, "no-referrer"),
            (header::CACHE_CONTROL, "no-cache"),
            (header::X_FRAME_OPTIONS, "DENY"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
}

fn plain(status: StatusCode) -> Reply {
    let mut reply = Reply::new(full(""));
    *reply.status_mut() = status;
    reply
}

fn content_type(file: &Path) -> &'static str {
    match file.extension().and_then(|extension| extension.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("json" | "map") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_names_are_files() {
        let page = Page::new(
            Path::new("/page"),
            Some(Path::new("/vendor")),
            "http://a",
            &[],
        );
        assert_eq!(page.file("/"), Some("/page/index.html".into()));
        assert_eq!(
            page.file("/vendor/hls.min.js"),
            Some("/vendor/hls.min.js".into())
        );
        for path in [
            "/../x",
            "/.env",
            "/a/b",
            "/vendor/../x",
            "/vendor/",
            "//etc",
            "/%2e%2e",
            "x",
        ] {
            assert_eq!(page.file(path), None, "{path}");
        }
    }
}
