//! Secrets of webhooks: HMAC-SHA256 (RFC 2104) of endpoint and name under a versioned secret, so that no table holds any.
//! Messages are signed by HMAC-SHA256 under them, as Standard Webhooks has it.

use std::collections::BTreeMap;

use aws_lc_rs::hmac;
use vault_domain::id::WebhookId;
use vault_domain::ports::{StoreError, Stored, WebhookSecrets};
use vault_domain::webhook::{SigningKey, WebhookSecret};

use crate::keyring::{KeyFault, Keyring};

const OPERATION: &str = "webhook_secrets.secret";

/// Derives the secrets of endpoints.
pub struct WebhookMac {
    current: String,
    keys: BTreeMap<String, hmac::Key>,
}

impl WebhookMac {
    /// Secrets under a versioned secret. A version that is taken out of it ends every secret of its time: their endpoints are
    /// to be rotated before.
    ///
    /// # Errors
    /// [`KeyFault`]
    pub fn new(ring: &Keyring) -> Result<Self, KeyFault> {
        let keys = ring.derive("webhook secret")?.into_iter();
        let keys = keys.map(|(version, key)| {
            let key = hmac::Key::new(hmac::HMAC_SHA256, key.expose());
            (version, key)
        });
        Ok(Self {
            current: ring.current().to_owned(),
            keys: keys.collect(),
        })
    }
}

/// HMAC-SHA256 under these octets.
pub fn mac(secret: &[u8], content: &[u8]) -> [u8; 32] {
    octets(&hmac::Key::new(hmac::HMAC_SHA256, secret), content)
}

fn octets(key: &hmac::Key, content: &[u8]) -> [u8; 32] {
    let tag = hmac::sign(key, content);
    let mut octets = [0; 32];
    // HMAC-SHA256 gives 32 octets.
    for (octet, of_tag) in octets.iter_mut().zip(tag.as_ref()) {
        *octet = *of_tag;
    }
    octets
}

impl WebhookSecrets for WebhookMac {
    fn name(&self, nonce: [u8; 16]) -> SigningKey {
        SigningKey {
            version: self.current.clone(),
            nonce,
        }
    }
    fn secret(&self, webhook: WebhookId, key: &SigningKey) -> Stored<WebhookSecret> {
        let own = self.keys.get(&key.version);
        let own = own.ok_or_else(|| StoreError::new(OPERATION, "the version was taken out"))?;
        let name = [*webhook.octets(), key.nonce].concat();
        Ok(WebhookSecret::new(octets(own, &name)))
    }
    fn sign(&self, webhook: WebhookId, key: &SigningKey, content: &[u8]) -> Stored<[u8; 32]> {
        let secret = self.secret(webhook, key)?;
        Ok(mac(secret.expose(), content))
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    use vault_domain::id::DeliveryId;
    use vault_domain::secret::SecretText;
    use vault_domain::time::Timestamp;
    use vault_domain::webhook::{Signed, signed_content};

    use super::*;

    fn secrets(text: &str) -> WebhookMac {
        let text = text
            .replace('A', &"a".repeat(64))
            .replace('B', &"b".repeat(64));
        WebhookMac::new(&Keyring::parse(&SecretText::new(text)).unwrap()).unwrap()
    }

    /// The vector of the Standard Webhooks libraries (`libraries/*/tests`, also Svix, "Verifying payloads manually").
    #[test]
    fn the_published_vector_is_signed_as_published() {
        let secret = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let (at, payload) = (Timestamp(1_614_265_330), r#"{"test": 2432232314}"#);
        let content = signed_content("msg_p5jXN8AQM9LWM0D4loKWxJek", at, payload);
        let mac = mac(&secret, content.as_bytes());
        let id = DeliveryId::from_octets([0; 16]);
        let signed = Signed::of(id, at, payload.to_owned(), &[mac]);
        let published = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        assert_eq!(signed.signature, published);
    }

    #[test]
    fn an_endpoint_has_one_secret_of_a_name_and_no_other_endpoint_or_name_has_it() {
        let before = secrets(r#"{"current":"1","1":"A"}"#);
        let after = secrets(r#"{"current":"2","1":"A","2":"B"}"#);
        let (one, two) = (
            WebhookId::from_octets([1; 16]),
            WebhookId::from_octets([2; 16]),
        );
        let text = |secrets: &WebhookMac, id, key: &SigningKey| {
            secrets.secret(id, key).unwrap().text().expose().to_owned()
        };
        let name = before.name([7; 16]);
        let own = text(&before, one, &name);
        assert_eq!(
            text(&after, one, &name),
            own,
            "an older version still derives"
        );
        assert!(own.starts_with("whsec_") && own.len() == 6 + 44);
        assert_ne!(text(&before, two, &name), own);
        assert_ne!(text(&before, one, &before.name([8; 16])), own);
        assert_ne!(text(&after, one, &after.name([7; 16])), own);
        let without = secrets(r#"{"current":"2","2":"B"}"#);
        assert!(without.secret(one, &name).is_err());
        assert!(without.sign(one, &name, b"x").is_err());
    }
}
