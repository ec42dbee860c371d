//! Legal holds.

use vault_domain::usecase::withdraw_asset;

use super::*;

#[test]
fn what_is_held_is_not_deleted_and_can_be_withdrawn() {
    let kit = kit();
    let held = hold(&kit, "Case 1").unwrap();
    assert_eq!(held.keeping.hold.unwrap().reason.as_str(), "Case 1");
    assert!(matches!(delete(&kit), Err(Refusal::LegalHold)));
    let deps = kit.withdraw_asset();
    now(withdraw_asset::run(&deps, &builders::ask(), ASSET)).unwrap();
    release(&kit).unwrap();
    delete(&kit).unwrap();
    assert_eq!(recorded(&kit, Event::LegalHoldPlaced), 1);
    assert_eq!(recorded(&kit, Event::LegalHoldReleased), 1);
}

#[test]
fn a_hold_is_on_record_once_and_keeps_its_time_under_another_reason() {
    let kit = kit();
    let first = hold(&kit, "Case 1").unwrap();
    kit.clock.advance(60);
    assert_eq!(hold(&kit, "Case 1").unwrap(), first);
    assert_eq!(recorded(&kit, Event::LegalHoldPlaced), 1);
    let other = hold(&kit, "Case 2").unwrap().keeping.hold.unwrap();
    assert_eq!(other.at, first.keeping.hold.unwrap().at);
    assert_eq!(recorded(&kit, Event::LegalHoldPlaced), 2);
    release(&kit).unwrap();
    release(&kit).unwrap();
    assert_eq!(recorded(&kit, Event::LegalHoldReleased), 1);
}

#[test]
fn what_was_deleted_before_is_not_erased_while_it_is_held() {
    let kit = kit();
    delete(&kit).unwrap();
    hold(&kit, "Case 1").unwrap();
    wait(&kit);
    kit.clock.advance(DAY);
    let before = kit.cloud.snapshot();
    assert_eq!(sweep(&kit).unwrap().erased, 0);
    assert_eq!(kit.cloud.snapshot(), before, "nothing is touched");
    kit.plant_session();
    kit.cloud.with(|s| {
        let at = kit.clock.now();
        let sessions = s.sessions.values_mut();
        sessions.for_each(|session| session.authenticated_at = at);
    });
    release(&kit).unwrap();
    assert_eq!(sweep(&kit).unwrap().erased, 1);
}

#[test]
fn what_is_held_comes_back_however_late_it_is() {
    let kit = kit();
    delete(&kit).unwrap();
    hold(&kit, "Case 1").unwrap();
    wait(&kit);
    restore(&kit).unwrap();
    let restored = asset(&kit).unwrap();
    assert!(restored.keeping.presence.is_kept() && restored.keeping.hold.is_some());
    assert!(matches!(delete(&kit), Err(Refusal::LegalHold)));
}

#[test]
fn a_hold_on_what_is_due_in_a_stale_index_is_passed_over() {
    // As if the index still showed what the hold took out.
    let kit = kit();
    delete(&kit).unwrap();
    let dues = kit.cloud.with(|s| s.dues.clone());
    hold(&kit, "Case 1").unwrap();
    kit.cloud.with(|s| s.dues = dues);
    wait(&kit);
    assert_eq!(sweep(&kit).unwrap().erased, 0);
    assert!(presence(&kit).is_deleted());
    let later = kit.clock.now().plus(DAY);
    assert!(kit.cloud.with(|s| s.dues.values().all(|at| *at == later)));
}

#[test]
fn holds_are_for_people_who_administer_and_proved_a_moment_ago_who_they_are() {
    let kit = kit();
    let reason = Reason::parse("Case 1").unwrap();
    let deps = kit.deletion();
    let denied = now(deletion::place_hold(&deps, &viewer(), ASSET, &reason));
    assert!(matches!(denied, Err(Refusal::Forbidden(_))));
    kit.clock.advance(DAY);
    let denied = hold(&kit, "Case 1");
    assert!(matches!(denied, Err(Refusal::ReauthenticationNeeded)));
    assert!(asset(&kit).unwrap().keeping.hold.is_none());
}
