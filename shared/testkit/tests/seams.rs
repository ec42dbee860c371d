//! Where one part of identity relies on another: what a thief would try between them.

#![expect(
    clippy::unwrap_used,
    clippy::semicolon_if_nothing_returned,
    reason = "a test tells what is wrong by panicking"
)]

use std::sync::Arc;

use futures_util::FutureExt as _;
use vault_domain::credential::{Password, PasswordHash, Role};
use vault_domain::error::Refusal;
use vault_domain::factor::{SECRET_OCTETS, TotpCode, TotpSecret};
use vault_domain::ports::{Clock as _, PasswordHasher, Stored};
use vault_domain::secret::SecretText;
use vault_domain::usecase::account::{Bearer, password, totp};
use vault_domain::usecase::guard::{
    ATTEMPTS_OF_DEVICES, ATTEMPTS_PER_ACCOUNT, ATTEMPTS_PER_DEVICE, WINDOW_SECONDS,
};
use vault_domain::usecase::proof::Proof;
use vault_domain::usecase::recover_account::{Acceptance, NewSecret, accept, reset};
use vault_domain::usecase::{login, present, recent, recover_account};
use vault_testkit::Kit;
use vault_testkit::builders::{self, EMAIL, ORG, OWNER, PASSWORD};
use vault_testkit::crypto::FakeHasher;

fn now<T>(work: impl Future<Output = T>) -> T {
    work.now_or_never().unwrap()
}

fn sign_in(kit: &Kit, password: &str, device: Option<&str>) -> Result<login::Welcome, Refusal> {
    let command = login::Command {
        email: builders::email(EMAIL),
        password: builders::password(password),
        organisation: None,
        device: device.map(|text| SecretText::new(text.to_owned())),
        proof: None,
        origin: builders::origin(),
    };
    now(login::run(&kit.login(), command))
}

/// A thief with the password begins to add an app and waits; later the person adds a passkey.
#[test]
fn an_app_that_was_begun_before_another_factor_is_confirmed_by_no_session_without_it() {
    let kit = Kit::with_users(1);
    let thief = Bearer::Caller(builders::ask());
    let app = now(totp::begin(&kit.account(), &thief)).unwrap();
    let waiting = kit.cloud.with(|s| s.factors[&OWNER].pending.clone());
    kit.clock.advance(3_600);
    kit.enrol_owner();
    let since = kit.clock.now();
    kit.cloud.with(|s| {
        let set = s.factors.get_mut(&OWNER).unwrap();
        (set.totp, set.pending) = (None, waiting);
        set.passkeys[0].created_at = since;
    });
    let octets = data_encoding::BASE32_NOPAD.decode(app.secret.expose().as_bytes());
    let octets: [u8; SECRET_OCTETS] = octets.unwrap().try_into().unwrap();
    let code = kit.code_now(&TotpSecret::new(octets));
    let confirmed = now(totp::confirm(&kit.account(), &thief, &code));
    assert!(matches!(confirmed, Err(Refusal::WrongFactor)));
    assert!(kit.cloud.with(|s| s.factors[&OWNER].totp.is_none()));
}

#[test]
fn devices_from_before_a_new_password_count_against_the_common_budgets() {
    let kit = Kit::with_users(1);
    let old = sign_in(&kit, PASSWORD, None).unwrap().device;
    kit.clock.advance(10);
    let since = kit.clock.now();
    kit.cloud
        .with(|s| s.accounts.get_mut(&OWNER).unwrap().sessions_from = since);
    for _ in 0..ATTEMPTS_PER_ACCOUNT {
        let guess = sign_in(&kit, "a wrong guess", Some(old.expose()));
        assert!(matches!(guess, Err(Refusal::BadCredentials)));
    }
    let stranger = sign_in(&kit, PASSWORD, None);
    assert!(matches!(stranger, Err(Refusal::Throttled { .. })));
    kit.clock.advance(WINDOW_SECONDS);
    let new = sign_in(&kit, PASSWORD, Some(old.expose())).unwrap().device;
    for _ in 0..ATTEMPTS_PER_ACCOUNT {
        let _ = sign_in(&kit, "a wrong guess", None);
    }
    sign_in(&kit, PASSWORD, Some(new.expose())).unwrap();
}

#[test]
fn all_devices_of_an_account_share_a_budget() {
    let kit = Kit::with_users(1);
    let devices = ATTEMPTS_OF_DEVICES / ATTEMPTS_PER_DEVICE + 1;
    let devices: Vec<_> = (0..devices)
        .map(|_| sign_in(&kit, PASSWORD, None).unwrap().device)
        .collect();
    let mut through = 0;
    for device in &devices {
        for _ in 0..ATTEMPTS_PER_DEVICE {
            let guess = sign_in(&kit, "a wrong guess", Some(device.expose()));
            through += u32::from(matches!(guess, Err(Refusal::BadCredentials)));
        }
    }
    assert_eq!(through, ATTEMPTS_OF_DEVICES);
}

