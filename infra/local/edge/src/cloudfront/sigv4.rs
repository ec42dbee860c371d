//! AWS Signature Version 4, as much of it as origin access control needs: a request without a body,
//! signed in its headers.

use aws_lc_rs::{digest, hmac};
use time::OffsetDateTime;

/// The credentials that the emulator knows.
const ACCESS_KEY: &str = "test";
const SECRET_KEY: &str = "test";
const REGION: &str = "us-east-1";
const SERVICE: &str = "s3";
/// The body is empty, and S3 lets it go unsigned.
const PAYLOAD: &str = "UNSIGNED-PAYLOAD";

/// The headers that a signed request carries.
pub struct Signed {
    /// `x-amz-date`.
    pub date: String,
    /// `x-amz-content-sha256`.
    pub payload: &'static str,
    /// `authorization`.
    pub authorization: String,
}

/// Signs `method path?query` to `host`. Both are encoded already, the query's pairs are sorted.
pub fn sign(method: &str, host: &str, path: &str, query: &str, now: OffsetDateTime) -> Signed {
    let date = timestamp(now);
    let day = &date[..8];
    let scope = format!("{day}/{REGION}/{SERVICE}/aws4_request");
    let canonical = format!(
        "{method}\n{path}\n{query}\nhost:{host}\nx-amz-content-sha256:{PAYLOAD}\nx-amz-date:{date}\n\n\
         host;x-amz-content-sha256;x-amz-date\n{PAYLOAD}"
    );
    let hashed = hex(digest::digest(&digest::SHA256, canonical.as_bytes()).as_ref());
    let to_sign = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{hashed}");
    let key = [day, REGION, SERVICE, "aws4_request"]
        .iter()
        .fold(format!("AWS4{SECRET_KEY}").into_bytes(), |key, part| {
            mac(&key, part)
        });
    let signature = hex(&mac(&key, &to_sign));
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/{scope}, \
         SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature={signature}"
    );
    Signed {
        date,
        payload: PAYLOAD,
        authorization,
    }
}

fn mac(key: &[u8], message: &str) -> Vec<u8> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    hmac::sign(&key, message.as_bytes()).as_ref().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// `20260101T000000Z`.
fn timestamp(now: OffsetDateTime) -> String {
    let (hour, minute, second) = now.to_hms();
    let (year, month, day) = (now.year(), u8::from(now.month()), now.day());
    format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made with botocore's `S3SigV4Auth` for the same request.
    #[test]
    fn the_signature_is_the_one_that_botocore_makes() {
        let now = OffsetDateTime::from_unix_timestamp(1_767_225_600).expect("a time");
        let signed = sign(
            "GET",
            "127.0.0.1:4566",
            "/bucket/media/a%20b/00001.ts",
            "",
            now,
        );
        assert_eq!(signed.date, "20260101T000000Z");
        assert_eq!(
            signed.authorization,
            include_str!("sigv4_golden.txt").trim()
        );
    }

    /// Made in the same way.
    #[test]
    fn a_query_is_signed_too() {
        let now = OffsetDateTime::from_unix_timestamp(1_767_225_600).expect("a time");
        let query = "response-content-disposition=attachment%3B%20filename%3D%22a.mp4%22\
                     &response-content-type=video%2Fmp4";
        let path = "/bucket/uploads/o/a/source";
        let signed = sign("GET", "127.0.0.1:4566", path, query, now);
        let expected = "80b5126bc5dc6bafbdebaebf3d815f473492401eb17a59c738dd3618619c95e7";
        assert!(
            signed.authorization.ends_with(expected),
            "{}",
            signed.authorization
        );
    }
}
