//! Golden webhooks, and deterministic stand-ins for their secrets; those protect nothing.

use vault_domain::api_key::Label;
use vault_domain::audit::{Author, Details, Event, Record, Source};
use vault_domain::id::{DeliveryId, RecordId, WebhookId};
use vault_domain::ports::{StoreError, Stored, WebhookSecrets};
use vault_domain::usecase::manage_webhooks::NewWebhook;
use vault_domain::webhook::{
    Delivery, DeliveryOrder, Notice, Reach, Roll, SigningKey, Topics, Verdict, Webhook,
    WebhookSecret, WebhookUrl,
};

use crate::Kit;
use crate::builders;
use crate::clock::GOLDEN_NOW;
use crate::crypto::{FakeHashing, Shared, sha256};

/// The golden endpoint.
pub const WEBHOOK: WebhookId = WebhookId::from_octets([0xb1; 16]);
/// Where it is.
pub const WEBHOOK_URL: &str = "https://hooks.example.org/reelvault?receiver=1";

/// Secrets from SHA-256 of endpoint and nonce. Version `0` was taken out.
#[derive(Debug, Default)]
pub struct FakeWebhookSecrets(pub Shared);

impl WebhookSecrets for FakeWebhookSecrets {
    fn name(&self, nonce: [u8; 16]) -> SigningKey {
        SigningKey {
            version: "1".to_owned(),
            nonce,
        }
    }
    fn secret(&self, webhook: WebhookId, key: &SigningKey) -> Stored<WebhookSecret> {
        const NAME: &str = "webhook_secrets.secret";
        self.0.faults.pure(NAME, || {
            if key.version == "0" {
                return Err(StoreError::new(NAME, "no such version"));
            }
            let octets = sha256(&[b"webhook", webhook.octets(), &key.nonce]);
            let secret = WebhookSecret::new(octets);
            self.0.ledger.note(&octets);
            self.0.ledger.note(secret.text().expose().as_bytes());
            Ok(secret)
        })
    }
    fn sign(&self, webhook: WebhookId, key: &SigningKey, content: &[u8]) -> Stored<[u8; 32]> {
        let secret = self.secret(webhook, key)?;
        Ok(sha256(&[secret.expose(), content]))
    }
}

/// A URL of the public internet.
pub fn webhook_url(text: &str) -> WebhookUrl {
    WebhookUrl::parse(text, Reach::Public).expect("a golden URL")
}

/// The golden endpoint: it hears of everything, from the beginning.
pub fn webhook() -> Webhook {
    Webhook {
        id: WEBHOOK,
        org: builders::ORG,
        name: Label::parse("Catalogue").expect("a golden name"),
        url: webhook_url(WEBHOOK_URL),
        topics: Topics::default(),
        disabled: None,
        key: SigningKey {
            version: "1".to_owned(),
            nonce: [0xb2; 16],
        },
        previous: None,
        created_by: builders::OWNER,
        created_at: GOLDEN_NOW,
    }
}

/// What the golden endpoint is asked for with.
pub fn new_webhook() -> NewWebhook {
    NewWebhook {
        name: webhook().name,
        url: webhook().url,
        topics: Topics::default(),
        idempotency: None,
    }
}

/// A record of a change of the golden asset's state.
pub fn changed(number: u8, event: Event) -> Record {
    Record {
        id: RecordId::from_octets([number; 16]),
        org: builders::ORG,
        at: GOLDEN_NOW.plus(u64::from(number)),
        event,
        author: Author::System,
        target: builders::ASSET.to_string(),
        asset: Some(builders::ASSET),
        verdict: None,
        source: Source::default(),
        details: Details::none(),
    }
}

/// The order to tell the golden endpoint that the golden asset is ready.
pub fn ready_order() -> DeliveryOrder {
    let record = changed(1, Event::AssetReady);
    DeliveryOrder {
        org: builders::ORG,
        webhook: WEBHOOK,
        delivery: DeliveryId::of(&FakeHashing, WEBHOOK, record.id, record.at),
        round: 0,
        notice: Notice::of(&record).expect("a change of state"),
    }
}

impl Kit {
    /// Plants the golden endpoint, changed.
    pub fn plant_webhook(&self, change: impl FnOnce(&mut Webhook)) {
        let mut planted = webhook();
        change(&mut planted);
        let (org, id) = (planted.org, planted.id);
        self.cloud.with(|s| {
            let roll = s.webhooks.entry(org).or_default();
            *roll = roll.clone().without(id);
            *roll = roll.clone().with(planted).expect("room for one more");
        });
    }

    /// Plants what became of the golden message: it is dead, for the endpoint was gone.
    pub fn plant_dead_delivery(&self) {
        let gone = Verdict::Answered(410);
        let dead = Delivery::after(&ready_order(), None, gone, GOLDEN_NOW.plus(2));
        self.cloud
            .with(|s| s.deliveries.insert((dead.webhook, dead.id), dead));
    }

    /// The endpoints of the golden organisation.
    pub fn webhooks(&self) -> Roll {
        let roll = self.cloud.with(|s| s.webhooks.get(&builders::ORG).cloned());
        roll.unwrap_or_default()
    }
}
