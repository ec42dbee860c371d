//! The secret text of an API key, made to be found where it should not be:
//! `rvk_<26 of the id>_<43 of the secret>_<6 of the checksum>`.
//!
//! Prefix, base 62 and checksum follow "Behind GitHub's new authentication token formats" (GitHub, April
//! 2021): a scanner knows a key by its shape, tells it from a coincidence by the checksum and without
//! asking us, and a double click selects all of it, for nothing in it but letters, digits and `_`.

use zeroize::{Zeroize, Zeroizing};

use crate::error::Malformed;
use crate::id::{ApiKeyId, decode128, encode128};
use crate::ports::{Entropy, StoreError};
use crate::secret::SecretText;

/// Prefix of API keys.
pub const API_KEY_PREFIX: &str = "rvk_";

/// The regular expression that finds an API key in any text. It has no anchors or word boundaries, so that
/// a key is also found where something is glued to it; the checksum sorts out what only looks like one.
pub const API_KEY_PATTERN: &str = "rvk_[a-z2-7]{26}_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}";

/// Characters of 256 bits in base 62: 43 × log₂ 62 is just above 256.
const SECRET: usize = 43;
/// Characters of 32 bits in base 62.
const CHECKSUM: usize = 6;
/// Octets of the whole text.
const LENGTH: usize = API_KEY_PREFIX.len() + 26 + 1 + SECRET + 1 + CHECKSUM;

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// An API key as its holder has it; only its digest is stored.
#[derive(Debug)]
pub struct ApiKeySecret {
    id: ApiKeyId,
    text: SecretText,
}

impl ApiKeySecret {
    /// A fresh secret of 256 random bits for the key of this id.
    ///
    /// # Errors
    /// The source of randomness failed.
    pub fn random(id: ApiKeyId, entropy: &dyn Entropy) -> Result<Self, StoreError> {
        let mut octets = Zeroizing::new([0; 32]);
        entropy.fill(octets.as_mut())?;
        let mut secret: [u8; SECRET] = base62(octets.as_mut());
        // At its full length from the start: a text that grows leaves copies of itself behind.
        let mut text = String::with_capacity(LENGTH);
        text.push_str(API_KEY_PREFIX);
        text.push_str(&encode128(id.octets()));
        text.push('_');
        text.extend(secret.iter().copied().map(char::from));
        secret.zeroize();
        let checksum = checksum(&text);
        text.push('_');
        text.extend(checksum.into_iter().map(char::from));
        Ok(Self {
            id,
            text: SecretText::new(text),
        })
    }

    /// Parses prefix, id, length, alphabet and checksum, so that a typing error or a made-up key costs
    /// no look at any state.
    ///
    /// # Errors
    /// [`Malformed`] for anything that [`Self::random`] did not make.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let id = id_of(text).ok_or(Malformed {
            field: "API key",
            expected: "`rvk_`, 26 characters of a-z and 2-7, `_`, 43 letters and digits, `_` and their checksum",
        })?;
        Ok(Self {
            id,
            text: SecretText::new(text.to_owned()),
        })
    }

    /// Which key it is of.
    pub const fn id(&self) -> ApiKeyId {
        self.id
    }

    /// The whole text, for the one reply that shows it and for the digest (SHA-256 of these octets).
    pub fn expose(&self) -> &str {
        self.text.expose()
    }
}

/// The id of a text that is well-formed to its checksum.
fn id_of(text: &str) -> Option<ApiKeyId> {
    if text.len() != LENGTH {
        return None;
    }
    let (body, sum) = text.rsplit_once('_')?;
    let (id, secret) = body.strip_prefix(API_KEY_PREFIX)?.split_once('_')?;
    let plain = secret.len() == SECRET && secret.bytes().all(|c| c.is_ascii_alphanumeric());
    // Text against text, not number against number: a checksum has one spelling.
    if !plain || sum.as_bytes() != checksum(body) {
        return None;
    }
    decode128(id).map(ApiKeyId::from_octets)
}

/// CRC-32 (ISO-HDLC, as in gzip) of all that stands before the last `_`: it sees every change within
/// four octets in a row, and so every single wrong character. It protects against accidents alone.
fn checksum(body: &str) -> [u8; CHECKSUM] {
    base62(&mut crc32fast::hash(body.as_bytes()).to_be_bytes())
}

