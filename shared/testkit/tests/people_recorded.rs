//! What people do with their sessions and passwords is on the record of the organisations that it is about, once, and
//! what was refused or had no effect is not.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test tells what is wrong by panicking"
)]

use futures_util::FutureExt as _;
use vault_domain::audit::{Event, Record};
use vault_domain::error::Refusal;
use vault_domain::factor::{TotpCode, TotpSecret};
use vault_domain::id::OrgId;
use vault_domain::link::LinkToken;
use vault_domain::ports::Clock as _;
use vault_domain::usecase::account::sessions::{self, Which};
use vault_domain::usecase::account::{Bearer, password, totp};
use vault_domain::usecase::recover_account::{Acceptance, NewSecret, accept, reset};
use vault_domain::usecase::{login, refresh, revoke_token};
use vault_testkit::Kit;
use vault_testkit::builders::{self, EMAIL, ORG, OWNER, PASSWORD, SESSION};

const NEW: &str = "seven unrelated things";
/// Another organisation that the owner is in.
const ELSEWHERE: OrgId = OrgId::from_octets([0xe1; 16]);

fn now<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().expect("fakes never wait")
}

fn kit() -> Kit {
    let kit = Kit::with_users(1);
    kit.plant_session();
    kit.cloud.with(|s| {
        s.accounts.get_mut(&OWNER).unwrap().orgs.push(ELSEWHERE);
    });
    kit
}

/// Of each record: on whose, what, by whom, to what, and why.
fn recorded(kit: &Kit) -> Vec<(OrgId, Event, String, String, String)> {
    let line = |record: &Record| {
        let why = record.details.iter().find(|(name, _)| *name == "because");
        let why = why.map_or_else(String::new, |(_, why)| why.to_owned());
        let (by, to) = (record.author.to_string(), record.target.clone());
        (record.org, record.event, by, to, why)
    };
    kit.cloud.with(|s| s.audit.iter().map(line).collect())
}

fn by_owner() -> String {
    builders::caller().subject.to_string()
}

fn sign_in(kit: &Kit, password: &str) -> Result<login::Welcome, Refusal> {
    let command = login::Command {
        email: builders::email(EMAIL),
        password: builders::password(password),
        organisation: None,
        device: None,
        proof: None,
        origin: builders::origin(),
    };
    now(login::run(&kit.login(), command))
}

#[test]
fn a_sign_in_is_on_record_with_where_it_came_from_and_a_refused_one_is_not() {
    let kit = kit();
    assert!(sign_in(&kit, "not the passphrase").is_err());
    assert_eq!(recorded(&kit), []);
    let login::SignedIn::Open(pair) = sign_in(&kit, PASSWORD).unwrap().signed_in else {
        panic!("the golden owner has no second factor");
    };
    let by = format!("{OWNER}/{}", pair.session);
    let to = pair.session.to_string();
    assert_eq!(
        recorded(&kit),
        [(ORG, Event::SessionOpened, by, to, String::new())]
    );
    let record = kit.cloud.with(|s| s.audit[0].clone());
    let source = builders::origin().source();
    assert_eq!((record.source, record.at), (source, kit.clock.now()));
    assert!(
        record
            .details
            .iter()
            .any(|d| d == ("second_factor", "false"))
    );
}

#[test]
fn a_session_ends_on_record_once_and_with_the_reason() {
    let source = builders::source;
    let ended = |by: String, why: &str| {
        let to = SESSION.to_string();
        [(ORG, Event::SessionEnded, by, to, why.to_owned())]
    };
    let kit = kit();
    for _ in 0..2 {
        let token = kit.golden_refresh_token();
        now(revoke_token::run(&kit.revoke_token(), &token, source())).unwrap();
    }
    assert_eq!(recorded(&kit), ended(by_owner(), "token_revoked"));

    // A token that was traded, and comes again after its grace.
    let kit = self::kit();
    let token = kit.golden_refresh_token();
    now(refresh::run(&kit.refresh(), &token, &source())).unwrap();
    kit.clock.advance(60);
    for _ in 0..2 {
        assert!(now(refresh::run(&kit.refresh(), &token, &source())).is_err());
    }
    let by = "system".to_owned();
    assert_eq!(recorded(&kit), ended(by, "refresh_token_reused"));

    let kit = self::kit();
    now(sessions::revoke(&kit.account(), &builders::ask(), SESSION)).unwrap();
    assert_eq!(recorded(&kit), ended(by_owner(), "owner"));
}

