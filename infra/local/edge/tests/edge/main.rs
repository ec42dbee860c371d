//! The edge over real sockets: a stand-in for the emulator behind it, other people's signers in front.

#![expect(
    clippy::expect_used,
    reason = "a helper of a test that fails has failed the test"
)]

mod api;
mod control;
mod emulator;
mod media;
mod modes;
mod originals;
mod page;
mod signers;
mod world;
