//! Subtitles that people bring beside a film: one text of each language and kind, kept with the asset from the moment it
//! was brought, and listed once it is sealed as the film is.
//!
//! What replaces a text takes its place in one write; until then the one before is listed. Texts that are not wanted any
//! more are remembered until what is stored of them is removed.

mod cut;
pub mod text;

pub use cut::{Cut, MAX_PACKAGED, Sheet, cut};

use crate::asset::{Failure, Title};
use crate::error::Malformed;
use crate::id::TextId;
use crate::language::Language;
use crate::packaging::Rates;
use crate::time::Timestamp;
use crate::token::Digest;

/// Languages and kinds of an asset at most.
pub const MOST: usize = 32;
/// Seconds for which what was replaced stays for views that began before: those last no longer than a day.
pub const GRACE_SECONDS: u64 = 2 * 86_400;
/// Replaced texts that stay so at most; of more the oldest go at once.
const MOST_REPLACED: usize = 32;

/// What subtitles are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// What is said, for who does not understand it.
    Subtitles,
    /// What is said and what is to be heard beside it, for who does not hear it.
    Captions,
    /// What everybody is shown: signs, and what is said in another language than the film's.
    Forced,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Subtitles, Self::Captions, Self::Forced];

    /// Its name as stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Subtitles => "subtitles",
            Self::Captions => "captions",
            Self::Forced => "forced",
        }
    }

    /// Reads the name.
    ///
    /// # Errors
    /// [`Malformed`] for any other text.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let kind = Self::ALL.into_iter().find(|kind| kind.as_str() == text);
        kind.ok_or(Malformed {
            field: "kind",
            expected: "subtitles, captions or forced",
        })
    }
}

/// Which subtitles of an asset.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Which {
    /// In which language.
    pub language: Language,
    /// For what.
    pub kind: Kind,
}

/// A text that was brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Brought {
    /// This one and no other.
    pub id: TextId,
    /// Of its cues as they are written anew: the same again changes nothing.
    pub digest: Digest,
    /// How many.
    pub cues: u32,
    /// What a person chooses it by; none for the name of the language.
    pub name: Option<Title>,
    /// Is it shown to who chooses nothing?
    pub default: bool,
    /// When it was brought.
    pub at: Timestamp,
}

/// A text that is in playlists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The text.
    pub text: Brought,
    /// What it takes of a connection.
    pub rates: Rates,
}

/// A text that is to be in playlists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The text.
    pub text: Brought,
    /// Why it never will be.
    pub failure: Option<Failure>,
}

/// Subtitles of one language and kind: at least one of both texts is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Which.
    pub which: Which,
    /// What views that open are told of.
    pub listed: Option<Listed>,
    /// What is to take its place.
    pub wanted: Option<Wanted>,
}

impl Entry {
    /// The text that was brought last.
    pub fn newest(&self) -> Option<&Brought> {
        let wanted = self.wanted.as_ref().map(|wanted| &wanted.text);
        wanted.or(self.listed.as_ref().map(|listed| &listed.text))
    }

    /// `waiting`, `ready` or `failed`: of the newest.
    pub const fn stage(&self) -> &'static str {
        match &self.wanted {
            None => "ready",
            Some(Wanted { failure: None, .. }) => "waiting",
            Some(_) => "failed",
        }
    }
}

/// A text of which something may be stored that nobody wants any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaving {
    /// The text.
    pub id: TextId,
    /// What it was.
    pub which: Which,
    /// When it is to be removed; until then views that began before have it.
    pub due: Timestamp,
}

/// All subtitles of an asset that were brought.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Subtitles {
    /// By language and kind.
    pub entries: Vec<Entry>,
    /// What is to be removed, the oldest first.
    pub leavings: Vec<Leaving>,
}

/// What a text is to an asset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// It is to be sealed.
    Wanted,
    /// It cannot be, and is told of.
    Failed,
    /// Views that open have it.
    Listed,
    /// Views that began before may have it.
    Replaced,
    /// Nobody has it.
    None,
}

