use std::collections::BTreeMap;

use super::*;
use crate::id::PlaybackId;
use crate::token::Digest;

fn visitor(address: &str, origin: Option<&str>) -> Visitor {
    Visitor {
        address: address.parse().ok(),
        origin: origin.map(str::to_owned),
    }
}

#[test]
fn a_token_without_bounds_is_for_everyone_everywhere() {
    let none = Bounds::default();
    assert!(none.has_begun(Timestamp(0)));
    assert!(none.admit(&Visitor::default()).is_ok());
    for mode in Mode::ALL {
        assert!(none.deliver(mode).is_ok());
    }
}

#[test]
fn a_request_that_does_not_say_where_it_is_from_is_outside_of_every_bound() {
    let near = Bounds {
        networks: Networks::parse("192.0.2.0/24 2001:db8::/32").unwrap(),
        ..Bounds::default()
    };
    for inside in ["192.0.2.9", "::ffff:192.0.2.9", "2001:db8::7"] {
        assert!(near.admit(&visitor(inside, None)).is_ok(), "{inside}");
    }
    for outside in ["192.0.3.9", "2001:db9::7", "nobody knows"] {
        let refused = near.admit(&visitor(outside, Some("https://a.test")));
        assert!(matches!(refused, Err(Refusal::OutsideNetwork)), "{outside}");
    }
    let paged = Bounds {
        origins: WebOrigins::parse("https://a.test http://127.0.0.1:4568").unwrap(),
        ..Bounds::default()
    };
    for own in ["https://a.test", "http://127.0.0.1:4568"] {
        assert!(paged.admit(&visitor("192.0.2.9", Some(own))).is_ok());
    }
    let others = [
        None,
        Some("null"),
        Some(""),
        Some("http://a.test"),
        Some("https://a.test:8443"),
        Some("https://b.a.test"),
        Some("https://a.test.evil.test"),
    ];
    for other in others {
        let refused = paged.admit(&visitor("192.0.2.9", other));
        assert!(matches!(refused, Err(Refusal::OtherOrigin)), "{other:?}");
    }
}

#[test]
fn networks_are_held_where_the_viewers_address_is_seen_alone() {
    let near = Bounds {
        networks: Networks::parse("192.0.2.0/24").unwrap(),
        ..Bounds::default()
    };
    assert!(near.deliver(Mode::Urls).is_ok());
    for mode in [Mode::Cookies, Mode::Query, Mode::Path] {
        assert!(matches!(near.deliver(mode), Err(Refusal::Conflict(_))));
    }
}

#[test]
fn an_origin_is_what_a_browser_would_send_and_nothing_else() {
    for good in [
        "https://a.test",
        "http://localhost:3000",
        "https://[2001:db8::1]:8443",
        "https://a.test https://a.test",
        "",
    ] {
        let parsed = WebOrigins::parse(good).unwrap();
        assert_eq!(WebOrigins::parse(&parsed.to_string()).unwrap(), parsed);
    }
    assert_eq!(
        WebOrigins::parse("https://a.test https://a.test")
            .unwrap()
            .iter()
            .count(),
        1
    );
    let many: Vec<_> = (0..17).map(|n| format!("https://{n}.test")).collect();
    for bad in [
        "*",
        "null",
        "a.test",
        "https://",
        "https://a.test/",
        "https://A.test",
        "https://a.test:443",
        "http://a.test:80",
        "https://a.test:",
        "https://*.test",
        "https://u@a.test",
        "ftp://a.test",
        "https://a.test,https://b.test",
        &many.join(" "),
    ] {
        assert!(WebOrigins::parse(bad).is_err(), "{bad}");
    }
    assert!(WebOrigins::parse(&many[..16].join(" ")).is_ok());
}

#[test]
fn a_token_begins_in_the_second_that_it_names() {
    let later = Bounds {
        not_before: Some(Timestamp(10)),
        ..Bounds::default()
    };
    assert!(!later.has_begun(Timestamp(9)));
    assert!(later.has_begun(Timestamp(10)));
}

