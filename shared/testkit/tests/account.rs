//! What people change of their own account, and what they must prove for it.

#![expect(
    clippy::unwrap_used,
    reason = "what tests share tells what is wrong by panicking"
)]

use vault_domain::error::Refusal;
use vault_domain::factor::{SECRET_OCTETS, Step, TotpCode, TotpSecret};
use vault_domain::mail::{MailOrder, NoticeKind};
use vault_domain::passkey::{AuthenticationResponse, PasskeyName, RegistrationResponse};
use vault_domain::ports::{Clock as _, LoginChallenges as _, SESSIONS_LISTED};
use vault_domain::secret::SecretText;
use vault_domain::token::{LoginChallenge, Session};
use vault_domain::usecase::account::sessions::{self, Which};
use vault_domain::usecase::account::{Bearer, passkeys, password, totp};
use vault_domain::usecase::proof::Proof;
use vault_domain::usecase::second_factor;
use vault_testkit::builders::{self, ORG, OWNER, PASSWORD, SESSION, VIEWER_SESSION};
use vault_testkit::crypto::FakeHasher;
use vault_testkit::enrolled::golden_secret;
use vault_testkit::factor::FakeTotp;
use vault_testkit::{FakeAuthenticator, Kit};

fn kit() -> Kit {
    Kit::with_users(1)
}

fn signed_in() -> Bearer {
    Bearer::Caller(builders::ask())
}

fn notices(kit: &Kit) -> Vec<NoticeKind> {
    let orders = kit.cloud.with(|s| s.mail_orders.clone());
    let notices = orders.into_iter().filter_map(|order| match order {
        MailOrder::Notice { user, what, .. } if user == OWNER => Some(what),
        _ => None,
    });
    notices.collect()
}

/// The session was opened with a second factor.
fn strong(kit: &Kit) {
    kit.cloud
        .with(|s| s.sessions.get_mut(&SESSION).unwrap().second_factor = true);
}

fn require(kit: &Kit) {
    kit.cloud
        .with(|s| s.organisations.get_mut(&ORG).unwrap().require_second_factor = true);
}

/// The code that an app shows which was given this text.
fn typed(kit: &Kit, secret: &str) -> TotpCode {
    let octets = data_encoding::BASE32_NOPAD.decode(secret.as_bytes());
    let octets: [u8; SECRET_OCTETS] = octets.unwrap().try_into().unwrap();
    kit.code_now(&TotpSecret::new(octets))
}

fn golden_code(kit: &Kit) -> Proof {
    Proof::Totp(kit.code_now(&golden_secret()))
}

async fn reauthenticate(kit: &Kit, proof: Option<Proof>) -> Result<(), Refusal> {
    let password = builders::password(PASSWORD);
    let caller = builders::caller();
    password::reauthenticate(&kit.account(), &caller, &password, proof.as_ref()).await
}

#[tokio::test]
async fn an_app_is_added_by_its_first_code_and_not_before() {
    let kit = kit();
    let app = totp::begin(&kit.account(), &signed_in()).await.unwrap();
    assert!(app.uri.expose().contains(app.secret.expose()));
    assert!(!kit.cloud.with(|s| s.accounts[&OWNER].second_factor));
    let wrong = TotpCode::parse("000000".to_owned()).unwrap();
    let refused = totp::confirm(&kit.account(), &signed_in(), &wrong).await;
    assert!(matches!(refused, Err(Refusal::WrongFactor)));
    let code = typed(&kit, app.secret.expose());
    let codes = totp::confirm(&kit.account(), &signed_in(), &code).await;
    assert_eq!(codes.unwrap().len(), 10);
    assert!(kit.cloud.with(|s| s.accounts[&OWNER].second_factor));
    assert_eq!(notices(&kit), [NoticeKind::FactorAdded]);
    let again = totp::confirm(&kit.account(), &signed_in(), &code).await;
    assert_eq!(again.unwrap().len(), 10, "the reply may have been lost");
    assert_eq!(kit.leaks(), Vec::<String>::new());
}

