//! The chains of the record of what was done.

use std::sync::Arc;

use vault_aws::dynamodb::{DynamoAudit, DynamoRecords, DynamoWebhooks};
use vault_aws::sqs::SqsWebhookQueue;
use vault_crypto::entropy::Sha256;
use vault_domain::usecase::seal_audit::Deps;
use vault_domain::usecase::tell_webhooks;

use super::parts::{sdk, unwired};
use crate::clock::SystemClock;
use crate::{Env, Lazy};

/// Reads the configuration.
pub fn wire(env: &Env<'_>) -> Lazy<Deps> {
    let (audit, sdk) = (env.text("AUDIT_TABLE"), sdk(env));
    let (table, queue) = (env.text("WEBHOOKS_TABLE"), env.text("WEBHOOK_QUEUE_URL"));
    Lazy::new(move || {
        let (audit, sdk) = (audit.clone(), sdk.clone());
        let (table, queue) = (table.clone(), queue.clone());
        async move {
            let sdk = sdk.ok_or_else(unwired)?;
            let records = DynamoRecords::new(sdk.dynamodb(), audit.clone());
            let webhooks = DynamoWebhooks::new(sdk.dynamodb(), table, records);
            Ok(Deps {
                chain: Arc::new(DynamoAudit::new(sdk.dynamodb(), audit)),
                hashing: Arc::new(Sha256),
                webhooks: tell_webhooks::Deps {
                    webhooks: Arc::new(webhooks),
                    queue: Arc::new(SqsWebhookQueue::new(sdk.sqs(), queue)),
                    hashing: Arc::new(Sha256),
                },
                clock: Arc::new(SystemClock),
            })
        }
    })
}
