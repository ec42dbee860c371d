//! The crash-point sweep over what people change of their own account.

#![expect(
    clippy::unwrap_used,
    reason = "what tests share tells what is wrong by panicking"
)]

use vault_domain::factor::{FactorSet, Step};
use vault_domain::passkey::{PasskeyName, RegistrationResponse};
use vault_domain::usecase::account::sessions::{self, Which};
use vault_domain::usecase::account::{Bearer, passkeys, password, totp};
use vault_domain::usecase::proof::Proof;
use vault_testkit::builders::{self, OWNER, PASSWORD, SESSION};
use vault_testkit::clock::GOLDEN_NOW;
use vault_testkit::crypto::FakeHasher;
use vault_testkit::enrolled::golden_secret;
use vault_testkit::factor::FakeTotp;
use vault_testkit::sweep::{Scenario, answer};
use vault_testkit::{FakeAuthenticator, Kit};

/// Who repeats what ended their own session is told that it is over.
const OVER: &str = "refused: the access token is not valid: its session is over";
/// An attempt of a request that was cut off stays taken: the budget errs on that side.
const ATTEMPTS: &[&str] = &["limits"];

fn signed_in() -> Bearer {
    Bearer::Caller(builders::ask())
}

fn plain() -> Kit {
    Kit::with_users(1)
}

fn enrolled() -> Kit {
    let kit = plain();
    kit.enrol_owner();
    kit.cloud
        .with(|s| s.sessions.get_mut(&SESSION).unwrap().second_factor = true);
    kit
}

#[test]
fn a_new_secret_waits_at_every_cut() {
    Scenario::new("totp", plain, async |kit: &Kit, _| {
        let app = totp::begin(&kit.account(), &signed_in()).await;
        answer(app, |_| "a secret".to_owned())
    })
    .hold();
}

#[test]
fn a_first_code_turns_the_factor_on_at_every_cut_and_the_last_codes_hold() {
    let waiting = || {
        let kit = enrolled();
        kit.cloud.with(|s| {
            let set = s.factors.get_mut(&OWNER).unwrap();
            let totp = set.totp.take().unwrap();
            set.begin_totp(totp.sealed);
        });
        kit
    };
    Scenario::new("totp confirm", waiting, async |kit: &Kit, _| {
        let code = FakeTotp::code_of(&golden_secret(), Step::at(GOLDEN_NOW));
        let codes = totp::confirm(&kit.account(), &signed_in(), &code).await;
        answer(codes, |codes| {
            let unused = kit.cloud.with(|s| s.factors[&OWNER].recovery.clone());
            let digest = codes[9].digest(OWNER, &*kit.hashing);
            format!("stored {}", unused.unused.contains(&digest))
        })
    })
    .without(ATTEMPTS)
    .hold();
}

#[test]
fn the_first_factor_of_all_is_turned_on_at_every_cut() {
    let waiting = || {
        let kit = enrolled();
        kit.cloud.with(|s| {
            let set = s.factors.get_mut(&OWNER).unwrap();
            let sealed = set.totp.take().unwrap().sealed;
            *set = FactorSet::none(OWNER);
            set.begin_totp(sealed);
            s.accounts.get_mut(&OWNER).unwrap().second_factor = false;
        });
        kit
    };
    Scenario::new("first factor", waiting, async |kit: &Kit, _| {
        let code = FakeTotp::code_of(&golden_secret(), Step::at(GOLDEN_NOW));
        let codes = totp::confirm(&kit.account(), &signed_in(), &code).await;
        answer(codes, |_| {
            let flag = kit.cloud.with(|s| s.accounts[&OWNER].second_factor);
            format!("the account says so: {flag}")
        })
    })
    .without(ATTEMPTS)
    .hold();
}

