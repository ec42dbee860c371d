use std::net::IpAddr;

use proptest::prelude::*;

use super::*;
use crate::time::Timestamp;

fn rule(answer: OnSpread) -> SpreadRule {
    let default = SpreadRule::default();
    let most = (default.max_networks(), default.max_returns());
    SpreadRule::parse(answer, most, default.window()).unwrap()
}

fn v4(number: u8) -> IpAddr {
    [192, 0, number, 1].into()
}

fn v6(number: u8) -> IpAddr {
    format!("2001:db8:{number:x}::1").parse().unwrap()
}

/// What keys to these addresses at these seconds come to.
#[derive(Debug, Default, PartialEq, Eq)]
struct Walk {
    writes: usize,
    signs: Vec<u64>,
    longest: usize,
}

fn walk(
    from: Option<IpAddr>,
    rule: SpreadRule,
    keys: impl IntoIterator<Item = (IpAddr, u64)>,
) -> Walk {
    let trail = Trail::opened(from, Timestamp(0));
    let (mut watch, mut walked) = (Watch { rule, trail }, Walk::default());
    for (address, at) in keys {
        match watch.after(address, Timestamp(at)) {
            Next::Same => continue,
            Next::Moved(next) => watch.trail = next,
            Next::Raised(next, _) => {
                walked.signs.push(at);
                watch.trail = next;
            }
        }
        walked.writes += 1;
        let stored = watch.trail.to_string();
        walked.longest = walked.longest.max(stored.split(' ').count());
        let read = Trail::parse(&stored).map(|trail| trail.with_raised(watch.trail.raised()));
        assert_eq!(read.as_ref(), Some(&watch.trail), "it reads back");
    }
    walked
}

fn watched(keys: impl IntoIterator<Item = (IpAddr, u64)>) -> Walk {
    walk(None, SpreadRule::default(), keys)
}

/// Keys of two who watch at once, one key each in every period.
fn by_turns(a: IpAddr, b: IpAddr, period: u64) -> impl Iterator<Item = (IpAddr, u64)> {
    let turns = (0..100).map(move |key| (if key % 2 == 0 { a } else { b }, key * period / 2));
    turns.collect::<Vec<_>>().into_iter()
}

#[test]
fn a_view_that_stays_where_it_was_opened_writes_nothing() {
    let keys = || (0..1_000).map(|key| (v4(1), key * 30));
    let none = Walk::default();
    assert_eq!(walk(Some(v4(1)), SpreadRule::default(), keys()), none);
    // Opened by a server of the customer's, or from another family of addresses: it is written once where it is.
    for from in [None, Some(v4(2)), Some(v6(1))] {
        let walked = walk(from, SpreadRule::default(), keys());
        assert_eq!((walked.writes, walked.signs), (1, vec![]), "{from:?}");
    }
}

#[test]
fn a_telephone_that_goes_out_and_comes_home_is_no_sign() {
    let path = [(1, 0), (1, 30), (2, 60), (2, 90), (1, 120), (1, 150)];
    let walked = watched(path.map(|(number, at)| (v4(number), at)));
    assert_eq!((walked.writes, walked.signs), (3, vec![]));
    // On a ride that changes networks every two minutes, for hours.
    let ride = (0..100).map(|leg| (v4(u8::from(leg % 2 == 0)), leg * 120));
    assert_eq!(watched(ride).signs, Vec::<u64>::new());
    // By three stops with a network of their own, and the mobile network between them.
    let stops = [1, 2, 1, 3, 1, 4, 1];
    let stops = stops.into_iter().zip(0..).map(|(n, leg)| (v4(n), leg * 60));
    assert_eq!(watched(stops).signs, Vec::<u64>::new());
}

