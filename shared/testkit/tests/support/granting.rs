//! What owners grant, see and end.

use vault_domain::audit::Event;
use vault_domain::credential::Role;
use vault_domain::error::Refusal;
use vault_domain::id::SupportId;
use vault_domain::ports::{MAX_SUPPORT, SUPPORT_KEPT};
use vault_domain::support::SupportLevel;
use vault_domain::token::Caller;
use vault_domain::usecase::organisation;
use vault_testkit::Kit;
use vault_testkit::builders::{self, ORG, VIEWER};
use vault_testkit::support::{HELPER, HELPER_EMAIL, OPERATOR, SUPPORT};

use crate::{end, enter, grant, kit, now, wish};

fn of(kit: &Kit, role: Role) -> Caller {
    kit.cloud
        .with(|s| s.memberships.get_mut(&(ORG, VIEWER)).unwrap().role = role);
    Caller {
        subject: builders::viewer_subject(),
        role,
        ..builders::caller()
    }
}

#[test]
fn an_owner_grants_for_a_purpose_and_a_time_and_all_of_it_is_on_record() {
    let kit = kit();
    let granted = grant(&kit, builders::caller(), &wish(SupportLevel::Look, None)).unwrap();
    assert_eq!((granted.org, granted.to), (ORG, OPERATOR));
    assert_eq!(granted.granted_by, builders::OWNER);
    assert_eq!(granted.expires_at.since(granted.granted_at), 3_600);
    end(&kit, builders::caller(), granted.id).unwrap();
    let records = kit.cloud.with(|s| s.audit.clone());
    let events: Vec<_> = records.iter().map(|record| record.event).collect();
    assert_eq!(events, [Event::SupportGranted, Event::SupportEnded]);
    let details: Vec<_> = records[0].details.iter().collect();
    assert!(details.contains(&("purpose", "Ticket 7")) && details.contains(&("level", "look")));
    assert_eq!(records[0].target, granted.id.to_string());
}

#[test]
fn owners_alone_grant_with_a_proof_of_a_moment_ago_and_admins_see_and_end() {
    let kit = kit();
    let new = wish(SupportLevel::Look, None);
    for role in [Role::Admin, Role::Editor, Role::Viewer] {
        let refused = grant(&kit, of(&kit, role), &new);
        assert!(matches!(refused, Err(Refusal::Forbidden(_))), "{role:?}");
    }
    kit.plant_support(|_| {});
    for (role, may) in [
        (Role::Viewer, false),
        (Role::Editor, false),
        (Role::Admin, true),
    ] {
        let caller = of(&kit, role);
        let listed = now(organisation::supported(
            &kit.organisation(),
            &builders::ask_of(caller),
        ));
        assert_eq!(listed.is_ok(), may, "{role:?}");
        assert_eq!(end(&kit, caller, SUPPORT).is_ok(), may, "{role:?}");
    }
    kit.clock.advance(601);
    let late = grant(&kit, builders::caller(), &new);
    assert!(matches!(late, Err(Refusal::ReauthenticationNeeded)));
    // A door is closed without that.
    kit.plant_support(|_| {});
    end(&kit, builders::caller(), SUPPORT).unwrap();
}

#[test]
fn where_there_is_no_support_nothing_is_granted() {
    let kit = Kit::with_users(1);
    let refused = grant(&kit, builders::caller(), &wish(SupportLevel::Look, None));
    assert!(matches!(refused, Err(Refusal::Conflict(_))));
    assert!(
        kit.cloud
            .with(|s| s.audit.is_empty() && s.supports.is_empty())
    );
}

#[test]
fn the_same_request_again_is_the_same_grant_and_another_under_its_key_is_told_apart() {
    let kit = kit();
    let new = wish(SupportLevel::Look, Some("one"));
    let first = grant(&kit, builders::caller(), &new).unwrap();
    kit.clock.advance(10);
    assert_eq!(grant(&kit, builders::caller(), &new).unwrap(), first);
    let other = wish(SupportLevel::Watch, Some("one"));
    let other = grant(&kit, builders::caller(), &other);
    assert!(matches!(other, Err(Refusal::IdempotencyMismatch)));
    // What was ended does not come back by a reply that was lost.
    end(&kit, builders::caller(), first.id).unwrap();
    let again = grant(&kit, builders::caller(), &new).unwrap();
    assert!(again.id == first.id && again.ended_at.is_some());
    assert_eq!(kit.cloud.with(|s| s.supports.len()), 1);
}

#[test]
fn ten_stand_at_a_time_and_those_that_are_over_make_room_and_stay_a_while() {
    let kit = kit();
    let new = wish(SupportLevel::Look, None);
    let all: Vec<_> = (0..MAX_SUPPORT)
        .map(|_| grant(&kit, builders::caller(), &new).unwrap().id)
        .collect();
    let full = grant(&kit, builders::caller(), &new);
    assert!(matches!(full, Err(Refusal::LimitReached(_))));
    end(&kit, builders::caller(), all[0]).unwrap();
    grant(&kit, builders::caller(), &new).unwrap();
    kit.cloud.with(|s| {
        for grant in s.supports.values_mut() {
            grant.expires_at = grant.granted_at;
        }
        for number in 0..SUPPORT_KEPT {
            let mut old = s.supports[&(ORG, all[1])].clone();
            old.id = SupportId::from_octets([u8::try_from(number).unwrap(); 16]);
            s.supports.insert((ORG, old.id), old);
        }
    });
    let last = grant(&kit, builders::caller(), &new).unwrap();
    let kept = kit.cloud.with(|s| s.supports.clone());
    assert_eq!(kept.len(), SUPPORT_KEPT + 1);
    assert!(kept.contains_key(&(ORG, last.id)));
}

#[test]
fn ending_again_is_the_same_and_what_is_unknown_or_anothers_is_not_found() {
    let kit = kit();
    kit.plant_support(|_| {});
    for _ in 0..2 {
        end(&kit, builders::caller(), SUPPORT).unwrap();
    }
    assert_eq!(kit.cloud.with(|s| s.audit.len()), 1, "recorded once");
    let unknown = SupportId::from_octets([9; 16]);
    kit.plant_support(|grant| (grant.org, grant.id) = (OPERATOR, unknown));
    let foreign = end(&kit, builders::caller(), unknown);
    assert!(matches!(foreign, Err(Refusal::NotFound(_))));
}

#[test]
fn the_list_tells_who_came_by_their_address_as_long_as_there_is_one() {
    let kit = kit();
    kit.plant_support(|_| {});
    enter(&kit).unwrap();
    enter(&kit).unwrap();
    let listed = || {
        let (deps, ask) = (kit.organisation(), builders::ask());
        now(organisation::supported(&deps, &ask)).unwrap()
    };
    let told = listed();
    assert_eq!(told.grants[0].used_by, [HELPER]);
    assert_eq!(told.staff[&HELPER].as_str(), HELPER_EMAIL);
    kit.cloud.with(|s| s.users.remove(&HELPER));
    let told = listed();
    assert_eq!(told.grants[0].used_by, [HELPER]);
    assert!(told.staff.is_empty(), "whoever goes is forgotten");
}
