//! The forms in which one view is delivered: the same authorization, carried from playlist to segment to key in the way
//! that a player can follow ([ADR 33](../../../docs/adr/0033-delivery-modes.md)).

use crate::asset::media_prefix;
use crate::error::{Malformed, Refusal};
use crate::hls::MASTER_PLAYLIST;
use crate::playback::PlaybackSession;
use crate::time::Timestamp;

/// What carries a view's credentials from one request to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// A playlist of this view alone, in which each URL has them: any player.
    #[default]
    Urls,
    /// Cookies of the media host: players that send them.
    Cookies,
    /// The query of the playlist's URL, which its variables repeat (`EXT-X-DEFINE:QUERYPARAM`).
    Query,
    /// The path of the playlist's URL, which relative URLs keep: any player.
    Path,
}

impl Mode {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Urls, Self::Cookies, Self::Query, Self::Path];

    /// The word of the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Urls => "urls",
            Self::Cookies => "cookies",
            Self::Query => "query",
            Self::Path => "path",
        }
    }

    /// Parses the word of the API.
    ///
    /// # Errors
    /// Any other word.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let known = Self::ALL.into_iter().find(|mode| mode.as_str() == text);
        known.ok_or(Malformed {
            field: "mode",
            expected: "`urls`, `cookies`, `query` or `path`",
        })
    }
}

/// The modes that a deployment offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Offered(u8);

impl Offered {
    /// Every mode.
    pub fn all() -> Self {
        Mode::ALL.into_iter().fold(Self::default(), Self::and)
    }

    /// Parses words with a comma between them.
    ///
    /// # Errors
    /// An unknown word, one named twice, or `urls` missing: it is what is asked for by saying nothing.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let bad = Malformed {
            field: "DELIVERY_MODES",
            expected: "`urls`, and of `cookies`, `query` and `path` what is offered, each once",
        };
        let mut offered = Self::default();
        for word in text.split(',') {
            let mode = Mode::parse(word).map_err(|_| bad)?;
            if offered.has(mode) {
                return Err(bad);
            }
            offered = offered.and(mode);
        }
        offered.has(Mode::Urls).then_some(offered).ok_or(bad)
    }

    /// Lets a mode through that is among them.
    ///
    /// # Errors
    /// [`Refusal::Conflict`], with what to do.
    pub fn admit(self, mode: Mode) -> Result<Mode, Refusal> {
        self.has(mode).then_some(mode).ok_or(Refusal::Conflict(
            "this deployment does not offer this mode of delivery; ask without `mode`, or have its operator add it to DeliveryModes",
        ))
    }

    const fn has(self, mode: Mode) -> bool {
        self.0 & (1 << mode as u8) != 0
    }

    const fn and(self, mode: Mode) -> Self {
        Self(self.0 | 1 << mode as u8)
    }
}

/// The cookie that brings a playback ticket.
pub const TICKET_COOKIE: &str = "reelvault_ticket";
/// The parameter that brings it in a query.
pub const TICKET_PARAMETER: &str = "token";
/// The parameter that repeats the id of CloudFront's key, for playlists that take theirs from the query.
pub const KEY_PARAMETER: &str = "kid";
/// The first segment of the paths in which a token stands.
pub const TOKEN_FOLDER: &str = "p";
/// The folder of the playlists that repeat the query of their URL, beside the others.
pub const QUERY_FOLDER: &str = "query";

/// The path of a package under the distribution, with a slash on either side.
fn folder(session: &PlaybackSession) -> String {
    format!("/{}{}/", media_prefix(session.asset), session.package)
}

/// The URL of the master playlist of a mode that goes through the distribution at `base`, which has no slash at its end;
/// `None` for [`Mode::Urls`], whose playlists the API serves.
pub fn playlist_url(
    mode: Mode,
    base: &str,
    session: &PlaybackSession,
    (ticket, path_token): (&str, &str),
) -> Option<String> {
    let folder = folder(session);
    match mode {
        Mode::Urls => None,
        Mode::Cookies => Some(format!("{base}{folder}{MASTER_PLAYLIST}")),
        Mode::Query => {
            let (signature, key) = (session.signature.query(), &session.signature.key_pair_id);
            Some(format!(
                "{base}{folder}{QUERY_FOLDER}/{MASTER_PLAYLIST}?{signature}&{KEY_PARAMETER}={key}&{TICKET_PARAMETER}={ticket}"
            ))
        }
        Mode::Path => Some(format!(
            "{base}/{TOKEN_FOLDER}/{path_token}{folder}{MASTER_PLAYLIST}"
        )),
    }
}

/// One of the cookies of a view: for the host that sets it alone, and for one package, or the keys of one asset.
#[derive(Clone, PartialEq, Eq)]
pub struct ViewCookie {
    /// Its name.
    pub name: &'static str,
    /// Its value: a credential.
    pub value: String,
    /// The paths that it is sent to.
    pub path: String,
}

impl ViewCookie {
    /// The value of `Set-Cookie` (RFC 6265 §4.1): never to scripts, never in the clear, to pages of another site only where
    /// they are the ones that it was set for (CHIPS: `Partitioned`).
    pub fn header(&self, seconds: u64) -> String {
        let Self { name, value, path } = self;
        format!(
            "{name}={value}; Path={path}; Max-Age={seconds}; Secure; HttpOnly; SameSite=None; Partitioned"
        )
    }
}

/// The cookies of a view: CloudFront's three and the name of their hash (Developer Guide, "Use signed cookies"), and the
/// ticket, for playlists and for keys.
pub fn cookies(session: &PlaybackSession, ticket: &str) -> Vec<ViewCookie> {
    let (package, keys) = (folder(session), format!("/keys/{}/", session.asset));
    let cookie = |name, value: &str, path: &str| ViewCookie {
        name,
        value: value.to_owned(),
        path: path.to_owned(),
    };
    let signature = &session.signature;
    vec![
        cookie("CloudFront-Policy", &signature.policy, &package),
        cookie("CloudFront-Signature", &signature.signature, &package),
        cookie("CloudFront-Key-Pair-Id", &signature.key_pair_id, &package),
        cookie("CloudFront-Hash-Algorithm", "SHA256", &package),
        cookie(TICKET_COOKIE, ticket, &package),
        cookie(TICKET_COOKIE, ticket, &keys),
    ]
}

/// Seconds that cookies of a view are kept.
pub const fn seconds_left(session: &PlaybackSession, now: Timestamp) -> u64 {
    session.expires_at.0.saturating_sub(now.0)
}

#[cfg(test)]
mod tests;
