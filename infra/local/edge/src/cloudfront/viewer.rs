//! The decision about one viewer request.

use std::net::IpAddr;

use super::credentials::{self, Terms};
use super::encoding;
use super::keys::KeyGroup;
use super::policy::Policy;
use super::refusal::Refusal;

/// A viewer request, as far as signatures are concerned.
#[derive(Debug, Clone, Copy)]
pub struct Viewer<'a> {
    /// Scheme and authority, such as `http://127.0.0.1:4567`.
    pub origin: &'a str,
    /// The path exactly as sent.
    pub path: &'a str,
    /// The query exactly as sent, without the question mark.
    pub query: &'a str,
    /// The values of the `Cookie` headers.
    pub cookies: &'a [&'a str],
    /// Where the connection comes from.
    pub address: IpAddr,
    /// Epoch seconds.
    pub now: u64,
}

/// Decides whether the viewer may have the object: at every request, expiry included.
pub fn authorize(keys: &KeyGroup, viewer: &Viewer<'_>) -> Result<(), Refusal> {
    let presented = credentials::read(viewer.query, viewer.cookies)?;
    if !keys.contains(&presented.key_pair_id) {
        return Err(Refusal::UnknownKey);
    }
    let signature = encoding::decode(&presented.signature).ok_or(Refusal::MalformedSignature)?;
    let url = url(viewer);
    let (message, policy) = match &presented.terms {
        Terms::Custom { policy } => {
            let json = encoding::decode(policy).ok_or(Refusal::MalformedPolicy)?;
            let policy = Policy::parse(&json).ok_or(Refusal::MalformedPolicy)?;
            (json, policy)
        }
        Terms::Canned { expires } => {
            let json = canned(&url, expires)?;
            let policy = Policy::parse(&json).ok_or(Refusal::MalformedPolicy)?;
            (json, policy)
        }
    };
    let genuine = keys.verifies(&presented.key_pair_id, presented.hash, &message, &signature);
    if genuine && policy.allows(&url, viewer.now, viewer.address) {
        Ok(())
    } else {
        Err(Refusal::AccessDenied)
    }
}

/// The URL that policies speak of: without the signing parameters.
fn url(viewer: &Viewer<'_>) -> String {
    let query = credentials::strip(viewer.query);
    let mark = if query.is_empty() { "" } else { "?" };
    format!("{}{}{mark}{query}", viewer.origin, viewer.path)
}

/// The canned policy, whose order and spelling are fixed (Developer Guide, "Create a signed URL using a
/// canned policy"). A character that would need an escape in JSON cannot be in a URL.
fn canned(url: &str, expires: &str) -> Result<Vec<u8>, Refusal> {
    let plain = |byte: u8| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\';
    let digits = !expires.is_empty() && expires.bytes().all(|byte| byte.is_ascii_digit());
    if !digits || !url.bytes().all(plain) {
        return Err(Refusal::MalformedPolicy);
    }
    let json = format!(
        "{{\"Statement\":[{{\"Resource\":\"{url}\",\"Condition\":\
         {{\"DateLessThan\":{{\"AWS:EpochTime\":{expires}}}}}}}]}}"
    );
    Ok(json.into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_canned_policy_is_spelt_as_documented() {
        let json = canned(
            "http://d111111abcdef8.cloudfront.net/a.jpg?size=large",
            "1357034400",
        );
        let expected = r#"{"Statement":[{"Resource":"http://d111111abcdef8.cloudfront.net/a.jpg?size=large","Condition":{"DateLessThan":{"AWS:EpochTime":1357034400}}}]}"#;
        assert_eq!(json, Ok(expected.into()));
    }

    #[test]
    fn nothing_can_be_smuggled_into_a_canned_policy() {
        for (url, expires) in [
            ("http://h/\"", "1"),
            ("http://h/\\", "1"),
            ("http://h/", "1}"),
            ("http://h/", ""),
        ] {
            assert_eq!(
                canned(url, expires),
                Err(Refusal::MalformedPolicy),
                "{url} {expires}"
            );
        }
    }
}
