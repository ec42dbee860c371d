//! Coming back, coming in, and what mail says to whom.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test tells what is wrong by panicking"
)]

use futures_util::FutureExt as _;
use vault_domain::error::Refusal;
use vault_domain::link::LinkToken;
use vault_domain::mail::{MailOrder, NoticeKind};
use vault_domain::member::MAX_ORGANISATIONS;
use vault_domain::ports::LinkTokens as _;
use vault_domain::usecase::recover_account::{
    Acceptance, Accepted, Forgotten, NewSecret, PER_ADDRESS, PER_NETWORK, WINDOW_SECONDS, accept,
    forgot, reset, verify,
};
use vault_domain::usecase::send_mail::{self, Fulfilled};
use vault_testkit::Kit;
use vault_testkit::builders::{self, EMAIL, INVITATION, ORG, OWNER, RESET, VIEWER};
use vault_testkit::crypto::FakeHasher;

const NEW: &str = "seven unrelated things";

fn now<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().expect("fakes never wait")
}

fn fulfilled(kit: &Kit, order: MailOrder) -> Fulfilled {
    now(send_mail::run(&kit.send_mail(), order)).unwrap()
}

fn reset_order(request: u8, email: &str) -> MailOrder {
    MailOrder::PasswordReset {
        request: [request; 16],
        email: builders::email(email),
        requested_from: Some([203, 0, 113, 9].into()),
    }
}

fn last_token(kit: &Kit, email: &str) -> LinkToken {
    let state = kit.cloud.snapshot();
    let mail = state.mailbox(email).last().copied().unwrap();
    LinkToken::parse(mail.token().unwrap()).unwrap()
}

fn set(kit: &Kit, token: LinkToken, password: &str) -> Result<(), Refusal> {
    let password = builders::password(password);
    now(reset(
        &kit.recover_account(),
        NewSecret {
            token,
            password,
            source: builders::source(),
        },
    ))
}

fn join(kit: &Kit, token: LinkToken, password: Option<&str>) -> Result<Accepted, Refusal> {
    let password = password.map(builders::password);
    now(accept(
        &kit.recover_account(),
        Acceptance {
            token,
            password,
            source: builders::source(),
        },
    ))
}

fn ask(kit: &Kit, email: &str, host: [u8; 4]) -> Result<(), Refusal> {
    let wish = Forgotten {
        email: builders::email(email),
        address: host.into(),
    };
    now(forgot(&kit.recover_account(), wish))
}

fn again(kit: &Kit) -> LinkToken {
    kit.link_tokens.token(&RESET)
}

#[test]
fn a_reset_sets_the_password_ends_sessions_and_leaves_the_second_factor() {
    let kit = Kit::with_users(1);
    kit.cloud.with(|s| {
        s.users.get_mut(&OWNER).unwrap().verified = true;
        s.accounts.get_mut(&OWNER).unwrap().second_factor = true;
    });
    fulfilled(&kit, reset_order(1, EMAIL));
    set(&kit, last_token(&kit, EMAIL), NEW).unwrap();
    let state = kit.cloud.snapshot();
    assert_eq!(state.users[&OWNER].hash, FakeHasher::hash_of(NEW));
    let account = &state.accounts[&OWNER];
    assert!(account.second_factor, "a reset removes no factor");
    assert!(account.sessions_from > state.sessions[&builders::SESSION].opened_at);
    let notice = MailOrder::Notice {
        user: OWNER,
        what: NoticeKind::PasswordChanged,
        at: vault_testkit::clock::GOLDEN_NOW,
    };
    assert_eq!(state.mail_orders, [notice]);
    let twice = set(&kit, last_token(&kit, EMAIL), "another unrelated thing");
    assert!(matches!(twice, Err(Refusal::InvalidLink)), "{twice:?}");
}

#[test]
fn a_weak_password_uses_no_link_up() {
    let kit = Kit::with_users(1);
    kit.plant_reset();
    for weak in [
        "short",
        "the golden passphrase",
        "ada's own passphrase",
        "reelvault 2026",
    ] {
        let refusal = set(&kit, again(&kit), weak).unwrap_err();
        assert!(
            matches!(refusal, Refusal::WeakPassword(_)),
            "{weak}: {refusal}"
        );
    }
    set(&kit, again(&kit), NEW).unwrap();
}

