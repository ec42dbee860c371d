//! The operator's bootstrap.

use std::sync::Arc;

use vault_aws::dynamodb::DynamoDirectory;
use vault_aws::sqs::SqsMailQueue;
use vault_crypto::entropy::SystemEntropy;
use vault_crypto::password::Bcrypt;
use vault_domain::usecase::bootstrap_owner::Deps;

use super::parts::{sdk, unwired};
use crate::clock::SystemClock;
use crate::{Env, Lazy};

/// Reads the configuration.
pub fn wire(env: &Env<'_>) -> Lazy<Deps> {
    let (users, members) = (env.text("USERS_TABLE"), env.text("MEMBERS_TABLE"));
    let (queue, sdk) = (env.text("MAIL_QUEUE_URL"), sdk(env));
    Lazy::new(move || {
        let (users, members) = (users.clone(), members.clone());
        let (queue, sdk) = (queue.clone(), sdk.clone());
        async move {
            let sdk = sdk.ok_or_else(unwired)?;
            let entropy = Arc::new(SystemEntropy);
            Ok(Deps {
                directory: Arc::new(DynamoDirectory::new(sdk.dynamodb(), users, members)),
                mail: Arc::new(SqsMailQueue::new(sdk.sqs(), queue)),
                hasher: Arc::new(Bcrypt::new(entropy.clone())),
                entropy,
                clock: Arc::new(SystemClock),
            })
        }
    })
}
