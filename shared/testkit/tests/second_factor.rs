//! Signing in with a second factor, and with a passkey alone.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what tests share tells what is wrong by panicking"
)]

use serde_json::Value;
use vault_domain::error::Refusal;
use vault_domain::factor::{Method, Step, TotpCode};
use vault_domain::mail::{MailOrder, NoticeKind};
use vault_domain::passkey::AuthenticationResponse;
use vault_domain::ports::{Clock as _, Hashing as _};
use vault_domain::secret::SecretText;
use vault_domain::token::LOGIN_CHALLENGE_SECONDS;
use vault_domain::usecase::proof::Proof;
use vault_domain::usecase::second_factor::Asked;
use vault_domain::usecase::{TokenPair, login, passkey_sign_in, second_factor};
use vault_testkit::Kit;
use vault_testkit::builders::{self, EMAIL, ORG, OWNER, PASSWORD};
use vault_testkit::crypto::FakeHasher;
use vault_testkit::enrolled::golden_secret;
use vault_testkit::factor::FakeTotp;

fn kit() -> Kit {
    Kit::with_users(1)
}

async fn sign_in(kit: &Kit) -> login::SignedIn {
    let command = login::Command {
        email: builders::email(EMAIL),
        password: builders::password(PASSWORD),
        organisation: None,
        device: None,
        proof: None,
        origin: builders::origin(),
    };
    let welcome = login::run(&kit.login(), command).await.unwrap();
    welcome.signed_in
}

async fn asked(kit: &Kit) -> Asked {
    match sign_in(kit).await {
        login::SignedIn::SecondFactor(asked) => asked,
        login::SignedIn::Open(_) => panic!("no second factor was asked for"),
    }
}

async fn finish(kit: &Kit, token: &SecretText, proof: Proof) -> Result<TokenPair, Refusal> {
    let command = second_factor::Command {
        token: SecretText::new(token.expose().to_owned()),
        proof,
        origin: builders::origin(),
    };
    second_factor::run(&kit.second_factor(), command).await
}

fn code(kit: &Kit) -> Proof {
    Proof::Totp(kit.code_now(&golden_secret()))
}

fn answer(json: &Value) -> Box<AuthenticationResponse> {
    Box::new(AuthenticationResponse::parse(json).unwrap())
}

async fn passkey(kit: &Kit, token: &SecretText) -> Proof {
    let options = second_factor::options(&kit.second_factor(), token).await;
    Proof::Passkey(answer(
        &kit.golden_authenticator().get(&options.unwrap(), 0),
    ))
}

#[tokio::test]
async fn without_a_factor_the_password_opens_a_session_where_none_is_required() {
    let kit = kit();
    assert!(matches!(sign_in(&kit).await, login::SignedIn::Open(_)));
}

#[tokio::test]
async fn each_factor_opens_the_session_of_its_challenge() {
    for way in 0..3 {
        let kit = kit();
        let codes = kit.enrol_owner();
        let before = kit.cloud.with(|s| s.sessions.len());
        let asked = asked(&kit).await;
        let all = [Method::Totp, Method::RecoveryCode, Method::Passkey];
        assert_eq!((asked.methods.as_slice(), asked.enrol), (&all[..], false));
        assert_eq!(kit.cloud.with(|s| s.sessions.len()), before, "not yet");
        let proof = match way {
            0 => code(&kit),
            1 => Proof::Recovery(again(&codes[3])),
            _ => passkey(&kit, &asked.token).await,
        };
        let pair = finish(&kit, &asked.token, proof).await.unwrap();
        let session = kit.cloud.with(|s| s.sessions[&pair.session].clone());
        assert!(session.second_factor);
        let digest = kit.hashing.sha256(pair.refresh.expose().as_bytes());
        assert_eq!((session.active, session.user), (digest, OWNER));
        let used = MailOrder::Notice {
            user: OWNER,
            what: NoticeKind::RecoveryCodeUsed,
            at: kit.clock.now(),
        };
        let told = kit.cloud.with(|s| s.mail_orders.contains(&used));
        assert_eq!(told, way == 1);
    }
}

/// The same code, typed once more.
fn again(code: &vault_domain::factor::RecoveryCode) -> vault_domain::factor::RecoveryCode {
    vault_domain::factor::RecoveryCode::parse(code.shown().expose().to_owned()).unwrap()
}

