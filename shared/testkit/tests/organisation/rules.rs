//! The rules: who changes whom, and with what proof.

use vault_domain::credential::Role;
use vault_domain::error::Refusal;
use vault_domain::id::{OrgId, UserId};
use vault_domain::member::{Membership, Subject};
use vault_domain::page::PageSize;
use vault_domain::token::{Caller, REAUTHENTICATION_SECONDS};
use vault_domain::usecase::organisation::{self, Wish, Wishes};
use vault_testkit::Kit;
use vault_testkit::builders::{self, OWNER, VIEWER};

use crate::{change, member, now, place, user_of};

const ROLES: [Role; 4] = [Role::Owner, Role::Admin, Role::Editor, Role::Viewer];

#[test]
fn everyone_changes_whom_the_table_lets_them_change_and_nobody_else() {
    let mut wishes = vec![Wish::Disable, Wish::Enable, Wish::EndSessions, Wish::Remove];
    wishes.extend(ROLES.map(Wish::Role));
    for role in ROLES {
        for target in ROLES {
            for wish in &wishes {
                let kit = Kit::with_users(1);
                let (caller, other) = (member(&kit, 1, role), member(&kit, 2, target));
                let before = kit.cloud.snapshot();
                let done = change(&kit, &caller, user_of(&other), *wish);
                let manages = match role {
                    Role::Owner => true,
                    Role::Admin => target != Role::Owner && *wish != Wish::Role(Role::Owner),
                    Role::Editor | Role::Viewer => false,
                };
                let what = format!("{role:?} {wish:?} of {target:?}: {done:?}");
                assert_eq!(done.is_ok(), manages, "{what}");
                if !manages {
                    assert!(matches!(done, Err(Refusal::Forbidden(_))), "{what}");
                    assert_eq!(kit.cloud.snapshot(), before, "{what}");
                }
            }
        }
    }
}

#[test]
fn nobody_raises_themselves() {
    for role in [Role::Admin, Role::Editor, Role::Viewer] {
        let kit = Kit::with_users(1);
        let caller = member(&kit, 1, role);
        let raised = change(&kit, &caller, user_of(&caller), Wish::Role(Role::Owner));
        assert!(matches!(raised, Err(Refusal::Forbidden(_))), "{raised:?}");
    }
}

#[test]
fn a_role_of_the_token_that_was_taken_away_counts_for_nothing() {
    let kit = Kit::with_users(1);
    let admin = member(&kit, 1, Role::Admin);
    let viewer = Wish::Role(Role::Viewer);
    change(&kit, &builders::caller(), user_of(&admin), viewer).unwrap();
    let done = change(&kit, &admin, VIEWER, Wish::Disable);
    assert!(matches!(done, Err(Refusal::Forbidden(_))), "{done:?}");
}

#[test]
fn someone_of_another_organisation_does_not_exist() {
    let kit = Kit::with_users(1);
    let (elsewhere, stranger) = (OrgId::from_octets([9; 16]), UserId::from_octets([9; 16]));
    let place = Membership {
        org: elsewhere,
        ..builders::membership(stranger, Role::Viewer)
    };
    kit.cloud
        .with(|s| s.memberships.insert((elsewhere, stranger), place));
    for wish in [Wish::Remove, Wish::Disable, Wish::Role(Role::Editor)] {
        let done = change(&kit, &builders::caller(), stranger, wish);
        assert!(matches!(done, Err(Refusal::NotFound("member"))), "{done:?}");
    }
    let listed = now(organisation::list(
        &kit.organisation(),
        &builders::ask(),
        None,
        PageSize::default(),
    ));
    assert_eq!(listed.unwrap().members.len(), 2, "nor is it listed");
}

#[test]
fn a_change_needs_a_recent_proof_and_a_session_that_is_not_over() {
    let kit = Kit::with_users(1);
    let caller = builders::caller();
    kit.clock.advance(REAUTHENTICATION_SECONDS + 1);
    let deps = kit.organisation();
    let wishes = Wishes {
        require_second_factor: Some(false),
        ..Wishes::default()
    };
    let late = [
        change(&kit, &caller, VIEWER, Wish::Disable).map(|_| ()),
        now(organisation::leave(&deps, &builders::ask_of(caller))),
        now(organisation::settle(
            &deps,
            &builders::ask_of(caller),
            &wishes,
        ))
        .map(|_| ()),
        now(organisation::end_sessions(&deps, &builders::ask_of(caller))),
    ];
    for done in late {
        assert!(
            matches!(done, Err(Refusal::ReauthenticationNeeded)),
            "{done:?}"
        );
    }
    assert!(
        now(organisation::show(&deps, &builders::ask_of(caller))).is_ok(),
        "looking needs none"
    );
    let session = builders::SESSION;
    kit.cloud
        .with(|s| s.sessions.get_mut(&session).unwrap().revoked = true);
    let over = now(organisation::show(&deps, &builders::ask_of(caller)));
    assert!(
        matches!(over, Err(Refusal::InvalidToken { .. })),
        "{over:?}"
    );
}

