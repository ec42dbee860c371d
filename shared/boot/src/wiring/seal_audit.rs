//! The chains of the record of what was done.

use std::sync::Arc;

use vault_aws::dynamodb::DynamoAudit;
use vault_crypto::entropy::Sha256;
use vault_domain::usecase::seal_audit::Deps;

use super::parts::{sdk, unwired};
use crate::clock::SystemClock;
use crate::{Env, Lazy};

/// Reads the configuration.
pub fn wire(env: &Env<'_>) -> Lazy<Deps> {
    let (audit, sdk) = (env.text("AUDIT_TABLE"), sdk(env));
    Lazy::new(move || {
        let (audit, sdk) = (audit.clone(), sdk.clone());
        async move {
            let sdk = sdk.ok_or_else(unwired)?;
            Ok(Deps {
                chain: Arc::new(DynamoAudit::new(sdk.dynamodb(), audit)),
                hashing: Arc::new(Sha256),
                clock: Arc::new(SystemClock),
            })
        }
    })
}