#[tokio::test]
async fn a_repeated_request_gets_the_same_tokens_until_they_are_used() {
    let kit = kit();
    kit.enrol_owner();
    let asked = asked(&kit).await;
    let first = finish(&kit, &asked.token, code(&kit)).await.unwrap();
    kit.clock.advance(20);
    let second = finish(&kit, &asked.token, code_at_start(&kit, 20)).await;
    let second = second.unwrap();
    assert_eq!(first.refresh.expose(), second.refresh.expose());
    assert_eq!(first.session, second.session);

    let refreshed =
        vault_domain::usecase::refresh::run(&kit.refresh(), &first.refresh, &builders::source())
            .await;
    refreshed.unwrap();
    let third = finish(&kit, &asked.token, code_at_start(&kit, 20)).await;
    assert!(matches!(third, Err(Refusal::InvalidToken { .. })));
}

/// The code that was shown some seconds ago.
fn code_at_start(kit: &Kit, ago: u64) -> Proof {
    let then = vault_domain::time::Timestamp(kit.clock.now().0 - ago);
    Proof::Totp(FakeTotp::code_of(&golden_secret(), Step::at(then)))
}

#[tokio::test]
async fn a_code_works_for_no_second_sign_in() {
    let kit = kit();
    let codes = kit.enrol_owner();
    let first = asked(&kit).await;
    finish(&kit, &first.token, code(&kit)).await.unwrap();
    let second = asked(&kit).await;
    let refused = finish(&kit, &second.token, code(&kit)).await;
    assert!(matches!(refused, Err(Refusal::WrongFactor)));
    let recovery = || Proof::Recovery(again(&codes[0]));
    finish(&kit, &second.token, recovery()).await.unwrap();
    let third = asked(&kit).await;
    let refused = finish(&kit, &third.token, recovery()).await;
    assert!(matches!(refused, Err(Refusal::WrongFactor)));
}

#[tokio::test]
async fn a_challenge_ends_with_its_time_and_with_whatever_ends_sessions() {
    let kit = kit();
    kit.enrol_owner();
    let late = asked(&kit).await;
    kit.clock.advance(LOGIN_CHALLENGE_SECONDS);
    let over = finish(&kit, &late.token, code(&kit)).await;
    assert!(matches!(over, Err(Refusal::InvalidToken { .. })));

    let ended = asked(&kit).await;
    kit.clock.advance(1);
    let now = kit.clock.now();
    kit.cloud
        .with(|s| s.accounts.get_mut(&OWNER).unwrap().sessions_from = now);
    let over = finish(&kit, &ended.token, code(&kit)).await;
    assert!(matches!(over, Err(Refusal::InvalidToken { .. })));
    let forged = SecretText::new("lc.false.x.y.z.0.00".to_owned());
    let over = finish(&kit, &forged, code(&kit)).await;
    assert!(matches!(over, Err(Refusal::InvalidToken { .. })));
}

#[tokio::test]
async fn guesses_are_counted_by_account_and_factor_whatever_the_challenge() {
    let kit = kit();
    kit.enrol_owner();
    for _ in 0..10 {
        let asked = asked(&kit).await;
        let guess = Proof::Totp(TotpCode::parse("000000".to_owned()).unwrap());
        let refused = finish(&kit, &asked.token, guess).await;
        assert!(matches!(refused, Err(Refusal::WrongFactor)));
    }
    let asked = asked(&kit).await;
    let refused = finish(&kit, &asked.token, code(&kit)).await;
    let Err(Refusal::Throttled { retry_after }) = refused else {
        panic!("{refused:?}");
    };
    assert!((1..=900).contains(&retry_after));
    let other = passkey(&kit, &asked.token).await;
    finish(&kit, &asked.token, other).await.unwrap();
}

#[tokio::test]
async fn who_has_no_factor_where_one_is_required_is_told_to_add_one() {
    let kit = kit();
    kit.cloud
        .with(|s| s.organisations.get_mut(&ORG).unwrap().require_second_factor = true);
    let asked = asked(&kit).await;
    assert_eq!((asked.methods.len(), asked.enrol), (0, true));
    let refused = finish(&kit, &asked.token, code(&kit)).await;
    assert!(matches!(refused, Err(Refusal::WrongFactor)));
}

