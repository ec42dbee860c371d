//! The crash-point sweep over second factors at sign-in.

use vault_domain::factor::{RecoveryCode, Step, TotpCode};
use vault_domain::id::SessionId;
use vault_domain::passkey::AuthenticationResponse;
use vault_domain::ports::{Clock as _, Hashing as _, LoginChallenges as _};
use vault_domain::secret::SecretText;
use vault_domain::token::LoginChallenge;
use vault_domain::usecase::proof::Proof;
use vault_domain::usecase::{TokenPair, passkey_sign_in, second_factor};
use vault_testkit::builders::{self, ORG, OWNER};
use vault_testkit::enrolled::golden_secret;
use vault_testkit::factor::FakeTotp;
use vault_testkit::sweep::{Answer, Scenario, answer};
use vault_testkit::{Kit, clock::GOLDEN_NOW};

fn enrolled() -> Kit {
    let kit = Kit::with_users(1);
    kit.enrol_owner();
    kit
}

fn challenge(kit: &Kit) -> SecretText {
    kit.challenges.issue(&LoginChallenge {
        enrol: false,
        user: OWNER,
        org: ORG,
        session: SessionId::from_octets([0x5c; 16]),
        issued_at: GOLDEN_NOW,
    })
}

/// The one session that the tokens are of.
fn told(kit: &Kit, pair: &TokenPair) -> String {
    let digest = kit.hashing.sha256(pair.refresh.expose().as_bytes());
    let active = kit.cloud.with(|s| s.sessions[&pair.session].active);
    format!("signed in, session stored {}", active == digest)
}

async fn finish(kit: &Kit, proof: Proof) -> Answer {
    let command = second_factor::Command {
        token: challenge(kit),
        proof,
        origin: builders::origin(),
    };
    let outcome = second_factor::run(&kit.second_factor(), command).await;
    answer(outcome, |pair| told(kit, &pair))
}

#[test]
fn a_code_opens_one_session_at_every_cut() {
    Scenario::new("login with a code", enrolled, async |kit: &Kit, _| {
        let code = FakeTotp::code_of(&golden_secret(), Step::at(GOLDEN_NOW));
        finish(kit, Proof::Totp(code)).await
    })
    .between(|kit| kit.clock.advance(3))
    // An attempt of a request that was cut off stays taken: the budget errs on that side.
    .without(&["limits"])
    .hold();
}

#[test]
fn a_wrong_code_stays_wrong_at_every_cut() {
    Scenario::new("login with a wrong code", enrolled, async |kit: &Kit, _| {
        let code = TotpCode::parse("000000".to_owned()).unwrap();
        finish(kit, Proof::Totp(code)).await
    })
    .without(&["limits"])
    .refused("the code or the passkey's answer is wrong, or was used before")
    .hold();
}

#[test]
fn a_recovery_code_opens_one_session_at_every_cut_and_is_told() {
    Scenario::new(
        "login with a recovery code",
        enrolled,
        async |kit: &Kit, _| {
            // Worlds of one seed show the same codes.
            let shown = Kit::with_users(1).enrol_owner()[0].shown();
            let code = RecoveryCode::parse(shown.expose().to_owned()).unwrap();
            finish(kit, Proof::Recovery(code)).await
        },
    )
    .without(&["limits"])
    .hold();
}

#[test]
fn a_passkey_opens_the_same_session_at_every_cut() {
    Scenario::new(
        "login with a passkey",
        enrolled,
        async |kit: &Kit, number| {
            let options = second_factor::options(&kit.second_factor(), &challenge(kit)).await;
            let options = match options {
                Ok(options) => options,
                Err(refusal) => return answer::<()>(Err(refusal), |()| String::new()),
            };
            let count = u32::try_from(number).unwrap();
            let json = kit.golden_authenticator().get(&options, count);
            let parsed = AuthenticationResponse::parse(&json).unwrap();
            finish(kit, Proof::Passkey(Box::new(parsed))).await
        },
    )
    // A ceremony that nobody answered ends by its time; the counter is the authenticator's own.
    .without(&["limits", "ceremonies", "factors"])
    .hold();
}

#[test]
fn a_passkey_alone_signs_in_at_every_cut() {
    Scenario::new(
        "login with a passkey alone",
        enrolled,
        async |kit: &Kit, number| {
            let (deps, origin) = (kit.second_factor(), builders::origin());
            let options = passkey_sign_in::options(&deps, origin.address).await;
            let options = match options {
                Ok(options) => options,
                Err(refusal) => return answer::<()>(Err(refusal), |()| String::new()),
            };
            let count = u32::try_from(number).unwrap();
            let json = kit.golden_authenticator().get(&options, count);
            let command = passkey_sign_in::Command {
                answer: AuthenticationResponse::parse(&json).unwrap(),
                organisation: None,
                origin,
            };
            let outcome = passkey_sign_in::run(&deps, command).await;
            answer(outcome, |pair| told(kit, &pair))
        },
    )
    // As above; and a session whose refresh token nobody received can do nothing, and is on record.
    .without(&["limits", "ceremonies", "factors", "sessions", "audit"])
    .hold();
}

#[test]
fn the_golden_moment_is_when_the_challenge_was_made() {
    assert_eq!(enrolled().clock.now(), GOLDEN_NOW);
}
