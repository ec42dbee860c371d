//! Exports of the record of what was done.

use std::sync::Arc;

use vault_aws::dynamodb::DynamoAudit;
use vault_aws::s3::S3AuditArchive;
use vault_crypto::entropy::Sha256;
use vault_domain::usecase::export_audit::Deps;

use super::parts::{sdk, unwired};
use crate::clock::SystemClock;
use crate::{Env, Lazy};

/// Reads the configuration.
pub fn wire(env: &Env<'_>) -> Lazy<Deps> {
    let (audit, bucket) = (env.text("AUDIT_TABLE"), env.text("AUDIT_BUCKET"));
    let sdk = sdk(env);
    Lazy::new(move || {
        let (audit, bucket, sdk) = (audit.clone(), bucket.clone(), sdk.clone());
        async move {
            let sdk = sdk.ok_or_else(unwired)?;
            Ok(Deps {
                exports: Arc::new(DynamoAudit::new(sdk.dynamodb(), audit)),
                archive: Arc::new(S3AuditArchive::new(sdk.s3(), bucket)),
                hashing: Arc::new(Sha256),
                clock: Arc::new(SystemClock),
            })
        }
    })
}
