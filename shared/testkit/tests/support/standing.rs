//! When staff stand: at the exchange, at every request, and at every key.

use vault_domain::credential::Role;
use vault_domain::error::Refusal;
use vault_domain::id::{OrgId, SupportId};
use vault_domain::member::Subject;
use vault_domain::support::SupportLevel;
use vault_domain::token::Caller;
use vault_domain::usecase::{deliver_playlist, library};
use vault_testkit::builders::{self, ASSET, ORG, OWNER};
use vault_testkit::cloud::State;
use vault_testkit::support::{HELPER, HELPER_SESSION, OPERATOR, SUPPORT, helper, support_caller};

use crate::{enter, enter_as, key, kit, mint, now, play};

/// A change of what is stored.
type Change = fn(&mut State);

/// What ends all that support does, each by itself.
const ENDS: &[(&str, Change)] = &[
    ("the owner ended it", |s| {
        let grant = s.supports.get_mut(&(ORG, SUPPORT)).unwrap();
        grant.ended_at = Some(grant.granted_at);
    }),
    ("it was removed", |s| {
        s.supports.remove(&(ORG, SUPPORT));
    }),
    ("the owner left", |s| {
        s.memberships.remove(&(ORG, OWNER));
    }),
    ("the owner is shut out", |s| {
        s.memberships.get_mut(&(ORG, OWNER)).unwrap().active = false;
    }),
    ("the owner is no owner any more", |s| {
        s.memberships.get_mut(&(ORG, OWNER)).unwrap().role = Role::Admin;
    }),
    ("the owner's account is erased", |s| {
        s.memberships.remove(&(ORG, OWNER));
        s.accounts.remove(&OWNER);
    }),
    ("the owner came again since", |s| {
        let place = s.memberships.get_mut(&(ORG, OWNER)).unwrap();
        place.since = s.supports[&(ORG, SUPPORT)].granted_at.plus(1);
    }),
    ("the helper signed out", |s| {
        s.sessions.get_mut(&HELPER_SESSION).unwrap().revoked = true;
    }),
    ("the helper's sessions were ended", |s| {
        let from = s.sessions[&HELPER_SESSION].opened_at.plus(1);
        s.accounts.get_mut(&HELPER).unwrap().sessions_from = from;
    }),
    ("the helper is locked out", |s| {
        s.accounts.get_mut(&HELPER).unwrap().active = false;
    }),
    ("the helper is erased", |s| {
        s.accounts.remove(&HELPER);
        s.memberships.remove(&(OPERATOR, HELPER));
        s.sessions.remove(&HELPER_SESSION);
    }),
    ("the helper is shut out", |s| {
        s.memberships.get_mut(&(OPERATOR, HELPER)).unwrap().active = false;
    }),
    ("the helper left", |s| {
        s.memberships.remove(&(OPERATOR, HELPER));
    }),
    ("another organisation is the operator's now", |s| {
        s.operator = Some(OrgId::from_octets([7; 16]));
    }),
    ("there is no support any more", |s| s.operator = None),
];

#[test]
fn whatever_ends_it_ends_the_token_the_view_the_next_key_and_the_way_in() {
    for (what, ends) in ENDS {
        let kit = kit();
        kit.plant_support(|_| {});
        let caller = enter(&kit).unwrap();
        let unused = mint(&kit, caller).unwrap();
        let view = play(&kit, mint(&kit, caller).unwrap()).unwrap();
        key(&kit, &view).unwrap();
        kit.cloud.with(ends);
        let records = kit.cloud.with(|s| s.audit.len());
        let gone = |refused: Result<(), Refusal>| {
            assert!(
                matches!(refused, Err(Refusal::InvalidToken { .. })),
                "{what}: {refused:?}"
            );
        };
        gone(key(&kit, &view));
        let command = deliver_playlist::Command {
            visitor: builders::visitor(),
            ticket: view.ticket.expose().to_owned(),
            name: vault_domain::hls::PlaylistName::Video,
        };
        gone(now(deliver_playlist::run(&kit.deliver_playlist(), command)).map(drop));
        let ask = builders::ask_of(caller);
        gone(now(library::show(&kit.library(), &ask, ASSET)).map(drop));
        gone(mint(&kit, caller).map(drop));
        let opened = play(&kit, unused);
        assert!(matches!(opened, Err(Refusal::Forbidden(_))), "{what}");
        let again = enter(&kit);
        let refused = matches!(
            again,
            Err(Refusal::NotFound(_) | Refusal::InvalidToken { .. })
        );
        assert!(refused, "{what}: {again:?}");
        assert_eq!(kit.cloud.with(|s| s.audit.len()), records, "{what}");
    }
}

