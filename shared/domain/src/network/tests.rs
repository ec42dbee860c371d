use super::*;
use proptest::prelude::*;
use std::net::{Ipv4Addr, Ipv6Addr};

fn network(text: &str) -> Network {
    Network::parse(text).unwrap()
}

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[test]
fn a_network_prints_in_its_one_form() {
    for (text, expected) in [
        ("192.0.2.0/24", "192.0.2.0/24"),
        ("192.0.2.7", "192.0.2.7/32"),
        ("0.0.0.0/0", "0.0.0.0/0"),
        ("2001:DB8:0:0::/32", "2001:db8::/32"),
        ("2001:db8::1", "2001:db8::1/128"),
        ("::/0", "::/0"),
        ("::ffff:192.0.2.0/120", "192.0.2.0/24"),
        ("::ffff:192.0.2.7", "192.0.2.7/32"),
        ("::ffff:0:0/96", "0.0.0.0/0"),
    ] {
        assert_eq!(network(text).to_string(), expected, "{text}");
    }
}

#[test]
fn bits_behind_the_prefix_are_refused_with_what_would_be_right() {
    for (text, right) in [
        ("192.0.2.7/24", "192.0.2.0/24"),
        ("10.1.2.3/0", "0.0.0.0/0"),
        ("2001:db8::1/32", "2001:db8::/32"),
        ("::ffff:192.0.2.7/120", "192.0.2.0/24"),
    ] {
        let fault = Network::parse(text).unwrap_err();
        assert_eq!(fault, NetworkFault::HostBits(network(right)), "{text}");
        assert!(fault.to_string().ends_with(right), "{fault}");
    }
}

#[test]
fn what_one_reader_takes_for_another_network_is_refused() {
    for bad in [
        "",
        "/",
        "/24",
        "192.0.2.0/",
        "192.0.2.0/33",
        "2001:db8::/129",
        "192.0.2.0/024",
        "192.0.2.0/+24",
        "192.0.2.0/-1",
        "192.0.2.0/256",
        "192.0.2.0/24/24",
        "192.0.2/24",
        "010.0.0.0/8",
        "0x0a.0.0.0/8",
        "167772160/8",
        " 192.0.2.0/24",
        "192.0.2.0 /24",
        "192.0.2.0/255.255.255.0",
        "fe80::1%eth0/64",
        "[2001:db8::]/32",
        "example.org",
        "*",
        "192.0.2.0/２４",
    ] {
        assert_eq!(
            Network::parse(bad),
            Err(NetworkFault::NotANetwork),
            "{bad:?}"
        );
    }
}

#[test]
fn the_first_and_last_address_are_in_and_their_neighbours_are_not() {
    for (net, inside, outside) in [
        (
            "192.0.2.0/24",
            ["192.0.2.0", "192.0.2.255"],
            ["192.0.1.255", "192.0.3.0"],
        ),
        (
            "192.0.2.4/30",
            ["192.0.2.4", "::ffff:192.0.2.7"],
            ["192.0.2.3", "::ffff:192.0.2.8"],
        ),
        (
            "2001:db8::/32",
            ["2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"],
            ["2001:db7:ffff::", "2001:db9::"],
        ),
        (
            "::/0",
            ["::", "2001:db8::1"],
            ["192.0.2.1", "::ffff:192.0.2.1"],
        ),
        (
            "0.0.0.0/0",
            ["0.0.0.0", "255.255.255.255"],
            ["::", "2001:db8::1"],
        ),
    ] {
        let net = network(net);
        assert!(
            inside.into_iter().all(|a| net.contains(address(a))),
            "{net}"
        );
        assert!(
            !outside.into_iter().any(|a| net.contains(address(a))),
            "{net}"
        );
    }
}

#[test]
fn no_network_is_everywhere_and_one_is_there_alone() {
    let (home, away) = (address("192.0.2.7"), address("2001:db8::1"));
    let everywhere = Networks::parse("").unwrap();
    assert_eq!(everywhere, Networks::everywhere());
    assert!(everywhere.contain(home) && everywhere.contain(away));
    let one = Networks::parse("192.0.2.0/24").unwrap();
    assert!(one.contain(home) && !one.contain(away));
    let two = Networks::parse("192.0.2.0/24 2001:db8::/32").unwrap();
    assert!(two.contain(home) && two.contain(away));
}

#[test]
fn a_list_with_one_bad_network_is_no_list() {
    let bad = Networks::parse("192.0.2.0/24 anywhere");
    assert_eq!(bad, Err(NetworkFault::NotANetwork));
    assert_eq!(Malformed::from(NetworkFault::NotANetwork).field, "networks");
}

