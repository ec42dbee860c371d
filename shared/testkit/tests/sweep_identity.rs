//! The crash-point sweep over signing in, refreshing, exchanging, and the operator's bootstrap.

use futures_util::FutureExt as _;
use vault_domain::bounds::Bounds;
use vault_domain::ports::Hashing as _;
use vault_domain::time::Lifetime;
use vault_domain::token::{Action, REFRESH_GRACE_SECONDS};
use vault_domain::usecase::{bootstrap_owner, exchange, login, refresh};
use vault_testkit::builders::{self, ASSET, EMAIL, PASSWORD, SESSION};
use vault_testkit::crypto::FakeHasher;
use vault_testkit::sweep::{Answer, Scenario, answer};
use vault_testkit::{Kit, SeededEntropy};

/// Left out of ends at login: attempts of a request that was cut off stay taken until the window ends (the limit
/// must err on that side), and a session whose refresh token nobody received can do nothing, ends by its TTL, and is on record.
const LOGIN_ORPHANS: &[&str] = &["limits", "sessions", "audit"];

/// Left out of ends at the exchange: a media token that nobody received opens nothing and ends by its lifetime.
const EXCHANGE_ORPHANS: &[&str] = &["grants", "audit"];

async fn sign_in(kit: &Kit, password: &str) -> Answer {
    let command = login::Command {
        email: builders::email(EMAIL),
        password: builders::password(password),
        organisation: None,
        device: None,
        proof: None,
        origin: builders::origin(),
    };
    answer(login::run(&kit.login(), command).await, |signed_in| {
        let login::SignedIn::Open(pair) = signed_in.signed_in else {
            return "a second factor is asked for".to_owned();
        };
        let digest = kit.hashing.sha256(pair.refresh.expose().as_bytes());
        let stored = kit
            .cloud
            .with(|s| s.sessions.values().any(|x| x.active == digest));
        format!("signed in, session stored {stored}")
    })
}

#[test]
fn signing_in_survives_every_cut() {
    Scenario::new(
        "login",
        || Kit::with_users(1),
        async |kit: &Kit, _| sign_in(kit, PASSWORD).await,
    )
    .without(LOGIN_ORPHANS)
    .hold();
}

#[test]
fn a_wrong_password_stays_wrong_at_every_cut() {
    Scenario::new(
        "login with a wrong password",
        || Kit::with_users(1),
        async |kit: &Kit, _| sign_in(kit, "not the passphrase").await,
    )
    .without(&["limits"])
    .refused("the e-mail address or the password is wrong, or sign-ins from new devices are paused; try later, or on a device that you have used before")
    .hold();
}

#[test]
fn a_refresh_survives_every_cut_within_its_grace() {
    Scenario::new(
        "refresh",
        || {
            let kit = Kit::with_users(1);
            kit.plant_session();
            kit
        },
        async |kit: &Kit, _| {
            let presented = kit.golden_refresh_token();
            answer(
                refresh::run(&kit.refresh(), &presented, &builders::source()).await,
                |pair| {
                    let digest = kit.hashing.sha256(pair.refresh.expose().as_bytes());
                    let active = kit.cloud.with(|s| s.sessions[&SESSION].active == digest);
                    format!("the active token: {active}")
                },
            )
        },
    )
    .between(|kit| kit.clock.advance(REFRESH_GRACE_SECONDS / 6))
    .hold();
}

#[test]
fn a_reused_refresh_token_ends_its_session_at_every_cut() {
    Scenario::new(
        "refresh with a token that was used before",
        || {
            let kit = Kit::with_users(1);
            kit.plant_session();
            kit.cloud.with(|s| {
                let session = s.sessions.get_mut(&SESSION).unwrap();
                session.parent = Some(session.active);
                session.active = builders::session("the next one").active;
                session.generation = 2;
            });
            kit.clock.advance(REFRESH_GRACE_SECONDS + 1);
            kit
        },
        async |kit: &Kit, _| {
            let presented = kit.golden_refresh_token();
            answer(refresh::run(&kit.refresh(), &presented, &builders::source()).await, |_| {
                "a new pair".to_owned()
            })
        },
    )
    // The session is ended: whoever repeats it is told so.
    .or("refused: the refresh token is not valid: it is forged, expired, revoked or of a user who may not sign in")
    .refused("the refresh token was used before; the session is ended")
    .hold();
}

#[test]
fn an_exchange_survives_every_cut() {
    Scenario::new(
        "exchange",
        || {
            let kit = Kit::with_users(1);
            kit.plant_ready();
            kit
        },
        async |kit: &Kit, _| {
            let command = exchange::Command {
                bounds: Bounds::default(),
                ask: builders::ask(),
                asset: ASSET,
                action: Action::Play,
                lifetime: Lifetime::parse(300, exchange::LIFETIMES, "").unwrap(),
                max_views: exchange::Views::parse(1).unwrap(),
            };
            answer(exchange::run(&kit.exchange(), command).await, |minted| {
                let stored = kit
                    .cloud
                    .with(|s| s.grants.get(&minted.grant.digest.0).cloned());
                let digest = kit.hashing.sha256(minted.token.expose().as_bytes());
                format!("stored {}", stored.is_some_and(|g| g.digest == digest))
            })
        },
    )
    .without(EXCHANGE_ORPHANS)
    .hold();
}

#[test]
fn a_bootstrap_survives_every_cut() {
    Scenario::new(
        "bootstrap",
        || Kit::new(SeededEntropy::new(1).next_u64()),
        async |kit: &Kit, _| {
            let command = bootstrap_owner::Command {
                organisation: builders::organisation().name,
                email: builders::email(EMAIL),
                renew: true,
                handover: bootstrap_owner::Handover::Password,
            };
            let outcome = bootstrap_owner::run(&kit.bootstrap_owner(), command).await;
            answer(outcome, |owner| {
                let hash = FakeHasher::hash_of(owner.password.expect("told").expose());
                let user = kit.cloud.with(|s| s.users.get(&owner.user).cloned());
                let place = (owner.org, owner.user);
                let member = kit.cloud.with(|s| s.memberships.contains_key(&place));
                let opens = user.is_some_and(|u| u.hash == hash) && member;
                format!("the password that was told opens: {opens}")
            })
        },
    )
    .hold();
}

#[test]
fn a_new_password_ends_the_sessions_opened_before_it() {
    let kit = Kit::with_users(1);
    let before = kit.plant_session();
    let renewal = bootstrap_owner::Command {
        organisation: builders::organisation().name,
        email: builders::email(EMAIL),
        renew: true,
        handover: bootstrap_owner::Handover::Password,
    };
    let renewed = bootstrap_owner::run(&kit.bootstrap_owner(), renewal).now_or_never();
    let owner = renewed.expect("fakes never wait").expect("a new password");
    assert_eq!(owner.user, builders::OWNER);
    let refreshed = refresh::run(&kit.refresh(), &before, &builders::source()).now_or_never();
    let refusal = refreshed.expect("fakes never wait").expect_err("over");
    assert!(refusal.to_string().contains("refresh token is not valid"));
}
