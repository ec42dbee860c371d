//! What the tests on the local cloud share: where it is, clients of it, people, films, views taken apart.
//!
//! `cargo xtask test` brings the cloud up and names its `outputs.json` in `REELVAULT_OUTPUTS`. Every test
//! makes organisations of its own, so that tests run side by side and again on the same cloud.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a test kit tells what is wrong by panicking"
)]

pub mod api;
pub mod cloud;
pub mod documented;
pub mod films;
pub mod http;
pub mod jwt;
pub mod lambda;
pub mod logs;
pub mod mail;
pub mod modes;
pub mod people;
pub mod python;
pub mod queue;
pub mod sdk;
pub mod together;
pub mod upload;
pub mod view;
pub mod wait;

pub use api::Api;
pub use cloud::{Cloud, cloud};
pub use http::{Http, Reply, Request};
pub use people::Person;

/// 64 random bits, as text that fits into names and addresses.
pub fn unique() -> String {
    data_encoding::HEXLOWER.encode(&random::<8>())
}

/// A seed for suites whose ids must not meet those of an earlier run.
pub fn seed() -> u64 {
    u64::from_be_bytes(random())
}

fn random<const N: usize>() -> [u8; N] {
    use vault_domain::ports::Entropy as _;
    let mut octets = [0; N];
    vault_crypto::entropy::SystemEntropy
        .fill(&mut octets)
        .expect("randomness");
    octets
}