#[test]
fn an_app_is_removed_at_every_cut_and_told() {
    Scenario::new("totp remove", enrolled, async |kit: &Kit, _| {
        let outcome = totp::remove(&kit.account(), &builders::ask()).await;
        answer(outcome, |()| "removed".to_owned())
    })
    .hold();
}

#[test]
fn recovery_codes_are_replaced_at_every_cut() {
    Scenario::new("recovery codes", enrolled, async |kit: &Kit, _| {
        let codes = totp::recovery_codes(&kit.account(), &builders::ask()).await;
        answer(codes, |codes| {
            let unused = kit.cloud.with(|s| s.factors[&OWNER].recovery.clone());
            let digest = codes[0].digest(OWNER, &*kit.hashing);
            format!("stored {}", unused.unused.contains(&digest))
        })
    })
    // Whoever asks again gets others again, and that is on record too.
    .without(&["audit"])
    .hold();
}

#[test]
fn a_passkey_is_added_once_at_every_cut() {
    Scenario::new("passkey", enrolled, async |kit: &Kit, _| {
        let options = passkeys::options(&kit.account(), &signed_in()).await;
        let options = match options {
            Ok(options) => options,
            Err(refusal) => return answer::<()>(Err(refusal), |()| String::new()),
        };
        let key = FakeAuthenticator {
            user: OWNER,
            number: 1,
        };
        let made = RegistrationResponse::parse(&key.create(&options)).unwrap();
        let name = PasskeyName::parse("Phone").unwrap();
        let added = passkeys::add(&kit.account(), &signed_in(), &made, &name).await;
        answer(added, |_| "added".to_owned())
    })
    // A ceremony that nobody answered ends by its time.
    .without(&["ceremonies"])
    // The first try took effect; a browser would not even have asked (`excludeCredentials`).
    .or("refused: this passkey is registered already")
    .hold();
}

#[test]
fn a_passkey_is_removed_at_every_cut() {
    Scenario::new("passkey remove", enrolled, async |kit: &Kit, _| {
        let id = kit.golden_authenticator().passkey(GOLDEN_NOW).credential;
        let outcome = passkeys::remove(&kit.account(), &builders::ask(), &id).await;
        answer(outcome, |()| "removed".to_owned())
    })
    .or("refused: there is no such passkey")
    .hold();
}

#[test]
fn a_password_is_changed_at_every_cut_and_told() {
    const NEW: &str = "twelve letters or more";
    Scenario::new("password", plain, async |kit: &Kit, _| {
        let (old, new) = (builders::password(PASSWORD), builders::password(NEW));
        let outcome = password::change(&kit.account(), &builders::ask(), &old, &new).await;
        answer(outcome, |()| {
            let hash = kit.cloud.with(|s| s.users[&OWNER].hash.clone());
            format!("changed {}", hash == FakeHasher::hash_of(NEW))
        })
    })
    .or(OVER)
    .without(ATTEMPTS)
    .hold();
}

#[test]
fn who_someone_is_is_proven_again_at_every_cut() {
    Scenario::new("reauthenticate", enrolled, async |kit: &Kit, _| {
        let password = builders::password(PASSWORD);
        let code = FakeTotp::code_of(&golden_secret(), Step::at(GOLDEN_NOW));
        let proof = Some(Proof::Totp(code));
        let caller = builders::caller();
        let deps = kit.account();
        let outcome = password::reauthenticate(&deps, &caller, &password, proof.as_ref()).await;
        answer(outcome, |()| "proven".to_owned())
    })
    .between(|kit| kit.clock.advance(3))
    .without(ATTEMPTS)
    .hold();
}

#[test]
fn sessions_are_ended_at_every_cut() {
    for which in [Which::All, Which::Others] {
        Scenario::new("revoke", enrolled, async move |kit: &Kit, _| {
            let ended = sessions::revoke_all(&kit.account(), &builders::ask(), which).await;
            answer(ended, |()| "ended".to_owned())
        })
        .or(OVER)
        .hold();
    }
}
