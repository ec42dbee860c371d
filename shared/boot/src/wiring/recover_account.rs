//! Recovery, invitations, verification of addresses.

use std::sync::Arc;

use vault_aws::dynamodb::{
    DynamoInvitations, DynamoLimits, DynamoLinks, DynamoMembers, DynamoRecords, DynamoRecovery,
    DynamoUsers, RecoveryTables,
};
use vault_aws::sqs::SqsMailQueue;
use vault_crypto::entropy::{Sha256, SystemEntropy};
use vault_crypto::password::Bcrypt;
use vault_crypto::policy::Estimator;
use vault_domain::usecase::recover_account::Deps;

use super::parts::{sdk, unwired};
use crate::clock::SystemClock;
use crate::{Env, Lazy};

/// Reads the configuration.
pub fn wire(env: &Env<'_>) -> Lazy<Deps> {
    let tables = RecoveryTables {
        links: env.text("LINKS_TABLE"),
        users: env.text("USERS_TABLE"),
        members: env.text("MEMBERS_TABLE"),
    };
    let audit = env.text("AUDIT_TABLE");
    let (limits, queue) = (env.text("LIMITS_TABLE"), env.text("MAIL_QUEUE_URL"));
    let sdk = sdk(env);
    Lazy::new(move || {
        let (tables, limits, audit) = (tables.clone(), limits.clone(), audit.clone());
        let (queue, sdk) = (queue.clone(), sdk.clone());
        async move {
            let sdk = sdk.ok_or_else(unwired)?;
            let dynamodb = || sdk.dynamodb();
            let records = DynamoRecords::new(dynamodb(), audit);
            let entropy = Arc::new(SystemEntropy);
            Ok(Deps {
                users: Arc::new(DynamoUsers::new(dynamodb(), &tables.users)),
                members: Arc::new(DynamoMembers::new(dynamodb(), &tables.members)),
                invitations: Arc::new(DynamoInvitations::new(dynamodb(), &tables.members)),
                links: Arc::new(DynamoLinks::new(dynamodb(), &tables.links)),
                recovery: Arc::new(DynamoRecovery::new(tables, records)),
                limits: Arc::new(DynamoLimits::new(dynamodb(), limits)),
                mail: Arc::new(SqsMailQueue::new(sdk.sqs(), queue)),
                hasher: Arc::new(Bcrypt::new(entropy.clone())),
                policy: Arc::new(Estimator::default()),
                hashing: Arc::new(Sha256),
                clock: Arc::new(SystemClock),
                entropy,
            })
        }
    })
}
