//! Custom policies: their JSON and what they allow (Developer Guide, "Values that you specify in the
//! policy statement for a signed URL that uses a custom policy").

use std::net::{IpAddr, Ipv4Addr};

use serde::Deserialize;

/// A custom policy: exactly one statement, and no field that is not known.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(rename = "Statement")]
    statement: [Statement; 1],
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Statement {
    /// `CloudFront` lets it be absent, which grants everything under the key: refused here, so that a
    /// signer that forgets it is found out.
    #[serde(rename = "Resource")]
    resource: String,
    #[serde(rename = "Condition")]
    condition: Condition,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Condition {
    #[serde(rename = "DateLessThan")]
    before: Epoch,
    #[serde(rename = "DateGreaterThan")]
    after: Option<Epoch>,
    #[serde(rename = "IpAddress")]
    address: Option<Address>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Epoch {
    #[serde(rename = "AWS:EpochTime")]
    seconds: u64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Address {
    #[serde(rename = "AWS:SourceIp")]
    source: String,
}

/// A parsed custom policy.
#[derive(Debug)]
pub struct Policy {
    resource: String,
    before: u64,
    after: Option<u64>,
    network: Option<Network>,
}

impl Policy {
    /// Parses the JSON; `None` if it is not a policy that `CloudFront` takes.
    pub fn parse(json: &[u8]) -> Option<Self> {
        let Document {
            statement: [statement],
        } = serde_json::from_slice(json).ok()?;
        if !has_known_scheme(&statement.resource) {
            return None;
        }
        let network = match statement.condition.address {
            Some(address) => Some(Network::parse(&address.source)?),
            None => None,
        };
        Some(Self {
            resource: statement.resource,
            before: statement.condition.before.seconds,
            after: statement.condition.after.map(|epoch| epoch.seconds),
            network,
        })
    }

    /// Whether the policy allows `url` at `now` (epoch seconds) to a viewer at `viewer`.
    pub fn allows(&self, url: &str, now: u64, viewer: IpAddr) -> bool {
        now < self.before
            && self.after.is_none_or(|after| now > after)
            && self
                .network
                .as_ref()
                .is_none_or(|network| network.contains(viewer))
            && matches(self.resource.as_bytes(), url.as_bytes())
    }
}

/// A resource starts with `http://`, `https://`, `http*://` or `*`.
fn has_known_scheme(resource: &str) -> bool {
    ["http://", "https://", "http*://", "*"]
        .iter()
        .any(|scheme| resource.starts_with(scheme))
}

/// Whether `text` matches `pattern`, in which `*` is any run of characters and `?` exactly one.
/// Takes time in the product of the lengths, whatever the pattern.
pub(super) fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut read) = (0, 0);
    let mut last_star: Option<(usize, usize)> = None;
    while read < text.len() {
        match pattern.get(at) {
            Some(b'*') => {
                last_star = Some((at, read));
                at += 1;
            }
            Some(&expected) if expected == b'?' || expected == text[read] => {
                at += 1;
                read += 1;
            }
            _ => {
                let Some((star, from)) = last_star else {
                    return false;
                };
                last_star = Some((star, from + 1));
                at = star + 1;
                read = from + 1;
            }
        }
    }
    pattern[at..].iter().all(|rest| *rest == b'*')
}

/// An IPv4 network; policies know no other.
#[derive(Debug)]
struct Network {
    base: u32,
    mask: u32,
}

impl Network {
    fn parse(text: &str) -> Option<Self> {
        let (address, length) = text.split_once('/').unwrap_or((text, "32"));
        let address: Ipv4Addr = address.parse().ok()?;
        let length: u32 = length.parse().ok().filter(|length| *length <= 32)?;
        let mask = u32::MAX.checked_shl(32 - length).unwrap_or(0);
        Some(Self {
            base: address.to_bits() & mask,
            mask,
        })
    }

    fn contains(&self, viewer: IpAddr) -> bool {
        match viewer.to_canonical() {
            IpAddr::V4(viewer) => viewer.to_bits() & self.mask == self.base,
            IpAddr::V6(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VIEWER: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    fn policy(resource: &str, condition: &str) -> Option<Policy> {
        let json =
            format!(r#"{{"Statement":[{{"Resource":"{resource}","Condition":{{{condition}}}}}]}}"#);
        Policy::parse(json.as_bytes())
    }

    fn allows(resource: &str, url: &str) -> bool {
        let policy = policy(resource, r#""DateLessThan":{"AWS:EpochTime":100}"#);
        policy.expect("a policy").allows(url, 50, VIEWER)
    }

    #[test]
    fn wildcards_match_runs_and_single_characters() {
        assert!(allows("http://h/media/a/*", "http://h/media/a/p/00001.ts"));
        assert!(allows(
            "http://h/media/a/?????.ts",
            "http://h/media/a/00001.ts"
        ));
        assert!(allows("http*://h/*", "https://h/media"));
        assert!(allows("*", "http://anything"));
        assert!(allows("http://h/*a*b*", "http://h/xaybz"));
        assert!(allows("http://h/a?x=1", "http://h/a?x=1"));
        assert!(!allows("http://h/media/a/*", "http://h/media/b/00001.ts"));
        assert!(!allows("http://h/media/?", "http://h/media/"));
        assert!(!allows("http://h/media/a", "http://h/media/a/b"));
        assert!(!allows("http://h/a.ts", "http://h/axts"), "a dot is a dot");
        assert!(!allows("https://h/*", "http://h/media"));
    }

    #[test]
    fn a_hostile_pattern_costs_no_more_than_the_product_of_lengths() {
        let pattern = format!("http://{}b", "*a".repeat(500));
        assert!(!allows(&pattern, &format!("http://{}", "a".repeat(8_000))));
    }

    #[test]
    fn dates_bound_the_time_of_every_request() {
        let condition =
            r#""DateLessThan":{"AWS:EpochTime":100},"DateGreaterThan":{"AWS:EpochTime":10}"#;
        let policy = policy("*", condition).expect("a policy");
        for (now, allowed) in [(10, false), (11, true), (99, true), (100, false)] {
            assert_eq!(policy.allows("http://h/", now, VIEWER), allowed, "at {now}");
        }
    }

    #[test]
    fn an_address_range_holds_its_own_addresses_only() {
        let with = |range: &str| {
            let date = r#""DateLessThan":{"AWS:EpochTime":100}"#;
            policy(
                "*",
                &format!(r#"{date},"IpAddress":{{"AWS:SourceIp":"{range}"}}"#),
            )
        };
        let allows = |range: &str, viewer: &str| {
            let viewer = viewer.parse().expect("an address");
            with(range)
                .expect("a policy")
                .allows("http://h/", 50, viewer)
        };
        assert!(allows("127.0.0.1", "127.0.0.1"));
        assert!(allows("127.0.0.0/8", "127.9.9.9"));
        assert!(allows("0.0.0.0/0", "203.0.113.9"));
        assert!(allows("192.0.2.1/32", "::ffff:192.0.2.1"));
        assert!(!allows("192.0.2.0/24", "192.0.3.1"));
        assert!(!allows("0.0.0.0/0", "2001:db8::1"));
        for malformed in ["192.0.2.0/33", "192.0.2/24", "2001:db8::/32", "here"] {
            assert!(with(malformed).is_none(), "{malformed}");
        }
    }

    #[test]
    fn anything_but_one_known_statement_is_no_policy() {
        let date = r#""Condition":{"DateLessThan":{"AWS:EpochTime":100}}"#;
        let one = format!(r#"{{"Resource":"*",{date}}}"#);
        for json in [
            "not json".to_owned(),
            "{}".to_owned(),
            r#"{"Statement":[]}"#.to_owned(),
            format!(r#"{{"Statement":{one}}}"#),
            format!(r#"{{"Statement":[{one},{one}]}}"#),
            format!(r#"{{"Statement":[{one}],"Version":"1"}}"#),
            format!(r#"{{"Statement":[{{{date}}}]}}"#),
            format!(r#"{{"Statement":[{{"Resource":"*","Effect":"Allow",{date}}}]}}"#),
            format!(r#"{{"Statement":[{{"Resource":"ftp://h/*",{date}}}]}}"#),
            format!(r#"{{"Statement":[{{"Resource":["*"],{date}}}]}}"#),
            r#"{"Statement":[{"Resource":"*","Condition":{}}]}"#.to_owned(),
            r#"{"Statement":[{"Resource":"*","Condition":{"DateLessThan":{"AWS:EpochTime":"9"}}}]}"#
                .to_owned(),
            format!(r#"{{"Statement":[{{"Resource":"*","Resource":"*",{date}}}]}}"#),
        ] {
            assert!(Policy::parse(json.as_bytes()).is_none(), "{json}");
        }
        let spaced = format!("{{ \"Statement\": [ {one} ]\r\n}}");
        assert!(
            Policy::parse(spaced.as_bytes()).is_some(),
            "AWS's own example has white space"
        );
    }
}
