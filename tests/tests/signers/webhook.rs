//! Messages of webhooks, against the official verifier.

use serde_json::json;
use vault_crypto::Keyring;
use vault_crypto::webhook::WebhookMac;
use vault_domain::audit::Event;
use vault_domain::id::{AssetId, DeliveryId, OrgId, WebhookId};
use vault_domain::ports::WebhookSecrets as _;
use vault_domain::secret::SecretText;
use vault_domain::time::Timestamp;
use vault_domain::webhook::{Notice, Signed, Topic, signed_content};
use vault_tests::{python, wait};

#[test]
fn the_official_verifier_takes_our_messages_also_while_a_secret_is_rotated() {
    let ring = format!(r#"{{"current":"1","1":"{}"}}"#, "k".repeat(64));
    let ring = Keyring::parse(&SecretText::new(ring)).unwrap();
    let secrets = WebhookMac::new(&ring).unwrap();
    let (org, webhook) = (OrgId::from_octets([1; 16]), WebhookId::from_octets([2; 16]));
    let text = |nonce: u8| {
        let secret = secrets.secret(webhook, &secrets.name([nonce; 16]));
        secret.unwrap().text().expose().to_owned()
    };
    let message = |event: Topic, nonces: &[u8]| {
        let now = Timestamp(wait::epoch());
        let notice = Notice {
            topic: event,
            at: now,
            asset: Some(AssetId::from_octets([3; 16])),
            code: Some("not_a_film".to_owned()),
            view: None,
        };
        let (id, payload) = (DeliveryId::at(now, &[4; 32]), notice.payload(org, webhook));
        let content = signed_content(&id.to_string(), now, &payload);
        let macs = nonces.iter().map(|nonce| {
            let name = secrets.name([*nonce; 16]);
            secrets.sign(webhook, &name, content.as_bytes()).unwrap()
        });
        let macs: Vec<_> = macs.collect();
        let signed = Signed::of(id, now, payload, &macs);
        json!({
            "webhook-id": signed.id.to_string(),
            "webhook-timestamp": signed.at.0.to_string(),
            "webhook-signature": signed.signature,
            "body": signed.payload,
            "secrets": nonces.iter().map(|nonce| text(*nonce)).collect::<Vec<_>>(),
            "foreign": text(9),
        })
    };
    let messages = [
        message(Topic::Asset(Event::AssetReady), &[1]),
        message(Topic::Asset(Event::AssetFailed), &[2, 1]),
        message(Topic::Test, &[1]),
    ];
    let input = json!({ "messages": messages });
    assert_eq!(python::run("webhook.py", &input.to_string()), "ok");
}
