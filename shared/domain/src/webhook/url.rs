//! Where an endpoint is. What a name leads to is looked at when it is connected to, each time: a text says nothing of it.

use crate::error::Malformed;

/// Most characters of a URL.
pub const MAX_URL: usize = 500;

/// Ports that an endpoint may have, beside none.
const PORTS: [&str; 2] = ["443", "8443"];
/// Names at the end that never lead into the public internet (RFC 2606, RFC 6761, RFC 6762, RFC 7686, RFC 8375).
const NOT_PUBLIC: [&str; 10] = [
    "localhost",
    "local",
    "internal",
    "intranet",
    "lan",
    "home",
    "test",
    "invalid",
    "onion",
    "arpa",
];

/// How far endpoints may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reach {
    /// On the public internet, over TLS.
    #[default]
    Public,
    /// Anywhere, also without TLS: for tests on one's own machine.
    Anywhere,
}

impl Reach {
    /// Parses `public` or `anywhere`.
    ///
    /// # Errors
    /// [`Malformed`] for any other word.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        match text {
            "public" => Ok(Self::Public),
            "anywhere" => Ok(Self::Anywhere),
            _ => Err(Malformed {
                field: "WEBHOOK_REACH",
                expected: "public or anywhere",
            }),
        }
    }
}

/// A URL of an endpoint. It may hold a secret of its receiver in its path or query, and is kept out of logs.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookUrl(String);

impl WebhookUrl {
    /// Parses `https://host[:443|:8443][/path][?query]`, the host a name of the public internet.
    ///
    /// # Errors
    /// [`Malformed`] for user information, fragments, addresses instead of names, other ports and schemes.
    pub fn parse(text: &str, reach: Reach) -> Result<Self, Malformed> {
        let malformed = Malformed {
            field: "url",
            expected: "https://, a public host name, port 443 or 8443 if any, and a path; 500 visible ASCII characters at most",
        };
        let visible = text.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
        if !visible || text.len() > MAX_URL || text.contains('#') {
            return Err(malformed);
        }
        let rest = match (text.strip_prefix("https://"), reach) {
            (Some(rest), _) => rest,
            (None, Reach::Anywhere) => text.strip_prefix("http://").ok_or(malformed)?,
            (None, Reach::Public) => return Err(malformed),
        };
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, _) = rest.split_at(end);
        let fits = match reach {
            Reach::Public => is_public(authority),
            Reach::Anywhere => !authority.is_empty() && !authority.contains('@'),
        };
        fits.then(|| Self(text.to_owned())).ok_or(malformed)
    }

    /// Reads what was stored, by whatever rule it was taken then.
    pub fn stored(text: &str) -> Option<Self> {
        let text = Some(text).filter(|text| !text.is_empty());
        text.map(|text| Self(text.to_owned()))
    }

    /// The text, for whoever manages the endpoint and for whoever connects to it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for WebhookUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("WebhookUrl(not shown)")
    }
}

/// A name and one of the ports.
fn is_public(authority: &str) -> bool {
    let (host, port) = match authority.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    };
    port.is_none_or(|port| PORTS.contains(&port)) && is_public_name(host)
}

/// Labels of letters, digits and hyphens (RFC 1123 §2.1), at least two. The last begins with a letter: a number would be an
/// address, in one of the many ways of writing one (WHATWG URL, "ends in a number").
fn is_public_name(host: &str) -> bool {
    let is_label = |label: &str| {
        let inside = label
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        (1..=63).contains(&label.len())
            && inside
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let Some((before, last)) = host.rsplit_once('.') else {
        return false;
    };
    host.len() <= 253
        && before.split('.').all(is_label)
        && is_label(last)
        && last.starts_with(|first: char| first.is_ascii_lowercase())
        && !NOT_PUBLIC.contains(&last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_a_public_name_over_tls() {
        for good in [
            "https://example.org",
            "https://example.org/",
            "https://hooks.example.org:8443/a/b?token=x&y=%20",
            "https://example.org:443?x",
            "https://xn--bcher-kva.example/@a",
            "https://1.example.org/",
        ] {
            assert!(WebhookUrl::parse(good, Reach::Public).is_ok(), "{good}");
            assert!(WebhookUrl::parse(good, Reach::Anywhere).is_ok(), "{good}");
        }
        let long = format!("https://example.org/{}", "a".repeat(MAX_URL));
        for bad in [
            "",
            "https://",
            "https:///x",
            "http://example.org/",
            "HTTPS://example.org/",
            "ftp://example.org/",
            "https://user@example.org/",
            "https://example.org@evil.example/",
            "https://example.org/#x",
            "https://example.org\\@evil.example/",
            "https://example.org/ x",
            "https://example.org/\r\nx: y",
            "https://exämple.org/",
            "https://Example.org/",
            "https://example.org:80/",
            "https://example.org:22/",
            "https://example.org:/",
            "https://example.org:443:443/",
            "https://example/",
            "https://example.org./",
            "https://.example.org/",
            "https://ex_ample.org/",
            "https://-a.example.org/",
            "https://localhost/",
            "https://a.localhost/",
            "https://db.internal/",
            "https://printer.local/",
            "https://169.254.169.254/",
            "https://127.1/",
            "https://0x7f.0x1/",
            "https://2130706433/",
            "https://0177.0.0.1/",
            "https://[::1]/",
            "https://[2606:4700::1111]/",
            &long,
        ] {
            assert!(WebhookUrl::parse(bad, Reach::Public).is_err(), "{bad}");
        }
    }

    #[test]
    fn on_ones_own_machine_an_endpoint_may_be_anywhere() {
        assert!(WebhookUrl::parse("http://127.0.0.1:9000/x", Reach::Anywhere).is_ok());
        for bad in ["http://", "gopher://127.0.0.1/", "http://a@127.0.0.1/", "x"] {
            assert!(WebhookUrl::parse(bad, Reach::Anywhere).is_err(), "{bad}");
        }
        assert_eq!(Reach::parse("anywhere"), Ok(Reach::Anywhere));
        assert_eq!(Reach::parse("public"), Ok(Reach::Public));
        assert!(Reach::parse("").is_err());
    }

    #[test]
    fn a_url_does_not_print() {
        let url = WebhookUrl::parse("https://example.org/hush", Reach::Public).unwrap();
        assert!(!format!("{url:?}").contains("hush"));
    }
}