#[tokio::test]
async fn sensitive_changes_need_a_recent_proof_by_all_factors() {
    let kit = kit();
    let caller = builders::caller();
    let needed = |outcome: Result<(), Refusal>| {
        assert!(
            matches!(outcome, Err(Refusal::ReauthenticationNeeded)),
            "{outcome:?}"
        );
    };
    // Opened before there was a factor: a thief in it cannot take the factor away.
    kit.clock.advance(10);
    let codes = kit.enrol_owner();
    kit.cloud.with(|s| {
        let set = s.factors.get_mut(&OWNER).unwrap();
        let since = kit.clock.now();
        set.totp.as_mut().unwrap().confirmed_at = Some(since);
        set.passkeys[0].created_at = since;
    });
    needed(totp::remove(&kit.account(), &builders::ask()).await);
    kit.clock.advance(1);
    let missing = reauthenticate(&kit, None).await;
    assert!(matches!(missing, Err(Refusal::Malformed(_))));
    let wrong = reauthenticate(&kit, Some(Proof::Recovery(fresh(&codes[0])))).await;
    wrong.unwrap();
    totp::remove(&kit.account(), &builders::ask())
        .await
        .unwrap();

    kit.clock.advance(601);
    needed(totp::remove(&kit.account(), &builders::ask()).await);
    needed(
        totp::recovery_codes(&kit.account(), &builders::ask())
            .await
            .map(drop),
    );
    needed(totp::begin(&kit.account(), &signed_in()).await.map(drop));
    needed(
        passkeys::options(&kit.account(), &signed_in())
            .await
            .map(drop),
    );
    let id = kit
        .golden_authenticator()
        .passkey(kit.clock.now())
        .credential;
    needed(passkeys::remove(&kit.account(), &builders::ask(), &id).await);
    let (old, new) = (
        builders::password(PASSWORD),
        builders::password("twelve or more"),
    );
    needed(password::change(&kit.account(), &builders::ask_of(caller), &old, &new).await);
}

fn fresh(code: &vault_domain::factor::RecoveryCode) -> vault_domain::factor::RecoveryCode {
    vault_domain::factor::RecoveryCode::parse(code.shown().expose().to_owned()).unwrap()
}

#[tokio::test]
async fn who_is_proves_it_again_by_password_and_factor() {
    let kit = kit();
    kit.enrol_owner();
    kit.clock.advance(700);
    let options = password::options(&kit.account(), &builders::caller()).await;
    let json = kit.golden_authenticator().get(&options.unwrap(), 0);
    let answer = AuthenticationResponse::parse(&json).unwrap();
    let proof = Proof::Passkey(Box::new(answer));
    reauthenticate(&kit, Some(proof)).await.unwrap();
    let at = kit.cloud.with(|s| s.sessions[&SESSION].authenticated_at);
    assert_eq!(at, kit.clock.now());
    kit.clock.advance(60);
    reauthenticate(&kit, Some(golden_code(&kit))).await.unwrap();
    let at = kit.cloud.with(|s| s.sessions[&SESSION].authenticated_at);
    assert_eq!(at, kit.clock.now());
}

#[tokio::test]
async fn wrong_passwords_are_counted_before_the_hash() {
    let kit = kit();
    let (caller, wrong) = (builders::caller(), builders::password("not the passphrase"));
    for _ in 0..10 {
        let refused = password::reauthenticate(&kit.account(), &caller, &wrong, None).await;
        assert!(matches!(refused, Err(Refusal::BadCredentials)));
    }
    let compared = kit.hasher.verified();
    let refused = reauthenticate(&kit, None).await;
    assert!(matches!(refused, Err(Refusal::Throttled { .. })));
    assert_eq!(kit.hasher.verified(), compared);
}

#[tokio::test]
async fn a_session_that_is_over_changes_nothing() {
    let kit = kit();
    kit.cloud
        .with(|s| s.sessions.get_mut(&SESSION).unwrap().revoked = true);
    let over = totp::begin(&kit.account(), &signed_in()).await;
    assert!(matches!(over, Err(Refusal::InvalidToken { .. })));
    let over = sessions::overview(&kit.account(), &builders::caller()).await;
    assert!(matches!(over, Err(Refusal::InvalidToken { .. })));
    let over = reauthenticate(&kit, None).await;
    assert!(matches!(over, Err(Refusal::InvalidToken { .. })));
}

