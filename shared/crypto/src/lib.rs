//! The cryptographic ports of Reelvault over `aws-lc-rs`, `bcrypt` and `jsonwebtoken`: nothing here is a
//! primitive of our own.

pub mod access;
pub mod cloudfront;
pub mod entropy;
pub mod jwks;
pub mod keyring;
pub mod mac;
pub mod password;
#[cfg(feature = "password-policy")]
pub mod policy;
pub mod wrap;

pub use keyring::{KeyFault, Keyring};
