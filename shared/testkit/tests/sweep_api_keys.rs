//! The crash-point sweep over managing API keys, ending sessions by a token, and telling of tokens; and who may.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test's helpers tell what is wrong by panicking"
)]

use futures_util::FutureExt as _;
use vault_domain::api_key::{KeyRole, Label, Overlap, Scope, Scopes};
use vault_domain::credential::Role;
use vault_domain::error::Refusal;
use vault_domain::id::{ApiKeyId, OrgId};
use vault_domain::member::Subject;
use vault_domain::network::Networks;
use vault_domain::ports::{AccessTokens as _, Clock as _, Hashing as _};
use vault_domain::secret::SecretText;
use vault_domain::token::Caller;
use vault_domain::usecase::introspect::{self, Asker, Kind};
use vault_domain::usecase::manage_api_keys::{self, NewKey, Told};
use vault_domain::usecase::revoke_token::{self, Revocation};
use vault_testkit::Kit;
use vault_testkit::builders::{self, CLIENT, SESSION};
use vault_testkit::sweep::{Answer, Scenario, answer};

fn planted() -> Kit {
    let kit = Kit::with_users(1);
    kit.plant_client(|_| ());
    kit
}

fn new_key(idempotency: Option<&str>) -> NewKey {
    NewKey {
        name: Label::parse("Player").unwrap(),
        role: KeyRole::Viewer,
        scopes: Scopes::only(Scope::Play),
        expires_at: None,
        networks: Networks::everywhere(),
        idempotency: idempotency.map(builders::idempotency_key),
    }
}

fn told(kit: &Kit, outcome: Result<Told, Refusal>) -> Answer {
    answer(outcome, |told| {
        let digest = kit.hashing.sha256(told.secret.expose().as_bytes());
        kit.ledger.note(told.secret.expose().as_bytes());
        let stored = kit.cloud.with(|s| s.clients.get(&told.key.id).cloned());
        let active = stored.is_some_and(|key| key == told.key && key.active == digest);
        format!("the active secret: {active}")
    })
}

#[test]
fn a_key_named_by_a_request_is_made_once_and_told_at_most_once_at_every_cut() {
    Scenario::new(
        "create_api_key",
        || Kit::with_users(1),
        async |kit: &Kit, _| {
            let deps = kit.manage_api_keys();
            let new = new_key(Some("k"));
            told(kit, manage_api_keys::create(&deps, &builders::ask(), new).await)
        },
    )
    .or("refused: this Idempotency-Key made an API key before; its secret was told then: rotate the key for another")
    .hold();
}

#[test]
fn a_rotation_tells_the_active_secret_at_every_cut() {
    Scenario::new("rotate_api_key", planted, async |kit: &Kit, _| {
        let (deps, hour) = (kit.manage_api_keys(), Overlap::parse(3_600).unwrap());
        let rotated = manage_api_keys::rotate(&deps, &builders::ask(), CLIENT, hour).await;
        told(kit, rotated)
    })
    // Each time is another rotation, with a record of its own.
    .without(&["audit"])
    .hold();
}

#[test]
fn a_revocation_holds_at_every_cut() {
    Scenario::new("revoke_api_key", planted, async |kit: &Kit, _| {
        let deps = kit.manage_api_keys();
        let revoked = manage_api_keys::revoke(&deps, &builders::ask(), CLIENT).await;
        answer(revoked, |()| "revoked".to_owned())
    })
    .hold();
}

#[test]
fn a_session_is_ended_by_its_token_at_every_cut() {
    Scenario::new("revoke_token", planted_session, async |kit: &Kit, _| {
        let token = kit.golden_refresh_token();
        let outcome = revoke_token::run(&kit.revoke_token(), &token, builders::source()).await;
        answer(outcome, |done| {
            let over = kit.cloud.with(|s| s.sessions[&SESSION].revoked);
            format!("{done:?}, over: {over}")
        })
    })
    .hold();
}

