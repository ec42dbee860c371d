//! The response headers policy of the distribution: CORS for exact origins, and security headers.

use http::{HeaderMap, HeaderName, HeaderValue, Method, header};

use crate::yaml::Node;

/// What the policy adds to every reply of the distribution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResponseHeaders {
    origins: Vec<String>,
    credentials: bool,
    methods: String,
    headers: String,
    expose: String,
    max_age: Option<i64>,
    fixed: Vec<(HeaderName, HeaderValue)>,
}

impl ResponseHeaders {
    /// What is used while there is no `CloudFront` template.
    pub fn built_in(allowed_origins: &[String]) -> Self {
        let fixed = [
            (
                "strict-transport-security",
                "max-age=63072000; includeSubDomains",
            ),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
        ];
        Self {
            origins: allowed_origins.to_vec(),
            credentials: true,
            methods: "GET, HEAD, OPTIONS".to_owned(),
            headers: "Range".to_owned(),
            expose: "Content-Length, Content-Range, ETag".to_owned(),
            max_age: Some(600),
            fixed: fixed
                .map(|(name, value)| {
                    (
                        HeaderName::from_static(name),
                        HeaderValue::from_static(value),
                    )
                })
                .to_vec(),
        }
    }

    /// Reads the `AWS::CloudFront::ResponseHeadersPolicy` of this logical id. Origins that are not
    /// written out come from `allowed_origins`, as the deployment's parameter does.
    pub fn read(template: &Node, id: &str, allowed_origins: &[String]) -> Option<Self> {
        let policy = template
            .resources("AWS::CloudFront::ResponseHeadersPolicy")
            .find(|(known, _)| *known == id)?;
        let policy = policy.1.get("ResponseHeadersPolicyConfig")?;
        let cors = policy.get("CorsConfig");
        let items = |name: &str| -> Vec<String> {
            let items = cors.and_then(|cors| cors.get(name)?.get("Items"));
            items.and_then(Node::strings).unwrap_or_default()
        };
        let origins = cors
            .and_then(|cors| cors.get("AccessControlAllowOrigins")?.get("Items"))
            .map(|items| items.strings().unwrap_or_else(|| allowed_origins.to_vec()))
            .unwrap_or_default();
        let credentials = cors.and_then(|cors| cors.get("AccessControlAllowCredentials"));
        Some(Self {
            origins,
            credentials: credentials.is_some_and(Node::is_true),
            methods: items("AccessControlAllowMethods").join(", "),
            headers: items("AccessControlAllowHeaders").join(", "),
            expose: items("AccessControlExposeHeaders").join(", "),
            max_age: cors.and_then(|cors| cors.get("AccessControlMaxAgeSec")?.integer()),
            fixed: security(policy)
                .chain(custom(policy))
                .filter_map(header_pair)
                .collect(),
        })
    }

    /// Adds the policy's headers to a reply to a request of this method and origin.
    pub fn apply(&self, method: &Method, origin: Option<&HeaderValue>, reply: &mut HeaderMap) {
        for (name, value) in &self.fixed {
            reply.insert(name, value.clone());
        }
        if self.origins.is_empty() {
            return;
        }
        reply.append(header::VARY, HeaderValue::from_static("Origin"));
        let Some(origin) = origin.filter(|origin| self.admits(origin)) else {
            return;
        };
        let mut set = |name: HeaderName, value: &str| {
            if let Some(value) = HeaderValue::from_str(value)
                .ok()
                .filter(|_| !value.is_empty())
            {
                reply.insert(name, value);
            }
        };
        set(
            header::ACCESS_CONTROL_ALLOW_ORIGIN,
            origin.to_str().unwrap_or_default(),
        );
        set(header::ACCESS_CONTROL_EXPOSE_HEADERS, &self.expose);
        if self.credentials {
            set(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, "true");
        }
        if method == Method::OPTIONS {
            set(header::ACCESS_CONTROL_ALLOW_METHODS, &self.methods);
            set(header::ACCESS_CONTROL_ALLOW_HEADERS, &self.headers);
            let max_age = self
                .max_age
                .map(|seconds| seconds.to_string())
                .unwrap_or_default();
            set(header::ACCESS_CONTROL_MAX_AGE, &max_age);
        }
    }

    fn admits(&self, origin: &HeaderValue) -> bool {
        self.origins
            .iter()
            .any(|allowed| allowed.as_bytes() == origin.as_bytes())
    }
}

fn header_pair((name, value): (String, String)) -> Option<(HeaderName, HeaderValue)> {
    Some((name.parse().ok()?, value.parse().ok()?))
}

/// The security headers, spelt as `CloudFront` spells them.
fn security(policy: &Node) -> impl Iterator<Item = (String, String)> {
    let config = policy.get("SecurityHeadersConfig");
    let part = |name: &str| config.and_then(|config| config.get(name));
    let text = |part: Option<&Node>, name: &str| -> Option<String> {
        Some(part?.get(name)?.text()?.to_owned())
    };
    let transport = part("StrictTransportSecurity").map(|hsts| {
        let flag = |name: &str, text| {
            if hsts.get(name).is_some_and(Node::is_true) {
                text
            } else {
                ""
            }
        };
        format!(
            "max-age={}{}{}",
            hsts.get("AccessControlMaxAgeSec")
                .and_then(Node::integer)
                .unwrap_or_default(),
            flag("IncludeSubdomains", "; includeSubDomains"),
            flag("Preload", "; preload"),
        )
    });
    let policies = part("ContentSecurityPolicy");
    [
        ("strict-transport-security", transport),
        (
            "x-content-type-options",
            part("ContentTypeOptions").map(|_| "nosniff".to_owned()),
        ),
        ("x-frame-options", text(part("FrameOptions"), "FrameOption")),
        (
            "referrer-policy",
            text(part("ReferrerPolicy"), "ReferrerPolicy"),
        ),
        (
            "content-security-policy",
            text(policies, "ContentSecurityPolicy"),
        ),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name.to_owned(), value?)))
}

/// The custom headers.
fn custom(policy: &Node) -> impl Iterator<Item = (String, String)> {
    let items = policy
        .get("CustomHeadersConfig")
        .and_then(|config| config.get("Items"));
    items.into_iter().flat_map(Node::items).filter_map(|item| {
        Some((
            item.get("Header")?.text()?.to_owned(),
            item.get("Value")?.text()?.to_owned(),
        ))
    })
}
