//! Languages of sounds and subtitles: tags of BCP 47 (RFC 5646), and names that a person chooses by.

use crate::error::Malformed;

/// A line a language of ISO 639-1: its code, those of ISO 639-2 (T, and B where it differs), its English name.
const LANGUAGES: &str = include_str!("language.txt");
/// A tag of more characters than this is nobody's (RFC 5646 §4.4.1).
const MAX_TAG: usize = 35;

fn rows() -> impl Iterator<Item = (&'static str, [&'static str; 2], &'static str)> {
    LANGUAGES.lines().filter_map(|line| {
        let mut fields = line.splitn(4, ' ');
        let mut next = || fields.next();
        Some((next()?, [next()?, next()?], next()?))
    })
}

/// The tag of a language by its code of three letters (ISO 639-2): the shortest there is (RFC 5646 §2.2.1). `None` where
/// none is named.
pub fn of_code(code: &str) -> Option<String> {
    let is_code = code.len() == 3 && code.bytes().all(|c| c.is_ascii_lowercase());
    // Undetermined, none, several, and what is the writer's own (ISO 639-2 §4.1).
    let unnamed = matches!(code, "und" | "zxx" | "mul" | "mis") || ("qaa"..="qtz").contains(&code);
    if !is_code || unnamed {
        return None;
    }
    let short = rows().find(|(_, codes, _)| codes.contains(&code));
    Some(short.map_or(code, |(short, ..)| short).to_owned())
}

/// A tag as it stands, if it is one; of a code of three letters the shortest.
pub fn of_tag(tag: &str) -> Option<String> {
    let mut parts = tag.split('-');
    let first = parts.next()?;
    let is_word = |part: &str| {
        (1..=8).contains(&part.len()) && part.bytes().all(|c| c.is_ascii_alphanumeric())
    };
    let is_language =
        (2..=3).contains(&first.len()) && first.bytes().all(|c| c.is_ascii_alphabetic());
    if tag.len() > MAX_TAG || !is_language || !parts.all(is_word) {
        return None;
    }
    let first_lower = first.to_ascii_lowercase();
    let language = match first.len() {
        3 => of_code(&first_lower)?,
        _ => first_lower,
    };
    let rest = tag.get(first.len()..).unwrap_or_default();
    Some(format!("{language}{rest}"))
}

/// A language as a person names it, in the casing of RFC 5646 §2.1.1: however it is written, it is one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Language(String);

impl Language {
    /// Parses a tag.
    ///
    /// # Errors
    /// [`Malformed`] for what is none, and for one that names no language.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let tag = of_tag(text).ok_or(Malformed {
            field: "language",
            expected: "a language tag of BCP 47, such as de, pt-BR or zh-Hant",
        })?;
        let mut cased = String::with_capacity(tag.len());
        let mut extended = false;
        for (at, part) in tag.split('-').enumerate() {
            if at > 0 {
                cased.push('-');
            }
            let lower = part.to_ascii_lowercase();
            match part.len() {
                2 if at > 0 && !extended => cased.push_str(&part.to_ascii_uppercase()),
                4 if at > 0 && !extended => {
                    let (first, rest) = lower.split_at(1);
                    cased.push_str(&first.to_ascii_uppercase());
                    cased.push_str(rest);
                }
                _ => cased.push_str(&lower),
            }
            extended |= part.len() == 1;
        }
        Ok(Self(cased))
    }

    /// The tag.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The English name of a tag's language with what else the tag says; where there is none, the tag.
pub fn name(tag: &str) -> String {
    let (language, rest) = tag
        .split_once('-')
        .map_or((tag, ""), |(own, rest)| (own, rest));
    let known = rows().find(|(short, ..)| *short == language);
    match known {
        Some((_, _, name)) if rest.is_empty() => name.to_owned(),
        Some((_, _, name)) => format!("{name} ({rest})"),
        None => tag.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_become_the_shortest_tags() {
        let tags = ["deu", "ger", "eng", "gsw", "zho", "chi"].map(of_code);
        let told = ["de", "de", "en", "gsw", "zh", "zh"].map(|tag| Some(tag.to_owned()));
        assert_eq!(tags, told);
        for none in ["und", "zxx", "mul", "qaa", "", "de", "DEU", "d\"u", "`aa"] {
            assert_eq!(of_code(none), None, "{none}");
        }
    }

    #[test]
    fn only_what_is_a_tag_is_taken_for_one() {
        let told = |tag| of_tag(tag).unwrap_or_default();
        assert_eq!(told("pt-BR"), "pt-BR");
        assert_eq!(told("ENG-us"), "en-us");
        assert_eq!(told("zh-Hant-TW"), "zh-Hant-TW");
        for none in [
            "",
            "-",
            "d",
            "english",
            "de-",
            "de--x",
            "de\"",
            "de-,X",
            "und",
            "de-123456789",
        ] {
            assert_eq!(of_tag(none), None, "{none}");
        }
        assert_eq!(of_tag(&format!("de{}", "-abc".repeat(9))), None);
    }

    #[test]
    fn a_language_is_one_however_it_is_written() {
        for (written, language) in [
            ("DE", "de"),
            ("eng", "en"),
            ("pt-br", "pt-BR"),
            ("ZH-HANT-tw", "zh-Hant-TW"),
            ("es-419", "es-419"),
            ("en-x-AB-Cdef", "en-x-ab-cdef"),
        ] {
            assert_eq!(Language::parse(written).unwrap().as_str(), language);
            assert_eq!(Language::parse(language).unwrap().as_str(), language);
        }
        for none in ["", "und", "klingonisch", "de_DE", "../de"] {
            assert!(Language::parse(none).is_err(), "{none}");
        }
    }

    #[test]
    fn every_language_has_its_codes_and_a_name_that_is_safe_in_a_playlist() {
        let mut count = 0;
        for (short, [code, _], name) in rows() {
            assert_eq!(of_code(code).as_deref(), Some(short));
            assert!(!name.is_empty() && !name.contains(['"', '\n', '\r']));
            count += 1;
        }
        assert_eq!(count, LANGUAGES.lines().count());
        assert_eq!(
            (name("de"), name("pt-BR")),
            ("German".to_owned(), "Portuguese (BR)".to_owned())
        );
        assert_eq!(name("gsw"), "gsw");
    }
}
