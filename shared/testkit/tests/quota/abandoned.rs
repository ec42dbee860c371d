//! Uploads that nobody brought to an end.

use vault_domain::deletion::{Duty, Hold, Reason};
use vault_domain::ports::Stored;
use vault_domain::quota::ABANDONED_AFTER;
use vault_domain::time::Timestamp;
use vault_domain::usecase::sweep_assets::{Command, Run, run};
use vault_testkit::cloud::Object;

use super::*;

pub(crate) fn command(kit: &Kit) -> Command {
    Command {
        deadline: kit.clock.now().plus(600),
        request: "req-5".to_owned(),
    }
}

fn sweep(kit: &Kit) -> Stored<Run> {
    now(run(&kit.sweep_assets(), &command(kit)))
}

/// An upload in parts, some of which arrived.
pub(crate) fn begun() -> Kit {
    let kit = Kit::with_users(1);
    let film = builders::film(1_000);
    kit.plant_parts(&builders::new_multipart_asset(&film, 400), &film);
    kit
}

fn asset(kit: &Kit) -> Asset {
    kit.cloud.with(|s| s.assets[&ASSET].clone())
}

#[test]
fn an_upload_is_over_after_seven_days_and_not_a_second_before() {
    let kit = begun();
    kit.clock.advance(ABANDONED_AFTER - 1);
    assert_eq!(sweep(&kit).unwrap().abandoned, 0);
    assert_eq!(asset(&kit).state, AssetState::Uploading);
    kit.clock.advance(1);
    let run = sweep(&kit).unwrap();
    assert!(run.abandoned == 1 && run.finished);
    let ended = asset(&kit);
    assert_eq!(ended.state, AssetState::Failed);
    assert_eq!(ended.failure.unwrap().code, "abandoned");
    let left = Usage {
        assets: 1,
        ..Usage::NONE
    };
    assert_eq!(used(&kit), left);
    kit.cloud.with(|s| {
        assert!(s.uploads.multiparts.is_empty() && s.uploads.objects.is_empty());
        assert!(
            s.dues.is_empty() && s.waiting.is_empty(),
            "nothing is left to do"
        );
    });
    assert_eq!(recorded(&kit, Event::AssetFailed), 1);
    assert_eq!(sweep(&kit).unwrap().abandoned, 0);
    assert_eq!(recorded(&kit, Event::AssetFailed), 1);
    assert_eq!(kit.leaks(), Vec::<String>::new());
}

#[test]
fn of_many_uploads_those_that_are_too_old_end_and_the_next_says_when_to_look_again() {
    let kit = Kit::with_users(1);
    for _ in 0..5 {
        announce(&kit, 10, None).unwrap();
        kit.clock.advance(100);
    }
    let begun = kit.clock.now().0 - 500;
    kit.clock.advance(ABANDONED_AFTER - 250);
    assert_eq!(sweep(&kit).unwrap().abandoned, 3);
    assert_eq!((used(&kit).uploads, used(&kit).bytes), (2, 20));
    let at = kit.cloud.with(|s| s.waiting[&ORG]);
    assert_eq!(at.0, begun + 300 + ABANDONED_AFTER);
    kit.clock.advance(250);
    assert_eq!(sweep(&kit).unwrap().abandoned, 2);
    assert_eq!(kit.leaks(), Vec::<String>::new());
}

#[test]
fn what_is_held_stays_and_what_arrived_is_left_alone() {
    let kit = begun();
    kit.change_asset(|asset| {
        asset.keeping.hold = Some(Hold {
            reason: Reason::parse("Case 1").unwrap(),
            at: asset.announced.created_at,
        });
    });
    kit.clock.advance(ABANDONED_AFTER);
    assert_eq!(sweep(&kit).unwrap().abandoned, 0);
    assert_eq!(asset(&kit).state, AssetState::Uploading);
    let again = kit.cloud.with(|s| s.waiting[&ORG]);
    assert!(again > kit.clock.now(), "it is looked at later");
    kit.change_asset(|asset| asset.keeping.hold = None);
    kit.clock.advance(6 * 3_600);
    assert_eq!(sweep(&kit).unwrap().abandoned, 1);

    let kit = Kit::with_users(1);
    let film = builders::film(1_000);
    kit.plant_arrived(builders::new_asset(&film), film);
    now(deliver(&kit)).unwrap();
    kit.clock.advance(ABANDONED_AFTER);
    assert_eq!(sweep(&kit).unwrap().abandoned, 0);
    assert_eq!(asset(&kit).state, AssetState::Ready);
    assert!(kit.cloud.with(|s| s.waiting.is_empty()));
}

/// The sweep had listed it when the hold came.
#[test]
fn the_bytes_of_an_abandoned_upload_stay_where_it_is_held_meanwhile() {
    for held in [true, false] {
        let kit = begun();
        kit.clock.advance(ABANDONED_AFTER);
        sweep(&kit).unwrap();
        let key = asset(&kit).source_key();
        kit.change_asset(|asset| {
            let reason = Reason::parse("Case 1").unwrap();
            let at = asset.announced.created_at;
            asset.keeping.hold = held.then_some(Hold { reason, at });
        });
        kit.cloud.with(|s| {
            let object = Object::new(builders::film(1_000));
            s.uploads.objects.insert(key.clone(), object);
            s.dues.insert((ORG, Duty::Asset(ASSET)), Timestamp(1));
        });
        sweep(&kit).unwrap();
        let stays = kit.cloud.with(|s| s.uploads.objects.contains_key(&key));
        assert_eq!(stays, held);
    }
}

#[test]
fn bytes_that_come_after_the_end_are_removed_when_s3_tells_of_them() {
    let kit = begun();
    kit.clock.advance(ABANDONED_AFTER);
    sweep(&kit).unwrap();
    let key = asset(&kit).source_key();
    kit.cloud.with(|s| {
        let late = Object::new(builders::film(1_000));
        s.uploads.objects.insert(key, late);
    });
    let outcome = now(deliver(&kit)).unwrap();
    assert_eq!(outcome, process_upload::Outcome::Nothing);
    assert!(kit.cloud.with(|s| s.uploads.objects.is_empty()));
}

#[test]
fn a_run_that_has_no_time_ends_nothing_and_the_next_does() {
    let kit = begun();
    kit.clock.advance(ABANDONED_AFTER);
    let late = Command {
        deadline: kit.clock.now().plus(30),
        request: "req-5".to_owned(),
    };
    let run = now(run(&kit.sweep_assets(), &late)).unwrap();
    assert!(run.abandoned == 0 && !run.finished);
    assert_eq!(sweep(&kit).unwrap().abandoned, 1);
}
