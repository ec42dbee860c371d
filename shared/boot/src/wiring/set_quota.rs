//! What the operator lets organisations use.

use std::sync::Arc;

use vault_aws::dynamodb::{DynamoRecords, DynamoUsage};
use vault_crypto::entropy::SystemEntropy;
use vault_domain::usecase::set_quota::Deps;

use super::parts::{sdk, unwired};
use crate::clock::SystemClock;
use crate::{Env, Lazy};

/// Reads the configuration.
pub fn wire(env: &Env<'_>) -> Lazy<Deps> {
    let (usage, members) = (env.text("USAGE_TABLE"), env.text("MEMBERS_TABLE"));
    let (audit, sdk) = (env.text("AUDIT_TABLE"), sdk(env));
    Lazy::new(move || {
        let (usage, members) = (usage.clone(), members.clone());
        let (audit, sdk) = (audit.clone(), sdk.clone());
        async move {
            let sdk = sdk.ok_or_else(unwired)?;
            let records = DynamoRecords::new(sdk.dynamodb(), audit);
            let quotas = DynamoUsage::new(sdk.dynamodb(), usage).quotas(members, records);
            Ok(Deps {
                quotas: Arc::new(quotas),
                clock: Arc::new(SystemClock),
                entropy: Arc::new(SystemEntropy),
            })
        }
    })
}