/// A big-endian number in base 62, the highest digit first, filled up with zeros; `N` digits must hold it.
/// The number is divided away where it stands, so nothing of it is left there.
fn base62<const N: usize>(number: &mut [u8]) -> [u8; N] {
    let mut text = [DIGITS[0]; N];
    for place in text.iter_mut().rev() {
        let mut remainder = 0_u16;
        for octet in number.iter_mut() {
            let value = (remainder << 8) | u16::from(*octet);
            // Below 62 × 256 / 62: one octet.
            [*octet, _] = (value / 62).to_le_bytes();
            remainder = value % 62;
        }
        *place = DIGITS[usize::from(remainder)];
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::Stored;
    use proptest::prelude::*;
    use regex_lite::Regex;

    struct Fixed([u8; 32]);

    impl Entropy for Fixed {
        fn fill(&self, buffer: &mut [u8]) -> Stored<()> {
            buffer.copy_from_slice(&self.0[..buffer.len()]);
            Ok(())
        }
    }

    fn key(id: [u8; 16], secret: [u8; 32]) -> String {
        let id = ApiKeyId::from_octets(id);
        let key = ApiKeySecret::random(id, &Fixed(secret)).unwrap();
        key.expose().to_owned()
    }

    /// The text with the character at `at` replaced.
    fn changed(text: &str, at: usize, to: u8) -> String {
        let mut octets = text.as_bytes().to_vec();
        octets[at] = to;
        String::from_utf8(octets).unwrap()
    }

    #[test]
    fn the_form_is_golden() {
        // The checksum by Python: zlib.crc32 of what stands before the last `_`.
        assert_eq!(
            key([0; 16], [0; 32]),
            format!("rvk_{}_{}_{}", "a".repeat(26), "0".repeat(43), ZEROS)
        );
        assert_eq!(
            key([0xff; 16], [0xff; 32]),
            format!("rvk_{}4_{ONES}", "7".repeat(25))
        );
    }
    const ZEROS: &str = "0ZIEVY";
    const ONES: &str = "yhjskwdA6OZ1AL1YmHWZWm8LLG7HjnuCA2j5rOw8Xp1_2QC4R8";

    #[test]
    fn no_other_character_fits_anywhere() {
        let good = key([0x5a; 16], *b"a secret of just thirty-two byte");
        for at in 0..good.len() {
            for to in (b' '..=b'~').filter(|to| *to != good.as_bytes()[at]) {
                let bad = changed(&good, at, to);
                assert!(ApiKeySecret::parse(&bad).is_err(), "{bad}");
            }
        }
    }

    #[test]
    fn another_length_prefix_or_script_is_refused() {
        let good = key([1; 16], [2; 32]);
        let wide = good.replacen("rvk_", "rvk＿", 1);
        let short = &good[..good.len() - 1];
        let swapped = good.replacen("rvk_", "rvm_", 1);
        let (long, spaced) = (format!("{good}0"), format!(" {good}"));
        for bad in ["", "rvk_", "rvk___", short, &long, &spaced, &swapped, &wide] {
            assert!(ApiKeySecret::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn two_neighbours_that_changed_places_are_refused() {
        let good = key([0x21; 16], *b"another secret of thirty-two oct");
        for at in 1..good.len() {
            let mut octets = good.as_bytes().to_vec();
            octets.swap(at - 1, at);
            let swapped = String::from_utf8(octets).unwrap();
            assert_eq!(
                ApiKeySecret::parse(&swapped).is_ok(),
                swapped == good,
                "{swapped}"
            );
        }
    }

    #[test]
    fn a_secret_never_prints() {
        let id = ApiKeyId::from_octets([1; 16]);
        let key = ApiKeySecret::random(id, &Fixed([3; 32])).unwrap();
        let shown = format!("{key:?}");
        assert!(!shown.contains(&key.expose()[31..40]), "{shown}");
        assert!(shown.contains(&id.to_string()), "{shown}");
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_pattern_finds_every_key_whole_and_parsing_gives_its_id_back(
            id: [u8; 16], secret: [u8; 32],
            before in "[^r]{0,9}", after in "[^r]{0,9}",
        ) {
            let text = key(id, secret);
            let pattern = Regex::new(API_KEY_PATTERN).unwrap();
            let leak = format!("{before}{text}{after}");
            prop_assert_eq!(pattern.find(&leak).map(|found| found.as_str()), Some(text.as_str()));
            let read = ApiKeySecret::parse(&text).unwrap();
            prop_assert_eq!(read.id(), ApiKeyId::from_octets(id));
            prop_assert_eq!(read.expose(), text);
        }

        #[test]
        fn a_key_with_one_changed_character_is_none(
            id: [u8; 16], secret: [u8; 32], shift in 1..62_usize,
        ) {
            let good = key(id, secret);
            for at in 0..good.len() {
                let old = good.as_bytes()[at];
                let digit = DIGITS.iter().position(|digit| *digit == old).unwrap_or_default();
                let to = DIGITS[(digit + shift) % 62];
                prop_assert!(ApiKeySecret::parse(&changed(&good, at, to)).is_err(), "{}", at);
            }
        }

        #[test]
        fn different_secrets_have_different_texts(a: [u8; 32], b: [u8; 32]) {
            prop_assert_eq!(key([0; 16], a) == key([0; 16], b), a == b);
        }

        #[test]
        fn any_text_is_read_without_a_panic(text in "\\PC{0,100}") {
            prop_assert!(ApiKeySecret::parse(&text).is_err());
        }
    }
}