impl Subtitles {
    /// Those of a language and kind.
    pub fn of(&self, which: &Which) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.which == *which)
    }

    /// What this text is now.
    pub fn part(&self, id: TextId, now: Timestamp) -> Part {
        for entry in &self.entries {
            if entry.listed.as_ref().is_some_and(|l| l.text.id == id) {
                return Part::Listed;
            }
            if let Some(wanted) = entry.wanted.as_ref().filter(|w| w.text.id == id) {
                return if wanted.failure.is_none() {
                    Part::Wanted
                } else {
                    Part::Failed
                };
            }
        }
        let playable = |leaving: &Leaving| leaving.id == id && now < leaving.due;
        if self.leavings.iter().any(playable) {
            Part::Replaced
        } else {
            Part::None
        }
    }

    /// Is anything of this text on record?
    fn knows(&self, id: TextId) -> bool {
        let listed = self.entries.iter().filter_map(|e| e.listed.as_ref());
        let wanted = self.entries.iter().filter_map(|e| e.wanted.as_ref());
        let ids = listed.map(|l| l.text.id).chain(wanted.map(|w| w.text.id));
        let left = self.leavings.iter().map(|leaving| leaving.id);
        ids.chain(left).any(|own| own == id)
    }

    /// Texts that wait to be sealed.
    pub fn waiting(&self) -> impl Iterator<Item = TextId> {
        let wanted = self
            .entries
            .iter()
            .filter_map(|entry| entry.wanted.as_ref());
        let waiting = wanted.filter(|wanted| wanted.failure.is_none());
        waiting.map(|wanted| wanted.text.id)
    }

    /// Those of which everything is to be removed now.
    pub fn due(&self, now: Timestamp) -> Vec<TextId> {
        let due = self.leavings.iter().filter(|leaving| leaving.due <= now);
        due.map(|leaving| leaving.id).collect()
    }

    /// The text that was brought last, if it is this one, to be told of in just this way, and not in vain.
    pub fn same(&self, which: &Which, text: &Brought) -> Option<TextId> {
        let entry = self.of(which).filter(|entry| entry.stage() != "failed");
        let newest = entry.and_then(Entry::newest).filter(|own| {
            own.digest == text.digest && own.name == text.name && own.default == text.default
        });
        newest.map(|own| own.id)
    }

    /// With a text that was brought; `None` if there is no room for one more language or kind, or it is there already.
    #[must_use]
    pub fn brought(&self, which: &Which, text: &Brought) -> Option<Self> {
        if self.knows(text.id) {
            return None;
        }
        let mut next = self.clone();
        let wanted = Some(Wanted {
            text: text.clone(),
            failure: None,
        });
        match next.entries.binary_search_by(|e| e.which.cmp(which)) {
            Ok(at) => {
                let entry = next.entries.get_mut(at)?;
                let before = std::mem::replace(&mut entry.wanted, wanted);
                next.leave(which, before.map(|wanted| wanted.text.id), text.at);
            }
            Err(_) if next.entries.len() >= MOST => return None,
            Err(at) => next.entries.insert(
                at,
                Entry {
                    which: which.clone(),
                    listed: None,
                    wanted,
                },
            ),
        }
        Some(next)
    }

    /// Without those of a language and kind; `None` if there are none.
    #[must_use]
    pub fn removed(&self, which: &Which, now: Timestamp) -> Option<Self> {
        let mut next = self.clone();
        let at = next.entries.iter().position(|e| e.which == *which)?;
        let entry = next.entries.remove(at);
        let listed = entry.listed.map(|listed| listed.text.id);
        let wanted = entry.wanted.map(|wanted| wanted.text.id);
        next.leave(which, listed.into_iter().chain(wanted), now);
        // Who takes something away wants nothing left of it; what others replaced stays for views that began before.
        for leaving in next.leavings.iter_mut().filter(|l| l.which == *which) {
            leaving.due = leaving.due.min(now);
        }
        Some(next)
    }

    /// With a text in the place of the one before; `None` if it is not wanted.
    #[must_use]
    pub fn settled(&self, id: TextId, rates: Rates, now: Timestamp) -> Option<Self> {
        let mut next = self.clone();
        let at = next.wanted(id)?;
        let entry = next.entries.get_mut(at)?;
        let text = entry.wanted.take()?.text;
        let (default, which) = (text.default, entry.which.clone());
        let before = entry.listed.replace(Listed { text, rates });
        let until = now.plus(GRACE_SECONDS);
        next.leave(&which, before.map(|listed| listed.text.id), until);
        let replaced = next.leavings.len().saturating_sub(MOST_REPLACED);
        for leaving in next.leavings.iter_mut().take(replaced) {
            leaving.due = leaving.due.min(now);
        }
        if default {
            // RFC 8216 §4.3.4.1.1: one of a group.
            let others = next.entries.iter_mut().enumerate();
            for (_, other) in others.filter(|(other, _)| *other != at) {
                if let Some(listed) = &mut other.listed {
                    listed.text.default = false;
                }
            }
        }
        Some(next)
    }

    /// With why a text will never be listed; `None` if it is not wanted.
    #[must_use]
    pub fn failed(&self, id: TextId, failure: &Failure) -> Option<Self> {
        let mut next = self.clone();
        let at = next.wanted(id)?;
        let wanted = next.entries.get_mut(at)?.wanted.as_mut()?;
        wanted.failure = Some(failure.clone());
        Some(next)
    }

    /// Without what is removed; `None` if nothing of it was to be.
    #[must_use]
    pub fn cleared(&self, gone: &[TextId]) -> Option<Self> {
        let mut next = self.clone();
        next.leavings.retain(|leaving| !gone.contains(&leaving.id));
        (next != *self).then_some(next)
    }

    fn wanted(&self, id: TextId) -> Option<usize> {
        let is = |entry: &Entry| {
            let wanted = entry.wanted.as_ref();
            wanted.is_some_and(|w| w.text.id == id && w.failure.is_none())
        };
        self.entries.iter().position(is)
    }

    fn leave(&mut self, which: &Which, ids: impl IntoIterator<Item = TextId>, due: Timestamp) {
        let leavings = ids.into_iter().map(|id| Leaving {
            id,
            which: which.clone(),
            due,
        });
        self.leavings.extend(leavings);
    }
}

#[cfg(test)]
mod tests;
