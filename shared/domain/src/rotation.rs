//! Rotation of the secrets that are rings of keys: which there are, how long an old key stays, and what a ring is after a turn.
//!
//! A new key is published a turn before anything is made under it (`next`). Running functions read their rings anew every few
//! minutes and never use one older than [`USABLE`]; so when `next` becomes `current`, at least [`OVERLAP`] later, whoever checks
//! what is made under it knows it.

mod ring;

pub use ring::{Next, Ring, RingFault, Turn};

use crate::time::Timestamp;

/// Seconds for which a function may use a ring that it could not read anew; then it refuses.
pub const USABLE: u64 = 3_600;
/// Seconds for which a version of a secret may wait between its making and its taking effect: its times are of its making.
pub const PENDING: u64 = 900;
/// Seconds for which a key is known before anything is made under it: longer than [`USABLE`], [`PENDING`] and the 900 s of
/// Lambda's longest invocation together.
pub const OVERLAP: u64 = 7_200;

const DAY: u64 = 86_400;

const _: () = assert!(OVERLAP > USABLE + PENDING + 900);

/// A secret that rotates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Playback tickets.
    PlaybackMac,
    /// Refresh tokens, device tokens, login challenges.
    SessionMac,
    /// One-time links.
    LinkMac,
    /// Links of shares.
    ShareMac,
    /// Secrets of webhooks.
    WebhookMac,
    /// The sealing of second factors.
    Factor,
    /// The wrapping of content keys.
    MasterKey,
}

/// How long a key stays in its ring after the next one took over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// So many seconds: nothing made under it lives longer.
    Seconds(u64),
    /// For ever: things made under it have no end.
    Always,
    /// So many seconds at least, and until it is shown that nothing is under it any more.
    Used(u64),
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::PlaybackMac,
        Self::SessionMac,
        Self::LinkMac,
        Self::ShareMac,
        Self::WebhookMac,
        Self::Factor,
        Self::MasterKey,
    ];

    /// Its name in logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PlaybackMac => "playback_mac",
            Self::SessionMac => "session_mac",
            Self::LinkMac => "link_mac",
            Self::ShareMac => "share_mac",
            Self::WebhookMac => "webhook_mac",
            Self::Factor => "factor",
            Self::MasterKey => "master_key",
        }
    }

    /// How long its old keys stay.
    pub const fn keep(self) -> Keep {
        match self {
            // A view lasts a day at most; tickets are made by rings that are USABLE old.
            Self::PlaybackMac => Keep::Seconds(2 * DAY),
            // Known devices are known for a year, refresh tokens for 30 days.
            Self::SessionMac => Keep::Seconds(400 * DAY),
            // Links are found by their digest; no key of theirs is ever needed again.
            Self::LinkMac => Keep::Seconds(DAY),
            // A share has an end only if one is asked for; an endpoint's secret and an authenticator app have none.
            Self::ShareMac | Self::WebhookMac | Self::Factor => Keep::Always,
            // DynamoDB restores a table to any moment of 35 days, and what is wrapped in it with it.
            Self::MasterKey => Keep::Used(36 * DAY),
        }
    }
}

/// A pass over all wrapped content keys, which brings those of old master keys under the current one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pass {
    /// Under which version of the master key.
    pub current: String,
    /// When it began.
    pub begun_at: Timestamp,
    /// Where it goes on; none of a pass that is over.
    pub after: Option<Cursor>,
    /// Is it over?
    pub finished: bool,
    /// Keys that were looked at.
    pub seen: u64,
    /// Keys that were under an old version.
    pub rewrapped: u64,
    /// Keys that could not be opened; as long as there is one, nothing is taken out of the ring.
    pub unreadable: u64,
}

/// A place in the table of wrapped keys.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    /// The partition key.
    pub pk: String,
    /// The sort key.
    pub sk: String,
}

impl Pass {
    /// A pass that begins.
    pub const fn new(current: String, begun_at: Timestamp) -> Self {
        Self {
            current,
            begun_at,
            after: None,
            finished: false,
            seen: 0,
            rewrapped: 0,
            unreadable: 0,
        }
    }

    /// Did it show that everything is under `current` (or newer), which has been that since `since`? Not if it began when functions
    /// might still wrap under the one before.
    pub fn proves(&self, current: &str, since: Timestamp) -> bool {
        self.finished
            && self.unreadable == 0
            && self.current == current
            && self.begun_at >= since.plus(OVERLAP)
    }
}