#[test]
fn every_failure_of_a_link_is_the_same() {
    type Spoil = fn(&Kit);
    let cases: [(&str, Spoil); 6] = [
        ("unknown", |kit| kit.cloud.with(|s| s.links.clear())),
        ("expired", |kit| kit.clock.advance(1_800)),
        ("of an account that is off", |kit| {
            kit.cloud
                .with(|s| s.accounts.get_mut(&OWNER).unwrap().active = false);
        }),
        ("of an address that was changed", |kit| {
            let email = builders::email("new@example.org");
            kit.cloud
                .with(|s| s.users.get_mut(&OWNER).unwrap().email = email);
        }),
        ("used", |kit| set(kit, again(kit), NEW).unwrap()),
        ("older than another", |kit| {
            fulfilled(kit, reset_order(2, EMAIL));
        }),
    ];
    for (what, spoil) in cases {
        let kit = Kit::with_users(1);
        kit.plant_reset();
        spoil(&kit);
        let refusal = set(&kit, again(&kit), NEW).unwrap_err();
        assert!(matches!(refusal, Refusal::InvalidLink), "{what}: {refusal}");
    }
    let kit = Kit::with_users(1);
    let foreign = [
        kit.plant_verification(),
        kit.plant_invitation("new@example.org"),
    ];
    for token in foreign {
        let refusal = set(&kit, token, NEW).unwrap_err();
        assert!(
            matches!(refusal, Refusal::InvalidLink),
            "for something else"
        );
    }
}

#[test]
fn a_mail_goes_to_none_but_active_verified_accounts() {
    let kit = Kit::with_users(1);
    let vic = builders::viewer().email;
    let vic = vic.as_str();
    kit.cloud
        .with(|s| s.users.get_mut(&VIEWER).unwrap().verified = false);
    for nobody in ["nobody@example.org", vic] {
        let done = fulfilled(&kit, reset_order(1, nobody));
        assert!(matches!(done, Fulfilled::Nothing(_)), "{done:?}");
    }
    kit.cloud.with(|s| {
        s.users.get_mut(&VIEWER).unwrap().verified = true;
        s.accounts.get_mut(&VIEWER).unwrap().active = false;
    });
    let done = fulfilled(&kit, reset_order(1, vic));
    assert!(matches!(done, Fulfilled::Nothing(_)), "{done:?}");
    let state = kit.cloud.snapshot();
    assert!(state.sent.is_empty() && state.links.is_empty());
}

#[test]
fn an_order_that_comes_again_sends_the_same_link_until_that_is_used() {
    let kit = Kit::with_users(1);
    for _ in 0..2 {
        assert_eq!(fulfilled(&kit, reset_order(1, EMAIL)), Fulfilled::Sent);
    }
    let state = kit.cloud.snapshot();
    let tokens: Vec<_> = state.mailbox(EMAIL).iter().map(|m| m.token()).collect();
    assert_eq!(tokens[0], tokens[1]);
    assert_eq!(state.links.len(), 1);
    set(&kit, last_token(&kit, EMAIL), NEW).unwrap();
    let late = fulfilled(&kit, reset_order(1, EMAIL));
    assert!(matches!(late, Fulfilled::Nothing(_)), "{late:?}");
    assert_eq!(kit.cloud.snapshot().sent.len(), 2);
}

#[test]
fn a_recipient_that_is_refused_for_good_is_dropped() {
    let kit = Kit::with_users(1);
    kit.cloud.with(|s| s.undeliverable.insert(EMAIL.to_owned()));
    let done = fulfilled(&kit, reset_order(1, EMAIL));
    assert!(matches!(done, Fulfilled::Rejected(_)), "{done:?}");
}

#[test]
fn only_the_last_telling_of_an_invitation_is_sent_and_works() {
    let kit = Kit::with_users(1);
    let first = kit.plant_invitation("new@example.org");
    let order = |attempt| MailOrder::Invitation {
        org: ORG,
        invitation: INVITATION,
        attempt,
    };
    kit.cloud
        .with(|s| s.invitations.get_mut(&(ORG, INVITATION)).unwrap().attempt = 2);
    let old = fulfilled(&kit, order(1));
    assert!(matches!(old, Fulfilled::Nothing(_)), "{old:?}");
    assert_eq!(fulfilled(&kit, order(2)), Fulfilled::Sent);
    let refusal = join(&kit, first, Some(NEW)).unwrap_err();
    assert!(matches!(refusal, Refusal::InvalidLink), "{refusal}");
    join(&kit, last_token(&kit, "new@example.org"), Some(NEW)).unwrap();
    let gone = fulfilled(&kit, order(2));
    assert!(matches!(gone, Fulfilled::Nothing(_)), "{gone:?}");
}

#[test]
fn someone_new_accepts_with_a_password_and_has_a_verified_account() {
    let kit = Kit::with_users(1);
    let token = || kit.plant_invitation("new@example.org");
    let without = join(&kit, token(), None).unwrap_err();
    assert!(matches!(without, Refusal::Malformed(_)), "{without}");
    let weak = join(&kit, token(), Some("a golden passphrase")).unwrap_err();
    assert!(matches!(weak, Refusal::WeakPassword(_)), "{weak}");
    let place = join(&kit, token(), Some(NEW)).unwrap();
    let state = kit.cloud.snapshot();
    let user = &state.users[&place.user];
    assert!(user.verified && user.hash == FakeHasher::hash_of(NEW));
    assert_eq!(state.accounts[&place.user].orgs, [ORG]);
    assert_eq!(state.memberships[&(ORG, place.user)].role, place.role);
    assert!(state.invitations.is_empty());
    assert_eq!(state.organisations[&ORG].owners, 1, "an editor is no owner");
}

