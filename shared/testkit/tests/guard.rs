//! The budgets of sign-ins: exact, of no use to whoever wants to lock someone out, and silent about who exists.

#![expect(
    clippy::expect_used,
    clippy::unnecessary_wraps,
    reason = "a test tells what is wrong by panicking, and its helpers read like sentences"
)]

use std::net::IpAddr;
use std::sync::Arc;

use futures_util::FutureExt as _;
use vault_domain::credential::{Role, User};
use vault_domain::error::Refusal;
use vault_domain::id::UserId;
use vault_domain::ports::Clock as _;
use vault_domain::secret::SecretText;
use vault_domain::usecase::Origin;
use vault_domain::usecase::guard::{
    ATTEMPTS_PER_ACCOUNT, ATTEMPTS_PER_DEVICE, ATTEMPTS_PER_NETWORK, ATTEMPTS_PER_ORGANISATION,
    DEVICE_SECONDS, PROVEN_PER_ACCOUNT, UNPROVEN_PER_ACCOUNT, WINDOW_SECONDS,
};
use vault_domain::usecase::login::{Command, Welcome, run};
use vault_testkit::Kit;
use vault_testkit::builders::{self, EMAIL, PASSWORD, VIEWER};
use vault_testkit::race::{self, Way};

fn command(email: &str, password: &str) -> Command {
    Command {
        email: builders::email(email),
        password: builders::password(password),
        organisation: None,
        device: None,
        proof: None,
        origin: builders::origin(),
    }
}

fn from(address: [u8; 4]) -> Origin {
    Origin {
        address: IpAddr::from(address),
        ..builders::origin()
    }
}

fn sign_in(kit: &Kit, command: Command) -> Result<Welcome, Refusal> {
    run(&kit.login(), command)
        .now_or_never()
        .expect("fakes never wait")
}

fn wrong(kit: &Kit, email: &str) -> Refusal {
    sign_in(kit, command(email, "a wrong guess")).expect_err("a wrong password")
}

/// A device that has signed in before.
fn known(kit: &Kit) -> SecretText {
    let signed_in = sign_in(kit, command(EMAIL, PASSWORD));
    signed_in.expect("the right password").device
}

fn again(device: &SecretText) -> Option<SecretText> {
    Some(SecretText::new(device.expose().to_owned()))
}

#[test]
fn a_stranger_who_uses_an_account_up_locks_out_no_device_that_has_been_here() {
    let kit = Kit::with_users(1);
    let device = known(&kit);
    for _ in 0..ATTEMPTS_PER_ACCOUNT {
        assert!(matches!(wrong(&kit, EMAIL), Refusal::BadCredentials));
    }
    assert!(matches!(wrong(&kit, EMAIL), Refusal::Throttled { .. }));
    let new = sign_in(&kit, command(EMAIL, PASSWORD));
    assert!(
        matches!(new, Err(Refusal::Throttled { .. })),
        "a new device waits"
    );
    for _ in 0..30 {
        let mine = Command {
            device: again(&device),
            ..command(EMAIL, PASSWORD)
        };
        sign_in(&kit, mine).expect("a known device comes in");
    }
}

#[test]
fn a_known_device_has_a_budget_of_its_own_and_no_more() {
    let kit = Kit::with_users(1);
    let device = known(&kit);
    let guess = || Command {
        device: again(&device),
        ..command(EMAIL, "a wrong guess")
    };
    for _ in 0..ATTEMPTS_PER_DEVICE {
        assert!(matches!(
            sign_in(&kit, guess()),
            Err(Refusal::BadCredentials)
        ));
    }
    assert!(matches!(
        sign_in(&kit, guess()),
        Err(Refusal::Throttled { .. })
    ));
    sign_in(&kit, command(EMAIL, PASSWORD)).expect("another device is not concerned");
}

#[test]
fn a_device_token_is_of_no_use_forged_for_another_account_or_old() {
    let kit = Kit::with_users(1);
    let device = known(&kit);
    for _ in 0..ATTEMPTS_PER_ACCOUNT {
        wrong(&kit, "vic@example.org");
        wrong(&kit, EMAIL);
    }
    let throttled = |email: &str, token: &str| {
        let with = Command {
            device: Some(SecretText::new(token.to_owned())),
            ..command(email, PASSWORD)
        };
        matches!(sign_in(&kit, with), Err(Refusal::Throttled { .. }))
    };
    assert!(
        throttled("vic@example.org", device.expose()),
        "another account's"
    );
    assert!(throttled(EMAIL, &format!("{}x", device.expose())), "forged");
    assert!(!throttled(EMAIL, device.expose()));
    kit.clock.advance(DEVICE_SECONDS);
    for _ in 0..ATTEMPTS_PER_ACCOUNT {
        wrong(&kit, EMAIL);
    }
    assert!(throttled(EMAIL, device.expose()), "old");
}

