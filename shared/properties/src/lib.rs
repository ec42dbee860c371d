//! What holds of any input. The targets under `fuzz/` look for input of which it does not; tests try some on stable Rust.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a property tells that it does not hold by panicking"
)]

pub mod credentials;
pub mod events;
pub mod film;
pub mod plan;
pub mod playlists;
pub mod subtitles;