#[test]
fn a_client_that_has_both_families_takes_either_and_is_no_sign() {
    // At home, for every connection the other.
    let home = watched(by_turns(v4(1), v6(1), 30));
    assert_eq!((home.writes, home.signs), (2, vec![]));
    // Out and home again, in both.
    let path = [(1, 0), (2, 300), (1, 600)].into_iter();
    let path = path.flat_map(|(n, at)| [(v4(n), at), (v6(n), at + 15), (v4(n), at + 30)]);
    assert_eq!(watched(path).signs, Vec::<u64>::new());
}

#[test]
fn two_who_watch_at_once_are_a_sign_after_seven_changes_and_one_alone() {
    // ADR 40: seven changes of half a key period each.
    assert_eq!(watched(by_turns(v4(1), v4(2), 30)).signs, [105]);
    assert_eq!(watched(by_turns(v6(1), v6(2), 30)).signs, [105]);
    // The longest key period in which two are seen within the window.
    assert_eq!(watched(by_turns(v4(1), v4(2), 198)).signs, [693]);
    assert_eq!(
        watched(by_turns(v4(1), v4(2), 202)).signs,
        Vec::<u64>::new()
    );
}

#[test]
fn after_its_sign_a_view_writes_no_more() {
    let walked = watched(by_turns(v4(1), v4(2), 30));
    assert_eq!(walked.writes, 8);
}

#[test]
fn many_networks_are_a_sign_without_a_return() {
    let keys = (1..=5).map(|number| (v4(number), u64::from(number) * 60));
    assert_eq!(watched(keys).signs, [300]);
    // Five in an hour are not: each change leaves the window before the fourth after it.
    let slowly = (1..=9).map(|number| (v4(number), u64::from(number) * 200));
    assert_eq!(watched(slowly).signs, Vec::<u64>::new());
}

#[test]
fn a_server_that_opened_the_view_is_none_of_its_networks() {
    let keys = (1..=4).map(|number| (v4(number), u64::from(number)));
    let walked = walk(Some(v4(9)), SpreadRule::default(), keys);
    assert_eq!(walked.signs, Vec::<u64>::new());
}

#[test]
fn addresses_of_one_pool_are_one_network() {
    let pool = (0..50).map(|last| ([192, 0, 2, last].into(), u64::from(last)));
    assert_eq!(watched(pool).writes, 1);
    let mapped: IpAddr = "::ffff:192.0.2.7".parse().unwrap();
    let addresses = [mapped, [192, 0, 2, 9].into()];
    assert_eq!(watched(addresses.map(|own| (own, 1))).writes, 1);
    let site = ["2001:db8:1:2::3", "2001:db8:1:ffff::1"];
    let site = site.map(|text| (text.parse().unwrap(), 1));
    assert_eq!(watched(site).writes, 1);
}

#[test]
fn a_sign_says_which_networks_and_ends_a_view_where_it_is_to() {
    for (answer, ended) in [(OnSpread::Signal, false), (OnSpread::Revoke, true)] {
        let trail = Trail::default();
        let rule = rule(answer);
        let mut watch = Watch { rule, trail };
        let mut sign = None;
        for (address, at) in by_turns(v4(1), v4(2), 30) {
            assert_eq!(watch.ended(), sign.is_some() && ended);
            match watch.after(address, Timestamp(at)) {
                Next::Same => {}
                Next::Moved(next) => watch.trail = next,
                Next::Raised(next, own) => {
                    watch.trail = next;
                    sign = Some(own);
                }
            }
        }
        let sign = sign.unwrap();
        let networks: Vec<_> = sign.networks.iter().map(ToString::to_string).collect();
        assert_eq!(networks, ["192.0.1.0/24", "192.0.2.0/24"]);
        assert_eq!(sign.returns, 6);
    }
}

#[test]
fn a_rule_that_is_off_sees_nothing() {
    let keys = by_turns(v4(1), v4(2), 30);
    assert_eq!(walk(None, rule(OnSpread::Off), keys), Walk::default());
}