#[test]
fn retry_after_tells_the_truth_to_the_second() {
    let kit = Kit::with_users(1);
    kit.clock.advance(123);
    for _ in 0..ATTEMPTS_PER_ACCOUNT {
        wrong(&kit, EMAIL);
    }
    let Refusal::Throttled { retry_after } = wrong(&kit, EMAIL) else {
        panic!("the budget is used up");
    };
    assert_eq!((kit.clock.now().0 + retry_after) % WINDOW_SECONDS, 0);
    kit.clock.advance(retry_after - 1);
    let early = sign_in(&kit, command(EMAIL, PASSWORD));
    assert!(matches!(early, Err(Refusal::Throttled { retry_after: 1 })));
    kit.clock.advance(1);
    sign_in(&kit, command(EMAIL, PASSWORD)).expect("as it was told");
}

#[test]
fn a_network_has_a_budget_over_all_accounts_and_its_neighbours_a_wider_one() {
    let kit = Kit::with_users(1);
    let guess = |number: u32, address: [u8; 4]| {
        let attempt = Command {
            origin: from(address),
            ..command(&format!("nobody-{number}@example.org"), "a wrong guess")
        };
        sign_in(&kit, attempt).expect_err("nobody")
    };
    for number in 0..ATTEMPTS_PER_NETWORK {
        assert!(matches!(
            guess(number, [198, 51, 100, 7]),
            Refusal::BadCredentials
        ));
    }
    assert!(matches!(
        guess(1_000, [198, 51, 100, 7]),
        Refusal::Throttled { .. }
    ));
    assert!(matches!(
        guess(1_001, [198, 51, 100, 8]),
        Refusal::BadCredentials
    ));
    let mut through = 0;
    for host in 9..=255_u8 {
        for number in 0..10 {
            let number = u32::from(host) * 100 + number;
            through += u32::from(matches!(
                guess(number, [198, 51, 100, host]),
                Refusal::BadCredentials
            ));
        }
    }
    // The first address had its own hundred; what was refused there took nothing from its neighbours.
    let used = through + ATTEMPTS_PER_NETWORK;
    assert!(used <= 8 * ATTEMPTS_PER_NETWORK, "{through} got through");
    assert!(
        used + 1 >= 8 * ATTEMPTS_PER_NETWORK,
        "a /24 is eight addresses' worth: {through}"
    );
    assert!(matches!(
        guess(1, [203, 0, 113, 1]),
        Refusal::BadCredentials
    ));
}

#[test]
fn past_the_threshold_a_proof_is_needed_and_a_proven_person_comes_in() {
    let kit = Kit::with_users(1);
    kit.challenge.turn(true);
    kit.challenge.plant("earned", 1);
    for _ in 0..UNPROVEN_PER_ACCOUNT {
        assert!(matches!(wrong(&kit, EMAIL), Refusal::BadCredentials));
    }
    assert!(matches!(wrong(&kit, EMAIL), Refusal::ChallengeNeeded));
    let with = |proof: &str, password: &str| Command {
        proof: Some(
            vault_domain::challenge::ChallengeProof::parse(proof.to_owned()).expect("a proof"),
        ),
        ..command(EMAIL, password)
    };
    let made_up = sign_in(&kit, with("made-up", PASSWORD));
    assert!(matches!(made_up, Err(Refusal::ChallengeNeeded)));
    sign_in(&kit, with("earned", PASSWORD)).expect("a proven person");
    let spent = sign_in(&kit, with("earned", PASSWORD));
    assert!(
        matches!(spent, Err(Refusal::ChallengeNeeded)),
        "a proof is good once"
    );
    let hashes = kit.hasher.verified();
    for number in 0..PROVEN_PER_ACCOUNT {
        kit.challenge.plant(&format!("earned-{number}"), 1);
        let guess = sign_in(&kit, with(&format!("earned-{number}"), "a wrong guess"));
        assert!(matches!(guess, Err(Refusal::BadCredentials)));
    }
    kit.challenge.plant("one-more", 1);
    let over = sign_in(&kit, with("one-more", "a wrong guess"));
    assert!(
        matches!(over, Err(Refusal::Throttled { .. })),
        "proofs have a budget too"
    );
    assert_eq!(kit.hasher.verified() - hashes, PROVEN_PER_ACCOUNT as usize);
}

/// Wrong guesses at many accounts of the golden organisation, from many networks.
fn spray(kit: &Kit, guesses: u32) {
    for number in 0..guesses {
        let [a, b, c, d] = number.to_be_bytes();
        let id = UserId::from_octets([a, b, c, d, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9]);
        let email = format!("member-{number}@example.org");
        let user = User {
            id,
            email: builders::email(&email),
            ..builders::viewer()
        };
        kit.plant_member(user, Role::Viewer);
        let attempt = Command {
            origin: from([10, c, d, 1]),
            ..command(&email, "a wrong guess")
        };
        assert!(matches!(
            sign_in(kit, attempt),
            Err(Refusal::BadCredentials)
        ));
    }
}