fn planted_session() -> Kit {
    let kit = planted();
    kit.plant_session();
    kit
}

#[test]
fn an_introspection_changes_nothing_at_every_cut() {
    Scenario::new("introspect", planted_session, async |kit: &Kit, _| {
        let asker = Asker::Client(Box::new(builders::api_key()));
        let token = kit.golden_refresh_token();
        let told = introspect::run(&kit.introspect(), &asker, &token).await;
        answer(told, |found| format!("{found:?}"))
    })
    .hold();
}

fn key_caller(role: Role, scopes: Scopes) -> Caller {
    Caller {
        subject: Subject::ApiKey(CLIENT),
        role,
        scopes,
        ..builders::caller()
    }
}

fn created(kit: &Kit, caller: &Caller) -> Result<Told, Refusal> {
    let deps = kit.manage_api_keys();
    let made =
        manage_api_keys::create(&deps, &builders::ask_of(*caller), new_key(None)).now_or_never();
    made.expect("fakes never wait")
}

#[test]
fn only_owners_and_admins_who_proved_themselves_just_now_change_keys() {
    for (role, may) in [
        (Role::Owner, true),
        (Role::Admin, true),
        (Role::Editor, false),
        (Role::Viewer, false),
    ] {
        let kit = planted();
        let place = (builders::ORG, builders::OWNER);
        kit.cloud
            .with(|s| s.memberships.get_mut(&place).unwrap().role = role);
        // The role as it is now, whatever the token says.
        assert_eq!(created(&kit, &builders::caller()).is_ok(), may, "{role:?}");
    }
    let kit = planted();
    kit.clock.advance(601);
    let late = created(&kit, &builders::caller()).unwrap_err();
    assert!(matches!(late, Refusal::ReauthenticationNeeded));
    let key = key_caller(Role::Owner, Scopes::all());
    let refused = created(&planted(), &key).unwrap_err();
    assert!(
        matches!(refused, Refusal::Forbidden(_)),
        "a key makes no key"
    );
}

#[test]
fn another_organisations_key_does_not_exist() {
    let kit = Kit::with_users(1);
    kit.plant_client(|key| key.org = OrgId::from_octets([9; 16]));
    let (deps, caller) = (kit.manage_api_keys(), builders::caller());
    let ask = builders::ask_of(caller);
    let rotated = manage_api_keys::rotate(&deps, &ask, CLIENT, Overlap::NONE);
    let rotated = rotated.now_or_never().expect("fakes never wait");
    assert!(matches!(rotated, Err(Refusal::NotFound(_))));
    let revoked = manage_api_keys::revoke(&deps, &builders::ask_of(caller), CLIENT).now_or_never();
    let revoked = revoked.expect("fakes never wait");
    assert!(matches!(revoked, Err(Refusal::NotFound(_))));
    let listed = manage_api_keys::list(&deps, &caller).now_or_never();
    assert!(listed.expect("fakes never wait").unwrap().is_empty());
}

fn revoke(kit: &Kit, token: &str) -> Revocation {
    let token = SecretText::new(token.to_owned());
    let outcome = revoke_token::run(&kit.revoke_token(), &token, builders::source()).now_or_never();
    outcome.expect("fakes never wait").unwrap()
}

#[test]
fn an_access_token_ends_its_session_and_what_cannot_be_ended_is_told() {
    let kit = planted_session();
    let over = || kit.cloud.with(|s| s.sessions[&SESSION].revoked);
    let now = kit.clock.now();
    let of_key = key_caller(Role::Editor, Scopes::all());
    let of_key = kit.access.issue(&of_key, now, 600).unwrap();
    let media = builders::media_token(1);
    let secret = builders::api_key_secret(CLIENT, 1);
    for kept in [of_key.expose(), media.expose(), secret.expose()] {
        assert_eq!(revoke(&kit, kept), Revocation::Unsupported);
    }
    for unknown in ["", "nonsense", "rt.forged"] {
        assert_eq!(revoke(&kit, unknown), Revocation::Done);
    }
    assert!(!over());
    let access = kit.access.issue(&builders::caller(), now, 600).unwrap();
    assert_eq!(revoke(&kit, access.expose()), Revocation::Done);
    assert!(over());
}

