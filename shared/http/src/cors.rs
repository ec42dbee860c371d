//! Cross-origin replies for front ends on other origins: exact origins only, never `*`.

use vault_domain::error::Malformed;

/// The origins whose pages may read our replies.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origins(Vec<String>);

impl Origins {
    /// Parses a comma-separated list of `scheme://host[:port]`; an empty list lets no page read.
    ///
    /// # Errors
    /// [`Malformed`] for `*`, a path, a wildcard, `null`, or another scheme than http and https.
    pub fn parse(list: &str) -> Result<Self, Malformed> {
        let origins = list
            .split(',')
            .map(str::trim)
            .filter(|origin| !origin.is_empty());
        origins
            .map(|origin| {
                let host = origin
                    .strip_prefix("https://")
                    .or(origin.strip_prefix("http://"));
                host.filter(|host| {
                    !host.is_empty()
                        && host
                            .bytes()
                            .all(|b| b.is_ascii_alphanumeric() || b"-.:[]".contains(&b))
                })
                .map(|_| origin.to_owned())
                .ok_or(Malformed {
                    field: "ALLOWED_ORIGINS",
                    expected: "origins such as https://app.example.org, separated by commas",
                })
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// The headers of a reply to this `Origin`. `Vary` is there in any case: a cache must not mix them.
    pub fn headers(&self, origin: Option<&str>) -> Vec<(&'static str, String)> {
        let mut headers = vec![("vary", "Origin".to_owned())];
        if let Some(origin) = origin.filter(|o| self.0.iter().any(|known| known == o)) {
            headers.push(("access-control-allow-origin", origin.to_owned()));
            headers.push((
                "access-control-expose-headers",
                "etag,location,retry-after,www-authenticate,x-request-id".to_owned(),
            ));
        }
        headers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_exact_origin_is_answered() {
        let origins = Origins::parse("https://app.example.org, http://127.0.0.1:4568").unwrap();
        let allowed = |o| {
            origins
                .headers(Some(o))
                .iter()
                .any(|(n, _)| n.ends_with("allow-origin"))
        };
        assert!(allowed("https://app.example.org"));
        assert!(allowed("http://127.0.0.1:4568"));
        for other in [
            "https://app.example.org.evil.test",
            "https://evil.test",
            "http://app.example.org",
            "null",
            "*",
            "https://app.example.org/",
            "https://APP.example.org",
        ] {
            assert!(!allowed(other), "{other}");
        }
    }

    #[test]
    fn a_wildcard_or_a_path_is_no_origin() {
        for bad in [
            "*",
            "https://*.example.org",
            "https://a/b",
            "null",
            "ftp://x",
            "https://",
        ] {
            assert!(Origins::parse(bad).is_err(), "{bad}");
        }
        assert_eq!(Origins::parse("").unwrap(), Origins::default());
    }
}
