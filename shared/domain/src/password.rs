//! Passwords: as typed, as they may be set, and as stored.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_public_assigned;
use zeroize::Zeroizing;

use crate::credential::Email;
use crate::error::Malformed;
use crate::secret::SecretText;

/// bcrypt reads no more than 72 octets: a longer password is refused, never cut.
pub const MAX_PASSWORD_OCTETS: usize = 72;

/// Characters of a password that may be set, counted as Unicode code points after normalisation (NIST
/// SP 800-63B-4 §3.1.1.2).
pub const MIN_PASSWORD_CHARACTERS: usize = 12;

/// log2 of bcrypt's rounds for new hashes. OWASP's floor is 10; 12 costs an attacker four times as much
/// and a person a blink.
pub const CURRENT_COST: u32 = 12;

/// A password as typed: 1 to 72 octets, in the one spelling that is hashed.
#[derive(Debug)]
pub struct Password(SecretText);

impl Password {
    /// Parses a password, to check or to set it. By the `OpaqueString` profile (RFC 8265 §4.2.2) every
    /// space is U+0020 and the text is in NFC, so that what a Mac sends decomposed is what Windows sends
    /// composed; case, width and surrounding spaces stay. Controls are refused (RFC 8264 §4.3.3).
    ///
    /// NFC, not the NFKC of NIST SP 800-63B: it makes nothing alike that looks different. Wider than the
    /// profile on purpose: joiners and variation selectors stay, for emoji are made of them.
    ///
    /// # Errors
    /// [`Malformed`] when it is empty, longer than 72 octets of UTF-8, or holds a control character.
    pub fn parse(text: String) -> Result<Self, Malformed> {
        let typed = SecretText::new(text);
        // Never grows past its capacity: no part of it is left behind in freed memory.
        let mut own = Zeroizing::new(String::with_capacity(MAX_PASSWORD_OCTETS));
        for c in typed.expose().chars().map(plain_space).nfc() {
            if c.is_control() || own.len() + c.len_utf8() > MAX_PASSWORD_OCTETS {
                return Err(MALFORMED);
            }
            own.push(c);
        }
        if own.is_empty() {
            return Err(MALFORMED);
        }
        Ok(Self(SecretText::new(std::mem::take(&mut *own))))
    }
    /// The password, for the hasher.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

const MALFORMED: Malformed = Malformed {
    field: "password",
    expected: "1 to 72 octets of UTF-8 without control characters",
};

/// Any space of Unicode's category Zs as U+0020.
fn plain_space(c: char) -> char {
    match c {
        '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => {
            ' '
        }
        other => other,
    }
}

/// A password that may be set: only [`PasswordPolicy::judge`] makes one.
#[derive(Debug)]
pub struct NewPassword(Password);

impl NewPassword {
    /// A copy of a password that is long enough and means the same tomorrow: a character that Unicode has
    /// not assigned yet may be normalised otherwise once it is (UAX #15 §12.1).
    fn admit(password: &Password) -> Result<Self, Weakness> {
        let text = password.expose();
        if text.chars().count() < MIN_PASSWORD_CHARACTERS {
            return Err(Weakness::TooShort);
        }
        if !text.chars().all(is_public_assigned) {
            return Err(Weakness::UnknownCharacter);
        }
        Ok(Self(Password(SecretText::new(text.to_owned()))))
    }
    /// The password, for the hasher.
    pub fn password(&self) -> &Password {
        &self.0
    }
}

/// Judges passwords that someone wants to set (NIST SP 800-63B-4 §3.1.1.2, OWASP ASVS 5.0 V6.2).
pub trait PasswordPolicy: Send + Sync {
    /// What makes this password easy to guess for whoever knows the context; `None` when nothing does.
    /// Its length is none of this method's business.
    fn weakness(&self, password: &Password, context: &Context) -> Option<Weakness>;

    /// The password as one that may be set. There is no rule on its composition.
    ///
    /// # Errors
    /// [`Weakness`]: what is wrong, and what would help.
    fn judge(&self, password: &Password, context: &Context) -> Result<NewPassword, Weakness> {
        let admitted = NewPassword::admit(password)?;
        self.weakness(password, context).map_or(Ok(admitted), Err)
    }
}

