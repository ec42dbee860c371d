//! Recovery codes: ten that are shown once, for the day on which the authenticator app is lost.

use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::Spend;
use crate::error::Malformed;
use crate::id::{SessionId, UserId};
use crate::ports::{Entropy, Hashing, Stored};
use crate::secret::SecretText;
use crate::time::Timestamp;
use crate::token::Digest;

/// How many a user gets at a time.
pub const RECOVERY_CODES: usize = 10;
/// 80 random bits: nothing is guessed by asking. NIST SP 800-63B §5.1.2.2 would have fewer than 112 hashed slowly;
/// `docs/adr/0011-second-factors.md` says why a fast hash is kept.
const OCTETS: usize = 10;
/// Characters of 80 bits in base 32.
const ENCODED: usize = 16;
/// Seconds for which the session that used a code may repeat its request, because the reply was lost.
const REPEAT_SECONDS: u64 = 300;

/// One recovery code.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct RecoveryCode([u8; OCTETS]);

impl RecoveryCode {
    fn random(entropy: &dyn Entropy) -> Stored<Self> {
        let mut code = Self([0; OCTETS]);
        entropy.fill(&mut code.0)?;
        Ok(code)
    }

    /// Parses 16 characters of base 32 in either case, spaces and dashes anywhere.
    ///
    /// # Errors
    /// [`Malformed`] for anything else.
    pub fn parse(text: String) -> Result<Self, Malformed> {
        let typed = SecretText::new(text);
        // As long as what was typed at most: it does not grow and leave a piece behind.
        let mut plain = Zeroizing::new(String::with_capacity(typed.expose().len()));
        let letters = typed.expose().chars().filter(|c| !matches!(c, ' ' | '-'));
        plain.extend(letters.map(|c| c.to_ascii_uppercase()));
        Self::decode(&plain).ok_or(Malformed {
            field: "recovery code",
            expected: "16 characters of a-z and 2-7",
        })
    }

    fn decode(plain: &str) -> Option<Self> {
        if plain.len() != ENCODED {
            return None;
        }
        let octets = data_encoding::BASE32_NOPAD.decode(plain.as_bytes()).ok()?;
        let octets = Zeroizing::new(octets);
        octets.as_slice().try_into().ok().map(Self)
    }

    /// `xxxx-xxxx-xxxx-xxxx` in lower case, for the one time that it is shown.
    pub fn shown(&self) -> SecretText {
        let plain = Zeroizing::new(data_encoding::BASE32_NOPAD.encode(&self.0));
        let mut text = String::with_capacity(ENCODED + ENCODED / 4 - 1);
        for (at, character) in plain.chars().enumerate() {
            if at > 0 && at % 4 == 0 {
                text.push('-');
            }
            text.push(character.to_ascii_lowercase());
        }
        SecretText::new(text)
    }

    /// What is stored instead of it. The user is in it, so that a leaked table is not searched for everyone's
    /// codes at once and a digest is worth nothing with another user.
    pub fn digest(&self, user: UserId, hashing: &dyn Hashing) -> Digest {
        let mut octets = Zeroizing::new(Vec::with_capacity(48));
        octets.extend_from_slice(b"recovery code");
        octets.extend_from_slice(user.octets());
        octets.extend_from_slice(&self.0);
        hashing.sha256(&octets)
    }
}

impl std::fmt::Debug for RecoveryCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RecoveryCode(redacted)")
    }
}

/// A user's recovery codes as stored: digests alone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecoveryCodes {
    /// Those that may still be used.
    pub unused: Vec<Digest>,
    /// The one that was used last.
    pub last: Option<UsedCode>,
}

/// A recovery code that was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UsedCode {
    /// Which.
    pub code: Digest,
    /// For which session.
    pub session: SessionId,
    /// When.
    pub used_at: Timestamp,
}

impl UsedCode {
    /// Is this the same request once more? Only soon after: later, a code that was seen would be as good as new.
    fn repeated(&self, code: Digest, session: SessionId, now: Timestamp) -> bool {
        (self.code, self.session) == (code, session) && now.since(self.used_at) < REPEAT_SECONDS
    }
}

impl RecoveryCodes {
    /// Ten fresh codes to be shown, and what is stored of them in place of all that were there.
    ///
    /// # Errors
    /// The source of randomness failed.
    pub fn generate(
        user: UserId,
        entropy: &dyn Entropy,
        hashing: &dyn Hashing,
    ) -> Stored<(Vec<RecoveryCode>, Self)> {
        let codes = (0..RECOVERY_CODES).map(|_| RecoveryCode::random(entropy));
        let codes = codes.collect::<Stored<Vec<_>>>()?;
        let unused = codes.iter().map(|code| code.digest(user, hashing));
        let stored = Self {
            unused: unused.collect(),
            last: None,
        };
        Ok((codes, stored))
    }

