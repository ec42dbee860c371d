//! CORS as an HTTP API answers for it. Where it is configured, the function's own CORS headers are
//! dropped (Developer Guide, "Configure CORS for HTTP APIs").

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};

use crate::body::{Reply, full};
use crate::yaml::Node;

/// The CORS configuration of an HTTP API.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cors {
    origins: Vec<String>,
    methods: String,
    headers: String,
    expose: String,
    max_age: Option<i64>,
    credentials: bool,
}

impl Cors {
    /// Reads `CorsConfiguration`. Origins that a function computes are the deployment's.
    pub fn read(node: &Node, allowed_origins: &[String]) -> Self {
        let origins = |node: &Node| node.strings().unwrap_or_else(|| allowed_origins.to_vec());
        match node {
            Node::Scalar(text) if text == "true" => Self {
                origins: vec!["*".into()],
                ..Self::default()
            },
            Node::Mapping(_) => {
                let list = |name: &str| {
                    node.get(name)
                        .and_then(Node::strings)
                        .unwrap_or_default()
                        .join(",")
                };
                Self {
                    origins: node.get("AllowOrigins").map(origins).unwrap_or_default(),
                    methods: list("AllowMethods"),
                    headers: list("AllowHeaders"),
                    expose: list("ExposeHeaders"),
                    max_age: node.get("MaxAge").and_then(Node::integer),
                    credentials: node.get("AllowCredentials").is_some_and(Node::is_true),
                }
            }
            other => Self {
                origins: origins(other),
                ..Self::default()
            },
        }
    }

    /// The answer to a preflight request; `None` if the request is not one.
    pub fn preflight(&self, method: &Method, request: &HeaderMap) -> Option<Reply> {
        let asks = request.contains_key(header::ORIGIN)
            && request.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
        if method != Method::OPTIONS || !asks {
            return None;
        }
        let mut reply = Reply::new(full(""));
        *reply.status_mut() = StatusCode::NO_CONTENT;
        if self.apply(request, reply.headers_mut()) {
            let max_age = self
                .max_age
                .map(|seconds| seconds.to_string())
                .unwrap_or_default();
            for (name, value) in [
                (header::ACCESS_CONTROL_ALLOW_METHODS, &self.methods),
                (header::ACCESS_CONTROL_ALLOW_HEADERS, &self.headers),
                (header::ACCESS_CONTROL_MAX_AGE, &max_age),
            ] {
                set(reply.headers_mut(), name, value);
            }
        }
        Some(reply)
    }

    /// Replaces the CORS headers of a reply by the configuration's; says whether the origin is allowed.
    pub fn apply(&self, request: &HeaderMap, reply: &mut HeaderMap) -> bool {
        for name in CORS_HEADERS {
            reply.remove(name);
        }
        let Some(origin) = request.get(header::ORIGIN) else {
            return false;
        };
        let any = self.origins.iter().any(|allowed| allowed == "*");
        let exact = self
            .origins
            .iter()
            .any(|allowed| allowed.as_bytes() == origin.as_bytes());
        if !any && !exact {
            return false;
        }
        let origin = if any && !exact {
            HeaderValue::from_static("*")
        } else {
            origin.clone()
        };
        reply.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        set(reply, header::ACCESS_CONTROL_EXPOSE_HEADERS, &self.expose);
        if self.credentials {
            set(reply, header::ACCESS_CONTROL_ALLOW_CREDENTIALS, "true");
        }
        true
    }
}

const CORS_HEADERS: [HeaderName; 6] = [
    header::ACCESS_CONTROL_ALLOW_ORIGIN,
    header::ACCESS_CONTROL_ALLOW_METHODS,
    header::ACCESS_CONTROL_ALLOW_HEADERS,
    header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
    header::ACCESS_CONTROL_EXPOSE_HEADERS,
    header::ACCESS_CONTROL_MAX_AGE,
];

fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Some(value) = HeaderValue::from_str(value)
        .ok()
        .filter(|_| !value.is_empty())
    {
        headers.insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cors() -> Cors {
        let text = "{AllowOrigins: !Split [',', !Ref O], AllowMethods: [GET, POST], AllowHeaders: \
                    [authorization], ExposeHeaders: [etag], MaxAge: 60}";
        Cors::read(&Node::parse(text).expect("YAML"), &["http://page".into()])
    }

    fn headers(pairs: &[(HeaderName, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (name.clone(), HeaderValue::from_static(value)))
            .collect()
    }

    #[test]
    fn a_preflight_of_the_exact_origin_is_answered() {
        let request = headers(&[
            (header::ORIGIN, "http://page"),
            (header::ACCESS_CONTROL_REQUEST_METHOD, "POST"),
        ]);
        let reply = cors()
            .preflight(&Method::OPTIONS, &request)
            .expect("a preflight");
        assert_eq!(reply.status(), StatusCode::NO_CONTENT);
        assert_eq!(
            reply.headers()["access-control-allow-origin"],
            "http://page"
        );
        assert_eq!(reply.headers()["access-control-allow-methods"], "GET,POST");
        assert_eq!(reply.headers()["access-control-max-age"], "60");
        assert!(cors().preflight(&Method::POST, &request).is_none());
    }

    #[test]
    fn another_origin_gets_no_cors_headers_not_even_the_functions_own() {
        for origin in ["http://page.evil", "http://pag", "null", "HTTP://page"] {
            let mut reply = headers(&[(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*")]);
            let request = headers(&[(header::ORIGIN, origin)]);
            assert!(!cors().apply(&request, &mut reply), "{origin}");
            assert!(reply.is_empty(), "{origin}");
        }
    }
}
