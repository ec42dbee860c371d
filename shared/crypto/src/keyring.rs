//! Versioned secrets: `{"current":"2","1":"…","2":"…"}`, as Secrets Manager keeps them and
//! [`vault_domain::rotation`] turns them.
//!
//! New things are made under `current`; things made under any other version open while it is there.

use std::collections::BTreeMap;

use aws_lc_rs::hkdf;
use vault_domain::rotation::{Ring, RingFault};
use vault_domain::secret::{SecretBytes, SecretText};
use vault_domain::time::Timestamp;

/// What is wrong with a versioned secret; never what is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyFault {
    /// Not a JSON object of texts.
    #[error("the secret is not a JSON object of texts")]
    NotAnObject,
    /// `current` is missing, or it or `next` names no member.
    #[error("the secret's `current` names none of its versions")]
    NoCurrent,
    /// A version's name is not 1 to 64 letters, digits, `-` or `_`.
    #[error("the name of a version is not 1 to 64 letters, digits, `-` or `_`")]
    BadVersion,
    /// A version's material is too short.
    #[error("a version holds fewer than 32 characters")]
    TooShort,
    /// A version's material is no key of the expected kind.
    #[error("a version does not hold a key of the expected kind")]
    BadKey,
}

impl From<RingFault> for KeyFault {
    fn from(fault: RingFault) -> Self {
        match fault {
            RingFault::NotAnObject => Self::NotAnObject,
            RingFault::NoCurrent | RingFault::NoNext => Self::NoCurrent,
            RingFault::BadVersion => Self::BadVersion,
            RingFault::TooShort => Self::TooShort,
        }
    }
}

/// A versioned secret, its material as text.
pub struct Keyring(Ring);

impl Keyring {
    /// Parses the secret's text.
    ///
    /// # Errors
    /// [`KeyFault`]
    pub fn parse(secret: &SecretText) -> Result<Self, KeyFault> {
        Ok(Self(Ring::parse(secret)?))
    }

    /// The version under which new things are made.
    pub fn current(&self) -> &str {
        self.0.current()
    }

    /// The version that comes next: what is made under it opens already.
    pub fn next(&self) -> Option<&str> {
        self.0.next()
    }

    /// Since when the current version is that.
    pub fn current_since(&self) -> Timestamp {
        self.0.current_since()
    }

    /// The material of each version.
    pub fn versions(&self) -> impl Iterator<Item = (&str, &SecretText)> {
        self.0.versions()
    }

    /// 32 octets for one purpose from each version (HKDF-SHA256, RFC 5869; the purpose is the info).
    ///
    /// # Errors
    /// [`KeyFault::BadKey`] if the derivation fails.
    pub fn derive(&self, purpose: &'static str) -> Result<BTreeMap<String, SecretBytes>, KeyFault> {
        let salt = hkdf::Salt::new(hkdf::HKDF_SHA256, b"reelvault");
        self.versions()
            .map(|(name, text)| {
                let mut octets = vec![0; 32];
                salt.extract(text.expose().as_bytes())
                    .expand(&[purpose.as_bytes()], hkdf::HKDF_SHA256)
                    .and_then(|okm| okm.fill(&mut octets))
                    .map_err(|_| KeyFault::BadKey)?;
                Ok((name.to_owned(), SecretBytes::new(octets)))
            })
            .collect()
    }
}

#[cfg(test)]
mod turns;

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Keyring, KeyFault> {
        Keyring::parse(&SecretText::new(text.to_owned()))
    }

    #[test]
    fn a_fault_of_the_ring_is_told_and_no_fault_is_hidden() {
        let key = "k".repeat(64);
        assert!(parse(&format!(r#"{{"current":"1","1":"{key}"}}"#)).is_ok());
        for (text, fault) in [
            ("unset".to_owned(), KeyFault::NotAnObject),
            (format!(r#"{{"1":"{key}"}}"#), KeyFault::NoCurrent),
            (
                format!(r#"{{"current":"1","rotation":{{"next":"2"}},"1":"{key}"}}"#),
                KeyFault::NoCurrent,
            ),
            (
                r#"{"current":"1","1":"short"}"#.to_owned(),
                KeyFault::TooShort,
            ),
            (
                format!(r#"{{"current":"a.b","a.b":"{key}"}}"#),
                KeyFault::BadVersion,
            ),
        ] {
            assert_eq!(parse(&text).err(), Some(fault), "{text}");
        }
    }

    #[test]
    fn purposes_and_versions_give_different_keys() {
        let text = format!(
            r#"{{"current":"2","1":"{}","2":"{}"}}"#,
            "a".repeat(64),
            "b".repeat(64)
        );
        let ring = parse(&text).unwrap();
        let (one, two) = (ring.derive("one").unwrap(), ring.derive("two").unwrap());
        assert_ne!(one["1"].expose(), two["1"].expose());
        assert_ne!(one["1"].expose(), one["2"].expose());
    }
}
