//! What S3 is asked to say of a file, and how that stands in a URL.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use unicode_normalization::UnicodeNormalization as _;

use super::FileName;
use crate::asset::MediaType;

/// The unreserved characters of RFC 3986 §2.3 stay. All of them are `attr-char` of RFC 8187 §3.2.1 too.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

/// The `Content-Disposition` that has a file saved under this name (RFC 6266): in ASCII for whoever reads no better,
/// then as it is (RFC 8187).
pub fn attachment(name: &FileName) -> String {
    let plain: String = name.as_str().chars().map(ascii).collect();
    let whole = encoded(name.as_str());
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{whole}")
}

/// The character, or what is left of it in ASCII: a letter without its marks, else `_`. No `%`, which some browsers
/// decode (RFC 6266, Appendix D).
fn ascii(c: char) -> char {
    let fits = |c: &char| (c.is_ascii_graphic() || *c == ' ') && !matches!(c, '"' | '\\' | '%');
    let letter = || std::iter::once(c).nfd().next();
    Some(c)
        .filter(fits)
        .or_else(|| letter().filter(char::is_ascii_alphanumeric))
        .unwrap_or('_')
}

/// The parameters by which S3 gives a file another name and type than it was stored with; only signed requests may
/// have them (Amazon S3 API Reference, `GetObject`, "Overriding response header values through the request").
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    /// `response-content-disposition`.
    pub disposition: String,
    /// `response-content-type`.
    pub content_type: String,
}

impl Override {
    /// Those of a file of this name and type.
    pub fn of(name: &FileName, media_type: &MediaType) -> Self {
        Self {
            disposition: attachment(name),
            content_type: media_type.as_str().to_owned(),
        }
    }
    /// The query, of unreserved characters and percent signs alone: in the resource of a policy of `CloudFront` no part
    /// of it is a wildcard.
    pub fn query(&self) -> String {
        format!(
            "response-content-disposition={}&response-content-type={}",
            encoded(&self.disposition),
            encoded(&self.content_type)
        )
    }
}

#[cfg(test)]
mod tests {
    use percent_encoding::percent_decode_str;
    use proptest::prelude::*;

    use super::*;
    use crate::asset::Title;

    fn film() -> MediaType {
        MediaType::parse("video/mp4").unwrap()
    }

    fn name(title: &str) -> FileName {
        FileName::of(&Title::stored(title).unwrap(), &film())
    }

    #[test]
    fn a_name_is_told_in_ascii_and_as_it_is() {
        assert_eq!(
            attachment(&name("The Third Man")),
            r#"attachment; filename="The Third Man.mp4"; filename*=UTF-8''The%20Third%20Man.mp4"#
        );
        assert_eq!(
            attachment(&name("Ünïç 100% 🎬")),
            r#"attachment; filename="Unic 100_ _.mp4"; filename*=UTF-8''%C3%9Cn%C3%AF%C3%A7%20100%25%20%F0%9F%8E%AC.mp4"#
        );
    }

    #[test]
    fn the_query_has_no_wildcard_and_decodes_to_the_headers() {
        let asked = Override::of(&name("a*b? ü"), &film());
        let query = asked.query();
        assert!(!query.contains(['*', '?', '"', '\\', ' ', '+']), "{query}");
        let values: Vec<String> = query
            .split('&')
            .map(|pair| pair.split_once('=').unwrap().1)
            .map(|value| {
                percent_decode_str(value)
                    .decode_utf8()
                    .unwrap()
                    .into_owned()
            })
            .collect();
        assert_eq!(values, [asked.disposition, asked.content_type]);
    }

    #[test]
    fn the_longest_name_leaves_room_in_a_url() {
        let asked = Override::of(&name(&"影".repeat(200)), &film());
        // The policy repeats the resource in base64; signature and ids take less than 600.
        let resource = 200 + asked.query().len();
        assert!(resource + resource * 4 / 3 + 800 < 8_192, "{resource}");
    }

    proptest! {
        #[test]
        fn every_header_is_one_line_of_ascii_that_reads_back(title in "\\PC{1,200}") {
            let name = name(&title);
            let header = attachment(&name);
            prop_assert!(header.bytes().all(|b| b.is_ascii_graphic() || b == b' '));
            prop_assert_eq!(header.matches('"').count(), 2);
            prop_assert!(!header.contains('\\'));
            let (_, whole) = header.split_once("filename*=UTF-8''").unwrap();
            let attr = |b: u8| b.is_ascii_alphanumeric() || b"-._~%".contains(&b);
            prop_assert!(whole.bytes().all(attr));
            let read = percent_decode_str(whole).decode_utf8().unwrap();
            prop_assert_eq!(read, name.as_str());
            let (_, plain) = header.split_once("filename=\"").unwrap();
            let (plain, _) = plain.split_once('"').unwrap();
            prop_assert_eq!(plain.chars().count(), name.as_str().chars().count());
        }
    }
}
