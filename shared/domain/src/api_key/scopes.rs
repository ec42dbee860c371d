//! What an API key may be used for, in the textual form of OAuth.

use std::fmt;

use crate::error::Malformed;

/// One thing that a key may be used for; its role must admit it as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// Open views.
    Play,
    /// Fetch copies.
    Download,
    /// Bring in films.
    Upload,
    /// Take films back.
    Withdraw,
    /// See what there is and how it stands.
    Read,
    /// Change what is said of films.
    Edit,
    /// Make, change and end shares of films.
    Share,
}

impl Scope {
    /// All of them, in the order in which they are written.
    pub const ALL: [Self; 7] = [
        Self::Play,
        Self::Download,
        Self::Upload,
        Self::Withdraw,
        Self::Read,
        Self::Edit,
        Self::Share,
    ];

    /// The scope's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Play => "play",
            Self::Download => "download",
            Self::Upload => "upload",
            Self::Withdraw => "withdraw",
            Self::Read => "read",
            Self::Edit => "edit",
            Self::Share => "share",
        }
    }

    /// Reads a name; names are case-sensitive (RFC 6749 §3.3).
    ///
    /// # Errors
    /// [`Malformed`] for any other text.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let named = Self::ALL.into_iter().find(|scope| scope.as_str() == text);
        named.ok_or(Malformed {
            field: "scope",
            expected: "some of play, download, upload, withdraw, read, edit and share, one space between them",
        })
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// One or more scopes. There is no empty set: it has no textual form (RFC 6749 §3.3), and a key for
/// nothing is a mistake.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Scopes(u8);

impl Scopes {
    /// All scopes.
    pub const fn all() -> Self {
        Self((1 << Scope::ALL.len()) - 1)
    }

    /// One scope.
    pub const fn only(scope: Scope) -> Self {
        Self(scope.bit())
    }

    /// These and one more.
    #[must_use]
    pub const fn with(self, scope: Scope) -> Self {
        Self(self.0 | scope.bit())
    }

    /// What both hold, if anything: what a request gets of what its key has.
    pub fn common(self, other: Self) -> Option<Self> {
        Some(Self(self.0 & other.0)).filter(|both| both.0 != 0)
    }

    /// Is this scope one of them?
    pub const fn contains(self, scope: Scope) -> bool {
        self.0 & scope.bit() != 0
    }

    /// Are all of these among the others?
    pub const fn is_subset(self, of: Self) -> bool {
        self.0 & !of.0 == 0
    }

    /// Each of them, in the order in which they are written.
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL
            .into_iter()
            .filter(move |scope| self.contains(*scope))
    }

    /// Those of the names that are known here. Functions are replaced one by one: a token that one of the next version made
    /// may name what this one never heard of, and grants none of it here.
    pub fn known(text: &str) -> Option<Self> {
        let known = text.split(' ').filter_map(|name| Scope::parse(name).ok());
        let held = known.fold(0, |held, scope| held | scope.bit());
        Some(Self(held)).filter(|scopes| scopes.0 != 0)
    }

    /// Parses names with one space between them in any order (RFC 6749 §3.3); a name that comes twice
    /// counts once.
    ///
    /// # Errors
    /// [`Malformed`] for an empty text, an unknown name, or other white space.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let add = |held: u8, name| Scope::parse(name).map(|scope| held | scope.bit());
        text.split(' ').try_fold(0, add).map(Self)
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, scope) in self.iter().enumerate() {
            let gap = if at == 0 { "" } else { " " };
            write!(f, "{gap}{}", scope.as_str())?;
        }
        Ok(())
    }
}

impl fmt::Debug for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scopes({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every set that there is.
    fn every() -> impl Iterator<Item = Scopes> {
        (1..=Scopes::all().0).map(Scopes)
    }

    #[test]
    fn what_is_not_known_grants_nothing_and_takes_nothing() {
        for scopes in every() {
            assert_eq!(Scopes::known(&format!("later {scopes}")), Some(scopes));
        }
        assert_eq!(Scopes::known("later"), None);
        assert_eq!(Scopes::known(""), None);
    }

    #[test]
    fn every_set_reads_back_what_it_prints() {
        assert_eq!(every().count(), (1 << Scope::ALL.len()) - 1);
        for scopes in every() {
            assert_eq!(Scopes::parse(&scopes.to_string()), Ok(scopes));
        }
    }

    #[test]
    fn neither_order_nor_repetition_matters() {
        let expected = Scopes::only(Scope::Upload).with(Scope::Play);
        for text in ["play upload", "upload play", "upload play upload play"] {
            assert_eq!(Scopes::parse(text), Ok(expected), "{text}");
        }
        assert_eq!(expected.to_string(), "play upload");
    }

    #[test]
    fn an_unknown_name_another_case_or_other_white_space_is_malformed() {
        for bad in [
            "",
            " ",
            "play ",
            " play",
            "play  read",
            "play\tread",
            "play,read",
            "Play",
            "admin",
            "play\0",
        ] {
            assert_eq!(Scopes::parse(bad).unwrap_err().field, "scope", "{bad:?}");
        }
    }

    #[test]
    fn subsets_and_common_scopes_agree_with_the_scopes_one_by_one() {
        for (a, b) in every().flat_map(|a| every().map(move |b| (a, b))) {
            assert_eq!(a.is_subset(b), a.iter().all(|scope| b.contains(scope)));
            let both = a.common(b);
            for scope in Scope::ALL {
                let held = both.is_some_and(|both| both.contains(scope));
                assert_eq!(held, a.contains(scope) && b.contains(scope));
            }
            assert!(both.is_none_or(|both| both.is_subset(a) && both.iter().count() > 0));
        }
    }
}