#[test]
fn a_token_and_a_view_never_outlive_what_was_granted() {
    let kit = kit();
    kit.plant_support(|grant| grant.expires_at = grant.granted_at.plus(100));
    let caller = enter(&kit).unwrap();
    let view = play(&kit, mint(&kit, caller).unwrap()).unwrap();
    assert_eq!(
        view.session.expires_at,
        vault_testkit::clock::GOLDEN_NOW.plus(100)
    );
    kit.clock.advance(99);
    key(&kit, &view).unwrap();
    kit.clock.advance(1);
    assert!(key(&kit, &view).is_err() && enter(&kit).is_err());
}

/// Whoever is no staff learns nothing of what is granted to whom; nor does staff of what is not granted to them.
#[test]
fn what_is_unknown_foreign_ended_and_for_others_reads_the_same() {
    let kit = kit();
    kit.plant_support(|_| {});
    let foreign = OrgId::from_octets([8; 16]);
    let ended = SupportId::from_octets([0x0e; 16]);
    kit.plant_support(|grant| (grant.id, grant.ended_at) = (ended, Some(grant.granted_at)));
    let key = kit.plant_client(|_| {});
    let as_key = Caller {
        subject: Subject::ApiKey(key.id),
        ..builders::caller()
    };
    let inside = enter(&kit).unwrap();
    let told = |caller, org, id| enter_as(&kit, caller, (org, id)).unwrap_err().to_string();
    let unknown = told(helper(), ORG, SupportId::from_octets([9; 16]));
    assert_eq!(unknown, "there is no such support grant");
    assert_eq!(told(helper(), foreign, SUPPORT), unknown);
    assert_eq!(told(helper(), ORG, ended), unknown);
    assert_eq!(told(builders::caller(), ORG, SUPPORT), unknown, "no staff");
    assert_eq!(told(as_key, ORG, SUPPORT), unknown, "a program");
    assert_eq!(told(inside, ORG, SUPPORT), unknown, "support already");
    kit.cloud.with(|s| s.operator = None);
    assert_eq!(told(helper(), ORG, SUPPORT), unknown, "no support");
}

#[test]
fn staff_without_a_second_factor_are_told_so_before_any_grant_is_looked_at() {
    let kit = kit();
    kit.plant_support(|_| {});
    kit.cloud.with(|s| {
        s.sessions.get_mut(&HELPER_SESSION).unwrap().second_factor = false;
    });
    for id in [SUPPORT, SupportId::from_octets([9; 16])] {
        let refused = enter_as(&kit, helper(), (ORG, id));
        assert!(matches!(refused, Err(Refusal::InvalidToken { .. })));
    }
    let read = kit.cloud.calls();
    assert!(!read.contains(&"support.support"), "{read:?}");
}

/// A token that says more than was granted gets no more.
#[test]
fn what_is_granted_bounds_what_a_token_says() {
    let kit = kit();
    kit.plant_support(|grant| grant.level = SupportLevel::Look);
    let bold = support_caller(SupportLevel::Watch);
    assert!(matches!(mint(&kit, bold), Err(Refusal::Forbidden(_))));
    assert_eq!(
        enter(&kit).unwrap(),
        support_caller(SupportLevel::Look),
        "its own says no more"
    );
}
