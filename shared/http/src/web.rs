//! The frame around every handler: problems for failures, headers for browsers, one log line a request.

use lambda_http::{Body, Request, Response};

use crate::cors::Origins;
use crate::failure::Failure;
use crate::problem::Kind;
use crate::reply::Reply;
use crate::{BoxFuture, Outcome, extract, oauth, problem};

/// In what form a function tells a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Errors {
    /// RFC 9457.
    Problems,
    /// RFC 6749 §5.2: the token endpoint.
    OAuth,
}

/// The frame of one function.
#[derive(Debug, Clone)]
pub struct Web {
    origins: Origins,
    errors: Errors,
}

/// Headers of every reply (OWASP Secure Headers): nothing of ours is a document that runs or frames.
const SECURITY: [(&str, &str); 5] = [
    (
        "strict-transport-security",
        "max-age=63072000; includeSubDomains",
    ),
    ("x-content-type-options", "nosniff"),
    (
        "content-security-policy",
        "default-src 'none'; frame-ancestors 'none'",
    ),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-resource-policy", "cross-origin"),
];

impl Web {
    /// A frame for pages on these origins.
    pub const fn new(origins: Origins, errors: Errors) -> Self {
        Self { origins, errors }
    }

    /// Runs a handler in the frame.
    pub async fn serve<D>(
        &self,
        deps: &D,
        handle: for<'a> fn(&'a D, &'a Request) -> BoxFuture<'a, Outcome>,
        request: Request,
    ) -> Response<Body> {
        let outcome = handle(deps, &request).await;
        self.finish(&request, outcome)
    }

    /// The response of an outcome, logged once.
    pub fn finish(&self, request: &Request, outcome: Outcome) -> Response<Body> {
        let id = extract::request_id(request);
        let reply = outcome.unwrap_or_else(|failure| self.told(&failure, &id, request));
        tracing::info!(request_id = id, status = reply.status(), "request");
        self.dressed(request, reply, id)
    }

    fn told(&self, failure: &Failure, id: &str, request: &Request) -> Reply {
        log(failure, id);
        match self.errors {
            Errors::Problems => problem::reply(failure, id),
            Errors::OAuth => oauth::reply(failure, id, extract::tries_basic(request)),
        }
    }

    fn dressed(&self, request: &Request, mut reply: Reply, id: String) -> Response<Body> {
        let origin = request
            .headers()
            .get("origin")
            .and_then(|value| value.to_str().ok());
        for (name, value) in self.origins.headers(origin) {
            reply = reply.header(name, value);
        }
        for (name, value) in SECURITY {
            reply = reply.header(name, value.to_owned());
        }
        reply.header("x-request-id", id).into_response()
    }
}

/// One line a failure: its code, and for our own faults the whole chain of causes.
fn log(failure: &Failure, request_id: &str) {
    let code = Kind::from(failure).code;
    let mut causes = Vec::new();
    let mut cause = std::error::Error::source(failure);
    while let Some(error) = cause {
        causes.push(error.to_string());
        cause = error.source();
    }
    if causes.is_empty() {
        tracing::info!(request_id, code, "refused");
    } else {
        tracing::error!(request_id, code, causes = causes.join(": "), "failed");
    }
}
