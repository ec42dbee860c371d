//! Networks of addresses: from where an API key may be used, and by what attempts are counted.
//!
//! An IPv4 address that comes in the clothes of IPv6 (`::ffff:192.0.2.7`, RFC 4291 §2.5.5.2) is taken for
//! the IPv4 address that it is, in networks and in what is compared with them.

use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;

use crate::error::Malformed;

/// Networks that one list may hold.
pub const MAX_NETWORKS: usize = 20;

/// Bits by which a mapped IPv4 address is longer than a plain one.
const MAPPED: u8 = 96;

/// Addresses outside the public internet: of one's own machine and network, for documentation, benchmarks, translation
/// and many receivers (IANA special-purpose address registries, RFC 6890; 169.254.169.254 tells functions their
/// credentials).
const NOT_PUBLIC: [(u32, u8); 16] = [
    (0x0000_0000, 8),
    (0x0a00_0000, 8),
    (0x6440_0000, 10),
    (0x7f00_0000, 8),
    (0xa9fe_0000, 16),
    (0xac10_0000, 12),
    (0xc000_0000, 24),
    (0xc000_0200, 24),
    (0xc058_6300, 24),
    (0xc0a8_0000, 16),
    (0xc612_0000, 15),
    (0xc633_6400, 24),
    (0xcb00_7100, 24),
    (0xe000_0000, 4),
    (0xf000_0000, 4),
    (0xffff_ffff, 32),
];

/// Of IPv6 only `2000::/3` is given out (RFC 4291 §2.4), and within it not these: `2001::/23` of the IETF (Teredo among them),
/// documentation, and 6to4, which leads on to an IPv4 address.
const NOT_PUBLIC_V6: [(u128, u8); 4] = [
    (0x2001 << 112, 23),
    (0x2001_0db8 << 96, 32),
    (0x2002 << 112, 16),
    (0x3fff << 112, 20),
];

/// Is it an address of the public internet?
pub fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            let bits = v4.to_bits();
            let within = |(net, length): &(u32, u8)| (bits ^ net) >> (32 - length) == 0;
            !NOT_PUBLIC.iter().any(within)
        }
        IpAddr::V6(v6) => {
            let bits = v6.to_bits();
            let within = |(net, length): &(u128, u8)| (bits ^ net) >> (128 - length) == 0;
            bits >> 125 == 0b001 && !NOT_PUBLIC_V6.iter().any(within)
        }
    }
}

/// Why a text is no network, or no list of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NetworkFault {
    /// It is neither an address nor an address and the length of a prefix.
    #[error("expected a network such as 192.0.2.0/24 or 2001:db8::/32, or a single address")]
    NotANetwork,
    /// Bits are set behind the prefix: it may be that another network or another length was meant.
    #[error("bits are set behind the prefix; the network of this length is {0}")]
    HostBits(Network),
    /// The list is too long.
    #[error("expected at most 20 networks")]
    TooMany,
}

impl From<NetworkFault> for Malformed {
    /// Without the network that would be right: the fault's own text has it.
    fn from(_: NetworkFault) -> Self {
        Self {
            field: "networks",
            expected: "at most 20 networks such as 192.0.2.0/24 or 2001:db8::/32, no bit set behind the prefix",
        }
    }
}

/// Addresses that share a prefix, in CIDR notation (RFC 4632 §3.1, RFC 4291 §2.3).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Network(IpNet);

impl Network {
    /// Parses `address/length`, or an address that stands for itself alone.
    ///
    /// The address is read by the standard library, which refuses octets such as `010`: some read them as
    /// octal, and then a list would not mean what it says.
    ///
    /// # Errors
    /// [`NetworkFault::NotANetwork`], [`NetworkFault::HostBits`]
    pub fn parse(text: &str) -> Result<Self, NetworkFault> {
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(decimal(length)?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| NetworkFault::NotANetwork)?;
        let whole = IpNet::from(address).max_prefix_len();
        let net = IpNet::new(address, length.unwrap_or(whole));
        let net = unmapped(net.map_err(|_| NetworkFault::NotANetwork)?);
        if net == net.trunc() {
            Ok(Self(net))
        } else {
            Err(NetworkFault::HostBits(Self(net.trunc())))
        }
    }

    /// The network of this length that the address is in; all of the address if the length is too great.
    fn around(address: IpAddr, length: u8) -> Self {
        let net = IpNet::new(address, length).unwrap_or_else(|_| IpNet::from(address));
        Self(net.trunc())
    }

