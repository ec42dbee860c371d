//! Malware in sources: what a scanner says of an object, and how long its verdict is waited for.

use crate::asset::Failure;
use crate::error::Malformed;
use crate::ports::SourceHead;

/// Seconds that a verdict is waited for, from when the film was first seen whole. `EventBridge` tries for as long to deliver
/// an event (Amazon EventBridge User Guide, "How EventBridge retries delivering events").
pub const VERDICT_WITHIN: u64 = 86_400;

/// Most characters of a version or an `ETag` (Amazon S3 User Guide, "Version IDs": 1,024 octets at most).
const MAX_NAME: usize = 1_024;
/// The version of an object of a bucket that keeps none (the same, "Using versioning in S3 buckets"): it names whatever is there.
const NO_VERSION: &str = "null";
/// Most threats that are told of by name, and most characters of one.
const MAX_THREATS: usize = 4;
const MAX_THREAT: usize = 60;

/// Just one object of all that were ever stored under a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceVersion {
    version: String,
    etag: String,
}

impl SourceVersion {
    /// Parses a version and an `ETag`, with its quotes or without.
    ///
    /// # Errors
    /// [`Malformed`] if either is empty, longer than S3's, or holds anything but visible ASCII; or if the version is none.
    pub fn parse(version: &str, etag: &str) -> Result<Self, Malformed> {
        let etag = etag.trim_matches('"');
        let is_name = |text: &str| {
            let visible = text.bytes().all(|octet| octet.is_ascii_graphic());
            (1..=MAX_NAME).contains(&text.len()) && visible
        };
        if !is_name(version) || version == NO_VERSION {
            return Err(Malformed {
                field: "version",
                expected: "the id of a version of an object",
            });
        }
        if !is_name(etag) {
            return Err(Malformed {
                field: "etag",
                expected: "the ETag of an object",
            });
        }
        Ok(Self {
            version: version.to_owned(),
            etag: etag.to_owned(),
        })
    }
    /// The version.
    pub fn version(&self) -> &str {
        &self.version
    }
    /// The `ETag`, without quotes.
    pub fn etag(&self) -> &str {
        &self.etag
    }
    /// Is this the one that is there? Where versions are not kept it never is.
    pub fn is(&self, head: &SourceHead) -> bool {
        let same = head.version.as_deref() == Some(self.version.as_str());
        same && head.etag.trim_matches('"') == self.etag
    }
}

/// What was said of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scan {
    /// Of which object.
    pub of: SourceVersion,
    /// Was no malware found?
    pub clean: bool,
}

impl Scan {
    /// Was no malware found in what is there?
    pub fn clears(&self, head: &SourceHead) -> bool {
        self.clean && self.of.is(head)
    }
}

/// What a scanner found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// No malware.
    Clean,
    /// Malware.
    Threat(Threats),
    /// It did not look.
    Unscanned(Unscanned),
}

impl Finding {
    /// In a word.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Clean => "clean",
            Self::Threat(_) => "threat",
            Self::Unscanned(Unscanned::Unsupported) => "unsupported",
            Self::Unscanned(Unscanned::AccessDenied) => "access_denied",
            Self::Unscanned(Unscanned::Failed) => "failed",
        }
    }
}

/// Names of what was found: a few, of printable characters. They are the scanner's words, and may quote the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Threats(String);

impl Threats {
    /// By their names.
    pub fn of<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let printable = |name: &str| {
            let kept = name.chars().filter(|c| c.is_ascii_graphic() || *c == ' ');
            kept.take(MAX_THREAT).collect::<String>()
        };
        let names = names.into_iter().take(MAX_THREATS).map(printable);
        let names: Vec<_> = names.filter(|name| !name.is_empty()).collect();
        Self(names.join(", "))
    }
    /// The text; empty if none was named.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why a scanner did not look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unscanned {
    /// It cannot scan such an object: too large, or locked by a password.
    Unsupported,
    /// It may not read it.
    AccessDenied,
    /// It failed.
    Failed,
}

