//! From a request's path to the key of an object, without a way out of its folder.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// What `SigV4` and S3 leave unencoded in a path.
const PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/');

/// An object key under the folder of a behaviour.
#[derive(Debug, PartialEq, Eq)]
pub struct ObjectKey(String);

impl ObjectKey {
    /// Reads the key from the raw path of a request, decoded once as S3 does. Refuses whatever a
    /// server behind might resolve, join or decode again: dot segments, empty segments, back slashes,
    /// percent signs that remain, control characters.
    pub fn parse(path: &str, folder: &str) -> Option<Self> {
        let key = percent_decode_str(path.strip_prefix('/')?)
            .decode_utf8()
            .ok()?;
        let mut segments = key.split('/');
        let inside = segments.next() == Some(folder);
        let mut rest = segments.peekable();
        let safe = rest.peek().is_some() && rest.all(is_plain);
        (inside && safe).then(|| Self(key.into_owned()))
    }

    /// The key as a path, encoded as `SigV4` wants it for S3.
    pub fn encoded(&self) -> String {
        utf8_percent_encode(&self.0, PATH).to_string()
    }
}

fn is_plain(segment: &str) -> bool {
    !segment.bytes().all(|byte| byte == b'.')
        && !segment.contains(|c: char| c.is_control() || c == '\\' || c == '%')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(path: &str) -> Option<ObjectKey> {
        ObjectKey::parse(path, "media")
    }

    #[test]
    fn an_ordinary_path_is_its_key() {
        let key = parsed("/media/a/p/00001.ts").expect("a key");
        assert_eq!(key.encoded(), "media/a/p/00001.ts");
        let key = parsed("/media/a%20b/%C3%A9.ts").expect("a key");
        assert_eq!(key.encoded(), "media/a%20b/%C3%A9.ts");
    }

    #[test]
    fn no_path_leaves_its_folder() {
        for path in [
            "/manifests/a/p.json",
            "/media",
            "/media/",
            "/media//manifests/a",
            "/media/../manifests/a",
            "/media/%2e%2e/manifests/a",
            "/media/..%2fmanifests/a",
            "/media/%2E%2E%2Fmanifests/a",
            "/media/.../a",
            "/media/./a",
            "/media/a/..",
            "/media%2f..%2fmanifests/a",
            "/media/%252e%252e/manifests/a",
            "/media/..\\manifests/a",
            "/media/a%00",
            "/media/a%0a",
            "/media/%ff",
            "//media/a",
            "/Media/a",
            "media/a",
            "/media/a/",
        ] {
            assert_eq!(parsed(path), None, "{path}");
        }
        assert_eq!(ObjectKey::parse("/media/a", "uploads"), None);
    }
}
