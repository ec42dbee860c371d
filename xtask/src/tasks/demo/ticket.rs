//! A playback ticket with another expiry, sealed with the deployment's own secret.
//!
//! No client can make one: that is the point of its MAC. The demo reads the secret as only an operator
//! may, so as to show an expired ticket without waiting for one, and writes the construction down a
//! second time, with another library than the product's.

use anyhow::{Context as _, Result, anyhow};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac as _};
use serde_json::Value;
use sha2::Sha256;

/// Playback id, asset id, organisation, subject (its kind and two ids), and the expiry in seconds, big-endian.
const CLAIMS: usize = 89;
const EXPIRY: std::ops::Range<usize> = 81..CLAIMS;

/// The same ticket, expiring `seconds` later (or earlier).
pub(super) fn resealed(secret: &str, ticket: &str, seconds: i64) -> Result<String> {
    let (version, body) = ticket.split_once('.').context("a ticket has a version")?;
    let ring: Value = serde_json::from_str(secret).context("the secret is not JSON")?;
    let material = ring[version]
        .as_str()
        .context("the secret has not this version")?;
    let sealed = URL_SAFE_NO_PAD
        .decode(body)
        .context("a ticket is base64url")?;
    let mut claims: [u8; CLAIMS] = sealed
        .get(..CLAIMS)
        .context("a ticket has 89 octets of claims")?
        .try_into()?;
    let expiry = u64::from_be_bytes(claims[EXPIRY].try_into()?);
    claims[EXPIRY].copy_from_slice(&expiry.saturating_add_signed(seconds).to_be_bytes());
    let mut again = claims.to_vec();
    again.extend(hmac(&key(material)?, &claims)?);
    Ok(format!("{version}.{}", URL_SAFE_NO_PAD.encode(again)))
}

/// HKDF-SHA256 (RFC 5869) to one block: extract under the salt, expand with the purpose.
fn key(material: &str) -> Result<Vec<u8>> {
    let extracted = hmac(b"reelvault", material.as_bytes())?;
    hmac(&extracted, b"playback ticket\x01")
}

fn hmac(key: &[u8], message: &[u8]) -> Result<Vec<u8>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).map_err(|_| anyhow!("HMAC takes any key"))?;
    mac.update(message);
    Ok(mac.finalize().into_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use super::{CLAIMS, URL_SAFE_NO_PAD, hmac, key, resealed};
    use base64::Engine as _;

    #[test]
    fn a_ticket_resealed_without_a_change_is_the_ticket() {
        let material = "s".repeat(64);
        let secret = format!(r#"{{"current":"1","1":"{material}"}}"#);
        let mut sealed = vec![7; CLAIMS];
        sealed.extend(hmac(&key(&material).unwrap(), &[7; CLAIMS]).unwrap());
        let ticket = format!("1.{}", URL_SAFE_NO_PAD.encode(sealed));
        assert_eq!(resealed(&secret, &ticket, 0).unwrap(), ticket);
        assert_ne!(resealed(&secret, &ticket, -1).unwrap(), ticket);
        assert!(resealed(&secret, "2.AAAA", 0).is_err());
    }
}
