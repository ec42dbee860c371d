//! Parallel uses of one code, parallel first codes.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use vault_domain::error::Refusal;
use vault_domain::factor::{RecoveryCode, Step, TotpCode};
use vault_domain::ports::LoginChallenges as _;
use vault_domain::token::LoginChallenge;
use vault_domain::usecase::proof::Proof;
use vault_domain::usecase::second_factor::{self, Command};

use super::{RUNNERS, Way, together};
use crate::builders::{self, ORG, OWNER};
use crate::enrolled::golden_secret;
use crate::factor::FakeTotp;
use crate::kit::Kit;

/// A hundred sign-ins of the golden owner at once, each with a challenge of its own, all with the same code: one
/// session is opened, and no more are compared than the budget allows.
pub async fn race_codes(kit: &Kit, way: Way) {
    let now = vault_domain::ports::Clock::now(&*kit.clock);
    kit.enrol_owner();
    let text = FakeTotp::code_of(&golden_secret(), Step::at(now));
    let text = text.expose().to_owned();
    let proof = move || Proof::Totp(TotpCode::parse(text.clone()).expect("a code"));
    race(kit, way, proof).await;
}

/// The same with one recovery code.
pub async fn race_recovery_codes(kit: &Kit, way: Way) {
    let codes = kit.enrol_owner();
    let text = codes[0].shown().expose().to_owned();
    let proof = move || Proof::Recovery(RecoveryCode::parse(text.clone()).expect("a code"));
    race(kit, way, proof).await;
    let left = kit.cloud.with(|s| s.factors[&OWNER].recovery.left());
    assert_eq!(left, codes.len() - 1, "one code is used up");
}

async fn race(kit: &Kit, way: Way, proof: impl Fn() -> Proof) {
    let deps = Arc::new(kit.second_factor());
    let before = kit.cloud.with(|s| s.sessions.len());
    let runners = (0..=u8::MAX).rev().take(RUNNERS).map(|number| {
        let (deps, proof) = (Arc::clone(&deps), proof());
        let challenge = LoginChallenge {
            enrol: false,
            user: OWNER,
            org: ORG,
            session: vault_domain::id::SessionId::from_octets([number; 16]),
            issued_at: deps.proof.clock.now(),
        };
        let token = kit.challenges.issue(&challenge);
        let runner: BoxFuture<'static, bool> = Box::pin(async move {
            let command = Command {
                token,
                proof,
                origin: builders::origin(),
            };
            match second_factor::run(&deps, command).await {
                Ok(_) => true,
                Err(Refusal::WrongFactor | Refusal::Throttled { .. }) => false,
                Err(other) => unreachable!("a code came to {other:?}"),
            }
        });
        runner
    });
    let opened = together(way, runners.collect()).await;
    assert_eq!(opened.into_iter().filter(|opened| *opened).count(), 1);
    let after = kit.cloud.with(|s| s.sessions.len());
    assert_eq!(after - before, 1, "one session");
}
