//! Pure rules and ports of Reelvault: ids, credentials, tokens, assets, playback, and the use cases
//! over them. No I/O, no clock, no randomness of its own.

pub mod packaging;
pub mod secret;
