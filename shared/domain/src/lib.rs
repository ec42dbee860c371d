//! Pure rules and ports of Reelvault: ids, credentials, tokens, assets, playback, and the use cases
//! over them. No I/O, no clock, no randomness of its own.

pub mod access;
pub mod api_key;
pub mod asset;
pub mod audit;
pub mod bounds;
pub mod challenge;
pub mod conversion;
pub mod credential;
pub mod deletion;
pub mod delivery;
pub mod download;
pub mod entitlement;
pub mod error;
pub mod factor;
pub mod hls;
pub mod id;
pub mod ladder;
pub mod language;
pub mod library;
pub mod link;
pub mod mail;
pub mod member;
pub mod network;
pub mod packaging;
pub mod page;
pub mod passkey;
pub mod password;
pub mod playback;
pub mod ports;
pub mod preview;
pub mod quota;
pub mod rotation;
pub mod scan;
#[cfg(feature = "schema")]
pub mod schema;
pub mod secret;
pub mod share;
pub mod spread;
pub mod subtitles;
pub mod support;
mod text;
pub mod time;
pub mod token;
pub mod usecase;
pub mod webhook;