#[test]
fn a_download_has_no_bounds_that_are_about_views() {
    let of = |bounds: Bounds| bounds.of_action(Action::Download).map_err(|bad| bad.field);
    let none = Bounds::default;
    let first_play = FirstPlay::parse(60).ok();
    let max_streams = MaxStreams::parse(1).ok();
    let viewed = [
        (
            Bounds {
                first_play,
                ..none()
            },
            "first_play_seconds",
        ),
        (
            Bounds {
                one_device: true,
                ..none()
            },
            "one_device",
        ),
        (
            Bounds {
                max_streams,
                ..none()
            },
            "max_streams",
        ),
    ];
    for (bounds, field) in viewed {
        assert_eq!(of(bounds.clone()), Err(field));
        assert!(bounds.of_action(Action::Play).is_ok());
    }
    let not_before = Some(Timestamp(1));
    assert!(
        of(Bounds {
            not_before,
            ..none()
        })
        .is_ok()
    );
}

#[test]
fn viewers_devices_and_streams_are_bounded() {
    for bad in ["", "a b", "a\n", "é", &"x".repeat(129)] {
        assert!(Viewer::parse(bad).is_err(), "{bad:?}");
    }
    assert_eq!(Viewer::parse("user-7").unwrap().as_str(), "user-7");
    for bad in [
        "",
        "AAAA",
        &"A".repeat(42),
        &"A".repeat(44),
        &"+".repeat(43),
    ] {
        assert!(DeviceSecret::parse(bad).is_err(), "{bad:?}");
    }
    let secret = DeviceSecret::parse(&"A".repeat(43)).unwrap();
    assert!(!format!("{secret:?}").contains("AAA"), "it does not print");
    for bad in [0, 101] {
        assert!(MaxStreams::parse(bad).is_err());
    }
}

fn view(number: u8) -> PlaybackId {
    PlaybackId::from_octets([number; 16])
}

fn lease(most: u32, until: u64) -> Lease {
    Lease {
        of: Digest([0; 32]),
        most: MaxStreams::parse(most).unwrap(),
        seconds: 90,
        until: Timestamp(until),
    }
}

#[test]
fn a_place_is_taken_from_the_longest_silent_and_from_nobody_who_plays() {
    let now = Timestamp(100);
    let there = [
        (view(1), Timestamp(90)),
        (view(2), Timestamp(80)),
        (view(3), Timestamp(101)),
    ];
    let places = Places(BTreeMap::from(there));
    let held = |most| {
        let next = places.with(view(9), &lease(most, 190), now);
        next.map(|places| places.0.into_keys().collect::<Vec<_>>())
    };
    assert_eq!(held(4), Some(vec![view(1), view(2), view(3), view(9)]));
    assert_eq!(held(3), Some(vec![view(1), view(3), view(9)]));
    assert_eq!(held(2), Some(vec![view(3), view(9)]));
    assert_eq!(held(1), None);
}

#[test]
fn a_view_that_has_a_place_takes_no_second_one() {
    let places = Places(BTreeMap::from([(view(1), Timestamp(90))]));
    let next = places
        .with(view(1), &lease(1, 190), Timestamp(100))
        .unwrap();
    assert_eq!(next.0, BTreeMap::from([(view(1), Timestamp(190))]));
}

#[test]
fn a_lease_is_renewed_when_a_third_of_it_has_passed() {
    let lease = lease(1, 190);
    assert!(!lease.is_due(Timestamp(100)));
    assert!(!lease.is_due(Timestamp(129)));
    for due in [130, 189, 190, 1_000] {
        assert!(lease.is_due(Timestamp(due)), "{due}");
    }
    let renewed = |end| lease.renewed(Timestamp(130), Timestamp(end)).until;
    assert_eq!(renewed(1_000), Timestamp(220));
    assert_eq!(renewed(140), Timestamp(140), "no longer than its view");
}
