//! Managing webhooks.

use std::sync::Arc;

use vault_aws::dynamodb::{DynamoRecords, DynamoStandings, DynamoWebhooks};
use vault_aws::sqs::SqsWebhookQueue;
use vault_crypto::entropy::{Sha256, SystemEntropy};
use vault_crypto::webhook::WebhookMac;
use vault_domain::ports::AccessVerifier;
use vault_domain::usecase::manage_webhooks;
use vault_domain::webhook::Reach;

use super::parts::{reach, refused, ring, sdk, standing, unwired, verifier};
use crate::clock::SystemClock;
use crate::{Env, Lazy};

/// What managing webhooks needs.
pub struct Deps {
    /// The use cases.
    pub manage: manage_webhooks::Deps,
    /// Checks access tokens.
    pub verifier: Arc<dyn AccessVerifier>,
    /// How far endpoints may be.
    pub reach: Reach,
}

/// Reads the configuration.
pub fn wire(env: &Env<'_>) -> Lazy<Deps> {
    let (standing, audit) = (standing(env), env.text("AUDIT_TABLE"));
    let (table, queue) = (env.text("WEBHOOKS_TABLE"), env.text("WEBHOOK_QUEUE_URL"));
    let secret = env.text("WEBHOOK_MAC_SECRET");
    let (sdk, verifier) = (sdk(env), verifier(env));
    let reach = reach(env, sdk.as_deref());
    Lazy::new(move || {
        let (standing, audit) = (standing.clone(), audit.clone());
        let (table, queue, secret) = (table.clone(), queue.clone(), secret.clone());
        let (sdk, verifier) = (sdk.clone(), verifier.clone());
        async move {
            let sdk = sdk.ok_or_else(unwired)?;
            let secrets = WebhookMac::new(&ring(&sdk, &secret).await?);
            let records = DynamoRecords::new(sdk.dynamodb(), audit);
            let webhooks = Arc::new(DynamoWebhooks::new(sdk.dynamodb(), table, records));
            Ok(Deps {
                manage: manage_webhooks::Deps {
                    standings: Arc::new(DynamoStandings::new(sdk.dynamodb(), standing)),
                    webhooks: webhooks.clone(),
                    deliveries: webhooks,
                    queue: Arc::new(SqsWebhookQueue::new(sdk.sqs(), queue)),
                    secrets: Arc::new(secrets.map_err(|fault| refused("webhook mac", fault))?),
                    hashing: Arc::new(Sha256),
                    clock: Arc::new(SystemClock),
                    entropy: Arc::new(SystemEntropy),
                },
                verifier: verifier.ok_or_else(unwired)?,
                reach,
            })
        }
    })
}
