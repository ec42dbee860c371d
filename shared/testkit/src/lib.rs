//! What tests stand on: an in-memory cloud with the semantics of the real stores, deterministic fakes of
//! everything else, golden builders, the crash-point sweep, races, and the suites that fakes and real
//! adapters must both pass.
//!
//! A handler's test takes a [`Kit`], plants what it needs, and gives the use case its `Deps` from it.

#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a test kit tells what is wrong by panicking"
)]

pub mod builders;
pub mod challenge;
pub mod clock;
pub mod cloud;
pub mod contract;
pub mod crypto;
mod deps;
pub mod enrolled;
pub mod entropy;
pub mod factor;
pub mod fault;
pub mod kit;
pub mod link;
pub mod packager;
pub mod passkey;
pub mod race;
pub mod rotation;
mod sample;
pub mod share;
pub mod support;
pub mod sweep;
pub mod webhook;
pub mod workshop;

pub use challenge::FakeChallenge;
pub use clock::FixedClock;
pub use cloud::FakeCloud;
pub use entropy::SeededEntropy;
pub use fault::{Fault, Faults, Mode};
pub use kit::Kit;
pub use packager::ScriptedPackager;
pub use passkey::{FakeAuthenticator, FakePasskeys};
pub use sample::{FAR_AHEAD, Sample};
pub use workshop::FakeWorkshop;