#[tokio::test]
async fn a_new_password_ends_every_session_and_is_judged_by_its_context() {
    let kit = kit();
    let (caller, old) = (builders::caller(), builders::password(PASSWORD));
    for weak in [
        "too short",
        "golden eggs for breakfast",
        "adas little secret",
    ] {
        let weak = builders::password(weak);
        let refused =
            password::change(&kit.account(), &builders::ask_of(caller), &old, &weak).await;
        assert!(matches!(refused, Err(Refusal::WeakPassword(_))));
    }
    let new = builders::password("twelve letters or more");
    let wrong = builders::password("not the passphrase");
    let refused = password::change(&kit.account(), &builders::ask_of(caller), &wrong, &new).await;
    assert!(matches!(refused, Err(Refusal::BadCredentials)));
    assert_eq!(notices(&kit), []);
    let changed = password::change(&kit.account(), &builders::ask_of(caller), &old, &new).await;
    changed.unwrap();
    let hash = kit.cloud.with(|s| s.users[&OWNER].hash.clone());
    assert_eq!(hash, FakeHasher::hash_of("twelve letters or more"));
    assert_eq!(notices(&kit), [NoticeKind::PasswordChanged]);
    let over = sessions::list(&kit.account(), &caller).await;
    assert!(matches!(over, Err(Refusal::InvalidToken { .. })));
}

#[tokio::test]
async fn a_passkey_is_added_with_codes_if_it_is_the_first_factor_and_removed_by_name() {
    let kit = kit();
    let key = FakeAuthenticator {
        user: OWNER,
        number: 1,
    };
    let add = async |key: &FakeAuthenticator| {
        let options = passkeys::options(&kit.account(), &signed_in()).await?;
        let answer = RegistrationResponse::parse(&key.create(&options)).unwrap();
        let name = PasskeyName::parse("Phone").unwrap();
        passkeys::add(&kit.account(), &signed_in(), &answer, &name).await
    };
    let added = add(&key).await.unwrap();
    assert_eq!(added.recovery_codes.map(|codes| codes.len()), Some(10));
    strong(&kit);
    let refused = add(&key).await;
    assert!(matches!(refused, Err(Refusal::Conflict(_))));
    let second = add(&FakeAuthenticator { number: 2, ..key }).await.unwrap();
    assert!(second.recovery_codes.is_none());
    let remove = async |id| passkeys::remove(&kit.account(), &builders::ask(), id).await;
    remove(&added.credential).await.unwrap();
    let gone = remove(&added.credential).await;
    assert!(matches!(gone, Err(Refusal::NotFound(_))));
    assert!(kit.cloud.with(|s| s.accounts[&OWNER].second_factor));
    remove(&second.credential).await.unwrap();
    let set = kit.cloud.with(|s| s.factors[&OWNER].clone());
    assert_eq!((set.is_on(), set.recovery.left()), (false, 0));
    assert!(!kit.cloud.with(|s| s.accounts[&OWNER].second_factor));
}

#[tokio::test]
async fn an_answer_to_another_ceremony_adds_no_passkey() {
    let kit = kit();
    kit.enrol_owner();
    strong(&kit);
    // For proving, not for adding.
    let options = password::options(&kit.account(), &builders::caller()).await;
    let key = FakeAuthenticator {
        user: OWNER,
        number: 1,
    };
    let answer = RegistrationResponse::parse(&key.create(&options.unwrap())).unwrap();
    let name = PasskeyName::parse("Phone").unwrap();
    let refused = passkeys::add(&kit.account(), &signed_in(), &answer, &name).await;
    assert!(matches!(refused, Err(Refusal::WrongFactor)));
}

#[tokio::test]
async fn the_last_factor_stays_where_one_is_required() {
    let kit = kit();
    kit.enrol_owner();
    require(&kit);
    strong(&kit);
    totp::remove(&kit.account(), &builders::ask())
        .await
        .unwrap();
    let id = kit
        .golden_authenticator()
        .passkey(kit.clock.now())
        .credential;
    let refused = passkeys::remove(&kit.account(), &builders::ask(), &id).await;
    assert!(matches!(refused, Err(Refusal::Conflict(_))));
    assert!(kit.cloud.with(|s| s.factors[&OWNER].is_on()));
    assert_eq!(notices(&kit), [NoticeKind::FactorRemoved]);
}

