//! The URI that an authenticator app scans: `otpauth://totp/…`, Google's key URI format
//! (google-authenticator wiki, "Key Uri Format").

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::TotpSecret;
use crate::credential::Email;
use crate::error::Malformed;
use crate::secret::SecretText;

/// Everything but the unreserved characters of RFC 3986 §2.3. A space is `%20`: apps do not read `+` as one.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Who asks for the codes, as an app shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issuer(String);

impl Issuer {
    /// Parses 1 to 48 octets without colon, which the format forbids, and without controls.
    ///
    /// # Errors
    /// [`Malformed`] for anything else.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let name = text.trim();
        let plain = !name.chars().any(|c| c == ':' || c.is_control());
        if plain && (1..=48).contains(&name.len()) {
            Ok(Self(name.to_owned()))
        } else {
            Err(Malformed {
                field: "issuer",
                expected: "1 to 48 octets without colons",
            })
        }
    }
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The URI of a secret. The parameters are the defaults of the format, and said all the same.
pub fn otpauth_uri(issuer: &Issuer, account: &Email, secret: &TotpSecret) -> SecretText {
    let issuer = utf8_percent_encode(issuer.as_str(), RESERVED).to_string();
    let account = utf8_percent_encode(account.as_str(), RESERVED).to_string();
    let secret = secret.base32();
    // One allocation, so that no piece of the secret stays behind in another.
    let uri = [
        "otpauth://totp/",
        &issuer,
        ":",
        &account,
        "?secret=",
        secret.expose(),
        "&issuer=",
        &issuer,
        "&algorithm=SHA1&digits=6&period=30",
    ];
    SecretText::new(uri.concat())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn uri(issuer: &str, account: &str) -> String {
        let secret = TotpSecret::new(*b"12345678901234567890");
        let (issuer, account) = (
            Issuer::parse(issuer).unwrap(),
            Email::parse(account).unwrap(),
        );
        otpauth_uri(&issuer, &account, &secret).expose().to_owned()
    }

    #[test]
    fn the_uri_is_that_of_the_key_uri_format() {
        assert_eq!(
            uri("Reelvault", "ada@example.org"),
            "otpauth://totp/Reelvault:ada%40example.org?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
             &issuer=Reelvault&algorithm=SHA1&digits=6&period=30"
        );
    }

    #[test]
    fn what_would_end_a_part_of_the_uri_is_encoded() {
        let uri = uri("Söhne & Co/?", "a+b:c%d#e@example.org");
        assert!(uri.starts_with(
            "otpauth://totp/S%C3%B6hne%20%26%20Co%2F%3F:a%2Bb%3Ac%25d%23e%40example.org?secret="
        ));
        assert!(uri.contains("&issuer=S%C3%B6hne%20%26%20Co%2F%3F&algorithm="));
    }

    #[test]
    fn an_issuer_with_colon_or_control_or_of_no_or_great_length_is_refused() {
        for bad in ["", "  ", "a:b", "a\nb", "a\0b", &"x".repeat(49)] {
            assert!(Issuer::parse(bad).is_err(), "{bad:?}");
        }
        assert_eq!(Issuer::parse(" Reelvault ").unwrap().as_str(), "Reelvault");
    }

    proptest! {
        #[test]
        fn whatever_the_names_the_uri_has_the_delimiters_of_the_format_and_no_more(
            issuer in "[^:\\p{C}\\s]{1,12}", local in "[^@\\p{C}\\s]{1,12}",
        ) {
            let uri = uri(&issuer, &format!("{local}@example.org"));
            let rest = uri.strip_prefix("otpauth://totp/").unwrap();
            let delimiters: String = rest
                .chars()
                .filter(|c| !c.is_ascii_alphanumeric() && !"-._~%".contains(*c))
                .collect();
            prop_assert_eq!(delimiters, ":?=&=&=&=&=");
        }
    }
}
