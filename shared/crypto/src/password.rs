//! Passwords by bcrypt, `$2b$` at cost 12 (about 220 ms).

use std::sync::Arc;

use vault_domain::credential::{Password, PasswordHash};
use vault_domain::password::CURRENT_COST;
use vault_domain::ports::{Entropy, PasswordHasher, StoreError, Stored};

/// log2 of the rounds of what is hashed here.
pub const COST: u32 = CURRENT_COST;

/// A hash at [`COST`] of a password that was thrown away: what an unknown user is checked against.
const NOBODY: &str = "$2b$12$WApznUPhDubN0oeveSXHp.Rk9rqZ5MYLTqTMLhwk2CoTXwLrOx9XK";

/// bcrypt with salts from the entropy port.
///
/// A check costs the same whoever is asked for. A stored hash of a lower cost would answer sooner than an
/// unknown address and so tell that the account exists: the rounds that it lacks are spent beside it. One
/// of a *higher* cost takes longer and cannot be hidden: after [`COST`] is lowered, such accounts can be
/// told apart until their hashes are replaced.
pub struct Bcrypt {
    entropy: Arc<dyn Entropy>,
}

impl Bcrypt {
    /// A hasher.
    pub fn new(entropy: Arc<dyn Entropy>) -> Self {
        Self { entropy }
    }
}

/// The costs whose rounds bring a check at `own` up to one at [`COST`]: 2^own + 2^own + 2^(own+1) + … is
/// 2^COST.
fn missing(own: u32) -> std::ops::Range<u32> {
    own..COST
}

impl PasswordHasher for Bcrypt {
    fn hash(&self, password: &Password) -> Stored<PasswordHash> {
        let mut salt = [0; 16];
        self.entropy.fill(&mut salt)?;
        // `Password` holds at most the 72 octets that bcrypt reads: nothing is cut.
        let parts = bcrypt::hash_with_salt(password.expose(), COST, salt)
            .map_err(|e| StoreError::new("password.hash", e))?;
        Ok(PasswordHash(
            parts.format_for_version(bcrypt::Version::TwoB),
        ))
    }

    fn verify(&self, password: &Password, hash: Option<&PasswordHash>) -> Stored<bool> {
        let stored = hash.map_or(NOBODY, |hash| hash.0.as_str());
        let failed = |e| StoreError::new("password.verify", e);
        let same = bcrypt::verify(password.expose(), stored).map_err(failed)?;
        for cost in hash
            .and_then(PasswordHash::cost)
            .map(missing)
            .into_iter()
            .flatten()
        {
            let spent = bcrypt::hash_with_salt(password.expose(), cost, [0; 16]).map_err(failed)?;
            std::hint::black_box(spent);
        }
        Ok(same && hash.is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SystemEntropy;

    fn hasher() -> Bcrypt {
        Bcrypt::new(Arc::new(SystemEntropy))
    }

    fn password(text: &str) -> Password {
        Password::parse(text.to_owned()).unwrap()
    }

    #[test]
    fn a_hash_is_2b_at_cost_12_and_knows_its_password() {
        let hash = hasher()
            .hash(&password("correct horse battery staple"))
            .unwrap();
        assert!(hash.0.starts_with("$2b$12$"), "{}", hash.0.len());
        assert!(
            hasher()
                .verify(&password("correct horse battery staple"), Some(&hash))
                .unwrap()
        );
        assert!(
            !hasher()
                .verify(&password("correct horse"), Some(&hash))
                .unwrap()
        );
    }

    #[test]
    fn nobody_costs_the_same_and_never_signs_in() {
        assert_eq!(
            NOBODY.parse::<bcrypt::HashParts>().unwrap().get_cost(),
            COST
        );
        assert!(!hasher().verify(&password("x"), None).unwrap());
    }

    #[test]
    fn all_72_octets_count() {
        let long = "x".repeat(72);
        let hash = hasher().hash(&password(&long)).unwrap();
        assert!(hasher().verify(&password(&long), Some(&hash)).unwrap());
        assert!(
            !hasher()
                .verify(&password(&long[..71]), Some(&hash))
                .unwrap()
        );
    }

    #[test]
    fn hashes_of_other_programs_are_read() {
        // "U*U" at cost 5, a test vector of crypt_blowfish; `crypt(3)` and Python's bcrypt agree.
        let octets = "$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
        for version in ["$2a", "$2b", "$2y"] {
            let hash = PasswordHash(format!("{version}{octets}"));
            assert_eq!(hash.cost(), Some(5));
            assert!(hash.is_below(COST));
            assert!(hasher().verify(&password("U*U"), Some(&hash)).unwrap());
            assert!(!hasher().verify(&password("U*V"), Some(&hash)).unwrap());
        }
    }

    #[test]
    fn a_cheaper_hash_is_checked_at_the_same_price() {
        for own in 4..=14 {
            let spent = (1_u64 << own) + missing(own).map(|cost| 1_u64 << cost).sum::<u64>();
            assert_eq!(spent, 1 << COST.max(own));
        }
    }
}