#[test]
fn codes_have_a_budget_of_a_day_whatever_the_windows() {
    let kit = Kit::with_users(1);
    kit.enrol_owner();
    let guess = || {
        let code = TotpCode::parse("000000".to_owned()).unwrap();
        let (caller, right) = (builders::caller(), builders::password(PASSWORD));
        let proof = Proof::Totp(code);
        now(password::reauthenticate(
            &kit.account(),
            &caller,
            &right,
            Some(&proof),
        ))
    };
    let mut wrong = 0;
    for _ in 0..6 {
        for _ in 0..10 {
            wrong += u32::from(matches!(guess(), Err(Refusal::WrongFactor)));
        }
        kit.clock.advance(WINDOW_SECONDS);
    }
    assert_eq!(wrong, 30);
    let Err(Refusal::Throttled { retry_after }) = guess() else {
        panic!("the day's budget is used up");
    };
    assert_eq!((kit.clock.now().0 + retry_after) % 86_400, 0);
}

#[test]
fn an_invitation_ends_with_the_right_of_whoever_made_it() {
    let lost: [fn(&Kit); 3] = [
        |kit| {
            kit.cloud
                .with(|s| s.memberships.remove(&(ORG, OWNER)).unwrap());
        },
        |kit| {
            kit.cloud
                .with(|s| s.memberships.get_mut(&(ORG, OWNER)).unwrap().active = false);
        },
        |kit| {
            kit.cloud
                .with(|s| s.memberships.get_mut(&(ORG, OWNER)).unwrap().role = Role::Editor);
        },
    ];
    for lose in lost {
        let kit = Kit::with_users(1);
        let token = kit.plant_invitation("kim@example.org");
        lose(&kit);
        let password = Some(builders::password("seven unrelated things"));
        let joined = now(accept(
            &kit.recover_account(),
            Acceptance {
                token,
                password,
                source: builders::source(),
            },
        ));
        assert!(matches!(joined, Err(Refusal::InvalidLink)));
    }
}

#[test]
fn other_peoples_rights_are_changed_with_the_second_factor_that_one_has() {
    let kit = Kit::with_users(1);
    let standing = || now(present(&*kit.cloud, &builders::caller())).unwrap().1;
    assert!(recent(&standing(), kit.clock.now()).is_ok());
    kit.enrol_owner();
    let refused = recent(&standing(), kit.clock.now()).map(drop);
    assert!(matches!(refused, Err(Refusal::ReauthenticationNeeded)));
    kit.cloud.with(|s| {
        s.sessions
            .get_mut(&builders::SESSION)
            .unwrap()
            .second_factor = true
    });
    assert!(recent(&standing(), kit.clock.now()).is_ok());
}

/// Sessions begin in the second after a new password, and people sign in with it at once.
#[test]
fn a_new_password_signs_in_within_the_second_in_which_it_was_set_and_the_old_one_does_not() {
    let kit = Kit::with_users(1);
    let next = kit.clock.now().plus(1);
    kit.cloud
        .with(|s| s.accounts.get_mut(&OWNER).unwrap().sessions_from = next);
    let signed_in = sign_in(&kit, PASSWORD, None).unwrap().signed_in;
    let login::SignedIn::Open(pair) = signed_in else {
        panic!("there is no second factor");
    };
    let opened = kit.cloud.with(|s| s.sessions[&pair.session].opened_at);
    assert_eq!(opened, next);
    let far = kit.clock.now().plus(31);
    kit.cloud
        .with(|s| s.accounts.get_mut(&OWNER).unwrap().sessions_from = far);
    let refused = sign_in(&kit, PASSWORD, None);
    assert!(matches!(refused, Err(Refusal::BadCredentials)));
}

/// bcrypt takes a while, in which the old password still opens a session.
struct Meanwhile<F>(FakeHasher, F);

impl<F: Fn() + Send + Sync> PasswordHasher for Meanwhile<F> {
    fn hash(&self, password: &Password) -> Stored<PasswordHash> {
        (self.1)();
        self.0.hash(password)
    }
    fn verify(&self, password: &Password, hash: Option<&PasswordHash>) -> Stored<bool> {
        self.0.verify(password, hash)
    }
}

#[test]
fn who_signs_in_with_the_old_password_while_the_new_one_is_hashed_is_out() {
    let kit = Arc::new(Kit::with_users(1));
    let thief = {
        let kit = kit.clone();
        move || {
            kit.clock.advance(3);
            sign_in(&kit, PASSWORD, None).unwrap();
            kit.clock.advance(1);
        }
    };
    let deps = recover_account::Deps {
        hasher: Arc::new(Meanwhile(FakeHasher::default(), thief)),
        ..kit.recover_account()
    };
    let wish = NewSecret {
        token: kit.plant_reset(),
        password: builders::password("seven unrelated things"),
        source: builders::source(),
    };
    now(reset(&deps, wish)).unwrap();
    let state = kit.cloud.snapshot();
    let from = state.accounts[&OWNER].sessions_from;
    let latest = state.sessions.values().map(|s| s.opened_at).max().unwrap();
    assert_eq!(kit.clock.now().since(latest), 1, "the thief came in");
    assert!(from > latest, "and is out: {from:?} {latest:?}");
}

#[test]
fn what_is_over_stays_over_when_a_clock_is_behind() {
    let kit = Kit::with_users(1);
    let ahead = kit.clock.now().plus(20);
    kit.cloud
        .with(|s| s.accounts.get_mut(&OWNER).unwrap().sessions_from = ahead);
    let wish = NewSecret {
        token: kit.plant_reset(),
        password: builders::password("seven unrelated things"),
        source: builders::source(),
    };
    now(reset(&kit.recover_account(), wish)).unwrap();
    assert_eq!(kit.cloud.with(|s| s.accounts[&OWNER].sessions_from), ahead);
}
