//! The edge of the local cloud: what API Gateway and `CloudFront` do for Reelvault on AWS.
//!
//! One listener answers for both services, so that a front end sees the shapes, checks and refusals
//! that it will see on AWS; a second one serves the reference player from another origin, so that
//! CORS is exercised by a real browser.
//!
//! Signed URLs and cookies are checked here from AWS's documents alone: no line is shared with the
//! crate that signs them, so that an error in one cannot hide in the other.

pub mod ambient;
pub mod body;
pub mod cloudfront;
pub mod config;
pub mod gateway;
pub mod page;
pub mod server;
pub mod template;
pub mod upstream;
pub mod yaml;