#[test]
fn the_right_password_gives_back_all_that_it_took() {
    let left = |kit: &Kit| {
        let taken = kit.cloud.snapshot().limits;
        taken.into_values().map(|(taken, _)| taken).sum::<u32>()
    };
    let kit = Kit::with_users(1);
    kit.challenge.turn(true);
    for _ in 0..=UNPROVEN_PER_ACCOUNT {
        known(&kit);
    }
    assert_eq!(left(&kit), 0, "of a stranger");
    let device = known(&kit);
    let mine = || Command {
        device: again(&device),
        ..command(EMAIL, PASSWORD)
    };
    sign_in(&kit, mine()).expect("a known device");
    assert_eq!(left(&kit), 0, "of a device");
    kit.clock.advance(10);
    let ended = kit.clock.now();
    kit.cloud.with(|s| {
        for account in s.accounts.values_mut() {
            account.sessions_from = ended;
        }
    });
    sign_in(&kit, mine()).expect("a device of before");
    assert_eq!(
        left(&kit),
        0,
        "of a device of before all sessions were ended"
    );
}

#[test]
fn an_organisation_under_attack_lets_in_known_devices_and_says_nothing_else() {
    let kit = Kit::with_users(1);
    let device = known(&kit);
    spray(&kit, ATTEMPTS_PER_ORGANISATION);
    let hashes = kit.hasher.verified();
    let new = sign_in(&kit, command(EMAIL, PASSWORD));
    assert!(
        matches!(new, Err(Refusal::BadCredentials)),
        "as if it were wrong"
    );
    assert_eq!(kit.hasher.verified(), hashes + 1, "and at the same cost");
    let mine = Command {
        device: again(&device),
        ..command(EMAIL, PASSWORD)
    };
    sign_in(&kit, mine).expect("a known device");
    kit.challenge.turn(true);
    for _ in 0..=UNPROVEN_PER_ACCOUNT {
        wrong(&kit, EMAIL);
    }
    kit.challenge.plant("earned", 1);
    let proven = Command {
        proof: Some(
            vault_domain::challenge::ChallengeProof::parse("earned".to_owned()).expect("a proof"),
        ),
        ..command(EMAIL, PASSWORD)
    };
    sign_in(&kit, proven).expect("a proven person");
    kit.clock.advance(WINDOW_SECONDS);
    sign_in(&kit, command(EMAIL, PASSWORD)).expect("the next window");
}

#[test]
fn unknown_wrong_disabled_and_unverified_cost_the_same_calls_and_one_hash() {
    let told = |prepare: &dyn Fn(&Kit), email: &str, password: &str| {
        let kit = Kit::with_users(1);
        prepare(&kit);
        kit.faults.arm(vec![]);
        let refusal = sign_in(&kit, command(email, password)).expect_err("refused");
        let calls: Vec<_> = kit.cloud.calls();
        (refusal.to_string(), calls, kit.hasher.verified())
    };
    let nothing = |_: &Kit| {};
    let wrong = told(&nothing, EMAIL, "a wrong guess");
    assert_eq!(wrong.2, 1);
    let disabled = |kit: &Kit| {
        kit.cloud
            .with(|s| s.accounts.get_mut(&VIEWER).expect("planted").active = false);
    };
    let unverified = |kit: &Kit| {
        kit.cloud
            .with(|s| s.users.get_mut(&VIEWER).expect("planted").verified = false);
    };
    let nowhere = |kit: &Kit| {
        kit.cloud
            .with(|s| s.accounts.get_mut(&VIEWER).expect("planted").orgs.clear());
    };
    let vic = "vic@example.org";
    assert_eq!(
        told(&nothing, "nobody@example.org", PASSWORD),
        wrong,
        "unknown"
    );
    assert_eq!(told(&disabled, vic, PASSWORD), wrong, "disabled");
    assert_eq!(
        told(&disabled, vic, "a wrong guess"),
        wrong,
        "disabled and wrong"
    );
    assert_eq!(told(&unverified, vic, PASSWORD), wrong, "unverified");
    assert_eq!(
        told(&unverified, vic, "a wrong guess"),
        wrong,
        "unverified and wrong"
    );
    assert_eq!(
        told(&nowhere, vic, PASSWORD),
        wrong,
        "without an organisation"
    );
    let locked = |email: &'static str| {
        move |kit: &Kit| {
            for _ in 0..ATTEMPTS_PER_ACCOUNT {
                let _ = sign_in(kit, command(email, "a wrong guess"));
            }
        }
    };
    let known = told(&locked(vic), vic, PASSWORD);
    let unknown = told(
        &locked("nobody@example.org"),
        "nobody@example.org",
        PASSWORD,
    );
    assert_eq!(known, unknown, "locked");
    assert_ne!(known, wrong, "and it says so");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_a_thousand_guesses_at_once_exactly_the_budget_is_compared() {
    for seed in 0..3 {
        let kit = Kit::new(seed);
        kit.faults.interleave(true);
        let (deps, hasher) = (Arc::new(kit.login()), Arc::clone(&kit.hasher));
        let compared = || hasher.verified();
        race::race_guesses(1_000, deps, &*kit.cloud, &compared, (seed, Way::Spawned)).await;
    }
}
