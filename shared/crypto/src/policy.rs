//! The judge of new passwords: our list of what people stretch to twelve characters, then zxcvbn's estimate
//! (Wheeler, "zxcvbn: Low-Budget Password Strength Estimation", USENIX Security 2016).
//!
//! Nothing is looked for *inside* a password for its own sake: the whole of it must come to more than the
//! sum of guessable pieces (NIST SP 800-63B-4 §3.1.1.2). zxcvbn keeps copies of pieces of the password in
//! memory that it does not wipe; they live as long as the request.

mod cover;

use std::collections::HashSet;

use vault_domain::password::{Context, Password, PasswordPolicy, Pattern, Weakness};
use zeroize::Zeroizing;
use zxcvbn::feedback::{Feedback, Warning};
use zxcvbn::{Entropy, Score, zxcvbn};

use cover::Cover;

/// One base a line; `#` begins a comment. The list is our own.
const LIST: &str = include_str!("policy/common.txt");

/// Kinds of signs that may stand for letters: beyond these, zxcvbn's tries of all their readings at once
/// would take a second of CPU.
const MAX_LEET_SIGNS: usize = 3;

/// zxcvbn and the shipped list.
pub struct Estimator {
    common: HashSet<Vec<char>>,
}

impl Default for Estimator {
    fn default() -> Self {
        let lines = LIST.lines().map(str::trim);
        let bases = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
        Self {
            common: bases.map(cover::skeleton).collect(),
        }
    }
}

impl Estimator {
    /// What the list says: a common base with a little around it, or nothing but rows.
    fn listed(&self, text: &str) -> Option<Weakness> {
        Some(match Cover::of(text, &self.common) {
            Cover::Words => Weakness::Common,
            Cover::Rows => Weakness::Guessable(Pattern::Row),
            Cover::Strange => return None,
        })
    }

    /// The same with the words of the context for a list.
    fn contextual(&self, text: &str, context: &Context) -> bool {
        let mut words = self.common.clone();
        words.extend(context.words().iter().map(|word| cover::skeleton(word)));
        !matches!(Cover::of(text, &words), Cover::Strange)
    }
}

impl PasswordPolicy for Estimator {
    fn weakness(&self, password: &Password, context: &Context) -> Option<Weakness> {
        let text = password.expose();
        if let Some(weakness) = self.listed(text) {
            return Some(weakness);
        }
        if self.contextual(text, context) {
            return Some(Weakness::Context);
        }
        let tame = tamed(text);
        let words: Vec<&str> = context.words().iter().map(String::as_str).collect();
        let informed = zxcvbn(&tame, &words);
        if strong(&informed) {
            return None;
        }
        if strong(&zxcvbn(&tame, &[])) {
            return Some(Weakness::Context);
        }
        Some(advice(&informed))
    }
}

/// More than 10^8 guesses: safe from whoever guesses online, and a day's work at bcrypt's pace for one who
/// stole the table.
fn strong(estimate: &Entropy) -> bool {
    estimate.score() >= Score::Three
}

/// zxcvbn's finding in our words.
fn advice(estimate: &Entropy) -> Weakness {
    let warning = estimate.feedback().and_then(Feedback::warning);
    Weakness::Guessable(match warning {
        Some(
            Warning::ThisIsATop10Password
            | Warning::ThisIsATop100Password
            | Warning::ThisIsACommonPassword
            | Warning::ThisIsSimilarToACommonlyUsedPassword,
        ) => return Weakness::Common,
        Some(
            Warning::StraightRowsOfKeysAreEasyToGuess
            | Warning::ShortKeyboardPatternsAreEasyToGuess
            | Warning::SequencesLikeAbcAreEasyToGuess,
        ) => Pattern::Row,
        Some(
            Warning::RepeatsLikeAaaAreEasyToGuess
            | Warning::RepeatsLikeAbcAbcAreOnlySlightlyHarderToGuess,
        ) => Pattern::Repeat,
        Some(Warning::RecentYearsAreEasyToGuess | Warning::DatesAreOftenEasyToGuess) => {
            Pattern::Date
        }
        Some(
            Warning::NamesAndSurnamesByThemselvesAreEasyToGuess
            | Warning::CommonNamesAndSurnamesAreEasyToGuess,
        ) => Pattern::Name,
        Some(Warning::AWordByItselfIsEasyToGuess) | None => Pattern::Words,
    })
}

/// The letter that zxcvbn reads a sign as. Digits are not among them: they bear dates and sequences.
fn letter(sign: char) -> Option<char> {
    Some(match sign {
        '@' => 'a',
        '(' | '{' | '[' | '<' => 'c',
        '!' => 'i',
        '|' => 'l',
        '$' => 's',
        '+' => 't',
        '%' => 'x',
        _ => return None,
    })
}

/// The password with no more than [`MAX_LEET_SIGNS`] kinds of signs that zxcvbn tries to read as letters; the
/// others are written as that letter, which can only make more of it guessable.
fn tamed(text: &str) -> Zeroizing<String> {
    let mut kept: Vec<char> = Vec::with_capacity(MAX_LEET_SIGNS);
    let mut tame = Zeroizing::new(String::with_capacity(text.len()));
    for c in text.chars() {
        let Some(letter) = letter(c) else {
            tame.push(c);
            continue;
        };
        if !kept.contains(&c) && kept.len() < MAX_LEET_SIGNS {
            kept.push(c);
        }
        tame.push(if kept.contains(&c) { c } else { letter });
    }
    tame
}

#[cfg(test)]
mod tests;