    /// Is it one of IPv4?
    pub const fn is_v4(&self) -> bool {
        matches!(self.0, IpNet::V4(_))
    }

    /// Is the address in it?
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }
}

/// The length of a prefix: one to three digits, and no zero before others.
fn decimal(text: &str) -> Result<u8, NetworkFault> {
    let length: u8 = text.parse().map_err(|_| NetworkFault::NotANetwork)?;
    if length.to_string() == text {
        Ok(length)
    } else {
        Err(NetworkFault::NotANetwork)
    }
}

/// A network of mapped IPv4 addresses as what it is. One that is wider than all of them stays as it is,
/// and holds none: `::/0` is all of IPv6 and nothing of IPv4.
fn unmapped(net: IpNet) -> IpNet {
    let plain = net.prefix_len().checked_sub(MAPPED);
    match (net.addr(), net.addr().to_canonical(), plain) {
        (IpAddr::V6(_), address @ IpAddr::V4(_), Some(length)) => {
            IpNet::new(address, length).unwrap_or(net)
        }
        _ => net,
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Up to 20 networks; none stands for everywhere.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Networks(Vec<Network>);

impl Networks {
    /// No restriction.
    pub const fn everywhere() -> Self {
        Self(Vec::new())
    }

    /// These networks; one that comes twice counts once.
    ///
    /// # Errors
    /// [`NetworkFault::TooMany`]
    pub fn of(networks: impl IntoIterator<Item = Network>) -> Result<Self, NetworkFault> {
        let mut held = Vec::new();
        for network in networks {
            if held.contains(&network) {
                continue;
            }
            if held.len() == MAX_NETWORKS {
                return Err(NetworkFault::TooMany);
            }
            held.push(network);
        }
        Ok(Self(held))
    }

    /// Parses networks with white space between them, the form in which they are printed and stored; an
    /// empty text stands for everywhere.
    ///
    /// # Errors
    /// [`NetworkFault`]
    pub fn parse(text: &str) -> Result<Self, NetworkFault> {
        let networks: Result<Vec<_>, _> = text.split_whitespace().map(Network::parse).collect();
        Self::of(networks?)
    }

    /// Is the address in one of them, or is there no restriction?
    pub fn contain(&self, address: IpAddr) -> bool {
        self.0.is_empty() || self.0.iter().any(|network| network.contains(address))
    }

    /// Is there a restriction?
    pub const fn is_bounded(&self) -> bool {
        !self.0.is_empty()
    }

    /// Each of them, in the order in which they were given.
    pub fn iter(&self) -> impl Iterator<Item = &Network> {
        self.0.iter()
    }
}

impl fmt::Display for Networks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, network) in self.0.iter().enumerate() {
            let gap = if at == 0 { "" } else { " " };
            write!(f, "{gap}{network}")?;
        }
        Ok(())
    }
}

/// A network whose attempts are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ThrottlePrefix {
    /// Which; its text is the name of the budget.
    pub network: Network,
    /// How many times the budget of one holder it has.
    pub weight: u32,
}

/// The two networks by which attempts from an address are counted, the narrow one first; an attempt takes
/// from both.
///
/// | | what it is | weight | why |
/// | --- | --- | --- | --- |
/// | IPv4 /32 | one host, an office, or some hundreds of customers behind a carrier's NAT (RFC 6888) | 1 | the least that a holder has |
/// | IPv4 /24 | the least that is routed on its own, and what is rented or bought | 8 | who has one gets 8 budgets, not 256; a carrier's pool, whose addresses each stand for many people, is not held to the budget of one |
/// | IPv6 /64 | one link: a household's network or one telephone (RFC 7421, RFC 6459) | 1 | a host takes any of its 2⁶⁴ addresses as it likes (RFC 8981) |
/// | IPv6 /48 | one site, the most that a customer is given (RFC 6177) | 16 | who has one, tunnel brokers give them away, gets 16 budgets, not 65,536; a carrier's /48 of telephones has more than one |
///
/// Behind a full budget stands a wall until its window ends, but a device that has signed in before has a budget of its
/// own: so neighbours of an attacker wait on new devices alone.
pub fn throttle_prefixes(address: IpAddr) -> [ThrottlePrefix; 2] {
    let address = address.to_canonical();
    let lengths = match address {
        IpAddr::V4(_) => [(32, 1), (24, 8)],
        IpAddr::V6(_) => [(64, 1), (48, 16)],
    };
    lengths.map(|(length, weight)| ThrottlePrefix {
        network: Network::around(address, length),
        weight,
    })
}

#[cfg(test)]
mod tests;