#[test]
fn twenty_networks_are_a_list_and_twenty_one_are_too_many() {
    let some = |count: u8| (0..count).map(|n| network(&format!("10.{n}.0.0/16")));
    assert_eq!(Networks::of(some(20)).unwrap().iter().count(), 20);
    assert_eq!(Networks::of(some(21)), Err(NetworkFault::TooMany));
    let twice = some(20).chain(some(20));
    assert_eq!(Networks::of(twice).unwrap().iter().count(), 20);
}

#[test]
fn attempts_are_counted_by_address_and_neighbourhood() {
    for (from, narrow, wide) in [
        ("192.0.2.7", "192.0.2.7/32", ("192.0.2.0/24", 8)),
        ("::ffff:192.0.2.7", "192.0.2.7/32", ("192.0.2.0/24", 8)),
        (
            "2001:db8:1:2:3:4:5:6",
            "2001:db8:1:2::/64",
            ("2001:db8:1::/48", 16),
        ),
    ] {
        let [first, second] = throttle_prefixes(address(from));
        assert_eq!(
            (first.network, first.weight),
            (network(narrow), 1),
            "{from}"
        );
        let (network_of, weight) = wide;
        assert_eq!(
            (second.network, second.weight),
            (network(network_of), weight),
            "{from}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_network_reads_back_and_holds_what_shares_its_prefix(
        a: IpAddr, b: IpAddr, length in 0..=128_u8,
    ) {
        let net = Network::around(a.to_canonical(), length);
        prop_assert_eq!(Network::parse(&net.to_string()), Ok(net));
        prop_assert!(net.contains(a));
        let same = Network::around(b.to_canonical(), net.0.prefix_len()) == net;
        prop_assert_eq!(net.contains(b), same && a.to_canonical().is_ipv4() == b.to_canonical().is_ipv4());
    }

    #[test]
    fn contains_agrees_with_arithmetic(a: u32, b: u32, length in 0..=32_u32) {
        let mask = u32::MAX.checked_shl(32 - length).unwrap_or_default();
        let net = network(&format!("{}/{length}", Ipv4Addr::from(a & mask)));
        let near = Ipv4Addr::from((a & mask) | (b & !mask));
        prop_assert!(net.contains(near.into()));
        prop_assert!(net.contains(near.to_ipv6_mapped().into()));
        prop_assert_eq!(net.contains(Ipv4Addr::from(b).into()), a & mask == b & mask);
    }

    #[test]
    fn a_list_reads_back_what_it_prints(pairs in prop::collection::vec((any::<IpAddr>(), 0..=128_u8), 0..20)) {
        let networks = pairs.into_iter().map(|(a, length)| Network::around(a.to_canonical(), length));
        let list = Networks::of(networks).unwrap();
        prop_assert_eq!(Networks::parse(&list.to_string()), Ok(list));
    }

    #[test]
    fn the_wide_prefix_holds_the_narrow_one_and_whoever_shares_a_link_shares_both(a: u128, host: u64) {
        let address = Ipv6Addr::from(a);
        let neighbour = Ipv6Addr::from((a >> 64 << 64) | u128::from(host));
        prop_assume!(address.to_canonical().is_ipv6() && neighbour.to_canonical().is_ipv6());
        let [narrow, wide] = throttle_prefixes(address.into());
        prop_assert!(wide.network.0.contains(&narrow.network.0));
        prop_assert_eq!(throttle_prefixes(neighbour.into()), [narrow, wide]);
    }

    #[test]
    fn any_text_is_read_without_a_panic(text in "[0-9a-f.:/]{0,50}|\\PC{0,50}") {
        if let Ok(net) = Network::parse(&text) {
            prop_assert_eq!(Network::parse(&net.to_string()), Ok(net));
        }
    }
}

#[test]
fn only_addresses_of_the_public_internet_are_public() {
    for public in [
        "1.1.1.1",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "169.253.255.255",
        "172.15.255.255",
        "172.32.0.0",
        "192.0.1.0",
        "192.167.255.255",
        "198.17.255.255",
        "198.20.0.0",
        "223.255.255.255",
        "2001:200::1",
        "2606:4700:4700::1111",
        "2a00::1",
        "::ffff:1.1.1.1",
    ] {
        assert!(is_public(public.parse().unwrap()), "{public}");
    }
    for other in [
        "0.0.0.0",
        "10.1.2.3",
        "100.64.0.1",
        "127.0.0.1",
        "127.255.255.255",
        "169.254.169.254",
        "169.254.170.2",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.1",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "100::1",
        "2001::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "3fff::1",
        "4000::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "ff02::1",
    ] {
        assert!(!is_public(other.parse().unwrap()), "{other}");
    }
}
