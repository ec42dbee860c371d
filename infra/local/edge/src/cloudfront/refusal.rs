//! `CloudFront`'s refusals and their XML.

use http::StatusCode;

use crate::body::{Reply, reply};

/// Why a viewer gets no object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// No key pair id: the URL is not signed and there are no signed cookies.
    MissingKey,
    /// A key pair id without a signature.
    MissingSignature,
    /// A signature without a policy or an expiry.
    MissingPolicy,
    /// The key pair id is not in the key group.
    UnknownKey,
    /// The policy does not decode, or is not a policy.
    MalformedPolicy,
    /// The signature does not decode.
    MalformedSignature,
    /// Tampered, expired, not yet valid, another resource, another address, or no such object.
    AccessDenied,
    /// The URL is longer than the 8,192 bytes that `CloudFront` takes.
    UrlTooLong,
    /// A method that the distribution does not allow.
    MethodNotAllowed,
    /// The origin did not answer.
    OriginUnreachable,
    /// The function of the behaviour threw, or is none.
    FunctionFailed,
}

impl Refusal {
    /// Status, code and message.
    pub fn parts(self) -> (StatusCode, &'static str, &'static str) {
        const DENIED: StatusCode = StatusCode::FORBIDDEN;
        match self {
            Self::MissingKey => (
                DENIED,
                "MissingKey",
                "Missing Key-Pair-Id query parameter or cookie value",
            ),
            Self::MissingSignature => (
                DENIED,
                "MissingSignature",
                "Missing Signature query parameter or cookie value",
            ),
            Self::MissingPolicy => (
                DENIED,
                "MissingPolicy",
                "Missing Policy query parameter or cookie value",
            ),
            Self::UnknownKey => (DENIED, "InvalidKey", "Unknown Key"),
            Self::MalformedPolicy => (DENIED, "MalformedPolicy", "Malformed Policy"),
            Self::MalformedSignature => {
                (DENIED, "MalformedSignature", "Could not unencode Signature")
            }
            Self::AccessDenied => (DENIED, "AccessDenied", "Access denied"),
            Self::UrlTooLong => (
                StatusCode::URI_TOO_LONG,
                "RequestUriTooLong",
                "The request URI is too long",
            ),
            Self::MethodNotAllowed => (
                DENIED,
                "MethodNotAllowed",
                "This distribution is not configured to allow the HTTP request method",
            ),
            Self::FunctionFailed => (
                StatusCode::SERVICE_UNAVAILABLE,
                "FunctionExecutionError",
                "The CloudFront function associated with the CloudFront distribution is invalid or could not run",
            ),
            Self::OriginUnreachable => (
                StatusCode::BAD_GATEWAY,
                "BadGateway",
                "The origin did not answer",
            ),
        }
    }

    /// The refusal as a reply.
    pub fn reply(self) -> Reply {
        let (status, code, message) = self.parts();
        let xml = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\
             <Error><Code>{code}</Code><Message>{message}</Message></Error>"
        );
        reply(status, "text/xml", xml)
    }
}
