//! Passwords by bcrypt, `$2b$` at cost 12 (about 220 ms).

use std::sync::Arc;

use vault_domain::credential::{Password, PasswordHash};
use vault_domain::ports::{Entropy, PasswordHasher, StoreError, Stored};

/// log2 of the rounds. OWASP's floor is 10; 12 costs an attacker four times as much and a person a blink.
pub const COST: u32 = 12;

/// A hash at [`COST`] of a password that was thrown away: what an unknown user is checked against.
const NOBODY: &str = "$2b$12$WApznUPhDubN0oeveSXHp.Rk9rqZ5MYLTqTMLhwk2CoTXwLrOx9XK";

/// bcrypt with salts from the entropy port.
pub struct Bcrypt {
    entropy: Arc<dyn Entropy>,
}

impl Bcrypt {
    /// A hasher.
    pub fn new(entropy: Arc<dyn Entropy>) -> Self {
        Self { entropy }
    }
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
        let same = bcrypt::verify(password.expose(), stored)
            .map_err(|e| StoreError::new("password.verify", e))?;
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
}
