//! A proof that a person, or at least a browser, asks: what a client must bring once a budget of attempts
//! runs low. Who sets the challenge and checks the proof is pluggable.

use std::net::IpAddr;

use async_trait::async_trait;

use crate::error::Malformed;
use crate::ports::Stored;
use crate::secret::SecretText;

/// Octets of the longest proof: Turnstile's have up to 2,048, those of hCaptcha may have more.
pub const LONGEST_PROOF: usize = 4096;

/// What the widget in the client's page handed out: opaque to us, good for one check.
#[derive(Debug)]
pub struct ChallengeProof(SecretText);

impl ChallengeProof {
    /// Parses 1 to 4,096 characters of visible ASCII.
    ///
    /// # Errors
    /// [`Malformed`] for anything else.
    pub fn parse(text: String) -> Result<Self, Malformed> {
        let secret = SecretText::new(text);
        let text = secret.expose();
        let plain = text.bytes().all(|c| c.is_ascii_graphic());
        if text.is_empty() || text.len() > LONGEST_PROOF || !plain {
            return Err(Malformed {
                field: "challenge",
                expected: "1 to 4096 characters of visible ASCII",
            });
        }
        Ok(Self(secret))
    }
    /// The proof, for the verifier.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

/// What a verifier says of a proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// It was earned, is fresh, and was not shown before.
    Good,
    /// Anything else.
    Bad,
}

/// Checks proofs.
#[async_trait]
pub trait ChallengeVerifier: Send + Sync {
    /// Is a proof asked for at all? If not, a full budget is simply full.
    fn is_on(&self) -> bool;
    /// Checks a proof that came from this address. A proof is spent by the check, even when its outcome
    /// is lost; the client then gets itself another.
    ///
    /// # Errors
    /// The verifier could not be asked, or blames us. That is not a good proof: refuse the attempt as
    /// unavailable (503).
    async fn verify(&self, proof: &ChallengeProof, address: IpAddr) -> Stored<Proof>;
}

/// No challenge is set and no proof is good.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoChallenge;

#[async_trait]
impl ChallengeVerifier for NoChallenge {
    fn is_on(&self) -> bool {
        false
    }
    async fn verify(&self, _: &ChallengeProof, _: IpAddr) -> Stored<Proof> {
        Ok(Proof::Bad)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;

    #[test]
    fn a_proof_is_visible_ascii_of_a_bounded_length() {
        assert!(ChallengeProof::parse("0.Ab-_~!".into()).is_ok());
        assert!(ChallengeProof::parse("x".repeat(LONGEST_PROOF)).is_ok());
        let long = "x".repeat(LONGEST_PROOF + 1);
        for bad in ["", " ", "a b", "a\nb", "a\0", "é", &long] {
            assert!(ChallengeProof::parse(bad.to_owned()).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_proof_never_prints() {
        let proof = ChallengeProof::parse("visible".into()).unwrap();
        assert_eq!(proof.expose(), "visible");
        assert!(!format!("{proof:?}").contains("visible"));
    }

    #[test]
    fn where_no_challenge_is_set_no_proof_is_good() {
        let proof = ChallengeProof::parse("anything".into()).unwrap();
        let home = IpAddr::from([192, 0, 2, 7]);
        let answer = NoChallenge.verify(&proof, home).now_or_never().unwrap();
        assert_eq!(answer.unwrap(), Proof::Bad);
        assert!(!NoChallenge.is_on());
    }
}
