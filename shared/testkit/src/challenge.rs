//! A challenge without a widget: the proofs that the test plants are good.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use vault_domain::challenge::{ChallengeProof, ChallengeVerifier, Proof};
use vault_domain::ports::Stored;

use crate::crypto::Shared;

/// A verifier that is off until it is turned on, and knows the planted proofs. Each check spends one use,
/// as with the real services: a proof whose outcome was lost does not come back.
#[derive(Debug, Default)]
pub struct FakeChallenge {
    shared: Shared,
    on: AtomicBool,
    script: Mutex<Script>,
}

#[derive(Debug, Default)]
struct Script {
    good: HashMap<String, usize>,
    asked: Vec<(String, IpAddr)>,
}

impl FakeChallenge {
    /// A verifier of a kit.
    pub fn new(shared: Shared) -> Self {
        Self {
            shared,
            ..Self::default()
        }
    }
    /// Turns it on or off.
    pub fn turn(&self, on: bool) {
        self.on.store(on, Ordering::SeqCst);
    }
    /// Makes a proof good for so many checks; a real one is good for one.
    pub fn plant(&self, proof: &str, uses: usize) {
        self.script().good.insert(proof.to_owned(), uses);
    }
    /// The proofs that were checked, in their order, and from where they came.
    pub fn asked(&self) -> Vec<(String, IpAddr)> {
        self.script().asked.clone()
    }

    fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Script {
    fn check(&mut self, proof: &str, address: IpAddr) -> Proof {
        self.asked.push((proof.to_owned(), address));
        match self.good.get_mut(proof) {
            Some(uses) if *uses > 0 => {
                *uses -= 1;
                Proof::Good
            }
            _ => Proof::Bad,
        }
    }
}

#[async_trait]
impl ChallengeVerifier for FakeChallenge {
    fn is_on(&self) -> bool {
        self.on.load(Ordering::SeqCst)
    }
    async fn verify(&self, proof: &ChallengeProof, address: IpAddr) -> Stored<Proof> {
        self.shared.ledger.note(proof.expose().as_bytes());
        let check = || Ok(self.script().check(proof.expose(), address));
        self.shared.faults.call("challenge.verify", check).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::{Fault, Mode};
    use futures_util::FutureExt as _;

    const HOME: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 7));

    fn check(fake: &FakeChallenge, proof: &str) -> Stored<Proof> {
        let proof = ChallengeProof::parse(proof.to_owned()).unwrap();
        fake.verify(&proof, HOME).now_or_never().unwrap()
    }

    #[test]
    fn a_planted_proof_is_good_once_and_any_other_never() {
        let fake = FakeChallenge::default();
        fake.plant("good", 1);
        assert_eq!(check(&fake, "other").unwrap(), Proof::Bad);
        assert_eq!(check(&fake, "good").unwrap(), Proof::Good);
        assert_eq!(check(&fake, "good").unwrap(), Proof::Bad);
        let asked = fake.asked();
        assert_eq!(asked.len(), 3);
        assert_eq!(asked[0], ("other".to_owned(), HOME));
    }

    #[test]
    fn a_check_whose_outcome_is_lost_spends_the_proof_and_one_that_failed_before_does_not() {
        for (mode, then) in [
            (Mode::FailBefore, Proof::Good),
            (Mode::FailAfter, Proof::Bad),
        ] {
            let fake = FakeChallenge::default();
            fake.plant("good", 1);
            fake.shared.faults.arm(vec![Fault { call: 1, mode }]);
            assert!(check(&fake, "good").is_err());
            assert_eq!(check(&fake, "good").unwrap(), then, "{mode:?}");
        }
    }

    #[test]
    fn it_is_off_until_it_is_turned_on_and_notes_what_it_saw() {
        let shared = Shared::default();
        let fake = FakeChallenge::new(shared.clone());
        assert!(!fake.is_on());
        fake.turn(true);
        assert!(fake.is_on());
        assert_eq!(check(&fake, "seen").unwrap(), Proof::Bad);
        assert_eq!(shared.ledger.secrets(), [b"seen".to_vec()]);
    }
}
