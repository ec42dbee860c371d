//! What can be chosen beside the pictures: `EXT-X-MEDIA` (RFC 8216 §4.3.4.1).

use std::fmt::Write as _;

use super::playlist_of;
use crate::language::{self, Language};
use crate::packaging::{Media, Presentation, Rates, Rendition, Stream};
use crate::subtitles::{Kind, Listed, Subtitles, Which};

/// What captions are to who does not hear (RFC 8216 §4.3.4.1, `CHARACTERISTICS`).
const CAPTIONS: &str =
    "public.accessibility.transcribes-spoken-dialog,public.accessibility.describes-music-and-sound";

/// The film's own sounds and subtitles, and the subtitles that were brought. Those take the place of the film's own of the
/// same language for the same: players could not choose between them.
pub(super) struct Offer<'a> {
    own: Vec<&'a Rendition>,
    brought: Vec<(&'a Which, &'a Listed)>,
}

impl<'a> Offer<'a> {
    pub(super) fn of(film: &'a Presentation, subtitles: &'a Subtitles) -> Self {
        let listed = subtitles.entries.iter();
        let listed = listed.filter_map(|entry| Some((&entry.which, entry.listed.as_ref()?)));
        let brought: Vec<_> = listed.collect();
        let replaced = |own: &&Rendition| {
            let which = which_of(own);
            brought
                .iter()
                .any(|(other, _)| which.as_ref() == Some(*other))
        };
        let own = film.renditions.iter().filter(|own| !replaced(own));
        Self {
            own: own.collect(),
            brought,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.own.is_empty() && self.brought.is_empty()
    }

    /// Is there any of this group?
    pub(super) fn has(&self, group: &str) -> bool {
        let brought = group == SUBTITLES && !self.brought.is_empty();
        brought || self.own.iter().any(|own| group_of(own) == group)
    }

    /// What the largest of the brought ones takes of a connection, beyond what is told of the film.
    pub(super) fn beyond(&self) -> Rates {
        let rates = self.brought.iter().map(|(_, listed)| listed.rates);
        rates.fold(Rates::default(), Rates::most)
    }

    /// A line each.
    pub(super) fn media_tags(&self, text: &mut String) {
        let mut names = Vec::new();
        for at in 0..self.own.len() {
            self.own_tag(text, at, &mut names);
        }
        for (which, listed) in &self.brought {
            brought_tag(text, which, listed, &mut names);
        }
    }

    fn own_tag(&self, text: &mut String, at: usize, names: &mut Vec<String>) {
        let Some((own, before)) = self.own.get(..=at).and_then(<[_]>::split_last) else {
            return;
        };
        let group = group_of(own);
        // The first sound is heard where nobody chooses.
        let first = !before.iter().any(|other| group_of(other) == group);
        let sound = matches!(own.media, Media::Audio { .. });
        // Of two alike a player could not choose by itself.
        let alike = |other: &&&Rendition| {
            let forced = |of: &Rendition| matches!(of.media, Media::Subtitles { forced: true });
            group_of(other) == group
                && other.language == own.language
                && forced(other) == forced(own)
        };
        let twins = before.iter().filter(alike).count();
        let mut name = name_of(own);
        if twins > 0 && own.language.is_some() {
            let _ = write!(name, " {}", twins + 1);
        }
        begin(text, group, &name);
        if !sound {
            names.push(name);
        }
        if let Some(language) = &own.language {
            let _ = write!(text, ",LANGUAGE=\"{language}\"");
        }
        let (default, auto) = (flag(sound && first), flag(twins == 0));
        let _ = write!(text, ",DEFAULT={default},AUTOSELECT={auto}");
        match own.media {
            Media::Audio { channels } => {
                let _ = write!(text, ",CHANNELS=\"{channels}\"");
            }
            Media::Subtitles { forced } => {
                let _ = write!(text, ",FORCED={}", flag(forced));
            }
        }
        let _ = writeln!(text, ",URI=\"{}\"", playlist_of(own.stream));
    }
}

const SUBTITLES: &str = "subtitles";

const fn flag(on: bool) -> &'static str {
    if on { "YES" } else { "NO" }
}

fn begin(text: &mut String, group: &str, name: &str) {
    let kind = group.to_ascii_uppercase();
    let _ = write!(
        text,
        "#EXT-X-MEDIA:TYPE={kind},GROUP-ID=\"{group}\",NAME=\"{name}\""
    );
}

/// What a person wrote, as a quoted string: without quotes (RFC 8216 §4.2), and without what players would take for a
/// variable, which the query of a view defines (RFC 8216bis §4.3).
fn quoted(text: &str) -> String {
    text.replace('"', "'").replace("{$", "{ $")
}

/// There is one of each language and kind, so that a player may choose any of them by itself.
fn brought_tag(text: &mut String, which: &Which, listed: &Listed, names: &mut Vec<String>) {
    let own = listed.text.name.as_ref();
    let own = own.map(|own| quoted(own.as_str()));
    let told = own.unwrap_or_else(|| {
        let language = language::name(which.language.as_str());
        match which.kind {
            Kind::Subtitles => language,
            kind => format!("{language} ({})", kind.as_str()),
        }
    });
    // Each of a group has a name of its own.
    let mut name = told.clone();
    let mut number = 1;
    while names.contains(&name) {
        number += 1;
        name = format!("{told} {number}");
    }
    begin(text, SUBTITLES, &name);
    names.push(name);
    let forced = flag(which.kind == Kind::Forced);
    let _ = write!(
        text,
        ",LANGUAGE=\"{}\",DEFAULT={},AUTOSELECT=YES,FORCED={forced}",
        which.language.as_str(),
        flag(listed.text.default),
    );
    if which.kind == Kind::Captions {
        let _ = write!(text, ",CHARACTERISTICS=\"{CAPTIONS}\"");
    }
    let playlist = playlist_of(Stream::Text(listed.text.id));
    let _ = writeln!(text, ",URI=\"{playlist}\"");
}

/// What a person chooses by; unique with the number that follows it.
fn name_of(own: &Rendition) -> String {
    let forced = matches!(own.media, Media::Subtitles { forced: true });
    let what = match (&own.language, own.stream) {
        (Some(language), _) => language::name(language),
        (None, Stream::Main | Stream::Variant(_)) => "Audio 1".to_owned(),
        (None, Stream::Audio(number)) => format!("Audio {number}"),
        (None, Stream::Subtitles(number)) => format!("Subtitles {number}"),
        (None, Stream::Text(_)) => "Subtitles".to_owned(),
    };
    if forced {
        format!("{what} (forced)")
    } else {
        what
    }
}

const fn group_of(rendition: &Rendition) -> &'static str {
    match rendition.media {
        Media::Audio { .. } => "audio",
        Media::Subtitles { .. } => SUBTITLES,
    }
}

/// What subtitles of the film itself would be if they had been brought.
fn which_of(own: &Rendition) -> Option<Which> {
    let kind = match own.media {
        Media::Subtitles { forced: true } => Kind::Forced,
        Media::Subtitles { forced: false } => Kind::Subtitles,
        Media::Audio { .. } => return None,
    };
    let language = Language::parse(own.language.as_deref()?).ok()?;
    Some(Which { language, kind })
}

#[cfg(test)]
mod tests;