#[test]
fn an_account_joins_as_it_is_and_an_unverified_one_with_a_new_password() {
    for verified in [true, false] {
        let kit = Kit::with_users(1);
        let vic = builders::viewer();
        kit.cloud.with(|s| {
            s.memberships.remove(&(ORG, VIEWER));
            s.accounts.get_mut(&VIEWER).unwrap().orgs.clear();
            s.users.get_mut(&VIEWER).unwrap().verified = verified;
        });
        let token = || kit.plant_invitation(vic.email.as_str());
        if !verified {
            let refusal = join(&kit, token(), None).unwrap_err();
            assert!(matches!(refusal, Refusal::Malformed(_)), "{refusal}");
        }
        let place = join(&kit, token(), Some(NEW)).unwrap();
        assert_eq!(place.user, VIEWER);
        let state = kit.cloud.snapshot();
        let hash = if verified {
            vic.hash
        } else {
            FakeHasher::hash_of(NEW)
        };
        assert_eq!(state.users[&VIEWER].hash, hash, "verified {verified}");
        assert!(state.users[&VIEWER].verified);
        assert_eq!(state.accounts[&VIEWER].orgs, [ORG]);
    }
}

#[test]
fn who_is_there_already_or_has_no_room_is_refused_and_keeps_the_link() {
    let kit = Kit::with_users(1);
    let refusal = join(&kit, kit.plant_invitation(EMAIL), None).unwrap_err();
    assert!(matches!(refusal, Refusal::Conflict(_)), "{refusal}");
    kit.cloud.with(|s| {
        let account = s.accounts.get_mut(&OWNER).unwrap();
        let orgs = (0..MAX_ORGANISATIONS)
            .map(|n| vault_domain::id::OrgId::from_octets([u8::try_from(n).unwrap(); 16]));
        account.orgs = orgs.filter(|org| *org != ORG).collect();
        account.orgs.resize(
            MAX_ORGANISATIONS,
            vault_domain::id::OrgId::from_octets([0xff; 16]),
        );
        s.memberships.remove(&(ORG, OWNER));
        s.memberships.get_mut(&(ORG, VIEWER)).unwrap().role = vault_domain::credential::Role::Admin;
    });
    let token = kit.plant_invitation(EMAIL);
    kit.cloud.with(|s| {
        let invitation = s.invitations.get_mut(&(ORG, INVITATION)).unwrap();
        invitation.invited_by = vault_domain::member::Actor::User(VIEWER);
    });
    let refusal = join(&kit, token, None).unwrap_err();
    assert!(matches!(refusal, Refusal::LimitReached(_)), "{refusal}");
    assert!(kit.cloud.snapshot().links.values().all(|kept| !kept.used));
}

#[test]
fn a_verified_address_counts_from_then_on() {
    let kit = Kit::with_users(1);
    kit.cloud
        .with(|s| s.users.get_mut(&OWNER).unwrap().verified = false);
    let token = kit.plant_verification();
    now(verify(&kit.recover_account(), &token)).unwrap();
    assert!(kit.cloud.snapshot().users[&OWNER].verified);
    let twice = now(verify(&kit.recover_account(), &token)).unwrap_err();
    assert!(matches!(twice, Refusal::InvalidLink), "{twice}");
}

#[test]
fn an_address_gets_so_many_mails_and_hears_nothing_of_the_rest() {
    for email in [EMAIL, "nobody@example.org"] {
        let kit = Kit::with_users(1);
        for host in 1..=10 {
            ask(&kit, email, [198, 51, host, 1]).unwrap();
        }
        let orders = || kit.cloud.snapshot().mail_orders.len();
        assert_eq!(orders(), PER_ADDRESS as usize, "{email}");
        kit.clock.advance(WINDOW_SECONDS);
        ask(&kit, email, [198, 51, 1, 1]).unwrap();
        assert_eq!(orders(), PER_ADDRESS as usize + 1);
    }
}

#[test]
fn a_network_that_asks_too_often_is_told_when_to_come_again() {
    let kit = Kit::with_users(1);
    for number in 0..PER_NETWORK {
        ask(&kit, &format!("a{number}@example.org"), [198, 51, 100, 1]).unwrap();
    }
    let refusal = ask(&kit, EMAIL, [198, 51, 100, 1]).unwrap_err();
    let Refusal::Throttled { retry_after } = refusal else {
        panic!("{refusal}")
    };
    assert!((1..=WINDOW_SECONDS).contains(&retry_after));
    ask(&kit, EMAIL, [203, 0, 113, 1]).expect("another network");
    kit.clock.advance(retry_after);
    ask(&kit, EMAIL, [198, 51, 100, 1]).expect("after the time that was told");
}