#[test]
fn what_ends_all_sessions_is_on_the_record_of_every_organisation_of_theirs() {
    let everywhere = |event, by: String, why: &str| {
        let line = |org| (org, event, by.clone(), OWNER.to_string(), why.to_owned());
        [ORG, ELSEWHERE].map(line)
    };
    let kit = kit();
    now(sessions::revoke_all(
        &kit.account(),
        &builders::ask(),
        Which::All,
    ))
    .unwrap();
    let all = everywhere(Event::SessionsEnded, by_owner(), "");
    assert_eq!(recorded(&kit), all);

    let kit = self::kit();
    let (old, new) = (builders::password(PASSWORD), builders::password(NEW));
    let wrong = builders::password("not the passphrase");
    let change = |current| {
        now(password::change(
            &kit.account(),
            &builders::ask(),
            current,
            &new,
        ))
    };
    assert!(change(&wrong).is_err());
    assert_eq!(recorded(&kit), []);
    change(&old).unwrap();
    let all = everywhere(Event::PasswordChanged, by_owner(), "");
    assert_eq!(recorded(&kit), all);

    let kit = self::kit();
    let token = kit.plant_reset();
    for round in 0..2 {
        let wish = NewSecret {
            token: LinkToken::parse(token.secret().expose()).unwrap(),
            password: builders::password(NEW),
            source: builders::source(),
        };
        assert_eq!(now(reset(&kit.recover_account(), wish)).is_ok(), round == 0);
    }
    let all = everywhere(Event::PasswordChanged, "system".to_owned(), "mailed_link");
    assert_eq!(recorded(&kit), all);
}

/// Of each record of a factor: whose, and what it says of which.
fn factors_recorded(kit: &Kit) -> Vec<(OrgId, Event, String)> {
    let line = |record: &Record| {
        let factor = record.details.iter().find(|(name, _)| *name == "factor");
        let factor = factor.map_or_else(String::new, |(_, factor)| factor.to_owned());
        assert_eq!(record.target, OWNER.to_string());
        assert_eq!(record.author.to_string(), by_owner());
        assert_eq!(record.source, builders::source());
        (record.org, record.event, factor)
    };
    kit.cloud
        .with(|s| s.audit.drain(..).map(|record| line(&record)).collect())
}

#[test]
fn factors_come_and_go_on_the_record_of_every_organisation_of_theirs() {
    let kit = kit();
    let bearer = || Bearer::Caller(builders::ask());
    let everywhere =
        |event, factor: &str| [ORG, ELSEWHERE].map(|org| (org, event, factor.to_owned()));
    let app = now(totp::begin(&kit.account(), &bearer())).unwrap();
    let wrong = TotpCode::parse("000000".to_owned()).unwrap();
    assert!(now(totp::confirm(&kit.account(), &bearer(), &wrong)).is_err());
    assert_eq!(factors_recorded(&kit), [], "a secret that waits is none");
    let secret = data_encoding::BASE32_NOPAD.decode(app.secret.expose().as_bytes());
    let code = kit.code_now(&TotpSecret::new(secret.unwrap().try_into().unwrap()));
    for round in 0..2 {
        now(totp::confirm(&kit.account(), &bearer(), &code)).unwrap();
        let told = factors_recorded(&kit);
        if round == 0 {
            assert_eq!(told, everywhere(Event::FactorAdded, "totp"));
        } else {
            assert_eq!(told, [], "it was there");
        }
    }
    // As if they had proved it since.
    kit.cloud
        .with(|s| s.sessions.get_mut(&SESSION).unwrap().second_factor = true);
    now(totp::recovery_codes(&kit.account(), &builders::ask())).unwrap();
    let replaced = everywhere(Event::RecoveryCodesReplaced, "");
    assert_eq!(factors_recorded(&kit), replaced);
    for round in 0..2 {
        now(totp::remove(&kit.account(), &builders::ask())).unwrap();
        let told = factors_recorded(&kit);
        if round == 0 {
            assert_eq!(told, everywhere(Event::FactorRemoved, "totp"));
        } else {
            assert_eq!(told, [], "there was none");
        }
    }
}

#[test]
fn an_accepted_invitation_is_on_the_record_of_the_organisation_that_it_is_to() {
    let kit = kit();
    let token = kit.plant_invitation("new@example.org");
    let before = recorded(&kit).len();
    for round in 0..2 {
        let wish = Acceptance {
            token: LinkToken::parse(token.secret().expose()).unwrap(),
            password: Some(builders::password(NEW)),
            source: builders::source(),
        };
        let accepted = now(accept(&kit.recover_account(), wish));
        assert_eq!(accepted.is_ok(), round == 0);
    }
    let records = recorded(&kit);
    let [(org, event, by, to, why)] = &records[before..] else {
        panic!("{records:?}");
    };
    let joined = kit.cloud.with(|s| {
        let newcomer = s
            .users
            .values()
            .find(|u| u.email.as_str() == "new@example.org");
        newcomer.unwrap().id.to_string()
    });
    assert_eq!(
        (*org, *event, by.as_str()),
        (ORG, Event::MemberJoined, "system")
    );
    assert_eq!((to, why.as_str()), (&joined, "mailed_link"));
}
