use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

/// Codes that tell their step: no two of a window are alike.
struct Plain;

impl Totp for Plain {
    fn code(&self, _: &TotpSecret, step: Step) -> Stored<TotpCode> {
        Ok(TotpCode::from_number(
            u32::try_from(step.0 % 1_000_000).unwrap(),
        ))
    }
}

fn code(text: &str) -> TotpCode {
    TotpCode::parse(text.to_owned()).unwrap()
}

fn session(n: u8) -> SessionId {
    SessionId::from_octets([n; 16])
}

fn pending() -> TotpState {
    TotpState::pending(Sealed {
        key_version: "1".to_owned(),
        nonce: [0; 12],
        octets: vec![0; 36],
    })
}

fn confirmed(step: u64) -> TotpState {
    let mut state = pending();
    let spend = state.confirm(Step(step), session(0), Timestamp(step * STEP_SECONDS));
    assert_eq!(spend, Spend::Spent);
    state
}

#[test]
fn a_code_is_six_ascii_digits_and_spaces_do_not_count() {
    for good in ["012345", "012 345", " 0 1 2 3 4 5 "] {
        assert_eq!(code(good).expose(), "012345", "{good:?}");
    }
    for bad in [
        "",
        "      ",
        "12345",
        "1234567",
        "12345x",
        "-12345",
        "+12345",
        "12.345",
        "123\t456",
        "123-456",
        "１２３４５６",
        "٠١٢٣٤٥",
        "12345\0",
    ] {
        assert!(TotpCode::parse(bad.to_owned()).is_err(), "{bad:?}");
    }
}

#[test]
fn a_number_keeps_its_last_six_digits_and_its_zeros() {
    assert_eq!(TotpCode::from_number(7).expose(), "000007");
    assert_eq!(TotpCode::from_number(1_284_755_224).expose(), "755224");
    assert_eq!(TotpCode::from_number(u32::MAX).expose(), "967295");
}

#[test]
fn secrets_and_codes_do_not_print() {
    let shown = format!("{:?} {:?}", TotpSecret::new([65; 20]), code("424242"));
    assert!(!shown.contains("65") && !shown.contains("4242"), "{shown}");
}

#[test]
fn a_secret_is_shown_in_32_characters_of_base_32() {
    let secret = TotpSecret::new(*b"12345678901234567890");
    assert_eq!(secret.base32().expose(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
}

#[test]
fn a_code_is_good_one_step_either_way_and_no_further() {
    let (secret, now) = (TotpSecret::new([1; 20]), Timestamp(1_800_000_000));
    let Step(current) = Step::at(now);
    for (step, found) in [
        (current - 2, false),
        (current - 1, true),
        (current, true),
        (current + 1, true),
        (current + 2, false),
    ] {
        let presented = Plain.code(&secret, Step(step)).unwrap();
        let expected = found.then_some(Step(step));
        assert_eq!(
            find_step(&Plain, &secret, &presented, now).unwrap(),
            expected
        );
    }
}

#[test]
fn a_step_is_thirty_seconds_and_the_first_has_none_before_it() {
    for (seconds, step) in [(0, 0), (29, 0), (30, 1), (59, 1), (60, 2)] {
        assert_eq!(Step::at(Timestamp(seconds)), Step(step));
    }
    assert_eq!(Step(0).window(), [Step(0), Step(0), Step(1)]);
    assert_eq!(Step(u64::MAX).window()[2], Step(u64::MAX));
}

#[test]
fn of_equal_codes_the_newest_step_is_used_up() {
    let candidates = [
        (Step(4), code("111111")),
        (Step(5), code("222222")),
        (Step(6), code("111111")),
    ];
    assert_eq!(matching_step(&code("111111"), &candidates), Some(Step(6)));
    assert_eq!(matching_step(&code("222222"), &candidates), Some(Step(5)));
    assert_eq!(matching_step(&code("333333"), &candidates), None);
}

#[test]
fn a_step_is_accepted_once_and_again_for_its_own_session_alone() {
    let mut state = confirmed(9);
    assert_eq!(state.spend(Step(10), session(1)), Spend::Spent);
    assert_eq!(state.spend(Step(10), session(1)), Spend::Again);
    assert_eq!(state.spend(Step(10), session(2)), Spend::Refused);
    assert_eq!(state.spend(Step(9), session(1)), Spend::Refused);
    assert_eq!(state.spend(Step(11), session(2)), Spend::Spent);
    assert_eq!(state.spend(Step(10), session(1)), Spend::Refused);
}

#[test]
fn the_code_of_the_enrolment_signs_nobody_in() {
    let mut state = confirmed(10);
    assert!(state.confirmed);
    assert_eq!(state.confirmed_at, Some(Timestamp(300)));
    assert_eq!(state.spend(Step(10), session(1)), Spend::Refused);
    assert_eq!(state.spend(Step(9), session(1)), Spend::Refused);
    assert_eq!(state.spend(Step(11), session(1)), Spend::Spent);
}

#[test]
fn an_app_that_was_not_confirmed_signs_nobody_in() {
    let mut state = pending();
    assert_eq!(state.spend(Step(10), session(1)), Spend::Refused);
    assert_eq!(state, pending());
}

#[test]
fn an_app_is_confirmed_once() {
    let mut state = confirmed(10);
    let before = state.clone();
    let later = Timestamp(999);
    assert_eq!(state.confirm(Step(10), session(0), later), Spend::Again);
    assert_eq!(state.confirm(Step(10), session(1), later), Spend::Refused);
    assert_eq!(state.confirm(Step(11), session(0), later), Spend::Refused);
    assert_eq!(state, before);
}

proptest! {
    #[test]
    fn whatever_is_presented_no_step_is_spent_twice_and_none_after_a_newer_one(
        tries in proptest::collection::vec((0_u64..12, 0_u8..3), 0..60),
    ) {
        let mut state = confirmed(0);
        let mut spent = BTreeSet::from([(Step(0), session(0))]);
        for (step, by) in tries {
            let (step, by) = (Step(step), session(by));
            let newest = spent.last().map(|(step, _)| *step);
            match state.spend(step, by) {
                Spend::Spent => {
                    prop_assert!(newest < Some(step));
                    spent.insert((step, by));
                }
                Spend::Again => prop_assert_eq!(spent.last(), Some(&(step, by))),
                Spend::Refused => prop_assert!(Some(step) <= newest),
            }
        }
    }

    #[test]
    fn a_code_parses_if_it_is_six_digits_and_never_panics(text in ".{0,9}") {
        let digits: Vec<char> = text.chars().filter(|c| *c != ' ').collect();
        let good = digits.len() == DIGITS && digits.iter().all(char::is_ascii_digit);
        prop_assert_eq!(TotpCode::parse(text).is_ok(), good);
    }
}
