//! The text of a secret that is a ring: `{"current":"2","rotation":{"next":"3","since":{"2":1800000000}},"1":"…","2":"…","3":"…"}`.
//! Without `rotation` it is one that never turned.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Keep, OVERLAP};
use crate::secret::SecretText;
use crate::time::Timestamp;

/// Versions in one ring at most: a secret is a text of 65,536 octets (AWS Secrets Manager User Guide, "Quotas").
const MOST: usize = 200;

/// What is wrong with a ring; never what is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RingFault {
    /// Not a JSON object of texts.
    #[error("the secret is not a JSON object of texts")]
    NotAnObject,
    /// `current` is missing or names no member.
    #[error("the secret's `current` names none of its versions")]
    NoCurrent,
    /// `next` names no member, or the current one.
    #[error("the secret's `next` names none of its other versions")]
    NoNext,
    /// A version's name is not 1 to 64 letters, digits, `-` or `_`.
    #[error("the name of a version is not 1 to 64 letters, digits, `-` or `_`")]
    BadVersion,
    /// A version's material is too short.
    #[error("a version holds fewer than 32 characters")]
    TooShort,
}

/// What is known of a ring's turns.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Turns {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    next: Option<String>,
    #[serde(default)]
    since: BTreeMap<String, Timestamp>,
}

#[derive(Serialize, Deserialize)]
struct Document {
    #[serde(default)]
    current: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rotation: Option<Turns>,
    #[serde(flatten)]
    versions: BTreeMap<String, String>,
}

/// A ring of keys, each a text.
pub struct Ring {
    current: String,
    next: Option<String>,
    /// Since when a version is what it is: published, current, or old.
    since: BTreeMap<String, Timestamp>,
    versions: BTreeMap<String, SecretText>,
}

/// What a turn came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// A first `next` was published; `current` stays.
    Published,
    /// `next` became `current`, another was published, and so many old ones went.
    Promoted {
        /// Versions that went.
        dropped: usize,
    },
    /// `next` is not known for long enough, or the ring is full: it stays as it is.
    Waits,
}

/// What comes into a ring by a turn.
pub struct Next {
    /// The time.
    pub now: Timestamp,
    /// The key that is published.
    pub material: SecretText,
    /// Is it shown that nothing is under any version but the current one and newer ones?
    pub unused: bool,
}

impl Ring {
    /// Parses the secret's text.
    ///
    /// # Errors
    /// [`RingFault`]
    pub fn parse(secret: &SecretText) -> Result<Self, RingFault> {
        let document: Document =
            serde_json::from_str(secret.expose()).map_err(|_| RingFault::NotAnObject)?;
        let versions = document.versions.into_iter();
        let versions: BTreeMap<_, _> = versions.map(|(k, v)| (k, SecretText::new(v))).collect();
        let current = document.current.ok_or(RingFault::NoCurrent)?;
        if !versions.contains_key(&current) {
            return Err(RingFault::NoCurrent);
        }
        if !versions.keys().all(|name| named(name)) {
            return Err(RingFault::BadVersion);
        }
        if versions.values().any(|text| text.expose().len() < 32) {
            return Err(RingFault::TooShort);
        }
        let Turns { next, mut since } = document.rotation.unwrap_or_default();
        if let Some(next) = &next
            && (*next == current || !versions.contains_key(next))
        {
            return Err(RingFault::NoNext);
        }
        since.retain(|name, _| versions.contains_key(name));
        Ok(Self {
            current,
            next,
            since,
            versions,
        })
    }

    /// The secret's text.
    pub fn text(&self) -> SecretText {
        let versions = self.versions.iter();
        let document = Document {
            current: Some(self.current.clone()),
            rotation: Some(Turns {
                next: self.next.clone(),
                since: self.since.clone(),
            }),
            versions: versions
                .map(|(name, text)| (name.clone(), text.expose().to_owned()))
                .collect(),
        };
        // Texts and numbers under texts: that cannot fail.
        SecretText::new(serde_json::to_string(&document).unwrap_or_default())
    }