    /// Uses up a code. The session that used the last one may repeat its request for five minutes.
    pub fn spend(&mut self, code: Digest, session: SessionId, now: Timestamp) -> Spend {
        if let Some(at) = self.unused.iter().position(|unused| *unused == code) {
            self.unused.remove(at);
            self.last = Some(UsedCode {
                code,
                session,
                used_at: now,
            });
            Spend::Spent
        } else if self.last.is_some_and(|l| l.repeated(code, session, now)) {
            Spend::Again
        } else {
            Spend::Refused
        }
    }

    /// How many are left.
    pub fn left(&self) -> usize {
        self.unused.len()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU8, Ordering};

    use proptest::prelude::*;

    use super::*;

    /// Octets that count up.
    #[derive(Default)]
    struct Counting(AtomicU8);

    impl Entropy for Counting {
        fn fill(&self, buffer: &mut [u8]) -> Stored<()> {
            for octet in buffer {
                *octet = self.0.fetch_add(1, Ordering::SeqCst);
            }
            Ok(())
        }
    }

    /// The last 32 octets: enough to see what goes in.
    struct Tail;

    impl Hashing for Tail {
        fn sha256(&self, octets: &[u8]) -> Digest {
            Digest(octets[octets.len() - 32..].try_into().unwrap())
        }
    }

    const USER: UserId = UserId::from_octets([7; 16]);

    fn session(n: u8) -> SessionId {
        SessionId::from_octets([n; 16])
    }

    #[test]
    fn ten_codes_are_made_all_different_and_only_digests_are_stored() {
        let (codes, stored) = RecoveryCodes::generate(USER, &Counting::default(), &Tail).unwrap();
        let mut shown: Vec<_> = codes
            .iter()
            .map(|c| c.shown().expose().to_owned())
            .collect();
        assert_eq!((shown.len(), stored.left()), (10, 10));
        assert_eq!(shown[0], "aaaq-eaye-auda-ocaj");
        shown.sort();
        shown.dedup();
        assert_eq!(shown.len(), 10);
    }

    #[test]
    fn a_code_works_once_and_again_for_its_own_session_until_the_next_is_used() {
        let (codes, mut stored) =
            RecoveryCodes::generate(USER, &Counting::default(), &Tail).unwrap();
        let digest = |at: usize| codes[at].digest(USER, &Tail);
        let at = Timestamp(1_000);
        assert_eq!(stored.spend(digest(3), session(1), at), Spend::Spent);
        assert_eq!(stored.left(), 9);
        assert_eq!(stored.spend(digest(3), session(1), at), Spend::Again);
        assert_eq!(stored.spend(digest(3), session(2), at), Spend::Refused);
        assert_eq!(stored.spend(digest(4), session(2), at), Spend::Spent);
        assert_eq!(stored.spend(digest(3), session(1), at), Spend::Refused);
        assert_eq!(stored.left(), 8);
    }

    #[test]
    fn a_code_is_repeated_for_five_minutes_and_a_repetition_does_not_prolong_them() {
        let (codes, mut stored) =
            RecoveryCodes::generate(USER, &Counting::default(), &Tail).unwrap();
        let code = codes[0].digest(USER, &Tail);
        for (at, expected) in [
            (1_000, Spend::Spent),
            (1_299, Spend::Again),
            (1_300, Spend::Refused),
        ] {
            let spend = stored.spend(code, session(1), Timestamp(at));
            assert_eq!(spend, expected, "at {at}");
        }
    }

    #[test]
    fn a_code_is_worth_nothing_with_another_user() {
        let (codes, mut stored) =
            RecoveryCodes::generate(USER, &Counting::default(), &Tail).unwrap();
        let other = codes[0].digest(UserId::from_octets([8; 16]), &Tail);
        assert_eq!(
            stored.spend(other, session(1), Timestamp(1_000)),
            Spend::Refused
        );
    }

    #[test]
    fn a_code_is_read_however_it_is_typed_and_nothing_else_is() {
        for good in [
            "aaaq-eaye-auda-ocaj",
            "AAAQ EAYE AUDA OCAJ",
            " aaaqeayeAUDAOCAJ-",
        ] {
            let code = RecoveryCode::parse(good.to_owned()).unwrap();
            assert_eq!(code.shown().expose(), "aaaq-eaye-auda-ocaj");
        }
        for bad in [
            "",
            "----",
            "aaaq-eaye-auda-oca",
            "aaaq-eaye-auda-ocaja",
            "aaaq-eaye-auda-oca0",
            "aaaq-eaye-auda-oca=",
            "aaaq_eaye_auda_ocaj",
            "éaaq-eaye-auda-oca",
        ] {
            assert!(RecoveryCode::parse(bad.to_owned()).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_code_does_not_print() {
        assert_eq!(
            format!("{:?}", RecoveryCode([0; OCTETS])),
            "RecoveryCode(redacted)"
        );
    }

    proptest! {
        #[test]
        fn every_code_reads_back_what_it_shows(octets: [u8; OCTETS]) {
            let shown = RecoveryCode(octets).shown().expose().to_owned();
            prop_assert_eq!(shown.len(), 19);
            prop_assert_eq!(RecoveryCode::parse(shown).unwrap().0, octets);
        }
    }
}
