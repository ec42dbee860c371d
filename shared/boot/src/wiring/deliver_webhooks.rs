//! Webhooks.

use std::sync::Arc;

use vault_aws::dynamodb::{DynamoRecords, DynamoWebhooks};
use vault_aws::sqs::SqsWebhookQueue;
use vault_aws::webhooks::HttpPoster;
use vault_crypto::entropy::SystemEntropy;
use vault_crypto::webhook::WebhookMac;
use vault_domain::usecase::deliver_webhook;

use super::parts::{reach, refused, ring, sdk, unwired};
use crate::clock::SystemClock;
use crate::{Env, Lazy};

/// What delivering needs.
pub struct Deps {
    /// The use case.
    pub deliver: deliver_webhook::Deps,
    /// Where messages wait for another try.
    pub queue: SqsWebhookQueue,
}

/// Reads the configuration.
pub fn wire(env: &Env<'_>) -> Lazy<Deps> {
    let (table, audit) = (env.text("WEBHOOKS_TABLE"), env.text("AUDIT_TABLE"));
    let queue = env.text("WEBHOOK_QUEUE_URL");
    let (secret, sdk) = (env.text("WEBHOOK_MAC_SECRET"), sdk(env));
    let reach = reach(env, sdk.as_deref());
    Lazy::new(move || {
        let (table, audit, queue) = (table.clone(), audit.clone(), queue.clone());
        let (secret, sdk) = (secret.clone(), sdk.clone());
        async move {
            let sdk = sdk.ok_or_else(unwired)?;
            let secrets = WebhookMac::new(&ring(&sdk, &secret).await?);
            let records = DynamoRecords::new(sdk.dynamodb(), audit);
            let webhooks = Arc::new(DynamoWebhooks::new(sdk.dynamodb(), table, records));
            Ok(Deps {
                deliver: deliver_webhook::Deps {
                    webhooks: webhooks.clone(),
                    deliveries: webhooks,
                    secrets: Arc::new(secrets.map_err(|fault| refused("webhook mac", fault))?),
                    poster: Arc::new(HttpPoster::new(reach)),
                    clock: Arc::new(SystemClock),
                    entropy: Arc::new(SystemEntropy),
                    reach,
                },
                queue: SqsWebhookQueue::new(sdk.sqs(), queue),
            })
        }
    })
}
