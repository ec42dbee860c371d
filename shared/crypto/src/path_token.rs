//! Tokens that stand in paths: checked at CloudFront's edge by `infra/edge/path.js`, which has the same secret from the
//! key value store of the distribution.
//!
//! Form: `<version>.<expiry>.<package>.<base64url of HMAC-SHA256>.<ticket>`; the MAC is over `<expiry>.<asset>.<package>.<ticket>`,
//! under the octets of the version's text.

use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use vault_domain::playback::PlaybackSession;
use vault_domain::ports::PathTokens;
use vault_domain::secret::SecretText;

use crate::keyring::{KeyFault, Keyring};

/// Makes tokens under the current version of a secret of their own: what the edge knows makes no tickets.
pub struct PathMac {
    version: String,
    key: hmac::Key,
}

impl PathMac {
    /// Tokens under a versioned secret.
    ///
    /// # Errors
    /// [`KeyFault::NoCurrent`]
    pub fn new(ring: &Keyring) -> Result<Self, KeyFault> {
        let current = ring.versions().find(|(name, _)| *name == ring.current());
        let (version, text) = current.ok_or(KeyFault::NoCurrent)?;
        Ok(Self {
            version: version.to_owned(),
            key: hmac::Key::new(hmac::HMAC_SHA256, text.expose().as_bytes()),
        })
    }
}

impl PathTokens for PathMac {
    fn issue(&self, session: &PlaybackSession, ticket: &str) -> SecretText {
        let PlaybackSession { asset, package, .. } = session;
        let (version, expiry) = (&self.version, session.expires_at.0);
        let claims = format!("{expiry}.{asset}.{package}.{ticket}");
        let tag = hmac::sign(&self.key, claims.as_bytes());
        let tag = URL_SAFE_NO_PAD.encode(tag.as_ref());
        SecretText::new(format!("{version}.{expiry}.{package}.{tag}.{ticket}"))
    }
}

#[cfg(test)]
mod tests {
    use vault_domain::id::{ApiKeyId, AssetId, OrgId, PackageId, PlaybackId};
    use vault_domain::member::Subject;
    use vault_domain::playback::UrlSignature;
    use vault_domain::time::Timestamp;
    use vault_domain::token::Digest;

    use super::*;

    fn session() -> PlaybackSession {
        PlaybackSession {
            id: PlaybackId::from_octets([3; 16]),
            asset: AssetId::from_octets([4; 16]),
            package: PackageId::from_octets([5; 16]),
            grant: Digest([6; 32]),
            subject: Subject::ApiKey(ApiKeyId::from_octets([7; 16])),
            org: OrgId::from_octets([8; 16]),
            signature: UrlSignature {
                policy: "P".into(),
                signature: "S".into(),
                key_pair_id: "K".into(),
            },
            opened_at: Timestamp(1_000),
            expires_at: Timestamp(2_000),
            revoked: false,
            bounds: vault_domain::bounds::Bounds::default(),
            device: None,
            lease: None,
            refresh_until: None,
            before: None,
            watch: None,
        }
    }

    fn mac(current: &str) -> PathMac {
        let (one, two) = ("a".repeat(64), "b".repeat(64));
        let text = format!(r#"{{"current":"{current}","1":"{one}","2":"{two}"}}"#);
        PathMac::new(&Keyring::parse(&SecretText::new(text)).unwrap()).unwrap()
    }

    fn issued(mac: &PathMac, session: &PlaybackSession, ticket: &str) -> String {
        mac.issue(session, ticket).expose().to_owned()
    }

    /// By Python's `hmac`. The tests of the edge have the same token, which the function there accepts.
    const GOLDEN: &str = "1.2000.pkg_aucqkbifaucqkbifaucqkbifau.6LkFEdcq-5Kacl6fq6Lf-LnOM_MHNCVkKvJ23BCQzSA.1.TICKET";

    #[test]
    fn a_token_names_its_version_expiry_and_package_and_brings_the_ticket() {
        let token = issued(&mac("1"), &session(), "1.TICKET");
        assert_eq!(token, GOLDEN);
    }

    #[test]
    fn whatever_is_claimed_changes_the_mac() {
        let tag = |token: String| token.split('.').nth(3).unwrap().to_owned();
        let own = tag(issued(&mac("1"), &session(), "1.T"));
        let mut others = [session(), session(), session()];
        others[0].asset = AssetId::from_octets([9; 16]);
        others[1].package = PackageId::from_octets([9; 16]);
        others[2].expires_at = Timestamp(2_001);
        for other in &others {
            assert_ne!(tag(issued(&mac("1"), other, "1.T")), own);
        }
        assert_ne!(tag(issued(&mac("1"), &session(), "1.U")), own);
        assert_ne!(tag(issued(&mac("2"), &session(), "1.T")), own);
    }
}