fn kind(kit: &Kit, asker: &Asker, token: &SecretText) -> Option<Kind> {
    let told = introspect::run(&kit.introspect(), asker, token).now_or_never();
    let told = told.expect("fakes never wait").unwrap();
    told.map(|active| active.kind)
}

#[test]
fn only_tokens_of_the_askers_organisation_that_are_good_now_are_told() {
    let kit = planted_session();
    let client = |org| {
        Asker::Client(Box::new(vault_domain::api_key::ApiKey {
            org,
            ..builders::api_key()
        }))
    };
    let (ours, theirs) = (client(builders::ORG), client(OrgId::from_octets([9; 16])));
    let owner = Asker::Person(builders::caller());
    let now = kit.clock.now();
    let access = kit.access.issue(&builders::caller(), now, 600).unwrap();
    let refresh = kit.golden_refresh_token();
    for asker in [&ours, &owner] {
        assert_eq!(kind(&kit, asker, &access), Some(Kind::Access));
        assert_eq!(kind(&kit, asker, &refresh), Some(Kind::Refresh));
        let forged = SecretText::new(format!("{}x", access.expose()));
        assert_eq!(kind(&kit, asker, &forged), None);
    }
    assert_eq!(kind(&kit, &theirs, &access), None);
    assert_eq!(kind(&kit, &theirs, &refresh), None);
    assert_eq!(revoke(&kit, refresh.expose()), Revocation::Done);
    assert_eq!(kind(&kit, &ours, &access), None, "its session is over");
    assert_eq!(kind(&kit, &ours, &refresh), None);

    let of_key = key_caller(Role::Editor, Scopes::only(Scope::Play));
    let of_key = kit.access.issue(&of_key, now, 600).unwrap();
    assert_eq!(kind(&kit, &ours, &of_key), Some(Kind::Access));
    kit.plant_client(|key| key.revoked = true);
    assert_eq!(kind(&kit, &ours, &of_key), None, "its key is revoked");
}

#[test]
fn whoever_may_not_read_is_told_nothing_at_all() {
    let kit = planted_session();
    let mut blind = builders::api_key();
    blind.scopes = Scopes::only(Scope::Upload);
    let viewer = Caller {
        subject: builders::viewer_subject(),
        ..builders::caller()
    };
    let token = kit.golden_refresh_token();
    let key = Asker::Person(key_caller(Role::Editor, Scopes::all()));
    for asker in [Asker::Client(Box::new(blind)), Asker::Person(viewer), key] {
        let told = introspect::run(&kit.introspect(), &asker, &token).now_or_never();
        let refused = told.expect("fakes never wait").unwrap_err();
        assert!(matches!(refused, Refusal::Forbidden(_)), "{refused}");
    }
}

#[test]
fn a_hundred_and_first_key_is_refused_until_one_is_revoked() {
    let kit = Kit::with_users(1);
    let mut last: Option<ApiKeyId> = None;
    for _ in 0..100 {
        last = Some(created(&kit, &builders::caller()).unwrap().key.id);
    }
    let full = created(&kit, &builders::caller()).unwrap_err();
    assert!(matches!(full, Refusal::LimitReached(_)));
    let (deps, caller) = (kit.manage_api_keys(), builders::caller());
    let ask = builders::ask_of(caller);
    let revoked = manage_api_keys::revoke(&deps, &ask, last.unwrap());
    revoked.now_or_never().expect("fakes never wait").unwrap();
    created(&kit, &builders::caller()).unwrap();
}