    /// The version under which new things are made.
    pub fn current(&self) -> &str {
        &self.current
    }

    /// The version that will be it after the next turn.
    pub fn next(&self) -> Option<&str> {
        self.next.as_deref()
    }

    /// Since when the current version is that; the epoch if it always was.
    pub fn current_since(&self) -> Timestamp {
        self.since.get(&self.current).copied().unwrap_or_default()
    }

    /// The material of each version.
    pub fn versions(&self) -> impl Iterator<Item = (&str, &SecretText)> {
        self.versions
            .iter()
            .map(|(name, text)| (name.as_str(), text))
    }

    fn is_old(&self, name: &str) -> bool {
        name != self.current && Some(name) != self.next()
    }

    /// May an old version go? One whose age nobody knows may not.
    fn may_go(&self, name: &str, keep: Keep, now: Timestamp, unused: bool) -> bool {
        let since = self.since.get(name);
        let over = |seconds| since.is_some_and(|since| now >= since.plus(seconds));
        self.is_old(name)
            && match keep {
                Keep::Seconds(seconds) => over(seconds),
                Keep::Always => false,
                Keep::Used(seconds) => unused && over(seconds),
            }
    }

    /// The ring after a turn. Whatever had no known age gets one.
    pub fn turned(&self, keep: Keep, next: Next) -> (Self, Turn) {
        let now = next.now;
        let gone = |name: &&String| self.may_go(name, keep, now, next.unused);
        let gone: Vec<&String> = self.versions.keys().filter(gone).collect();
        let ready = self.next().is_none_or(|next| {
            let published = self.since.get(next);
            published.is_some_and(|at| now >= at.plus(OVERLAP))
        });
        let mut turned = self.copy();
        let name = self.free_name();
        if !ready || self.versions.len() - gone.len() >= MOST {
            return (turned, Turn::Waits);
        }
        for name in &gone {
            turned.versions.remove(*name);
            turned.since.remove(*name);
        }
        let turn = match turned.next.take() {
            None => Turn::Published,
            Some(promoted) => {
                turned.since.insert(self.current.clone(), now);
                turned.since.insert(promoted.clone(), now);
                turned.current = promoted;
                let dropped = gone.len();
                Turn::Promoted { dropped }
            }
        };
        turned.versions.insert(name.clone(), next.material);
        for known in turned.versions.keys() {
            if *known != turned.current {
                turned.since.entry(known.clone()).or_insert(now);
            }
        }
        turned.next = Some(name);
        (turned, turn)
    }

    /// May this ring take the place of `before`? It has its keys, but for old ones that may go, and makes new things under the one
    /// that `before` did or said it would.
    pub fn follows(&self, before: &Self, keep: Keep, now: Timestamp) -> bool {
        let kept = |(name, text): (&str, &SecretText)| match self.versions.get(name) {
            Some(same) => same.expose() == text.expose(),
            None => before.may_go(name, keep, now, true),
        };
        let current = self.current == before.current || Some(self.current()) == before.next();
        current && before.versions().all(kept)
    }

    /// When the version was published that `before` does not have.
    pub fn published_after(&self, before: &Self) -> Option<Timestamp> {
        let next = self
            .next()
            .filter(|next| !before.versions.contains_key(*next))?;
        self.since.get(next).copied()
    }

    /// A number above all that are names here: names are part of what is made under their keys, and none comes twice.
    fn free_name(&self) -> String {
        let numbers = self
            .versions
            .keys()
            .filter_map(|name| name.parse::<u64>().ok());
        numbers
            .max()
            .unwrap_or_default()
            .saturating_add(1)
            .to_string()
    }

    fn copy(&self) -> Self {
        let versions = self.versions.iter();
        Self {
            current: self.current.clone(),
            next: self.next.clone(),
            since: self.since.clone(),
            versions: versions
                .map(|(name, text)| (name.clone(), SecretText::new(text.expose().to_owned())))
                .collect(),
        }
    }
}

fn named(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

#[cfg(test)]
mod tests;