/// Why a password may not be set. Says what would help, and nothing of the password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Weakness {
    /// Fewer than [`MIN_PASSWORD_CHARACTERS`].
    #[error(
        "too short: use at least 12 characters, such as a few words that do not belong together"
    )]
    TooShort,
    /// A character that is private or newer than our Unicode tables.
    #[error("it has a character that not every device writes the same way: leave that one out")]
    UnknownCharacter,
    /// A password that many people use, or one of those with a little around it.
    #[error(
        "many people use this password or one very close to it: take a few words that do not belong \
         together, or let a password manager make one"
    )]
    Common,
    /// Words that anyone who aims at this account tries first.
    #[error(
        "it is little more than the name of the product, your organisation or yourself: add words that \
         have nothing to do with them"
    )]
    Context,
    /// Few guesses find it.
    #[error("easy to guess: {0}")]
    Guessable(Pattern),
}

/// What makes a password easy to guess.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Pattern {
    /// A piece again and again.
    #[error("repeating a piece adds next to nothing; add different words instead")]
    Repeat,
    /// Neighbours in the alphabet, among the digits or on the keyboard.
    #[error("letters, digits or keys in a row are tried first; use words instead")]
    Row,
    /// Dates and years.
    #[error("dates and years are tried first; add words that do not belong together")]
    Date,
    /// Names of people.
    #[error("names are tried first; add words that do not belong together")]
    Name,
    /// Too few or too common words.
    #[error("add a word or two that do not belong together")]
    Words,
}

/// Words that a password must not rest on: the product's, the organisation's, the person's own (ASVS 5.0
/// V6.2.11). A password may hold them beside enough that is unrelated.
pub struct Context(Vec<String>);

impl Context {
    /// Words beyond these are not looked at.
    const MAX_WORDS: usize = 64;
    /// Characters of a word: shorter ones are no word, longer ones fit no password.
    const WORD: std::ops::RangeInclusive<usize> = 3..=MAX_PASSWORD_OCTETS;

    /// The words of the product.
    pub fn product() -> Self {
        Self(Vec::new()).with("reel vault")
    }
    /// And those of an address: its local part and the labels of its domain but the last.
    #[must_use]
    pub fn email(self, email: &Email) -> Self {
        let (local, domain) = email.as_str().split_once('@').unwrap_or_default();
        let labels = domain.rsplit_once('.').map_or(domain, |(labels, _)| labels);
        let own = self.with(local);
        labels.split('.').fold(own, Self::with)
    }
    /// And those of a name of a person or an organisation: each word, and all of them as one.
    #[must_use]
    pub fn with(mut self, name: &str) -> Self {
        let lower: String = name.nfc().flat_map(char::to_lowercase).collect();
        let parts: Vec<&str> = lower
            .split(|c: char| !c.is_alphanumeric())
            .filter(|part| !part.is_empty())
            .collect();
        let whole = parts.concat();
        for word in parts.into_iter().chain([whole.as_str()]) {
            let known = self.0.iter().any(|other| other == word);
            if !known
                && Self::WORD.contains(&word.chars().count())
                && self.0.len() < Self::MAX_WORDS
            {
                self.0.push(word.to_owned());
            }
        }
        self
    }
    /// The words in lower case, none twice.
    pub fn words(&self) -> &[String] {
        &self.0
    }
}

impl std::fmt::Debug for Context {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Context(redacted)")
    }
}

/// A bcrypt hash in modular crypt format, `$2b$12$…`.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(pub String);

impl PasswordHash {
    /// log2 of its rounds, 4 to 31; `None` for what is no bcrypt hash. `$2a$`, `$2b$` and `$2y$` are one
    /// algorithm; `$2x$` marks hashes of a faulty implementation and is not one of them.
    pub fn cost(&self) -> Option<u32> {
        let versions = ["$2a$", "$2b$", "$2y$"];
        let rest = versions.iter().find_map(|v| self.0.strip_prefix(v))?;
        let (cost, _) = rest.split_once('$')?;
        let plain = cost.len() == 2 && cost.bytes().all(|b| b.is_ascii_digit());
        let cost = cost.parse().ok().filter(|_| plain)?;
        (4..=31).contains(&cost).then_some(cost)
    }
    /// Is it cheaper to guess at than a hash of this cost? Then it is made anew at the next login, the one
    /// moment when the password is at hand. `false` for what is no bcrypt hash: it opens nothing.
    pub fn is_below(&self, cost: u32) -> bool {
        self.cost().is_some_and(|own| own < cost)
    }
}

impl std::fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PasswordHash(redacted)")
    }
}

#[cfg(test)]
mod tests;