#[test]
fn an_api_key_manages_nobody() {
    let kit = Kit::with_users(1);
    let key = Caller {
        subject: Subject::ApiKey(vault_domain::id::ApiKeyId::from_octets([1; 16])),
        ..builders::caller()
    };
    let done = change(&kit, &key, VIEWER, Wish::Disable);
    assert!(matches!(done, Err(Refusal::Forbidden(_))), "{done:?}");
}

#[test]
fn the_last_owner_stays_one_whatever_they_try() {
    let kit = Kit::with_users(1);
    let (caller, before) = (builders::caller(), kit.cloud.snapshot());
    for wish in [Wish::Role(Role::Admin), Wish::Disable, Wish::Remove] {
        let done = change(&kit, &caller, OWNER, wish);
        assert!(matches!(done, Err(Refusal::Conflict(_))), "{done:?}");
    }
    let left = now(organisation::leave(
        &kit.organisation(),
        &builders::ask_of(caller),
    ));
    assert!(matches!(left, Err(Refusal::Conflict(_))), "{left:?}");
    assert_eq!(kit.cloud.snapshot(), before);
    let second = member(&kit, 1, Role::Owner);
    now(organisation::leave(
        &kit.organisation(),
        &builders::ask_of(caller),
    ))
    .unwrap();
    assert_eq!(place(&kit, OWNER), None);
    let done = change(&kit, &second, user_of(&second), Wish::Disable);
    assert!(matches!(done, Err(Refusal::Conflict(_))), "{done:?}");
}

#[test]
fn a_requirement_of_second_factors_is_made_by_whoever_has_shown_one() {
    let kit = Kit::with_users(1);
    let (deps, caller) = (kit.organisation(), builders::caller());
    let strict = Wishes {
        require_second_factor: Some(true),
        ..Wishes::default()
    };
    let weak = now(organisation::settle(
        &deps,
        &builders::ask_of(caller),
        &strict,
    ));
    assert!(matches!(weak, Err(Refusal::Forbidden(_))), "{weak:?}");
    let session = builders::SESSION;
    kit.cloud
        .with(|s| s.sessions.get_mut(&session).unwrap().second_factor = true);
    let made = now(organisation::settle(
        &deps,
        &builders::ask_of(caller),
        &strict,
    ))
    .unwrap();
    assert!(made.organisation.require_second_factor);
    let viewer = Caller {
        subject: builders::viewer_subject(),
        ..caller
    };
    let over = now(organisation::show(&deps, &builders::ask_of(viewer)));
    assert!(
        matches!(over, Err(Refusal::InvalidToken { .. })),
        "{over:?}"
    );
}

#[test]
fn only_owners_change_the_organisation() {
    for role in [Role::Admin, Role::Editor, Role::Viewer] {
        let kit = Kit::with_users(1);
        let (deps, caller) = (kit.organisation(), member(&kit, 1, role));
        let done = now(organisation::settle(
            &deps,
            &builders::ask_of(caller),
            &Wishes::default(),
        ));
        assert!(matches!(done, Err(Refusal::Forbidden(_))), "{role:?}");
        let done = now(organisation::end_sessions(&deps, &builders::ask_of(caller)));
        assert!(matches!(done, Err(Refusal::Forbidden(_))), "{role:?}");
        let shown = now(organisation::show(&deps, &builders::ask_of(caller))).unwrap();
        assert_eq!(shown.role, role, "everyone sees it");
    }
}

#[test]
fn pages_of_members_go_on_where_the_last_one_ended_in_their_organisation_alone() {
    let kit = Kit::with_users(1);
    for number in 1..=5 {
        member(&kit, number, Role::Viewer);
    }
    let (deps, caller) = (kit.organisation(), builders::caller());
    let two = PageSize::parse("2").unwrap();
    let (mut seen, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let page = now(organisation::list(
            &deps,
            &builders::ask_of(caller),
            cursor.as_deref(),
            two,
        ))
        .unwrap();
        seen.extend(
            page.members
                .into_iter()
                .map(|listed| listed.membership.user),
        );
        let Some(next) = page.cursor else { break };
        cursor = Some(next);
    }
    assert_eq!(seen.len(), 7, "nobody twice");
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 7);
    let page = now(organisation::list(
        &deps,
        &builders::ask_of(caller),
        None,
        two,
    ))
    .unwrap();
    let own = page.cursor.unwrap();
    let elsewhere = OrgId::from_octets([9; 16]);
    kit.cloud.with(|s| {
        let place = Membership {
            org: elsewhere,
            ..builders::membership(OWNER, Role::Owner)
        };
        s.memberships.insert((elsewhere, OWNER), place);
        let other = vault_domain::member::Organisation {
            id: elsewhere,
            ..builders::organisation()
        };
        s.organisations.insert(elsewhere, other);
        s.sessions.get_mut(&builders::SESSION).unwrap().org = elsewhere;
    });
    let caller = Caller {
        org: elsewhere,
        ..caller
    };
    for bad in [own.as_str(), "", "x", "AAAA"] {
        let listed = now(organisation::list(
            &deps,
            &builders::ask_of(caller),
            Some(bad),
            two,
        ));
        assert!(
            matches!(listed, Err(Refusal::Malformed(_))),
            "{bad}: {listed:?}"
        );
    }
}
