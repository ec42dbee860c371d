//! Rules of an organisation.

use vault_domain::deletion::{Aged, Days};

use super::*;

fn days(recovery: u64) -> Retention {
    Retention {
        recovery: Days::recovery(recovery).unwrap(),
        ..Retention::default()
    }
}

#[test]
fn owners_alone_say_by_which_rules_assets_go() {
    let kit = kit();
    kit.cloud.with(|s| {
        let place = s.memberships.get_mut(&(ORG, builders::VIEWER)).unwrap();
        place.role = Role::Admin;
    });
    let deps = kit.deletion();
    let denied = now(deletion::show_retention(&deps, &viewer()));
    assert!(matches!(denied, Err(Refusal::Forbidden(_))));
    let denied = now(deletion::set_retention(&deps, &viewer(), &days(1)));
    assert!(matches!(denied, Err(Refusal::Forbidden(_))));
    let shown = now(deletion::show_retention(&deps, &builders::ask())).unwrap();
    assert_eq!(shown, Retention::default());
}

#[test]
fn rules_change_once_and_are_on_record() {
    let kit = kit();
    let set = rule(&kit, days(7)).unwrap();
    assert_eq!((set.recovery.get(), set.version), (7, 1));
    assert_eq!(rule(&kit, days(7)).unwrap(), set, "nothing new");
    assert_eq!(recorded(&kit, Event::RetentionChanged), 1);
    assert!(
        kit.cloud.with(|s| s.dues.is_empty()),
        "nothing goes by itself"
    );
    let aged = Retention {
        delete_after: Days::age(365, Aged::All).ok(),
        ..days(7)
    };
    rule(&kit, aged).unwrap();
    assert_eq!(kit.cloud.with(|s| s.dues.len()), 1);
    rule(&kit, days(7)).unwrap();
    assert!(kit.cloud.with(|s| s.dues.is_empty()), "nor any more");
    kit.clock.advance(DAY);
    let denied = rule(&kit, days(8));
    assert!(matches!(denied, Err(Refusal::ReauthenticationNeeded)));
}

#[test]
fn a_shorter_window_does_not_touch_what_is_deleted_already() {
    let kit = kit();
    let deletion = delete(&kit).unwrap().keeping.presence;
    rule(&kit, days(0)).unwrap();
    assert_eq!(presence(&kit), deletion);
    assert_eq!(sweep(&kit).unwrap().erased, 0, "what was promised holds");
    restore(&kit).unwrap();
    delete(&kit).unwrap();
    assert_eq!(
        sweep(&kit).unwrap().erased,
        1,
        "what is deleted now is due now"
    );
}
