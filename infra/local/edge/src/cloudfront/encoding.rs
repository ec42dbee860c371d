//! The base64 that `CloudFront` uses in URLs and cookies.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Padding may be missing; bits that no encoder sets may not be set, so that one signature has one text.
const ENGINE: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Decodes base64 in which `-`, `_` and `~` stand for `+`, `=` and `/`
/// (Developer Guide, "Create a signed URL using a custom policy").
pub fn decode(text: &str) -> Option<Vec<u8>> {
    let mut standard = String::with_capacity(text.len());
    for character in text.chars() {
        standard.push(match character {
            '-' => '+',
            '_' => '=',
            '~' => '/',
            '+' | '=' | '/' => return None,
            other => other,
        });
    }
    ENGINE.decode(standard).ok()
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn the_three_substituted_characters_are_put_back() {
        assert_eq!(decode("--~~").as_deref(), Some(&[0xfb, 0xef, 0xff][..]));
        assert_eq!(decode("QQ__").as_deref(), Some(&b"A"[..]));
        assert_eq!(decode("QQ").as_deref(), Some(&b"A"[..]));
    }

    #[test]
    fn the_ordinary_alphabet_and_loose_bits_are_refused() {
        for text in ["++//", "QQ==", "QR__", "Q", "Q Q_", "QQ__QQ__"] {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