#[tokio::test]
async fn an_answer_of_a_passkey_works_once_and_for_its_own_ceremony_alone() {
    let kit = kit();
    kit.enrol_owner();
    let (one, other) = (asked(&kit).await, asked(&kit).await);
    let options = second_factor::options(&kit.second_factor(), &one.token).await;
    let json = kit.golden_authenticator().get(&options.unwrap(), 0);
    let crossed = finish(&kit, &other.token, Proof::Passkey(answer(&json))).await;
    assert!(matches!(crossed, Err(Refusal::WrongFactor)));
    let spent = finish(&kit, &one.token, Proof::Passkey(answer(&json))).await;
    assert!(matches!(spent, Err(Refusal::WrongFactor)));
    let fresh = passkey(&kit, &one.token).await;
    finish(&kit, &one.token, fresh).await.unwrap();
}

async fn alone(kit: &Kit, json: &Value) -> Result<TokenPair, Refusal> {
    let command = passkey_sign_in::Command {
        answer: *answer(json),
        organisation: Some(ORG),
        origin: builders::origin(),
    };
    passkey_sign_in::run(&kit.second_factor(), command).await
}

async fn options(kit: &Kit) -> Value {
    let address = builders::origin().address;
    let options = passkey_sign_in::options(&kit.second_factor(), address).await;
    options.unwrap()
}

#[tokio::test]
async fn a_passkey_alone_opens_a_session_with_a_second_factor() {
    let kit = kit();
    kit.enrol_owner();
    let json = kit.golden_authenticator().get(&options(&kit).await, 5);
    let pair = alone(&kit, &json).await.unwrap();
    assert!(kit.cloud.with(|s| s.sessions[&pair.session].second_factor));
    assert_eq!(
        kit.cloud.with(|s| s.factors[&OWNER].passkeys[0].sign_count),
        5
    );
    let replayed = alone(&kit, &json).await;
    assert!(matches!(replayed, Err(Refusal::WrongFactor)));
    // A counter that does not advance: there may be a copy.
    let json = kit.golden_authenticator().get(&options(&kit).await, 5);
    let copied = alone(&kit, &json).await;
    assert!(matches!(copied, Err(Refusal::WrongFactor)));
}

#[tokio::test]
async fn ceremonies_are_counted_by_address_and_by_the_network_around_it() {
    let kit = kit();
    let through = async |host: u8| {
        let deps = kit.second_factor();
        let mut through = 0;
        while passkey_sign_in::options(&deps, [192, 0, 2, host].into())
            .await
            .is_ok()
        {
            through += 1;
            assert!(through <= 100, "an address has more than its budget");
        }
        through
    };
    for host in 1..8 {
        assert_eq!(through(host).await, 100, "192.0.2.{host}");
    }
    // Every refusal above took from its own address alone: the narrow budget is asked first.
    assert_eq!(through(8).await, 100);
    assert_eq!(through(9).await, 0, "a /24 has eight budgets, not 256");
}

#[tokio::test]
async fn a_passkey_of_nobody_of_someone_shut_out_or_too_late_opens_nothing() {
    let kit = kit();
    let json = kit.golden_authenticator().get(&options(&kit).await, 0);
    let unknown = alone(&kit, &json).await;
    assert!(matches!(unknown, Err(Refusal::WrongFactor)));
    kit.enrol_owner();
    let json = kit.golden_authenticator().get(&options(&kit).await, 0);
    kit.clock.advance(vault_domain::passkey::CEREMONY_SECONDS);
    let late = alone(&kit, &json).await;
    assert!(matches!(late, Err(Refusal::WrongFactor)));
    kit.cloud
        .with(|s| s.accounts.get_mut(&OWNER).unwrap().active = false);
    let json = kit.golden_authenticator().get(&options(&kit).await, 0);
    let shut_out = alone(&kit, &json).await;
    assert!(matches!(shut_out, Err(Refusal::BadCredentials)));
}

#[tokio::test]
async fn a_cheap_hash_is_made_anew_by_the_right_password_alone() {
    let kit = kit();
    let cheap = FakeHasher::cheap_hash_of(PASSWORD);
    kit.cloud
        .with(|s| s.users.get_mut(&OWNER).unwrap().hash = cheap.clone());
    let wrong = login::Command {
        email: builders::email(EMAIL),
        password: builders::password("not the passphrase"),
        organisation: None,
        device: None,
        proof: None,
        origin: builders::origin(),
    };
    login::run(&kit.login(), wrong).await.unwrap_err();
    assert_eq!(kit.cloud.with(|s| s.users[&OWNER].hash.clone()), cheap);
    sign_in(&kit).await;
    let hash = kit.cloud.with(|s| s.users[&OWNER].hash.clone());
    assert_eq!(hash, FakeHasher::hash_of(PASSWORD));
}
