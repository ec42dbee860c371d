//! AWS Signature Version 4, as much of it as origin access control needs: a request without a body or
//! query, signed in its headers.

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

/// Signs `method path` to `host`. The path is encoded already; it has no query.
pub fn sign(method: &str, host: &str, path: &str, now: OffsetDateTime) -> Signed {
    let date = timestamp(now);
    let day = &date[..8];
    let scope = format!("{day}/{REGION}/{SERVICE}/aws4_request");
    let canonical = format!(
        "{method}\n{path}\n\nhost:{host}\nx-amz-content-sha256:{PAYLOAD}\nx-amz-date:{date}\n\n\
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
        let signed = sign("GET", "127.0.0.1:4566", "/bucket/media/a%20b/00001.ts", now);
        assert_eq!(signed.date, "20260101T000000Z");
        assert_eq!(
            signed.authorization,
            include_str!("sigv4_golden.txt").trim()
        );
    }
}
