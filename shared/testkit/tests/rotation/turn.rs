//! The four steps.

use vault_domain::ports::Stages;
use vault_domain::rotation::{Kind, OVERLAP, PENDING, Pass, Turn};
use vault_domain::usecase::rotate_secret::{self, Done, Refused, Step};
use vault_testkit::Kit;
use vault_testkit::rotation::{FIRST_VERSION, secret_arn};
use vault_testkit::sweep::Scenario;

use super::{STEPS, announce, names, now, order, ring, rotate, step, time, world};

const DAY: u64 = 86_400;

/// What is wrong with a pass.
type Twist = fn(&mut Pass);

#[test]
fn every_kind_of_secret_publishes_then_promotes() {
    for kind in Kind::ALL {
        let kit = world();
        let done = rotate(&kit, kind, "t-1");
        let published = Done::Made(Turn::Published);
        assert_eq!(done, [published, Done::Sound, Done::Sound, Done::InForce]);
        assert_eq!(
            names(&ring(&kit, kind)),
            r#"1 then Some("2") of ["1", "2"]"#
        );
        kit.clock.advance(OVERLAP);
        let promoted = Done::Made(Turn::Promoted { dropped: 0 });
        assert_eq!(rotate(&kit, kind, "t-2")[0], promoted);
        let expected = r#"2 then Some("3") of ["1", "2", "3"]"#;
        assert_eq!(names(&ring(&kit, kind)), expected, "{kind:?}");
        let others = Kind::ALL.into_iter().filter(|other| *other != kind);
        for other in others {
            assert_eq!(names(&ring(&kit, other)), r#"1 then None of ["1"]"#);
        }
    }
}

#[test]
fn a_rotation_ends_in_the_same_ring_at_every_cut() {
    let kind = Kind::PlaybackMac;
    for turns in [1, 2] {
        let build = move || {
            let kit = world();
            for turn in 1..turns {
                rotate(&kit, kind, &format!("before-{turn}"));
                kit.clock.advance(OVERLAP);
            }
            announce(&kit, kind, "t-last");
            kit
        };
        // Each step is repeated until it is done, as Secrets Manager does.
        let attempt = async |kit: &Kit, _| {
            for step in STEPS {
                let order = order(kind, "t-last", step);
                let done = rotate_secret::run(&kit.rotate_secret(), &order).await;
                done.map_err(|error| error.to_string())?;
            }
            Ok("rotated".to_owned())
        };
        Scenario::new("rotate_secret", build, attempt)
            .end(move |kit| vec![names(&ring(kit, kind))])
            .hold();
    }
}

#[test]
fn a_step_that_comes_again_changes_nothing_and_makes_no_other_key() {
    let (kit, kind) = (world(), Kind::ShareMac);
    announce(&kit, kind, "t-1");
    assert!(matches!(
        step(&kit, kind, "t-1", Step::Create),
        Ok(Done::Made(_))
    ));
    let before = kit.cloud.snapshot();
    assert!(matches!(
        step(&kit, kind, "t-1", Step::Create),
        Ok(Done::Already)
    ));
    for again in [Step::Set, Step::Test, Step::Test] {
        assert!(matches!(step(&kit, kind, "t-1", again), Ok(Done::Sound)));
    }
    assert_eq!(kit.cloud.snapshot(), before);
    assert!(matches!(
        step(&kit, kind, "t-1", Step::Finish),
        Ok(Done::InForce)
    ));
    let after = kit.cloud.snapshot();
    for again in STEPS {
        assert!(matches!(step(&kit, kind, "t-1", again), Ok(Done::Already)));
    }
    assert_eq!(kit.cloud.snapshot(), after);
}

#[test]
fn whatever_is_not_a_version_that_waits_of_a_secret_of_ours_is_refused() {
    let (kit, kind) = (world(), Kind::PlaybackMac);
    announce(&kit, kind, "t-1");
    let before = kit.cloud.snapshot();
    let asked = |secret: &str, token: &str, step| {
        let order = rotate_secret::Order {
            secret: secret.to_owned(),
            token: token.to_owned(),
            step,
        };
        now(rotate_secret::run(&kit.rotate_secret(), &order)).map(|(_, done)| done)
    };
    let arn = secret_arn(kind);
    for step in STEPS {
        let other = arn.replace("playback", "other");
        for foreign in [other.as_str(), "", "playback", "a1B2c3", &arn[..20]] {
            assert!(matches!(asked(foreign, "t-1", step), Err(Refused::NotOurs)));
        }
        assert!(matches!(asked(&arn, "t-2", step), Err(Refused::NotPending)));
    }
    for step in [Step::Set, Step::Test, Step::Finish] {
        assert!(matches!(asked(&arn, "t-1", step), Err(Refused::NotMade)));
    }
    assert_eq!(kit.cloud.snapshot(), before);
    // By its name, as LocalStack has it.
    assert!(asked("playback_mac", "t-1", Step::Create).is_ok());
    kit.cloud.with(|s| {
        let secret = s.secrets.get_mut(&arn).unwrap();
        secret.stages.rotates = false;
    });
    assert!(matches!(
        asked(&arn, "t-1", Step::Test),
        Err(Refused::NotRotating)
    ));
}

#[test]
fn a_version_that_waited_too_long_is_given_up_and_the_next_rotation_begins_anew() {
    let (kit, kind) = (world(), Kind::PlaybackMac);
    announce(&kit, kind, "t-1");
    step(&kit, kind, "t-1", Step::Create).unwrap();
    kit.clock.advance(PENDING);
    assert!(matches!(
        step(&kit, kind, "t-1", Step::Test),
        Ok(Done::Sound)
    ));
    kit.clock.advance(1);
    assert!(matches!(
        step(&kit, kind, "t-1", Step::Finish),
        Err(Refused::Stale)
    ));
    let stages = kit.cloud.snapshot().secrets[&secret_arn(kind)]
        .stages
        .clone();
    let (rotates, current) = (true, Some(FIRST_VERSION.to_owned()));
    let expected = Stages {
        rotates,
        current,
        pending: None,
    };
    assert_eq!(stages, expected);
    rotate(&kit, kind, "t-2");
    assert_eq!(
        names(&ring(&kit, kind)),
        r#"1 then Some("2") of ["1", "2"]"#
    );
}

#[test]
fn what_someone_put_into_the_secret_meanwhile_is_not_lost() {
    let (kit, kind) = (world(), Kind::MasterKey);
    announce(&kit, kind, "t-1");
    step(&kit, kind, "t-1", Step::Create).unwrap();
    let text = format!(
        r#"{{"current":"9","1":"{}","9":"{}"}}"#,
        "a".repeat(64),
        "z".repeat(64)
    );
    kit.cloud.with(|s| {
        let secret = s.secrets.get_mut(&secret_arn(kind)).unwrap();
        secret.versions.insert("by-hand".to_owned(), text);
        secret.stages.current = Some("by-hand".to_owned());
    });
    for last in [Step::Test, Step::Finish] {
        announce(&kit, kind, "t-1");
        assert!(matches!(
            step(&kit, kind, "t-1", last),
            Err(Refused::NoSuccessor)
        ));
        assert_eq!(names(&ring(&kit, kind)), r#"9 then None of ["1", "9"]"#);
    }
}

#[test]
fn a_rotation_that_comes_too_soon_leaves_the_ring_as_it_is_and_stands_in_no_way() {
    let (kit, kind) = (world(), Kind::SessionMac);
    rotate(&kit, kind, "t-1");
    for token in ["t-2", "t-3"] {
        kit.clock.advance(OVERLAP / 3);
        assert_eq!(rotate(&kit, kind, token)[0], Done::Made(Turn::Waits));
        assert_eq!(
            names(&ring(&kit, kind)),
            r#"1 then Some("2") of ["1", "2"]"#
        );
    }
    kit.clock.advance(OVERLAP);
    let promoted = Done::Made(Turn::Promoted { dropped: 0 });
    assert_eq!(rotate(&kit, kind, "t-4")[0], promoted);
}

#[test]
fn an_old_master_key_goes_when_it_is_shown_that_nothing_is_under_it_and_no_sooner() {
    let late_enough = |pass: &mut Pass| pass.begun_at = pass.begun_at.plus(OVERLAP);
    let cases: [(&str, bool, Twist); 6] = [
        ("shown", true, |_| {}),
        ("not over", false, |pass| pass.finished = false),
        ("one that cannot be read", false, |pass| pass.unreadable = 1),
        ("under another one", false, |pass| {
            pass.current = "1".to_owned();
        }),
        ("begun too soon", false, |pass| pass.begun_at.0 -= 1),
        ("never begun", false, |pass| pass.begun_at.0 = 0),
    ];
    for (name, goes, change) in cases {
        let (kit, kind) = (world(), Kind::MasterKey);
        rotate(&kit, kind, "t-1");
        kit.clock.advance(90 * DAY);
        rotate(&kit, kind, "t-2");
        let mut pass = Pass::new("2".to_owned(), time(&kit));
        pass.finished = true;
        late_enough(&mut pass);
        change(&mut pass);
        kit.cloud.with(|s| s.pass = Some(pass));
        kit.clock.advance(36 * DAY - 1);
        rotate(&kit, kind, "t-3");
        let known = |name: &str| ring(&kit, kind).versions().any(|(known, _)| known == name);
        assert!(known("1"), "{name}: a table may be restored that it wraps");
        // The pass is of the version that was current then: another one is needed after each turn.
        let mut again = kit.cloud.snapshot().pass.unwrap();
        if again.current == "2" {
            again.current = "3".to_owned();
        }
        again.begun_at = again.begun_at.plus(36 * DAY - 1);
        kit.cloud.with(|s| s.pass = Some(again));
        kit.clock.advance(DAY);
        rotate(&kit, kind, "t-4");
        assert_eq!(!known("1"), goes, "{name}");
        assert!(known("2") && known("3") && known("4"), "{name}");
    }
}
