//! What is older than its organisation keeps it.

use vault_domain::asset::NewAsset;
use vault_domain::audit::Author;
use vault_domain::deletion::{Aged, Days, Hold};
use vault_domain::id::AssetId;
use vault_domain::ports::Clock as _;
use vault_testkit::Sample;

use super::*;

/// Assets of this state, one for each of these ages in days, the oldest last.
fn plant(kit: &Kit, state: AssetState, ages: &[u64]) -> Vec<AssetId> {
    let (sample, today) = (
        Sample::new(ages.len() as u64 + state as u64),
        kit.clock.now(),
    );
    let plant = |age: &u64| {
        let new = builders::new_asset(&builders::film(1_000));
        let created_at = vault_domain::time::Timestamp(today.0 - age * DAY);
        let id = sample.asset();
        let announced = NewAsset {
            id,
            created_at,
            ..new
        };
        kit.plant(Asset {
            state,
            ..builders::announced(announced)
        });
        id
    };
    ages.iter().map(plant).collect()
}

fn gone(kit: &Kit, ids: &[AssetId]) -> Vec<bool> {
    let is_gone = |id| kit.cloud.with(|s| !s.assets[id].keeping.presence.is_kept());
    ids.iter().map(is_gone).collect()
}

fn rules(of: Aged, days: u64) -> Retention {
    let after = Days::age(days, of).ok();
    let mut rules = Retention::default();
    match of {
        Aged::All => rules.delete_after = after,
        Aged::Failed => rules.failed_after = after,
        Aged::Withdrawn => rules.withdrawn_after = after,
    }
    rules
}

#[test]
fn what_is_older_than_the_rule_goes_by_the_system_and_can_be_had_back() {
    let kit = Kit::with_users(1);
    let ids = plant(&kit, AssetState::Ready, &[1, 9, 10, 11, 12, 13, 14]);
    rule(&kit, rules(Aged::All, 10)).unwrap();
    let run = sweep(&kit).unwrap();
    assert_eq!((run.deleted, run.finished), (5, true));
    assert_eq!(
        gone(&kit, &ids),
        [false, false, true, true, true, true, true]
    );
    let state = kit.cloud.snapshot();
    let mut records = state.audit.iter();
    let record = records.find(|r| r.event == Event::AssetDeleted).unwrap();
    assert_eq!((record.author, &record.verdict), (Author::System, &None));
    assert!(
        record
            .details
            .iter()
            .any(|of| of == ("rule", "delete_after_days"))
    );
    let deletion = state.assets[&ids[2]].keeping.presence.deletion().unwrap();
    assert_eq!(deletion.erase_at, kit.clock.now().plus(30 * DAY));
    assert_eq!(sweep(&kit).unwrap().deleted, 0, "not due again yet");
    kit.clock.advance(DAY);
    assert_eq!(
        sweep(&kit).unwrap().deleted,
        1,
        "one more is old enough a day later"
    );
}

#[test]
fn a_rule_is_about_its_state_alone() {
    let kit = Kit::with_users(1);
    for (of, state) in [
        (Aged::Failed, AssetState::Failed),
        (Aged::Withdrawn, AssetState::Withdrawn),
    ] {
        let ready = plant(&kit, AssetState::Ready, &[50]);
        let meant = plant(&kit, state, &[2, 50, 60]);
        let mut next = rules(of, 7);
        next.version = kit
            .cloud
            .with(|s| s.rules.get(&ORG).map_or(0, |r| r.version));
        rule(&kit, next).unwrap();
        assert_eq!(sweep(&kit).unwrap().deleted, 2);
        assert_eq!(gone(&kit, &meant), [false, true, true]);
        assert_eq!(gone(&kit, &ready), [false]);
    }
}

#[test]
fn what_is_held_stays_and_what_was_had_back_is_young_again() {
    let kit = Kit::with_users(1);
    let ids = plant(&kit, AssetState::Ready, &[50, 51]);
    kit.cloud.with(|s| {
        s.assets.get_mut(&ids[0]).unwrap().keeping.hold = Some(Hold {
            reason: Reason::parse("Case 1").unwrap(),
            at: kit.clock.now(),
        });
    });
    rule(&kit, rules(Aged::All, 10)).unwrap();
    assert_eq!(sweep(&kit).unwrap().deleted, 1);
    assert_eq!(gone(&kit, &ids), [false, true]);
    let deps = kit.deletion();
    now(deletion::restore(&deps, &builders::ask(), ids[1])).unwrap();
    kit.clock.advance(DAY);
    assert_eq!(sweep(&kit).unwrap().deleted, 0);
    kit.clock.advance(9 * DAY);
    assert_eq!(sweep(&kit).unwrap().deleted, 1);
    assert_eq!(gone(&kit, &ids), [false, true]);
}

#[test]
fn a_great_many_go_in_turns() {
    let kit = Kit::with_users(1);
    let ages: Vec<_> = (0..620).map(|n| 20 + n % 7).collect();
    plant(&kit, AssetState::Ready, &ages);
    rule(&kit, rules(Aged::All, 10)).unwrap();
    let first = sweep(&kit).unwrap();
    assert_eq!((first.deleted, first.finished), (500, false));
    kit.clock.advance(1);
    let second = sweep(&kit).unwrap();
    assert_eq!((second.deleted, second.finished), (120, true));
}
