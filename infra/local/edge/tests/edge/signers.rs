//! What botocore's `CloudFrontSigner` made, over keys of Python's `cryptography`.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use serde::Deserialize;
use vault_edge::config::TrustedKey;

use crate::world::NOW;

/// Where the signed URLs point to: tests send it as `Host`.
pub(crate) const HOST: &str = "media.test";

/// Signed by others.
#[derive(Debug, Deserialize)]
pub(crate) struct Signed {
    pub(crate) keys: Vec<TrustedKey>,
    /// URLs to be accepted, by kind.
    pub(crate) urls: BTreeMap<String, String>,
    /// Cookies to be accepted, by kind.
    pub(crate) cookies: BTreeMap<String, BTreeMap<String, String>>,
    /// URLs of an original, under a name and a type.
    pub(crate) originals: BTreeMap<String, String>,
    /// URLs to be refused, by reason.
    pub(crate) refused: BTreeMap<String, String>,
}

/// Runs the signers once for all tests.
pub(crate) fn signed() -> &'static Signed {
    static SIGNED: OnceLock<Signed> = OnceLock::new();
    SIGNED.get_or_init(|| {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/edge/signers.sh");
        let output = Command::new(script)
            .args([format!("http://{HOST}"), NOW.to_string()])
            .output()
            .expect("a shell");
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "the signers failed: {complaint}");
        serde_json::from_slice(&output.stdout).expect("JSON")
    })
}

/// The path and query of a URL of [`HOST`].
pub(crate) fn target(url: &str) -> &str {
    url.strip_prefix("http://media.test")
        .expect("a URL of the host")
}

/// Every text that differs from `text` in one character, which another of base64's takes the place of.
pub(crate) fn tampered(text: &str) -> impl Iterator<Item = String> {
    text.char_indices().map(|(place, character)| {
        let other = match character {
            'z' | 'Z' | '9' | '_' | '-' | '~' => 'A',
            other => char::from_u32(u32::from(other) + 1).expect("a character"),
        };
        let mut copy = text.to_owned();
        copy.replace_range(place..=place, &other.to_string());
        copy
    })
}