fn challenge(kit: &Kit, enrol: bool) -> SecretText {
    kit.challenges.issue(&LoginChallenge {
        enrol,
        user: OWNER,
        org: ORG,
        session: vault_domain::id::SessionId::from_octets([0x5c; 16]),
        issued_at: kit.clock.now(),
    })
}

#[tokio::test]
async fn who_must_have_a_factor_adds_the_first_one_and_signs_in_by_the_same_code() {
    let kit = kit();
    require(&kit);
    let token = challenge(&kit, true);
    let text = token.expose().to_owned();
    let bearer = Bearer::Challenge(SecretText::new(text), builders::source());
    let app = totp::begin(&kit.account(), &bearer).await.unwrap();
    let code = || typed(&kit, app.secret.expose());
    totp::confirm(&kit.account(), &bearer, &code())
        .await
        .unwrap();
    let command = second_factor::Command {
        token,
        proof: Proof::Totp(code()),
        origin: builders::origin(),
    };
    let pair = second_factor::run(&kit.second_factor(), command).await;
    let session = pair.unwrap().session;
    assert!(kit.cloud.with(|s| s.sessions[&session].second_factor));
    // It added the first factor; it adds no other.
    let more = totp::begin(&kit.account(), &bearer).await;
    assert!(matches!(more, Err(Refusal::Conflict(_))));
    let more = passkeys::options(&kit.account(), &bearer).await;
    assert!(matches!(more, Err(Refusal::Conflict(_))));
}

#[tokio::test]
async fn a_challenge_of_someone_with_a_factor_adds_none() {
    let kit = kit();
    kit.enrol_owner();
    let before = kit.cloud.with(|s| s.factors[&OWNER].clone());
    for enrol in [false, true] {
        let bearer = Bearer::Challenge(challenge(&kit, enrol), builders::source());
        let refused = totp::begin(&kit.account(), &bearer).await;
        assert!(matches!(refused, Err(Refusal::Conflict(_))), "{enrol}");
        let code = FakeTotp::code_of(&golden_secret(), Step::at(kit.clock.now()));
        let refused = totp::confirm(&kit.account(), &bearer, &code).await;
        let told = matches!(refused, Err(Refusal::Conflict(_) | Refusal::WrongFactor));
        assert!(told, "{enrol} {refused:?}");
    }
    assert_eq!(kit.cloud.with(|s| s.factors[&OWNER].clone()), before);
}

#[tokio::test]
async fn people_see_and_end_their_own_sessions_alone() {
    let kit = kit();
    let caller = builders::caller();
    let mut other = builders::session("another refresh token");
    other.id = vault_domain::id::SessionId::from_octets([0x5d; 16]);
    kit.cloud
        .with(|s| s.sessions.insert(other.id, other.clone()));
    let listed = async || {
        let listing = sessions::list(&kit.account(), &caller).await.unwrap();
        assert_eq!(listing.current, SESSION);
        let ids = listing.sessions.into_iter().map(|s| s.id);
        ids.collect::<std::collections::BTreeSet<_>>()
    };
    assert_eq!(listed().await, [SESSION, other.id].into());
    let foreign = sessions::revoke(&kit.account(), &builders::ask_of(caller), VIEWER_SESSION).await;
    assert!(matches!(foreign, Err(Refusal::NotFound(_))));
    sessions::revoke(&kit.account(), &builders::ask_of(caller), other.id)
        .await
        .unwrap();
    assert_eq!(listed().await, [SESSION].into());
    kit.cloud.with(|s| {
        for number in 0..=u8::MAX {
            let id = vault_domain::id::SessionId::from_octets([number; 16]);
            let another = Session {
                id,
                ..other.clone()
            };
            s.sessions.entry(id).or_insert(another);
        }
    });
    assert_eq!(listed().await.len(), SESSIONS_LISTED);
    let all =
        async |which| sessions::revoke_all(&kit.account(), &builders::ask_of(caller), which).await;
    all(Which::Others).await.unwrap();
    assert_eq!(listed().await, [SESSION].into());
    all(Which::All).await.unwrap();
    let over = sessions::list(&kit.account(), &caller).await;
    assert!(matches!(over, Err(Refusal::InvalidToken { .. })));
    assert!(!kit.cloud.with(|s| s.sessions[&VIEWER_SESSION].revoked));
}
