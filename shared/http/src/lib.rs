//! What every HTTP function shares: extraction that parses once, replies that name their cache policy,
//! problem documents (RFC 9457), exact-origin CORS and security headers.

pub mod cors;
pub mod extract;
pub mod factor;
pub mod failure;
pub mod oauth;
#[cfg(feature = "openapi")]
pub mod openapi;
pub mod problem;
pub mod reply;
pub mod web;

pub use failure::Failure;
pub use futures_util::future::BoxFuture;
pub use lambda_http::Request;
pub use reply::{Cache, Reply};

/// What a handler gives: a reply, or why there is none.
pub type Outcome = Result<Reply, Failure>;
