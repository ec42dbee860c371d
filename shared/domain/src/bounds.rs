//! What a media token is bounded by, beside its lifetime and its views: when, from where, on which page and device, and how
//! many at once. A bound narrows: a token without any may do all that whoever it was minted for may, one with some may do
//! less. They are copied to the views that the token opens, since those are read at every key anyway
//! ([ADR 34](../../../docs/adr/0034-limits-of-a-media-token.md)).

mod streams;
mod visitor;

use std::fmt;

use crate::delivery::Mode;
use crate::error::{Malformed, Refusal};
use crate::network::Networks;
use crate::share::FirstPlay;
use crate::time::Timestamp;
use crate::token::Action;

pub use streams::{Lease, MaxStreams, Places};
pub use visitor::{DeviceSecret, Visitor};

/// Most origins of one token.
pub const MAX_ORIGINS: usize = 16;
/// Most octets of an origin: a host of 253 (RFC 1035 §2.3.4), its scheme and its port.
const MAX_ORIGIN: usize = 270;

/// Bounds of a media token. The default is none of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Bounds {
    /// The moment before which it opens nothing (RFC 7519 §4.1.5: `nbf`).
    pub not_before: Option<Timestamp>,
    /// For how long after the first view others may be opened.
    pub first_play: Option<FirstPlay>,
    /// From where it may be used, and its views may get playlists and keys.
    pub networks: Networks,
    /// On pages of which origins.
    pub origins: WebOrigins,
    /// Only on the device that opens its first view?
    pub one_device: bool,
    /// How many of its views may play at once.
    pub max_streams: Option<MaxStreams>,
    /// Who watches, as whoever minted it calls them: the views of all their tokens are counted together.
    pub viewer: Option<Viewer>,
}

impl Bounds {
    /// Lets bounds through that an action can be held to.
    ///
    /// # Errors
    /// [`Malformed`]: a download is one request, which nobody watches.
    pub fn of_action(self, action: Action) -> Result<Self, Malformed> {
        let field = match action {
            Action::Download if self.first_play.is_some() => Some("first_play_seconds"),
            Action::Download if self.one_device => Some("one_device"),
            Action::Download if self.max_streams.is_some() => Some("max_streams"),
            Action::Play | Action::Download => None,
        };
        let expected = "nothing: a token for a download opens one, and this is about views";
        match field {
            Some(field) => Err(Malformed { field, expected }),
            None => Ok(self),
        }
    }

    /// May it be used at this moment, as far as the calendar goes?
    pub fn has_begun(&self, now: Timestamp) -> bool {
        self.not_before.is_none_or(|begin| now >= begin)
    }

    /// Lets a request through that comes from where it may.
    ///
    /// # Errors
    /// [`Refusal::OutsideNetwork`], [`Refusal::OtherOrigin`]: also where the request does not say.
    pub fn admit(&self, visitor: &Visitor) -> Result<(), Refusal> {
        let from_there = |address| self.networks.contain(address);
        if self.networks.is_bounded() && !visitor.address.is_some_and(from_there) {
            return Err(Refusal::OutsideNetwork);
        }
        if !self.origins.admit(visitor.origin.as_deref()) {
            return Err(Refusal::OtherOrigin);
        }
        Ok(())
    }

    /// Lets a form of delivery through in which the bounds can be held: what comes through the distribution comes from the
    /// address of the distribution, and nothing proves the viewer's.
    ///
    /// # Errors
    /// [`Refusal::Conflict`], with what to do.
    pub fn deliver(&self, mode: Mode) -> Result<(), Refusal> {
        if self.networks.is_bounded() && mode != Mode::Urls {
            return Err(Refusal::Conflict(
                "this media token is bound to networks, which only the mode `urls` can hold; ask without `mode`",
            ));
        }
        Ok(())
    }
}

/// Origins of pages; none stands for any page, and for none at all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WebOrigins(Vec<String>);

impl WebOrigins {
    /// Parses origins as browsers write them (RFC 6454 §6.2) with white space between them, the form in which they are
    /// stored; one that comes twice counts once.
    ///
    /// # Errors
    /// [`Malformed`] for what no browser sends, or too many.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let mut held: Vec<String> = Vec::new();
        for origin in text.split_whitespace() {
            if !is_origin(origin) || held.len() == MAX_ORIGINS {
                return Err(Malformed {
                    field: "allowed_origins",
                    expected: "at most 16 origins such as https://app.example.org, as browsers send them: in lower case, without a path, without a port that is usual",
                });
            }
            if !held.iter().any(|known| known == origin) {
                held.push(origin.to_owned());
            }
        }
        Ok(Self(held))
    }

    /// Each of them, in the order in which they were given.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Is there no restriction?
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Is the origin one of them, or is there no restriction? A request without one comes from no page.
    fn admit(&self, origin: Option<&str>) -> bool {
        self.0.is_empty() || origin.is_some_and(|own| self.0.iter().any(|known| known == own))
    }
}

impl fmt::Display for WebOrigins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(" "))
    }
}

fn is_origin(text: &str) -> bool {
    let with = |scheme, usual| Some((text.strip_prefix(scheme)?, usual));
    let Some((rest, usual)) = with("https://", ":443").or_else(|| with("http://", ":80")) else {
        return false;
    };
    let of_host = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.:[]_".contains(&b);
    text.len() <= MAX_ORIGIN
        && !rest.is_empty()
        && rest.bytes().all(of_host)
        && !rest.ends_with(usual)
        && !rest.ends_with(':')
}

/// What whoever mints tokens calls the person who watches: 1 to 128 visible characters of ASCII. It is stored with the token
/// and told when it is introspected; a pseudonym serves as well as a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Viewer(String);

impl Viewer {
    /// Parses it.
    ///
    /// # Errors
    /// [`Malformed`] for anything else.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let fits = (1..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        fits.then(|| Self(text.to_owned())).ok_or(Malformed {
            field: "viewer",
            expected: "1 to 128 visible ASCII characters without blanks",
        })
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests;
