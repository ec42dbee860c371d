//! The cryptographic ports of Reelvault over `aws-lc-rs`, `bcrypt` and `jsonwebtoken`: nothing here is a
//! primitive of our own.

pub mod access;
pub mod cloudfront;
pub mod entropy;
pub mod jwks;
pub mod keyring;
pub mod link;
pub mod mac;
#[cfg(feature = "passkey")]
pub mod passkey;
pub mod password;
pub mod path_token;
#[cfg(feature = "password-policy")]
pub mod policy;
pub mod preview;
#[cfg(feature = "totp")]
pub mod totp;
pub mod webhook;
pub mod wrap;

pub use keyring::{KeyFault, Keyring};
