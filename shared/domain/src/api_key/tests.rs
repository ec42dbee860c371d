use super::*;
use crate::network::Network;
use proptest::prelude::*;

const NOW: Timestamp = Timestamp(1_800_000_000);
const OLD: Digest = Digest([1; 32]);
const NEW: Digest = Digest([2; 32]);
const HOME: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 7));

fn key() -> ApiKey {
    ApiKey {
        id: ApiKeyId::from_octets([1; 16]),
        org: OrgId::from_octets([2; 16]),
        name: Label::parse("Nightly import").unwrap(),
        role: KeyRole::Editor,
        scopes: Scopes::only(Scope::Upload),
        active: OLD,
        previous: None,
        created_by: UserId::from_octets([3; 16]),
        created_at: NOW,
        expires_at: None,
        networks: Networks::everywhere(),
        last_used: None,
        revoked: false,
    }
}

fn hour() -> Overlap {
    Overlap::parse(3600).unwrap()
}

fn from_home() -> Networks {
    Networks::of([Network::parse("192.0.2.0/24").unwrap()]).unwrap()
}

#[test]
fn a_live_key_is_admitted_by_its_secret_alone() {
    assert_eq!(key().admits(OLD, HOME, NOW), Ok(()));
    assert_eq!(key().admits(NEW, HOME, NOW), Err(Denied::WrongSecret));
}

#[test]
fn no_bit_of_a_digest_may_differ() {
    for bit in 0..256 {
        let mut near = OLD;
        near.0[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(key().admits(near, HOME, NOW), Err(Denied::WrongSecret));
    }
}

#[test]
fn both_secrets_are_good_until_the_overlap_ends_to_the_second() {
    let rotated = key().rotated(NEW, hour(), NOW);
    for (secret, later, expected) in [
        (NEW, 0, Ok(())),
        (OLD, 0, Ok(())),
        (OLD, 3599, Ok(())),
        (OLD, 3600, Err(Denied::Replaced)),
        (NEW, 3600, Ok(())),
    ] {
        assert_eq!(rotated.admits(secret, HOME, NOW.plus(later)), expected);
    }
}

#[test]
fn without_an_overlap_the_old_secret_is_a_stranger_at_once() {
    let rotated = key().rotated(NEW, Overlap::NONE, NOW);
    assert_eq!(rotated.previous, None);
    assert_eq!(rotated.admits(OLD, HOME, NOW), Err(Denied::WrongSecret));
}

#[test]
fn a_second_rotation_ends_the_first_secret_within_its_overlap() {
    let third = Digest([3; 32]);
    let twice = key().rotated(NEW, hour(), NOW).rotated(third, hour(), NOW);
    assert_eq!(twice.admits(OLD, HOME, NOW), Err(Denied::WrongSecret));
    assert_eq!(twice.admits(NEW, HOME, NOW), Ok(()));
    assert_eq!(twice.admits(third, HOME, NOW), Ok(()));
}

#[test]
fn a_rotation_brings_no_dead_key_back() {
    let dead = ApiKey {
        revoked: true,
        ..key()
    };
    let rotated = dead.rotated(NEW, hour(), NOW);
    assert_eq!(rotated.admits(NEW, HOME, NOW), Err(Denied::Revoked));
    let over = ApiKey {
        expires_at: Some(NOW),
        ..key()
    };
    let rotated = over.rotated(NEW, hour(), NOW);
    assert_eq!(rotated.admits(NEW, HOME, NOW), Err(Denied::Expired));
}

#[test]
fn a_key_ends_at_its_end_in_its_overlap_too() {
    let ends = ApiKey {
        expires_at: Some(NOW.plus(60)),
        ..key()
    };
    let rotated = ends.rotated(NEW, hour(), NOW);
    for secret in [OLD, NEW] {
        assert_eq!(rotated.admits(secret, HOME, NOW.plus(59)), Ok(()));
        let late = rotated.admits(secret, HOME, NOW.plus(60));
        assert_eq!(late, Err(Denied::Expired));
    }
}

#[test]
fn a_key_with_networks_is_for_them_alone_whatever_form_the_address_has() {
    let bound = ApiKey {
        networks: from_home(),
        ..key()
    };
    for (address, expected) in [
        ("192.0.2.7", Ok(())),
        ("::ffff:192.0.2.7", Ok(())),
        ("192.0.3.7", Err(Denied::Elsewhere)),
        ("2001:db8::1", Err(Denied::Elsewhere)),
    ] {
        let address: IpAddr = address.parse().unwrap();
        assert_eq!(bound.admits(OLD, address, NOW), expected, "{address}");
    }
}

#[test]
fn an_overlap_is_a_week_at_most() {
    assert_eq!(Overlap::parse(0), Ok(Overlap::NONE));
    assert!(Overlap::parse(LONGEST_OVERLAP_SECONDS).is_ok());
    assert!(Overlap::parse(LONGEST_OVERLAP_SECONDS + 1).is_err());
}

#[test]
fn a_label_is_one_short_line_that_runs_one_way() {
    assert_eq!(Label::parse(" Größe 1 ").unwrap().as_str(), "Größe 1");
    assert!(Label::parse(&"é".repeat(100)).is_ok());
    let long = "é".repeat(101);
    for bad in [
        "",
        " ",
        "a\nb",
        "a\0",
        "\u{7f}",
        "a\u{85}b",
        "\u{202e}nimda",
        &long,
    ] {
        assert!(Label::parse(bad).is_err(), "{bad:?}");
    }
}

prop_compose! {
    fn any_key()(
        overlap in prop::option::of(0..=LONGEST_OVERLAP_SECONDS),
        expires in prop::option::of(0..100_000_u64),
        revoked: bool,
        bound: bool,
    ) -> ApiKey {
        let key = ApiKey {
            expires_at: expires.map(|seconds| NOW.plus(seconds)),
            networks: if bound { from_home() } else { Networks::everywhere() },
            revoked,
            ..key()
        };
        match overlap {
            Some(seconds) => key.rotated(NEW, Overlap::parse(seconds).unwrap(), NOW),
            None => key,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whoever_has_no_secret_learns_no_other_reason(
        key in any_key(), presented: [u8; 32], address: IpAddr, later: u32,
    ) {
        prop_assume!(presented != OLD.0 && presented != NEW.0);
        let answer = key.admits(Digest(presented), address, NOW.plus(later.into()));
        prop_assert_eq!(answer, Err(Denied::WrongSecret));
    }

    #[test]
    fn a_key_that_was_denied_its_secret_in_time_stays_denied(
        key in any_key(), secret in prop::sample::select(vec![OLD, NEW]), first: u32, more: u32,
    ) {
        let first = NOW.plus(first.into());
        if key.admits(secret, HOME, first).is_err() {
            prop_assert!(key.admits(secret, HOME, first.plus(more.into())).is_err());
        }
    }

    #[test]
    fn what_is_admitted_is_neither_revoked_nor_over_nor_from_elsewhere(
        key in any_key(), secret in prop::sample::select(vec![OLD, NEW]), address: IpAddr, later in 0..700_000_u64,
    ) {
        let now = NOW.plus(later);
        if key.admits(secret, address, now).is_ok() {
            prop_assert!(!key.revoked);
            prop_assert!(key.expires_at.is_none_or(|end| now < end));
            prop_assert!(key.networks.contain(address));
            prop_assert!(secret == key.active || key.previous.is_some_and(|(_, until)| now < until));
        }
    }
}
