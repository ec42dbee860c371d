//! API keys as clients: the crash-point sweep over proving one, and who is admitted at all.

#![expect(
    clippy::expect_used,
    reason = "a test's helpers tell what is wrong by panicking"
)]

use std::net::IpAddr;

use futures_util::FutureExt as _;
use vault_domain::api_key::{ApiKeySecret, Denied, Overlap, Scope, Scopes};
use vault_domain::error::Refusal;
use vault_domain::id::ApiKeyId;
use vault_domain::member::Subject;
use vault_domain::network::Networks;
use vault_domain::ports::{AccessVerifier as _, Clock as _};
use vault_domain::secret::SecretText;
use vault_domain::time::Timestamp;
use vault_domain::token::Digest;
use vault_domain::usecase::client::{self, ATTEMPTS_PER_NETWORK, Presented, Rejection};
use vault_domain::usecase::{client_credentials, deliver_key};
use vault_testkit::Kit;
use vault_testkit::builders::{self, CLIENT};
use vault_testkit::sweep::{Answer, Scenario, answer};

/// Left out of ends: attempts of a request that was cut off stay taken until the window ends, and whether the use was
/// noted is for people alone.
const NOTES: &[&str] = &["limits", "clients"];

fn presented(secret: &ApiKeySecret) -> Presented {
    Presented {
        id: secret.id().to_string(),
        secret: SecretText::new(secret.expose().to_owned()),
        address: builders::origin().address,
    }
}

fn golden() -> Presented {
    presented(&builders::api_key_secret(CLIENT, 1))
}

fn planted() -> Kit {
    let kit = Kit::with_users(1);
    kit.plant_client(|_| ());
    kit
}

fn rejected(kit: &Kit, presented: &Presented) -> Rejection {
    let deps = kit.client();
    let known = client::authenticate(&deps, presented).now_or_never();
    known.expect("fakes never wait").expect_err("not admitted")
}

fn admitted(kit: &Kit, presented: &Presented) -> bool {
    let deps = kit.client();
    let known = client::authenticate(&deps, presented).now_or_never();
    known.expect("fakes never wait").is_ok()
}

async fn token(kit: &Kit) -> Answer {
    let known = client::authenticate(&kit.client(), &golden()).await;
    let key = match known.map_err(Refusal::from) {
        Ok(key) => key,
        Err(refusal) => return answer(Err::<(), _>(refusal), |()| String::new()),
    };
    let now = kit.clock.now();
    let issued = client_credentials::run(&*kit.access, &key, None, now);
    answer(issued, |issued| {
        let caller = kit.access.verify(issued.access.expose(), now);
        let caller = caller.map(|c| (c.subject, c.org, c.role, c.scopes));
        format!("{caller:?} for {} s", issued.expires_in)
    })
}

#[test]
fn a_client_gets_its_token_at_every_cut() {
    Scenario::new("client_credentials", planted, async |kit: &Kit, _| {
        token(kit).await
    })
    .without(NOTES)
    .hold();
}

#[test]
fn a_wrong_secret_stays_wrong_at_every_cut() {
    Scenario::new(
        "client_credentials with a wrong secret",
        || {
            let kit = Kit::with_users(1);
            kit.plant_client(|key| key.active = Digest([0; 32]));
            kit
        },
        async |kit: &Kit, _| token(kit).await,
    )
    .without(&["limits"])
    .refused("the client's credentials are wrong, or they are not valid here and now")
    .hold();
}

#[test]
fn a_secret_of_another_key_or_shape_is_refused_before_any_store_is_looked_at() {
    let other = builders::api_key_secret(ApiKeyId::from_octets([9; 16]), 1);
    for (id, secret) in [
        (CLIENT.to_string(), other.expose().to_owned()),
        (CLIENT.to_string(), "rvk_guess".to_owned()),
        (CLIENT.to_string(), String::new()),
        (String::new(), golden().secret.expose().to_owned()),
        ("apk_".to_owned(), golden().secret.expose().to_owned()),
    ] {
        let kit = planted();
        let wrong = Presented {
            id,
            secret: SecretText::new(secret),
            ..golden()
        };
        assert!(matches!(rejected(&kit, &wrong), Rejection::Malformed));
        assert_eq!(kit.cloud.calls(), Vec::<&str>::new());
    }
}

/// Puts a key of some state into a world.
type Plant = Box<dyn Fn(&Kit)>;

#[test]
fn every_failure_reads_the_same_to_the_client() {
    let elsewhere = Networks::parse("198.51.100.0/24").unwrap();
    let cases: [(&str, Plant); 4] = [
        ("unknown", Box::new(|_| ())),
        (
            "revoked",
            Box::new(|kit| drop(kit.plant_client(|key| key.revoked = true))),
        ),
        (
            "expired",
            Box::new(|kit| drop(kit.plant_client(|key| key.expires_at = Some(Timestamp(1))))),
        ),
        (
            "elsewhere",
            Box::new(move |kit| drop(kit.plant_client(|key| key.networks = elsewhere.clone()))),
        ),
    ];
    for (what, plant) in cases {
        let kit = Kit::with_users(1);
        plant(&kit);
        let refusal = Refusal::from(rejected(&kit, &golden()));
        assert!(matches!(refusal, Refusal::InvalidClient), "{what}");
        let expected = ["limits.take", "limits.take", "clients.get"];
        assert_eq!(kit.cloud.calls(), expected, "{what}: as much work");
    }
}

