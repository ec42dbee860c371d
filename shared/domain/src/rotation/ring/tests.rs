use super::*;
use crate::rotation::Kind;

const DAY: u64 = 86_400;
const START: Timestamp = Timestamp(1_800_000_000);

fn parse(text: &str) -> Result<Ring, RingFault> {
    Ring::parse(&SecretText::new(text.to_owned()))
}

/// As a new stack has one.
fn first() -> Ring {
    parse(&format!(r#"{{"current":"1","1":"{}"}}"#, "a".repeat(64))).unwrap()
}

fn turned(ring: &Ring, keep: Keep, now: Timestamp, unused: bool) -> (Ring, Turn) {
    let material = SecretText::new(format!("{:064}", now.0));
    let (after, turn) = ring.turned(
        keep,
        Next {
            now,
            material,
            unused,
        },
    );
    assert!(after.follows(ring, keep, now), "a turn follows its ring");
    // What is stored is what is read.
    (Ring::parse(&after.text()).unwrap(), turn)
}

fn names(ring: &Ring) -> Vec<&str> {
    ring.versions().map(|(name, _)| name).collect()
}

#[test]
fn a_key_is_published_a_turn_before_it_is_used() {
    let keep = Kind::PlaybackMac.keep();
    let (ring, turn) = turned(&first(), keep, START, false);
    assert_eq!((ring.current(), ring.next()), ("1", Some("2")));
    assert_eq!(turn, Turn::Published);
    let soon = START.plus(OVERLAP - 1);
    let (same, turn) = turned(&ring, keep, soon, false);
    assert_eq!(turn, Turn::Waits);
    assert_eq!(same.text().expose(), ring.text().expose());
    let (ring, turn) = turned(&ring, keep, START.plus(OVERLAP), false);
    assert_eq!(turn, Turn::Promoted { dropped: 0 });
    assert_eq!((ring.current(), ring.next()), ("2", Some("3")));
    assert_eq!(names(&ring), ["1", "2", "3"], "the old one stays");
    assert_eq!(ring.current_since(), START.plus(OVERLAP));
}

#[test]
fn an_old_key_goes_when_nothing_made_under_it_can_live() {
    let keep = Kind::PlaybackMac.keep();
    let (ring, _) = turned(&first(), keep, START, false);
    let (ring, _) = turned(&ring, keep, START.plus(DAY), false);
    let (early, _) = turned(&ring, keep, START.plus(3 * DAY - 1), false);
    assert!(names(&early).contains(&"1"));
    let (late, turn) = turned(&ring, keep, START.plus(3 * DAY), false);
    assert_eq!(turn, Turn::Promoted { dropped: 1 });
    assert_eq!(names(&late), ["2", "3", "4"]);
    assert_eq!((late.current(), late.next()), ("3", Some("4")));
}

#[test]
fn keys_whose_things_have_no_end_stay_and_a_master_key_stays_while_it_is_used() {
    for (kind, unused, stays) in [
        (Kind::ShareMac, true, true),
        (Kind::WebhookMac, true, true),
        (Kind::Factor, true, true),
        (Kind::MasterKey, false, true),
        (Kind::MasterKey, true, false),
        (Kind::SessionMac, false, false),
    ] {
        let mut ring = first();
        for turn in 0..7 {
            ring = turned(&ring, kind.keep(), START.plus(turn * 90 * DAY), unused).0;
        }
        assert_eq!(names(&ring).contains(&"1"), stays, "{kind:?}");
    }
}

#[test]
fn a_version_that_someone_added_by_hand_is_kept_until_its_age_is_known() {
    let long = "x".repeat(64);
    let ring = parse(&format!(
        r#"{{"current":"2","1":"{long}","2":"{long}","a-b":"{long}"}}"#
    ));
    let keep = Kind::PlaybackMac.keep();
    let (ring, turn) = turned(&ring.unwrap(), keep, START, false);
    assert_eq!(turn, Turn::Published);
    assert_eq!(names(&ring), ["1", "2", "3", "a-b"]);
    let (ring, _) = turned(&ring, keep, START.plus(2 * DAY), false);
    assert_eq!(names(&ring), ["2", "3", "4"]);
}

#[test]
fn a_ring_that_is_full_waits() {
    let keep = Kind::ShareMac.keep();
    let mut ring = first();
    let mut at = START;
    while names(&ring).len() < MOST {
        ring = turned(&ring, keep, at, false).0;
        at = at.plus(OVERLAP);
    }
    assert_eq!(turned(&ring, keep, at, false).1, Turn::Waits);
    assert!(ring.text().expose().len() < 65_536);
}

#[test]
fn what_lacks_a_key_has_another_in_its_place_or_jumps_ahead_does_not_follow() {
    let keep = Kind::PlaybackMac.keep();
    let (before, _) = turned(&first(), keep, START, false);
    let now = START.plus(OVERLAP);
    let (after, _) = turned(&before, keep, now, false);
    assert!(after.follows(&before, keep, now));
    assert_eq!(after.published_after(&before), Some(now));
    assert_eq!(before.published_after(&before), None);
    let changed = |change: fn(&mut Ring)| {
        let mut ring = after.copy();
        change(&mut ring);
        ring.follows(&before, keep, now)
    };
    assert!(!changed(|r| drop(r.versions.remove("1"))));
    assert!(!changed(|r| drop(r.versions.remove("2"))));
    assert!(!changed(|r| {
        r.versions
            .insert("1".to_owned(), SecretText::new("z".repeat(64)));
    }));
    assert!(!changed(|r| r.current = "3".to_owned()));
    // A version that came into the secret after the successor was made.
    let mut since = before.copy();
    since
        .versions
        .insert("9".to_owned(), SecretText::new("z".repeat(64)));
    assert!(!after.follows(&since, keep, now.plus(400 * DAY)));
}

#[test]
fn what_is_no_ring_is_told_by_its_fault() {
    let key = "k".repeat(64);
    for (text, fault) in [
        ("unset".to_owned(), RingFault::NotAnObject),
        (r#"{"current":1}"#.to_owned(), RingFault::NotAnObject),
        (format!(r#"{{"1":"{key}"}}"#), RingFault::NoCurrent),
        (
            format!(r#"{{"current":"2","1":"{key}"}}"#),
            RingFault::NoCurrent,
        ),
        (
            r#"{"current":"1","1":"short"}"#.to_owned(),
            RingFault::TooShort,
        ),
        (
            format!(r#"{{"current":"a.b","a.b":"{key}"}}"#),
            RingFault::BadVersion,
        ),
        (
            format!(r#"{{"current":"1","rotation":{{"next":"2"}},"1":"{key}"}}"#),
            RingFault::NoNext,
        ),
        (
            format!(r#"{{"current":"1","rotation":{{"next":"1"}},"1":"{key}"}}"#),
            RingFault::NoNext,
        ),
        (
            format!(r#"{{"current":"1","rotation":{{"later":"1"}},"1":"{key}"}}"#),
            RingFault::NotAnObject,
        ),
    ] {
        assert_eq!(parse(&text).err(), Some(fault), "{text}");
    }
}
