//! Links into the front end.

use crate::error::Malformed;
use crate::secret::SecretText;

/// Longest base of links, in octets: a link stays within one line of a mail (RFC 5322 §2.1.1: 998).
const MAX_BASE: usize = 200;

/// Where the front end is. Tokens go into the fragment, which no browser sends (RFC 3986 §3.5): they reach neither
/// a server's log nor a `Referer`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Links {
    base: String,
}

impl Links {
    /// Parses `https://host[:port][/path]`; `http` for a loopback host alone. No user, query or fragment.
    ///
    /// # Errors
    /// [`Malformed`] for anything else.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let base = text.trim().trim_end_matches('/');
        let (secure, rest) = match (base.strip_prefix("https://"), base.strip_prefix("http://")) {
            (Some(rest), _) => (true, rest),
            (_, Some(rest)) => (false, rest),
            _ => (false, ""),
        };
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (host, port) = split_port(authority);
        let loopback = matches!(host, "localhost" | "127.0.0.1" | "[::1]");
        let plain = is_host(host) || host == "[::1]";
        let path = path
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-._~/".contains(&b));
        if base.len() <= MAX_BASE && plain && is_port(port) && path && (secure || loopback) {
            return Ok(Self {
                base: base.to_owned(),
            });
        }
        Err(Malformed {
            field: "APP_URL",
            expected: "https://app.example.org, or http:// on the loopback",
        })
    }

    /// To set a new password. A token is of unreserved characters (RFC 3986 §2.3), so it goes in as it is.
    pub fn reset(&self, token: &SecretText) -> SecretText {
        self.with_token("reset", token)
    }
    /// To accept an invitation.
    pub fn invitation(&self, token: &SecretText) -> SecretText {
        self.with_token("invitation", token)
    }
    /// To verify an address.
    pub fn verify(&self, token: &SecretText) -> SecretText {
        self.with_token("verify", token)
    }
    /// To watch what is shared.
    pub fn share(&self, token: &SecretText) -> SecretText {
        self.with_token("share", token)
    }
    /// To ask for a password reset; no secret.
    pub fn forgot(&self) -> String {
        format!("{}/#/forgot", self.base)
    }

    fn with_token(&self, page: &str, token: &SecretText) -> SecretText {
        SecretText::new(format!("{}/#/{page}?token={}", self.base, token.expose()))
    }
}

/// Host and port of an authority; an IPv6 address keeps its brackets.
fn split_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    }
}

fn is_host(host: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    host.split('.').all(label)
}

fn is_port(port: Option<&str>) -> bool {
    port.is_none_or(|port| {
        port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|n| n > 0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_stands_in_the_fragment() {
        let token = SecretText::new("rvl_abc-DEF_1".into());
        for (base, link) in [
            (
                "https://app.example.org/",
                "https://app.example.org/#/reset?token=rvl_abc-DEF_1",
            ),
            (
                "https://example.org/studio",
                "https://example.org/studio/#/reset?token=rvl_abc-DEF_1",
            ),
            (
                "http://127.0.0.1:4569",
                "http://127.0.0.1:4569/#/reset?token=rvl_abc-DEF_1",
            ),
            (
                "http://[::1]:80",
                "http://[::1]:80/#/reset?token=rvl_abc-DEF_1",
            ),
        ] {
            let links = Links::parse(base).unwrap();
            assert_eq!(links.reset(&token).expose(), link);
            let (request, _) = link.split_once('#').unwrap();
            assert!(!request.contains("token"), "{link}");
        }
    }

    #[test]
    fn every_purpose_has_a_page_of_its_own() {
        let links = Links::parse("https://app.example.org").unwrap();
        let token = SecretText::new("t".into());
        let pages = [
            links.reset(&token),
            links.invitation(&token),
            links.verify(&token),
        ];
        let pages = pages.each_ref().map(SecretText::expose);
        assert_eq!(
            pages,
            [
                "https://app.example.org/#/reset?token=t",
                "https://app.example.org/#/invitation?token=t",
                "https://app.example.org/#/verify?token=t"
            ]
        );
        assert_eq!(links.forgot(), "https://app.example.org/#/forgot");
    }

    #[test]
    fn a_base_that_is_not_plain_https_or_loopback_is_refused() {
        let long = format!("https://{}.org", "a".repeat(MAX_BASE));
        for bad in [
            "",
            "https://",
            "app.example.org",
            "ftp://app.example.org",
            "http://app.example.org",
            "http://localhost.example.org",
            "http://127.0.0.1.example.org",
            "https://user@app.example.org",
            "https://app.example.org:0",
            "https://app.example.org:+1",
            "https://app.example.org:99999",
            "https://app.example.org?x",
            "https://app.example.org/#/x",
            "https://app..example.org",
            "https://app.example.org/\r\nBcc: x",
            &long,
        ] {
            assert!(Links::parse(bad).is_err(), "{bad:?}");
        }
    }
}