#[test]
fn the_old_secret_is_admitted_until_the_overlap_is_over() {
    let kit = planted();
    let next = builders::api_key_secret(CLIENT, 2);
    let hour = Overlap::parse(3_600).unwrap();
    kit.cloud.with(|s| {
        let key = s.clients.get_mut(&CLIENT).unwrap();
        let digest = Digest(sha2_of(next.expose()));
        *key = key.rotated(digest, hour, kit.clock.now());
    });
    assert!(admitted(&kit, &golden()) && admitted(&kit, &presented(&next)));
    kit.clock.advance(3_600);
    let late = rejected(&kit, &golden());
    assert!(matches!(late, Rejection::Denied(Denied::Replaced)));
    assert!(admitted(&kit, &presented(&next)));
}

fn sha2_of(text: &str) -> [u8; 32] {
    use vault_domain::ports::Hashing as _;
    vault_testkit::crypto::FakeHashing.sha256(text.as_bytes()).0
}

#[test]
fn a_network_that_tries_too_many_keys_is_throttled_and_others_are_not() {
    let kit = planted();
    let guess = |number: u8| {
        let id = ApiKeyId::from_octets([number; 16]);
        presented(&builders::api_key_secret(id, number))
    };
    for number in 0..ATTEMPTS_PER_NETWORK {
        let guess = guess(u8::try_from(number).unwrap());
        assert!(matches!(rejected(&kit, &guess), Rejection::Unknown));
    }
    let throttled = rejected(&kit, &guess(1));
    assert!(
        matches!(throttled, Rejection::Throttled(1..=900)),
        "{throttled}"
    );
    // A host takes any address of its /64 as it likes; of an IPv4 network the neighbour has a budget of its own.
    let neighbour = Presented {
        address: IpAddr::from([192, 0, 2, 2]),
        ..golden()
    };
    assert!(admitted(&kit, &neighbour));
    kit.clock.advance(900);
    assert!(admitted(&kit, &golden()));
}

#[test]
fn whoever_is_admitted_takes_nothing_from_the_budget_and_is_noted_once_an_hour() {
    let kit = planted();
    let start = kit.clock.now();
    for _ in 0..3 * ATTEMPTS_PER_NETWORK {
        assert!(admitted(&kit, &golden()));
        kit.clock.advance(1);
    }
    let noted = || kit.cloud.with(|s| s.clients[&CLIENT].last_used);
    assert_eq!(noted(), Some(start));
    kit.clock.advance(3_600);
    let later = kit.clock.now();
    assert!(admitted(&kit, &golden()));
    assert_eq!(noted(), Some(later));
}

#[test]
fn a_token_has_no_more_scopes_and_no_more_time_than_its_key() {
    let kit = planted();
    let key = kit.plant_client(|key| key.expires_at = Some(kit.clock.now().plus(60)));
    let run = |wanted| client_credentials::run(&*kit.access, &key, wanted, kit.clock.now());
    let scopes = |wanted| run(wanted).map(|issued| issued.scopes).ok();
    let (play, withdraw) = (Scopes::only(Scope::Play), Scopes::only(Scope::Withdraw));
    assert_eq!(scopes(None), Some(key.scopes));
    assert_eq!(scopes(Some(Scopes::all())), Some(key.scopes));
    assert_eq!(scopes(Some(play.with(Scope::Withdraw))), Some(play));
    assert!(matches!(run(Some(withdraw)), Err(Refusal::Forbidden(_))));
    assert_eq!(run(None).unwrap().expires_in, 60);
}

#[test]
fn a_view_of_a_key_ends_with_the_key_at_the_next_delivery() {
    let fetch = |kit: &Kit| {
        let ticket = kit.cloud.with(|s| {
            let session = s.playbacks.get_mut(&builders::PLAYBACK).unwrap();
            session.subject = Subject::ApiKey(CLIENT);
            session.ticket()
        });
        let text = vault_domain::ports::Tickets::issue(&*kit.tickets, &ticket);
        let command = deliver_key::Command {
            visitor: builders::visitor(),
            ticket: Some(text.expose().to_owned()),
            asset: builders::ASSET,
            key: builders::KEY,
        };
        let deps = kit.deliver_key();
        let key = deliver_key::run(&deps, command).now_or_never();
        key.expect("fakes never wait").is_ok()
    };
    let kit = planted();
    kit.plant_ready();
    kit.plant_playback();
    assert!(fetch(&kit));
    assert_eq!(kit.cloud.calls().len(), 1, "in the one read");
    let end = kit.clock.now().plus(5);
    kit.plant_client(|key| key.expires_at = Some(end));
    assert!(fetch(&kit));
    kit.clock.advance(5);
    assert!(!fetch(&kit), "an expired key");
    kit.plant_client(|key| key.revoked = true);
    assert!(!fetch(&kit), "a revoked key");
}
