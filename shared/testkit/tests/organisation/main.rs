//! Who may do what in an organisation, and what ends with it.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test tells what is wrong by panicking"
)]

mod ends;
mod invitations;
mod recorded;
mod rules;

use futures_util::FutureExt as _;
use vault_domain::credential::{Role, User};
use vault_domain::error::Refusal;
use vault_domain::id::{SessionId, UserId};
use vault_domain::member::{Membership, Subject};
use vault_domain::token::{Caller, Session};
use vault_domain::usecase::organisation::{self, Wish};
use vault_testkit::Kit;
use vault_testkit::builders::{self, ORG, OWNER};

pub(crate) fn now<T>(work: impl Future<Output = T>) -> T {
    work.now_or_never().expect("fakes never wait")
}

/// A member of a role who is signed in, with ids of a number.
pub(crate) fn member(kit: &Kit, number: u8, role: Role) -> Caller {
    let (user, session) = (
        UserId::from_octets([number; 16]),
        SessionId::from_octets([number; 16]),
    );
    let known = User {
        id: user,
        email: builders::email(&format!("m{number}@example.org")),
        ..builders::user()
    };
    kit.plant_member(known, role);
    let session = Session {
        id: session,
        user,
        ..builders::session(&format!("refresh {number}"))
    };
    kit.cloud.with(|s| {
        s.sessions.insert(session.id, session.clone());
        if role == Role::Owner {
            s.organisations.get_mut(&ORG).unwrap().owners += 1;
        }
    });
    Caller {
        subject: session.subject(),
        role,
        ..builders::caller()
    }
}

pub(crate) const fn user_of(caller: &Caller) -> UserId {
    match caller.subject {
        Subject::Person { user, .. } => user,
        Subject::ApiKey(_) | Subject::Share { .. } | Subject::Support(_) => OWNER,
    }
}

pub(crate) fn change(
    kit: &Kit,
    caller: &Caller,
    user: UserId,
    wish: Wish,
) -> Result<Option<Membership>, Refusal> {
    now(organisation::change(
        &kit.organisation(),
        &builders::ask_of(*caller),
        user,
        wish,
    ))
}

pub(crate) fn place(kit: &Kit, user: UserId) -> Option<Membership> {
    kit.cloud.with(|s| s.memberships.get(&(ORG, user)).copied())
}