impl Unscanned {
    /// What an asset fails with; its bytes stay.
    pub fn failure(self) -> Failure {
        let (code, reason) = match self {
            Self::Unsupported => (
                "scan_unsupported",
                "The file could not be scanned for malware: it is too large for that, or locked by a password. Bring in another form of it.",
            ),
            Self::AccessDenied => (
                "scan_access_denied",
                "The file could not be scanned for malware: the scanner may not read it. The operator of this service has to set that right; then have the film packaged anew.",
            ),
            Self::Failed => (
                "scan_failed",
                "The file could not be scanned for malware. Once the operator of this service has had it scanned again, have the film packaged anew.",
            ),
        };
        Failure {
            code: code.to_owned(),
            reason: reason.to_owned(),
        }
    }
}

/// What an asset fails with in whose source malware was found; its bytes go.
pub fn infected() -> Failure {
    Failure {
        code: Failure::MALWARE.to_owned(),
        reason: "Malware was found in the file, and it was removed. Look at where it comes from, and bring in a clean one."
            .to_owned(),
    }
}

/// What an asset fails with of whose source nothing was ever said; its bytes stay.
pub fn unheard() -> Failure {
    Failure {
        code: "scan_timed_out".to_owned(),
        reason: "Within a day nothing was heard of the file's scan for malware. Once the operator of this service has had it scanned, have the film packaged anew."
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(version: Option<&str>, etag: &str) -> SourceHead {
        SourceHead {
            size: 1,
            etag: etag.to_owned(),
            version: version.map(str::to_owned),
            checksum: None,
        }
    }

    #[test]
    fn a_verdict_is_of_one_version_and_one_etag_with_quotes_or_without() {
        let of = SourceVersion::parse("v1", "abc").unwrap();
        assert_eq!(SourceVersion::parse("v1", "\"abc\""), Ok(of.clone()));
        for (version, etag, is) in [
            (Some("v1"), "\"abc\"", true),
            (Some("v1"), "abc", true),
            (Some("v2"), "\"abc\"", false),
            (Some("v1"), "\"abd\"", false),
            (Some("null"), "\"abc\"", false),
            (None, "\"abc\"", false),
        ] {
            let head = head(version, etag);
            assert_eq!(of.is(&head), is, "{version:?} {etag}");
            let scan = |clean| Scan {
                of: of.clone(),
                clean,
            };
            assert_eq!(scan(true).clears(&head), is);
            assert!(!scan(false).clears(&head), "a threat clears nothing");
        }
    }

    #[test]
    fn what_names_no_single_object_is_no_version() {
        let long = "v".repeat(MAX_NAME + 1);
        for (version, etag) in [
            ("", "abc"),
            ("null", "abc"),
            ("v 1", "abc"),
            ("v\n1", "abc"),
            ("v\u{e9}", "abc"),
            (&long, "abc"),
            ("v1", ""),
            ("v1", "\"\""),
            ("v1", "a\u{0}c"),
            ("v1", &long),
        ] {
            assert!(
                SourceVersion::parse(version, etag).is_err(),
                "{version:?} {etag:?}"
            );
        }
    }

    #[test]
    fn names_of_threats_are_few_short_and_printable() {
        let hostile = format!("a\n\u{202e}b\u{0}{}", "x".repeat(1_000));
        let threats = Threats::of([hostile.as_str(), "", "EICAR-Test-File", "c", "d", "e"]);
        let text = threats.as_str();
        assert!(text.starts_with("abx") && text.ends_with("EICAR-Test-File, c"));
        assert!(text.len() < 100, "{text}");
        assert_eq!(Threats::of([]).as_str(), "");
    }

    #[test]
    fn only_malware_takes_the_bytes_with_it() {
        assert!(infected().empties());
        let kinds = [
            Unscanned::Unsupported,
            Unscanned::AccessDenied,
            Unscanned::Failed,
        ];
        let others = kinds.map(Unscanned::failure).into_iter().chain([unheard()]);
        for failure in others {
            assert!(!failure.empties(), "{}", failure.code);
        }
    }
}