#[test]
fn rules_that_flag_one_telephone_or_that_nothing_meets_are_refused() {
    let parse = |networks, returns, window| {
        SpreadRule::parse(OnSpread::Signal, (networks, returns), window)
    };
    for (networks, returns, window) in [(2, 1, 60), (10, 10, 86_400)] {
        assert!(parse(networks, returns, window).is_ok());
    }
    for (networks, returns, window, field) in [
        (1, 5, 600, "max_networks"),
        (11, 5, 600, "max_networks"),
        (4, 0, 600, "max_returns"),
        (4, 11, 600, "max_returns"),
        (4, 5, 59, "window_seconds"),
        (4, 5, 86_401, "window_seconds"),
    ] {
        assert_eq!(
            parse(networks, returns, window).map_err(|bad| bad.field),
            Err(field)
        );
    }
    for answer in OnSpread::ALL {
        assert_eq!(OnSpread::parse(answer.as_str()), Ok(answer));
    }
    assert!(OnSpread::parse("on").is_err());
}

#[test]
fn a_trail_that_is_none_does_not_read() {
    let many = vec!["192.0.2.0/24@1"; MAX_STEPS + 1].join(" ");
    for bad in [
        "192.0.2.0/24",
        "192.0.2.1/24@7",
        "192.0.2.0/24@x",
        "@7",
        "??192.0.2.0/24@7",
        &many,
    ] {
        assert_eq!(Trail::parse(bad), None, "{bad}");
    }
    assert_eq!(Trail::parse(""), Some(Trail::default()));
}

fn any_rule() -> impl Strategy<Value = SpreadRule> {
    let most = (2..=MOST_ALLOWED, 1..=MOST_ALLOWED);
    (most, WINDOWS)
        .prop_map(|(most, window)| SpreadRule::parse(OnSpread::Signal, most, window).unwrap())
}

proptest! {
    /// Whatever the rule: two networks that change places no more often than it allows returns in its window.
    #[test]
    fn two_networks_that_alternate_slowly_are_never_a_sign(
        rule in any_rule(),
        slack in prop::collection::vec(0_u64..1_000, 1..100),
    ) {
        let least = rule.window().div_ceil(u64::from(rule.max_returns()) + 1);
        let mut at = 0;
        let keys = slack.into_iter().enumerate().map(|(leg, slack)| {
            at += least + slack;
            (v4(u8::from(leg % 2 == 0)), at)
        });
        prop_assert_eq!(walk(None, rule, keys).signs, Vec::<u64>::new());
    }

    /// And whatever the keys: a trail has an end, a view has one sign, and whoever asks again from the same place adds nothing.
    #[test]
    fn a_trail_has_an_end_and_a_view_one_sign(
        rule in any_rule(),
        keys in prop::collection::vec((0_u8..8, any::<bool>(), 0_u64..90), 0..200),
    ) {
        let mut at = 0;
        let keys: Vec<_> = keys.into_iter().map(|(number, four, gap)| {
            at += gap;
            (if four { v4(number) } else { v6(number) }, at)
        }).collect();
        let walked = walk(None, rule, keys.clone());
        prop_assert!(walked.longest <= MAX_STEPS);
        prop_assert!(walked.signs.len() <= 1);
        let twice = keys.into_iter().flat_map(|key| [key, key]);
        prop_assert_eq!(walk(None, rule, twice), walked);
    }

    /// A rule's strictest bound can be met: who watch at once by turns are seen, however many they are, by one family of
    /// addresses or by both in turn, and however much the rule lets pass.
    #[test]
    fn who_watch_at_once_are_a_sign_under_every_rule(
        rule in any_rule(), viewers in 2_u64..=12, both in any::<bool>(),
    ) {
        let gap = rule.window() / 60;
        let keys = (0..60).map(|key| {
            let viewer = u8::try_from(key % viewers).unwrap();
            let by_v6 = both && (key / viewers) % 2 == 1;
            (if by_v6 { v6(viewer) } else { v4(viewer) }, key * gap)
        });
        prop_assert_eq!(walk(None, rule, keys).signs.len(), 1);
    }
}
